package import ArrobaTerminal

/// What a command line asks for.
package enum Invocation: Equatable, Sendable {
  case help(topic: String?)
  case version
  case new(Birth, then: Attaching?)
  case list(all: Bool, agents: Bool)
  case show(Target)
  case rename(Target, alias: String)
  case end(Target, force: Bool)
  case remove(Target, force: Bool)
  case attach(Target, Attaching)
  case screen(Target, ansi: Bool, history: Int?)
  case type(Target, keys: [String], isLiteral: Bool)
  case resize(Target, columns: Int, rows: Int)
  case cast(Casting)
  case spawn(Target, Birth, count: Int?)
  case agents(Target)
  case focus(Target)
  case cycle(Target)
  case renameAgent(Target, alias: String)
  case restart(Target, force: Bool)
  case removeAgent(Target, force: Bool)
  case events(Target?, after: EventsStart?, follow: Bool)
  case wait(Target, for: Goal, timeoutMs: Int?, status: Bool)
  case talking(Talking)
  case relaying(Relaying)
  case health
  case providers
  case doctor
  case daemon(DaemonAction)
  case logs(LogFilter, follow: Bool)
  case completions(Shell)
  case bridge

  package enum EventsStart: Equatable, Sendable {
    case beginning
    case sequence(Int)
  }

  package enum Goal: String, CaseIterable, Sendable {
    case idle, waiting, done, exit
  }

  package enum DaemonAction: Equatable, Sendable {
    case run([String])
    case start, stop, restart, status, unit
  }

  package enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish
  }
}

/// An agent that is to be made.
package struct Birth: Equatable, Sendable {
  package var alias: String?
  /// nil: the daemon's default, or `terminal` where a program is given.
  package var provider: String?
  package var model: String?
  package var environment: [Variable] = []
  package var program: [String] = []

  package struct Variable: Equatable, Sendable {
    package let name: String
    package let value: String
  }
}

/// How to attach.
package struct Attaching: Equatable, Sendable {
  package var isView = false
  package var isRaw = false
  package var takesStatus = false
  package var isForced = false
  /// nil: the usual key, or none where no terminal types.
  package var detachKeys: DetachKeys?
}

/// Which records of the process logs are wanted.
package struct LogFilter: Equatable, Sendable {
  /// From the one that tells most to the one that tells least.
  package static let levels = ["debug", "info", "warn", "error"]
  package static let processKinds = ["client", "daemon", "supervisor"]

  package var level: String?
  package var session: String?
  package var processKind: String?
  package var component: String?
  package var limit = 200
}
