package import ArrobaLoop
package import ArrobaModel
package import ArrobaSupervision

/// A provider whose agents are talked to: prompts in, items out.
package protocol ConversationProvider: Provider {
  /// Opens an agent's conversation, a new one or the one that `opening.resume` names. Returns at once; what comes of it
  /// is said: `opened`, or `failed`. A turn may be submitted before that and starts as soon as it can.
  @LoopActor func open(_ opening: ConversationOpening) -> any Conversation

  /// The daemon stops, and what it started is to stop with it: turns are aborted, servers end. `done` is called once,
  /// also where that took too long. Not called for a mere restart of the daemon, over which all goes on.
  @LoopActor func stopAll(done: @escaping @LoopActor () -> Void)
}

/// What a conversation is opened with.
package struct ConversationOpening {
  package var identity: AgentIdentity
  package var run: RunID
  /// Model, effort, directory and environment, as `Provider.complete` left them.
  package var spec: AgentSpec
  /// The provider's own name of the conversation, as `opened` said it in an earlier run; nil for a new one.
  package var resume: String?
  /// The provider's own name of the last prompt that an agent of ours sent there, as `accepted` said it: what was left
  /// unfinished of that is nobody else's.
  package var lastMark: String?
  /// Hears all that the conversation says, in order, until `close`.
  package var say: @LoopActor (ProviderSignal) -> Void
  /// Hears that what its native client talks to is gone: left alone, the client would try for ever.
  package var nativeLost: @LoopActor (_ reason: String) -> Void

  package init(
    identity: AgentIdentity, run: RunID, spec: AgentSpec, resume: String?, lastMark: String? = nil,
    say: @escaping @LoopActor (ProviderSignal) -> Void,
    nativeLost: @escaping @LoopActor (_ reason: String) -> Void = { _ in }
  ) {
    self.identity = identity
    self.run = run
    self.spec = spec
    self.resume = resume
    self.lastMark = lastMark
    self.say = say
    self.nativeLost = nativeLost
  }
}

/// One agent's conversation. It queues nothing: the next turn is submitted when the one before has ended.
@LoopActor
package protocol Conversation: AnyObject {
  /// Hands a prompt over. `accepted` and, exactly once, `turnEnded` follow.
  func submit(_ turn: TurnRequest)

  /// Stops a turn; `turnEnded` follows. With `force` it also follows where the provider does not confirm.
  /// A turn that is not under way is let be.
  func cancel(_ turn: PromptID, force: Bool)

  /// Answers an ask by its key. One that is settled, or was never there, is let be.
  func answer(_ ask: String, with answer: AskAnswer)

  /// Takes up a turn that an earlier daemon handed over and whose end it did not see. `turnEnded` follows: at once, by
  /// what the provider says became of it, or when it ends, if it is still under way; its items are said again, and
  /// the same key is the same item. Called before any `submit`.
  func settle(_ turn: UnsettledTurn)

  /// Lets go of it: a turn that is under way is stopped, and nothing is said any more. The provider keeps it, and it can
  /// be resumed.
  func close()

  /// Whether the provider's own terminal client can be opened on this conversation now.
  var nativeClient: NativeClient { get }

  /// What that client is to be born as; asked where `nativeClient` is `at` some place.
  func nativeTerminal(for run: RunID, columns: UInt16, rows: UInt16) throws(Refusal) -> ChildBirth
}

/// Whether a conversation has a client of the provider's own.
package enum NativeClient: Sendable, Equatable {
  /// Never.
  case none(Refusal)
  /// What it would talk to is not there now, and may come.
  case away(Refusal)
  /// It can be opened. `place` names what it talks to: where that is another one than it was born for, it is of no use.
  case at(place: String)
}

/// A prompt on its way to a provider. It names the turn.
package struct TurnRequest: Sendable, Equatable {
  package var id: PromptID
  package var text: String
  package var files: [PromptFile]

  package init(id: PromptID, text: String, files: [PromptFile] = []) {
    self.id = id
    self.text = text
    self.files = files
  }
}

/// A file that goes with a prompt.
package struct PromptFile: Sendable, Equatable {
  /// Absolute.
  package var path: String
  /// "image/png".
  package var mediaType: String

  package init(path: String, mediaType: String) {
    self.path = path
    self.mediaType = mediaType
  }
}

/// A turn whose end nobody saw.
package struct UnsettledTurn: Sendable, Equatable {
  package var id: PromptID
  package var text: String
  /// When it was dispatched.
  package var dispatchedAt: Instant
  /// The provider's own name for the prompt, as `accepted` said it; nil where it did not come to that.
  package var mark: String?
  /// When it was told to stop, if it was.
  package var cancelledAt: Instant?
  /// Whether something that it asked for was denied, which may be why it ended.
  package var wasDenied: Bool

  package init(
    id: PromptID, text: String, dispatchedAt: Instant, mark: String?, cancelledAt: Instant?,
    wasDenied: Bool = false
  ) {
    self.wasDenied = wasDenied
    self.id = id
    self.text = text
    self.dispatchedAt = dispatchedAt
    self.mark = mark
    self.cancelledAt = cancelledAt
  }
}
