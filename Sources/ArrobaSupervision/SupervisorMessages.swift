/// What holds for every packet between a daemon and its supervisor: one message a packet, in order, both ways.
///
/// A supervisor outlives the daemons that it starts, so the two may come from different releases. New messages get new
/// types, which an older side skips; new fields go behind the old ones, which an older side does not read.
package enum SupervisorProtocol {
  package static let version: UInt32 = 1
  /// A birth with a larger environment is refused; two of these fit in the smallest usual socket buffer.
  package static let longestPacket = 128 << 10
  /// Descriptors that a daemon may leave with the supervisor by name.
  package static let mostKept = 16
}

/// What a child is to be born as. Everything is resolved: an absolute path, the whole environment; nobody looks anything
/// up.
package struct ChildBirth: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    /// On a terminal of that size, with a ring of that capacity in bytes.
    case terminal(columns: UInt16, rows: UInt16, ringCapacity: Int)
    /// On three pipes, in a process group of its own.
    case pipes
    /// As `pipes`, and what it says is kept from its first byte on, in a ring of that capacity in bytes: who reads it
    /// reads through the ring, and a daemon that is killed loses nothing that it had read and not yet acted on.
    case lines(ringCapacity: Int)
  }

  /// The run's id: what the child is known by, also across a restart of the daemon.
  package var id: String
  package var kind: Kind
  package var path: String
  /// The first one is the program's own name.
  package var arguments: [String]
  /// "NAME=value" each.
  package var environment: [String]
  package var directory: String

  package init(
    id: String, kind: Kind, path: String, arguments: [String], environment: [String], directory: String
  ) {
    self.id = id
    self.kind = kind
    self.path = path
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }
}

/// How a child ended.
package enum ChildEnd: Equatable, Sendable {
  case code(Int32)
  case signal(Int32)
}

/// Where a birth failed.
package enum BirthStage: UInt8, Equatable, Sendable {
  /// No terminal, no pipe, no process, or an id that is taken.
  case fork = 0
  case directory = 1
  case program = 2
  /// The child had not become its program in time.
  case tooSlow = 3
}

/// What a daemon says before it ends on purpose.
package struct Farewell: Equatable, Sendable {
  package enum Kind: UInt8, Sendable {
    /// All is to end, the children too.
    case stop = 0
    /// Another daemon is to take over at once.
    case restart = 1
    /// This daemon may not run here (a log of a newer format); starting it again would not help.
    case refuse = 2
  }

  package var kind: Kind
  package var reason: String

  package init(_ kind: Kind, reason: String) {
    self.kind = kind
    self.reason = reason
  }

  package static let stop = Farewell(.stop, reason: "")
  package static let restart = Farewell(.restart, reason: "")

  /// The reason is cut to what fits on a screen, and well into a packet.
  package static func refuse(_ reason: String) -> Farewell {
    Farewell(.refuse, reason: String(reason.prefix(1000)))
  }
}

/// What a daemon says to its supervisor.
package enum SupervisorRequest: Equatable, Sendable {
  /// The first word; the supervisor answers with its own, what it keeps, and the children.
  case hello(version: UInt32)
  /// The daemon serves: from here on its end is a crash, and no longer a start that failed.
  case ready
  case spawn(ChildBirth)
  /// To the child's process group, and to its terminal's group in the foreground.
  case signal(id: String, number: Int32)
  /// The supervisor's duplicate of the child's input goes, so that the daemon's close is the end of that input.
  case closeInput(id: String)
  case forget(id: String)
  /// Carries one descriptor.
  case keep(name: String)
  case drop(name: String)
  case bye(Farewell)
}

/// What a handed-over child comes with. The descriptors of the packet follow in this order.
package enum HandedChannels: Equatable, Sendable {
  /// The terminal's own end and its ring.
  case terminal
  /// Input (unless it was closed), output, error output, then the rings of what was drained, where there are any.
  case pipes(input: Bool, outputRing: Bool, errorRing: Bool)
}

/// What a supervisor says to its daemon.
package enum SupervisorNotice: Equatable, Sendable {
  case hello(version: UInt32, pid: Int32, startedAtMs: UInt64)
  /// Carries one descriptor.
  case kept(name: String)
  case child(id: String, pid: Int32, channels: HandedChannels, end: ChildEnd?)
  /// That was all that an earlier daemon left.
  case handedOver
  /// For a terminal its own end and its ring; for pipes input, output, error output, and the ring of a child that speaks
  /// in lines.
  case spawned(id: String, pid: Int32)
  case spawnFailed(id: String, stage: BirthStage, code: Int32)
  case exited(id: String, end: ChildEnd)
}
