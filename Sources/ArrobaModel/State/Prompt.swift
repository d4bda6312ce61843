/// A prompt with its receipt: every state that it was in, since when and why (protocol.md, "Prompt states").
package struct Prompt: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    case queued, dispatching, running, cancelling
    case completed, cancelled, failed, interrupted

    package var hasEnded: Bool {
      switch self {
      case .queued, .dispatching, .running, .cancelling: false
      case .completed, .cancelled, .failed, .interrupted: true
      }
    }

    /// The provider has it, or is being given it.
    package var isActive: Bool { self != .queued && !hasEnded }
  }

  package struct Step: Sendable, Equatable {
    package let state: State
    package let at: Instant
    package var reason: String?
  }

  package let id: PromptID
  package var text: String
  /// The client instance that submitted it.
  package let by: String?
  /// The number of the event that says its text.
  package var source: UInt64
  /// At least the first one, `queued`.
  package private(set) var steps: [Step]
  /// The provider's own name for it.
  package var mark: String?
  package var usage: Usage?
  package var end: TurnEnd?
  /// Bytes that the text has lost since the prompt ended, so that old ones take little room; the log has it whole.
  package private(set) var cut = 0

  package init(id: PromptID, text: String, by: String?, at: Instant, source: UInt64) {
    self.id = id
    self.text = text
    self.by = by
    self.source = source
    steps = [Step(state: .queued, at: at)]
  }

  package var state: State { steps.last?.state ?? .queued }
  package var submittedAt: Instant? { steps.first?.at }
  package var dispatchedAt: Instant? { steps.first { $0.state == .dispatching }?.at }
  package var cancelledAt: Instant? { steps.first { $0.state == .cancelling }?.at }

  mutating func enter(_ state: State, at: Instant, reason: String? = nil) {
    steps.append(Step(state: state, at: at, reason: reason))
    guard state.hasEnded, text.utf8.count > Self.longestKept else { return }
    let kept = String(decoding: text.utf8.prefix(Self.longestKept), as: UTF8.self)
    cut = text.utf8.count - Self.longestKept
    text = kept
  }

  private static let longestKept = 4096
  /// Bytes of a prompt's text.
  package static let longest = 1 << 20
}

extension TurnEnd {
  package var state: Prompt.State {
    switch outcome {
    case .completed: .completed
    case .cancelled: .cancelled
    case .failed: .failed
    case .interrupted: .interrupted
    }
  }
}

/// An ask with what became of it.
package struct AskRecord: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    case open
    /// `by` is the client instance; nil where it was answered in the provider's own client or by a rule.
    case answered(AskAnswer, by: String?, at: Instant)
    /// Nobody answered in time, and what the rule says was done.
    case expired(AskExpiry, at: Instant)
    case withdrawn(reason: String, at: Instant)
  }

  package let id: AskID
  package let prompt: PromptID?
  package let ask: Ask
  package let openedAt: Instant
  package var state: State

  package var isOpen: Bool { state == .open }

  /// Whether the answer was no, whoever gave it.
  package var isDenied: Bool {
    let answer: AskAnswer? =
      switch state {
      case .answered(let answer, _, _): answer
      case .expired(let expiry, _): expiry.answer
      case .open, .withdrawn: nil
      }
    return answer.map { ask.isDenied(by: $0) } ?? false
  }
}
