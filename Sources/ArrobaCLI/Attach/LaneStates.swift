internal import ArrobaClient
internal import ArrobaSystem
internal import ArrobaWire

/// Where a lane can stand.
extension LaneLink {
  enum Phase {
    case connected(ByteStream)
    /// A stream is there, and the daemon is asked for the attachment on it.
    case returning(Comeback)
    case lost(Absence)
  }

  /// One attempt to take an attachment up again.
  final class Comeback {
    /// The ids of its requests.
    static let resuming = 1
    static let afresh = 2

    let stream: ByteStream
    let absence: Absence
    /// The output is to go on there; nil: with a repaint.
    let after: UInt64?
    let size: (columns: Int, rows: Int)?
    let deadlineMs: Int
    var lines = LineSplitter()
    /// Somebody answered: the stream's end has nothing more to tell.
    var isGreeted = false

    init(
      stream: ByteStream, absence: Absence, after: UInt64?, size: (columns: Int, rows: Int)?, deadlineMs: Int
    ) {
      self.stream = stream
      self.absence = absence
      self.after = after
      self.size = size
      self.deadlineMs = deadlineMs
    }
  }

  /// Why there is nothing more to come.
  enum End: Equatable {
    case exited(Int32)
    /// The keys that detach were typed on the terminal that was lent.
    case detached
    case failed(ClientError)
  }

  /// Who writes to the user's terminal.
  enum Lending: Equatable {
    /// We do.
    case none
    /// We do, and have offered it to the daemon.
    case offered
    /// The daemon waits until we have written all that it sent.
    case accepted
    case lent(withKeys: Bool)
    /// The daemon does not take it at this size.
    case declined
  }
}
