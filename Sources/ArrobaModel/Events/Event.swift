package import ArrobaJSON

/// What happened. The only way in which state changes: `World.apply` folds these and nothing else.
///
/// docs/EVENTS.md lists who decides each of them and whether it is flushed before the answer.
package enum Event: Sendable, Equatable {
  case session(SessionID, SessionEvent)
  case agent(SessionID, AgentID, AgentEvent)
  case daemon(DaemonEvent)
  /// An event of a later version: kept and passed on, folded by nobody.
  case unknown(kind: String, session: String?, agent: String?, data: JSON)
}

/// What happened to a session.
package enum SessionEvent: Sendable, Equatable {
  case created(alias: String?, workspace: String)
  case renamed(alias: String?)
  case ended
  case deleted
}

/// What happened to an agent, its run included.
package enum AgentEvent: Sendable, Equatable {
  case spawned(AgentSpec)
  case renamed(alias: String?)
  case focused
  case activity(Activity.State, reason: String?, source: Activity.Source)
  case resized(columns: UInt16, rows: UInt16)
  case exited(RunID, Run.Exit)
  case deleted
  case runStarting(RunID)
  case runStarted(RunID, Run.Process)
  case runParked(RunID)
  /// The conversation of a run can be talked to.
  case runOpened(RunID, conversation: String, version: String?, model: String?)
  /// `exit` where the program's end was seen; else `reason` says what is known.
  case runEnded(RunID, exit: Run.Exit?, reason: String?)
  case notice(String)
  case prompt(PromptID, PromptEvent)
  case item(ItemID, prompt: PromptID?, ItemEvent)
  case ask(AskID, prompt: PromptID?, AskEvent)
  case usage(PromptID, Usage)
}

/// What happened to a prompt.
package enum PromptEvent: Sendable, Equatable {
  case submitted(text: String)
  case edited(text: String)
  /// To that place among those that wait, from 1 on.
  case moved(position: Int)
  /// It is being handed to the provider.
  case dispatched(RunID)
  /// The provider has it, and knows it by that name.
  case started(mark: String?)
  case cancelling
  case ended(TurnEnd)
}

/// What happened to an item of a conversation.
package enum ItemEvent: Sendable, Equatable {
  /// It began, or begins anew: what was said of it before is void.
  case started(Item)
  /// Text to append: to a tool's output, to the text of any other item.
  case delta(String)
  case completed(Item)
  /// It was of no consequence: forget it.
  case dropped(key: String)
}

/// What happened to an ask.
package enum AskEvent: Sendable, Equatable {
  case opened(Ask)
  case answered(AskAnswer)
  /// Nobody answered in time.
  case expired(AskExpiry)
  case withdrawn(reason: String)
}

/// What happened to the daemon itself.
package enum DaemonEvent: Sendable, Equatable {
  case started(version: String, pid: Int, boot: String)
  case stopping(reason: String)
  /// A command that changed nothing of what is folded was carried out; its receipt is in the record.
  case answered
}

/// An event in the log: where it stands, when it was recorded, who caused it.
package struct RecordedEvent: Sendable, Equatable {
  package var seq: UInt64
  package var at: Instant
  package var event: Event
  /// The client instance whose command it was; nil for what the daemon saw by itself.
  package var by: String?
  package var command: String?

  package init(seq: UInt64, at: Instant, event: Event, by: String? = nil, command: String? = nil) {
    self.seq = seq
    self.at = at
    self.event = event
    self.by = by
    self.command = command
  }
}

/// What the log keeps of a command so that a repetition gets the same answer, also after a restart.
package struct CommandReceipt: Sendable, Equatable {
  package let command: String
  /// Of method and parameters: the same command has the same one.
  package let fingerprint: String
  package let answer: JSON

  package init(command: String, fingerprint: String, answer: JSON) {
    self.command = command
    self.fingerprint = fingerprint
    self.answer = answer
  }
}
