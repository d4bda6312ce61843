/// A session: a workspace, its agents in order, and which of them untargeted prompts go to.
package struct Session: Sendable, Equatable {
  package let id: SessionID
  package var alias: String?
  package let workspace: String
  package let createdAt: Instant
  /// Set once the session has ended; its record stays until it is deleted.
  package var endedAt: Instant?
  package var focused: AgentID?
  package var agents: [Agent] = []

  package var isOpen: Bool { endedAt == nil }

  package func agent(_ id: AgentID) -> Agent? { agents.first { $0.id == id } }

  package static let mostAgents = 64
}

/// What an agent is, as it was asked for: all that is needed to start it again as it was.
package struct AgentSpec: Sendable, Equatable {
  package var provider: String
  package var alias: String?
  package var model: String?
  package var effort: String?
  package var directory: String
  /// The program and its arguments, as given. Empty for providers that know their own program.
  package var arguments: [String] = []
  /// The program's absolute path, as it was found when the agent was made.
  package var executable: String?
  /// Variables on top of the daemon's own environment. Values never leave the log.
  package var environment: [Variable] = []
  package var columns: UInt16
  package var rows: UInt16
  /// Whether it takes prompts; else it is a program on a terminal.
  package var isTalkedTo = false

  package struct Variable: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(provider: String, directory: String, columns: UInt16, rows: UInt16) {
    self.provider = provider
    self.directory = directory
    self.columns = columns
    self.rows = rows
  }
}

/// An agent of a session: what it is, what it does, and the run that does it. Focus is the session's.
package struct Agent: Sendable, Equatable {
  package let id: AgentID
  package let session: SessionID
  package var spec: AgentSpec
  package let createdAt: Instant
  package var activity: Activity
  package var run: Run?
  /// Only of an agent that is talked to.
  package var talk: Talk?

  package var isLive: Bool { run?.isLive ?? false }
}

/// What an agent does, since when, and who says so.
package struct Activity: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    case starting, idle, working, waiting, stopped, failed
  }

  package enum Source: String, Sendable, CaseIterable {
    case provider, terminal, process
  }

  package var state: State
  package var since: Instant
  package var reason: String?
  package var source: Source

  package init(_ state: State, since: Instant, reason: String? = nil, source: Source) {
    self.state = state
    self.since = since
    self.reason = reason
    self.source = source
  }
}

/// One life of an agent's program.
package struct Run: Sendable, Equatable {
  package enum Phase: String, Sendable, CaseIterable {
    case starting, running, parked, ended
  }

  /// How the program ended, where that is known.
  package enum Exit: Sendable, Equatable {
    case code(Int)
    case signal(Int)
  }

  /// The process as the system knows it: enough to recognise it again without mistaking a reused number for it.
  package struct Process: Sendable, Equatable {
    package let pid: Int
    /// Clock ticks from boot to its start (field 22 of /proc/PID/stat).
    package let startTicks: Int
    /// Which boot of the machine that was.
    package let boot: String

    package init(pid: Int, startTicks: Int, boot: String) {
      self.pid = pid
      self.startTicks = startTicks
      self.boot = boot
    }
  }

  package let id: RunID
  package var phase: Phase
  package var process: Process?
  package var startedAt: Instant?
  package var endedAt: Instant?
  package var exit: Exit?
  package var reason: String?

  package var isLive: Bool {
    switch phase {
    case .starting, .running, .parked: true
    case .ended: false
    }
  }
}
