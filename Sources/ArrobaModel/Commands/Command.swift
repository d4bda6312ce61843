/// What may be asked for or reported, by subject. Everything that had to be looked up or made (ids, paths, programs)
/// is already in it, so that deciding needs nothing but the state.
package enum Command: Sendable, Equatable {
  case create(SessionID, alias: String?, workspace: String, agents: [NewAgent])
  case session(SessionID, SessionCommand)
  case agent(SessionID, AgentID, AgentCommand)
}

/// An agent to be made, with the ids that it and its first run will have.
package struct NewAgent: Sendable, Equatable {
  package let id: AgentID
  package let run: RunID
  package let spec: AgentSpec

  package init(id: AgentID, run: RunID, spec: AgentSpec) {
    self.id = id
    self.run = run
    self.spec = spec
  }
}

/// What may be asked of a session.
package enum SessionCommand: Sendable, Equatable {
  case rename(alias: String?)
  case end(force: Bool)
  case delete(force: Bool)
  case spawn([NewAgent])
  case focus(AgentID)
  /// Focus moves to the next agent in order, from the last one to the first.
  case cycle
}

/// What may be asked of an agent, and what is reported of it.
package enum AgentCommand: Sendable, Equatable {
  case rename(alias: String?)
  case delete(force: Bool)
  /// Starts its program again as it was, on a terminal of that size where one is given; `force`: one that still runs is
  /// stopped first.
  case restart(RunID, columns: UInt16?, rows: UInt16?, force: Bool)
  /// What became of its run, or of its terminal.
  case absorb(RunSignal)
  case talk(TalkCommand)
  /// The time of an ask may be up: `at` is now.
  case expire(AskID, AskRule, at: Instant)
  /// What its provider says.
  case hear(ProviderSignal, FreshIDs)
}

/// What may be asked of an agent that is talked to.
package enum TalkCommand: Sendable, Equatable {
  /// The run's id serves where the agent has none that lives.
  case submit(PromptID, text: String, RunID)
  case edit(PromptID, text: String)
  /// To that place among those that wait, from 1 on.
  case move(PromptID, position: Int)
  case remove(PromptID)
  case clear
  /// nil: the active one.
  case cancel(PromptID?, force: Bool)
  case answer(AskID, AskAnswer)
}

/// What the world reports of a run. A signal of another run than the agent's present one settles nothing.
package enum RunSignal: Sendable, Equatable {
  case started(RunID, Run.Process)
  case failedToStart(RunID, reason: String)
  case exited(RunID, Run.Exit)
  /// The run is gone and nobody saw how it ended.
  case lost(RunID, reason: String)
  case resized(columns: UInt16, rows: UInt16)
  case activity(Activity.State, reason: String?, source: Activity.Source)
  case notice(String)
}

extension RunSignal {
  /// Whether the state would stay wrong without it; a size or a notice can be missed.
  package var mustBeKnown: Bool {
    switch self {
    case .started, .failedToStart, .exited, .lost: true
    case .resized, .activity, .notice: false
    }
  }
}

/// What a command comes to: facts to record, things to do once they are recorded, and what to answer.
package struct Decision: Sendable, Equatable {
  package enum Effect: Sendable, Equatable {
    case start(SessionID, NewAgent)
    /// Ends a run's program; its end comes back as a signal.
    case stop(RunID)
    /// Nobody can ask for its terminal any more.
    case forget(AgentID)
    case submit(SessionID, AgentID, PromptID, text: String)
    case cancel(SessionID, AgentID, PromptID, force: Bool)
    /// `key`: the provider's own name of the ask.
    case answer(SessionID, AgentID, key: String, AskAnswer)
  }

  package enum Answer: Sendable, Equatable {
    case session(SessionID)
    case agents(SessionID, [AgentID])
    case agent(SessionID, AgentID)
    case stopped(SessionID, AgentID?, [Stopped])
    case prompt(SessionID, AgentID, PromptID)
    case prompts(SessionID, AgentID, [PromptID])
    case ask(SessionID, AgentID, AskID)
    case nothing
  }

  package struct Stopped: Sendable, Equatable {
    package let agent: AgentID
    package let run: RunID
  }

  package var events: [Event] = []
  package var effects: [Effect] = []
  package var answer: Answer = .nothing
  /// Whether the answer waits until the events are on the disk. Facts that can be observed again do not.
  package var isDurable = true
}
