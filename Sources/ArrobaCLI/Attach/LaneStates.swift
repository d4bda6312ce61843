internal import ArrobaClient
internal import ArrobaSystem

/// Where a lane can stand.
extension LaneLink {
  struct Loss {
    let sinceMs: Int
    var tryAtMs: Int
    var pauseMs: Int
  }

  enum Phase {
    case connected(Descriptor)
    case lost(Loss)
  }

  /// Why there is nothing more to come.
  enum End: Equatable {
    case exited(Int32)
    case failed(ClientError)
  }

  /// Who writes to the user's terminal.
  enum Lending {
    /// We do.
    case none
    /// We do, and have offered it to the daemon.
    case offered
    /// The daemon waits until we have written all that it sent.
    case accepted
    case lent
    /// The daemon does not take it at this size.
    case declined
  }
}
