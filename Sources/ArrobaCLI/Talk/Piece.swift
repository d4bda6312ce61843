package import ArrobaJSON

/// Something to tell of a conversation, once.
package struct Piece: Equatable {
  /// Whose words an item has.
  package enum Kind: Equatable {
    case answer, reasoning
  }

  package enum What: Equatable {
    /// The agent was handed a prompt. `isOurs`: typed into Arroba, and not into the provider's own client.
    case prompt(String, isOurs: Bool)
    /// A prompt waits, so many before it counted in.
    case queued(id: String, text: String, place: Int)
    /// More words of an item.
    case words(item: String, Kind, String, subagent: String?)
    /// What was told of an item does not hold: it is told from its beginning.
    case anew(item: String)
    /// An item has all its words.
    case closed(item: String)
    /// A call with its outcome.
    case tool(JSON, subagent: String?)
    case ask(OpenAsk)
    /// An ask was answered; `by` is the client that did, nil where it was none of ours.
    case answered(OpenAsk, words: String, by: String?, isDenial: Bool)
    /// Nobody answered in time; what was done is in words.
    case expired(OpenAsk, words: String)
    case withdrawn(OpenAsk, reason: String)
    case ended(End)
    case remark(String)
    case error(String)
  }

  /// What became of a prompt.
  package struct End: Equatable {
    package let prompt: String
    package let text: String
    package let state: String
    package let reason: String?
    package let failure: String?
    /// Whether the agent ever had it.
    package let wasSent: Bool
    package let usage: JSON?
  }

  /// nil: of the session.
  package let agent: String?
  package let what: What

  package init(_ agent: String?, _ what: What) {
    self.agent = agent
    self.what = what
  }
}
