internal import ArrobaModel
internal import ArrobaProvider

/// A turn as OpenCode runs it: whether the prompt was taken, and how it ended.
struct OpenCodeTurn {
  enum Phase: Equatable {
    /// Posted, and not seen among the session's messages yet.
    case sent
    case running
  }

  /// Why we stop it.
  enum Stop: Equatable {
    case asked
    case limit(TurnFailure, String)
  }

  let request: TurnRequest
  /// Set for a turn that an earlier daemon began.
  var settling: UnsettledTurn?
  var phase = Phase.sent
  var sentMs: Int
  /// The server has said that it took the prompt; it says so before it stores it.
  var isAcknowledged = false
  var wasResent = false
  /// The session's messages of the assistant since the prompt, as they came.
  private(set) var answers: [OpenCodeMessage] = []
  /// The first one counts: later ones repeat it with a stack trace.
  var error: OpenCodeError?
  /// A permission was denied or a question dismissed in the session itself: that ends a turn without an error.
  var wasDenied = false
  var wasCompacted = false
  private(set) var stop: Stop?
  /// It is to be stopped, and nothing of an answer is there yet: aborted then all the same.
  var abortDueMs: Int?
  /// When it was told to stop, by the wall's clock, and the answers that were known then.
  private var stoppedWallMs = 0
  private var knownAtStop: Set<String> = []
  /// The session has been idle since, after the prompt was seen.
  var idleMs: Int?
  /// The newest answer has been final since.
  private(set) var finalMs: Int?
  var lastEventMs: Int
  var lookedMs = Int.min / 2
  var retryingSinceMs: Int?
  var saidSilent = false

  init(_ request: TurnRequest, nowMs: Int) {
    self.request = request
    sentMs = nowMs
    lastEventMs = nowMs
  }

  /// Never by id: ids wrap around (#42608).
  var newest: OpenCodeMessage? {
    answers.indices.max { (answers[$0].createdMs, $0) < (answers[$1].createdMs, $1) }.map { answers[$0] }
  }

  /// The first reason counts.
  mutating func tellToStop(_ stop: Stop, wallMs: Int) {
    guard self.stop == nil else { return }
    self.stop = stop
    stoppedWallMs = wallMs
    knownAtStop = Set(answers.map(\.id))
  }

  /// Whether an answer was begun although the turn had been told to stop: the abort found nothing to abort, or an agent
  /// within the agent only. The clocks are the same machine's.
  private func isLate(_ answer: OpenCodeMessage) -> Bool {
    stop != nil && !knownAtStop.contains(answer.id) && answer.createdMs >= stoppedWallMs
  }

  mutating func take(_ answer: OpenCodeMessage, nowMs: Int) {
    let before = newest
    if let index = answers.firstIndex(where: { $0.id == answer.id }) {
      // A look may be older than what an event has said already.
      if !answers[index].isFinal || answer.isFinal { answers[index] = answer }
    } else {
      answers.append(answer)
    }
    let now = newest
    guard now?.isFinal ?? false else {
      finalMs = nil
      return
    }
    if finalMs == nil || before?.id != now?.id { finalMs = nowMs }
  }

  /// Whether idle is believed: there is an answer that nothing is added to any more, or none is to be expected.
  var isSettleable: Bool { newest?.isFinal ?? (error != nil || stop != nil) }

  /// Whether the newest answer ends a turn by itself, whatever the session's status says.
  var hasConcluded: Bool {
    guard let newest, newest.isFinal, !newest.isSummary else { return false }
    return newest.error != nil || (newest.finish.map { $0 != "tool-calls" } ?? false)
  }

  /// What it came to, once nothing runs any more. The rule of the recordings: the newest answer decides; not its parent,
  /// and not the lack of an error. `seen` says how we know that nothing runs.
  func verdict(seen: String, hasText: Bool) -> TurnEnd {
    guard let newest else {
      if let stop { return Self.end(of: stop, "\(seen), no answer") }
      if let error { return error.end("\(seen), session error \(error.name)") }
      if settling != nil {
        return TurnEnd(
          .interrupted, reason: "OpenCode ended before it had answered", proof: "\(seen), no answer")
      }
      return TurnEnd(
        .failed(.notAccepted), reason: "OpenCode did not answer the prompt", proof: "\(seen), no answer")
    }
    if let error = newest.error {
      let proof = "\(seen), \(error.name)"
      guard error.isAbort else { return error.end(proof) }
      if let stop { return Self.end(of: stop, proof) }
      // Nobody here asked for it: another client did, or the model's service (#17717).
      return TurnEnd(.interrupted, reason: "the turn was aborted, and not by Arroba", proof: proof)
    }
    guard let finish = newest.finish else { return withoutFinish(newest, seen) }
    let proof = "\(seen), finish \(finish)"
    // It ran to an end because the abort came before there was anything to abort: not what was asked for any more.
    if let stop, isLate(newest) { return Self.end(of: stop, "\(proof), begun after it") }
    switch finish {
    case "tool-calls":
      if let stop { return Self.end(of: stop, proof) }
      guard wasDenied else {
        return TurnEnd(.completed, reason: "OpenCode stopped after a tool call", proof: proof)
      }
      return TurnEnd(.cancelled, reason: "stopped because a request of the agent was denied", proof: proof)
    case "length":
      return TurnEnd(.completed, reason: "the answer was cut at the model's output limit", proof: proof)
    case "content-filter":
      return TurnEnd(
        .failed(.refused), reason: "the answer was blocked by the provider's content filter", proof: proof)
    case "unknown", "other", "error":
      // A stream that broke off is recorded as a clean end (#37852).
      guard newest.usage?.output ?? 0 == 0, !hasText else {
        return TurnEnd(.completed, proof: proof)
      }
      return TurnEnd(
        .failed(.serviceFailed), reason: "the model's answer broke off without a word", proof: proof)
    default:
      let reason = stop == nil ? nil : "the answer was complete before OpenCode could be stopped"
      return TurnEnd(.completed, reason: reason, proof: proof)
    }
  }

  /// Not by an error, yet not to an end: what an abort leaves while OpenCode waits to try again, or a server that died.
  private func withoutFinish(_ newest: OpenCodeMessage, _ seen: String) -> TurnEnd {
    let proof = newest.isFinal ? "\(seen), answer without finish" : "\(seen), answer unfinished"
    if let stop { return Self.end(of: stop, proof) }
    if let error { return error.end("\(proof), session error \(error.name)") }
    let reason =
      newest.isFinal
      ? "the turn was stopped, and not by Arroba"
      : "OpenCode stopped working on it and left the answer unfinished"
    return TurnEnd(.interrupted, reason: reason, proof: proof)
  }

  private static func end(of stop: Stop, _ proof: String) -> TurnEnd {
    switch stop {
    case .asked: TurnEnd(.cancelled, reason: "cancelled", proof: "abort, \(proof)")
    case .limit(let failure, let words): TurnEnd(.failed(failure), reason: words, proof: "abort, \(proof)")
    }
  }
}

extension OpenCodeError {
  var isAbort: Bool { name == "MessageAbortedError" }
  var isContextOverflow: Bool { name == "ContextOverflowError" }

  func end(_ proof: String) -> TurnEnd {
    TurnEnd(.failed(failure), reason: words, proof: statusCode.map { "\(proof), status \($0)" } ?? proof)
  }

  var words: String {
    guard let message, !message.isEmpty else { return name }
    return message
  }

  /// By name and status. Never by the text: what a provider writes is not ours to guess at.
  var failure: TurnFailure {
    switch name {
    case "ProviderAuthError": return .authentication
    case "ContextOverflowError": return .contextTooLong
    case "ContentFilterError": return .refused
    default: break
    }
    switch statusCode {
    case 401, 403: return .authentication
    case 429: return .rateLimited
    case .some(400..<500): return .invalidRequest
    case .some(500...): return .serviceFailed
    default: return name == "APIError" ? .serviceFailed : .other
    }
  }
}
