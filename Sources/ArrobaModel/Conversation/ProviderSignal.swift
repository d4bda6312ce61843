/// What a conversation says. It names run and turn: what is about another run or turn never settles this one.
package struct ProviderSignal: Sendable, Equatable {
  package var run: RunID
  /// The turn that it belongs to; nil for what belongs to none, such as what somebody typed in the agent's own client.
  package var turn: PromptID?
  package var what: What

  package init(run: RunID, turn: PromptID?, _ what: What) {
    self.run = run
    self.turn = turn
    self.what = what
  }

  package enum What: Sendable, Equatable {
    /// It can be talked to. `conversation` is the provider's own name for it, with which it can be resumed.
    case opened(conversation: String, version: String?, model: String?)
    /// The provider has the prompt and knows it by `mark`: keep it for `Conversation.settle`.
    case accepted(mark: String?)

    /// An item began, or is said anew from its beginning: it replaces what is known under its key.
    case itemStarted(Item)
    /// Text to append: to a tool's output, to the text of any other item.
    case itemDelta(key: String, text: String)
    /// The whole item as it stays. It may come without a start.
    case itemCompleted(Item)
    /// It was of no consequence after all, such as half an answer before a retry: forget it.
    case itemDropped(key: String)

    case askOpened(Ask)
    /// Answered, but not by us: in the provider's own client, or by a rule. `choice` where it is known.
    case askAnswered(key: String, choice: String?)
    /// It waits no more, and nobody answered.
    case askWithdrawn(key: String, reason: String)

    case usage(Usage)
    case activity(Activity.State, reason: String?)
    /// The provider tries again by itself at `nextAt`; the turn goes on.
    case retrying(attempt: Int, nextAt: Instant?, reason: String)
    /// The last word on a turn, exactly once for each.
    case turnEnded(TurnEnd)

    /// Worth telling a person, and of no other consequence.
    case notice(String)
    /// The conversation cannot go on. It ends the turn that is under way, as `end` says where that is known, and comes
    /// before its `turnEnded`: else the next prompt would be handed over in between.
    case failed(reason: String, hint: String?, end: TurnEnd? = nil)
    /// The provider said something of a kind that is not known here. Once for each kind.
    case unrecognised(kind: String)
  }
}
