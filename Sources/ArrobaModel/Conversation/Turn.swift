/// What a turn has used so far, agents within the agent included. Each report replaces the one before.
package struct Usage: Sendable, Equatable {
  package var input: Int
  package var output: Int
  package var reasoning: Int
  package var cacheRead: Int
  package var cacheWrite: Int
  /// Millionths of a US dollar; nil where the provider does not say.
  package var costMicros: Int?
  /// Tokens that the conversation takes of the model's context, as of the last step.
  package var context: Int?

  package init(
    input: Int = 0, output: Int = 0, reasoning: Int = 0, cacheRead: Int = 0, cacheWrite: Int = 0,
    costMicros: Int? = nil, context: Int? = nil
  ) {
    self.input = input
    self.output = output
    self.reasoning = reasoning
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.costMicros = costMicros
    self.context = context
  }
}

/// How a turn ended, and what proves it.
package struct TurnEnd: Sendable, Equatable {
  package enum Outcome: Sendable, Equatable {
    case completed
    /// By a cancel of ours that the provider confirmed, or by a "no" to what it asked.
    case cancelled
    case failed(TurnFailure)
    /// Nobody saw the end: the provider, its connection or the daemon died meanwhile.
    case interrupted
  }

  package var outcome: Outcome
  /// In words; always there unless all went well. On a completed turn a remark, such as that the answer was cut.
  package var reason: String?
  /// What was seen that proves it, short: "idle, finish stop".
  package var proof: String

  package init(_ outcome: Outcome, reason: String? = nil, proof: String) {
    self.outcome = outcome
    self.reason = reason
    self.proof = proof
  }
}

/// What kind of failure ended a turn, so that a client can say what to do about it.
package enum TurnFailure: String, Sendable, CaseIterable {
  /// The provider does not accept the user's login.
  case authentication
  case rateLimited = "rate_limited"
  /// The model's service has an error or cannot be reached.
  case serviceFailed = "service_failed"
  case contextTooLong = "context_too_long"
  /// The model's service does not answer this content.
  case refused
  /// What was asked for is wrong: a model or agent that does not exist.
  case invalidRequest = "invalid_request"
  /// The provider did not take the prompt.
  case notAccepted = "not_accepted"
  /// Nothing happened for longer than we wait.
  case silent
  case other
}
