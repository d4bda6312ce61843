internal import ArrobaRelayWire
internal import ArrobaSystem

/// One connection at a relay, from its first byte to its end: where it stands, and what of it waits in our memory.
final class RelayConnection {
  enum Phase {
    /// Its request is awaited.
    case head
    /// It was asked who it is, with this nonce.
    case claim(nonce: [UInt8])
    /// It failed; it is told so when its time has come.
    case condemned
    /// It was answered, and ends once it has the answer.
    case leaving
    /// A machine that is there.
    case standing(machine: String)
    /// A client that sees who is there.
    case watching
    /// A client that waits for the machine to come.
    case waiting(machine: String, welcome: [UInt8])
    case streaming(RelayStream, RelayStream.End)
  }

  let key: UInt64
  let socket: Descriptor
  /// Whom failures count against.
  var address: String
  var phase = Phase.head
  /// The id of the token that it has proved to have.
  var token: String?
  /// What came and was not understood yet.
  var input: [UInt8] = []
  private(set) var unsent: [UInt8] = []
  /// When to look at it next; nil: only when something happens.
  var dueMs: Int?
  /// Whether the deadlines have an entry for it.
  var isTimed = false
  var heardMs = 0
  var isClosed = false

  init(_ socket: Descriptor, key: UInt64, address: String) {
    self.socket = socket
    self.key = key
    self.address = address
  }

  /// Adds to what is to be sent, and sends what can be sent now; false where the other side is gone.
  func send(_ bytes: [UInt8]) -> Bool {
    unsent += bytes
    return flush()
  }

  func flush() -> Bool {
    var sent = 0
    defer { unsent.removeFirst(sent) }
    while sent < unsent.count {
      switch unsent[sent...].withUnsafeBytes({ socket.send($0) }) {
      case .moved(let count): sent += count
      case .wouldBlock: return true
      case .ended, .failed: return false
      }
    }
    return true
  }

  /// What is to be waited for. A stream is told of changes only; it keeps in mind what it was told.
  var wish: Readiness.Wish {
    let writing: Readiness.Wish = unsent.isEmpty ? [] : .writing
    switch phase {
    case .head, .claim, .standing, .watching: return writing.union(.reading)
    case .waiting: return writing.union(.halfClose)
    case .condemned: return []
    case .leaving: return .writing
    case .streaming: return [.reading, .writing, .halfClose, .changesOnly]
    }
  }
}
