/// What becomes of an ask that nobody answers: how long it waits, and what is done then.
package struct AskRule: Sendable, Equatable {
  package enum OnDeadline: String, Sendable, CaseIterable {
    /// It is answered by the choice that denies: the agent is told no.
    case deny
    /// The prompt that it belongs to is cancelled.
    case fail
  }

  /// nil: an ask waits for ever.
  package var deadlineMs: Int?
  package var onDeadline: OnDeadline

  package init(deadlineMs: Int? = nil, onDeadline: OnDeadline = .deny) {
    self.deadlineMs = deadlineMs
    self.onDeadline = onDeadline
  }

  /// When an ask that was opened then is due; nil: never.
  package func due(openedAt: Instant) -> Instant? { deadlineMs.map { Instant(ms: openedAt.ms + $0) } }
}

/// What the deadline did about an ask.
package struct AskExpiry: Sendable, Equatable {
  package var onDeadline: AskRule.OnDeadline
  /// How long nobody had answered.
  package var deadlineMs: Int
  /// What the agent was told; nil where the prompt was cancelled instead.
  package var answer: AskAnswer?

  package init(onDeadline: AskRule.OnDeadline, deadlineMs: Int, answer: AskAnswer?) {
    self.onDeadline = onDeadline
    self.deadlineMs = deadlineMs
    self.answer = answer
  }
}
