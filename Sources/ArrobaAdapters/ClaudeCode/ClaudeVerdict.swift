internal import ArrobaJSON
internal import ArrobaModel

/// How a turn ended, by the line that ends it. What a result is called ("success") says nothing: API errors are called so
/// too (2.1.330).
enum ClaudeVerdict {
  /// What we did to the turn that may have ended it.
  struct Doing {
    /// We told it to stop.
    var isStopped = false
    /// And that before it had begun with the prompt: an interrupt finds nothing to interrupt then.
    var wasStoppedEarly = false
    /// A denial of ours was to end it.
    var isDenied = false
  }

  static func end(_ result: JSON, _ doing: Doing, error: String?) -> TurnEnd {
    let terminal = result["terminal_reason"]?.string
    let stop = result["stop_reason"]?.string
    let isError = result["is_error"]?.bool ?? (result["subtype"]?.string != "success")
    let proof = "result\(isError ? " with is_error" : ""), \(terminal ?? stop ?? "no reason")"
    let words = Bounded.line(result["result"]?.string ?? (result["errors"]?.array?.first?.string ?? ""))
    if terminal?.hasPrefix("aborted") ?? false {
      if doing.isStopped { return TurnEnd(.cancelled, reason: "it was told to stop", proof: proof) }
      if doing.isDenied {
        return TurnEnd(.cancelled, reason: "what it asked for was denied", proof: proof)
      }
      return TurnEnd(.interrupted, reason: "it was interrupted, and not by Arroba", proof: proof)
    }
    if doing.isStopped, isError {
      return TurnEnd(.cancelled, reason: "it failed after it was told to stop: \(words)", proof: proof)
    }
    guard !isError else {
      return TurnEnd(
        .failed(failure(result, error)),
        reason: words.isEmpty ? "Claude Code says no more than \(proof)" : words,
        proof: proof)
    }
    if doing.wasStoppedEarly {
      return TurnEnd(.cancelled, reason: "it was told to stop before it began, and went on", proof: proof)
    }
    switch stop {
    case "refusal":
      return TurnEnd(.failed(.refused), reason: "the model does not answer this", proof: proof)
    case "max_tokens":
      return TurnEnd(.completed, reason: "the answer was cut at the model's limit", proof: proof)
    case "model_context_window_exceeded":
      return TurnEnd(.failed(.contextTooLong), reason: "the conversation is too long", proof: proof)
    default: return TurnEnd(.completed, proof: proof)
    }
  }

  private static func failure(_ result: JSON, _ error: String?) -> TurnFailure {
    switch result["api_error_status"]?.int {
    case 401, 403: return .authentication
    case 429: return .rateLimited
    case 413: return .contextTooLong
    case 400, 404, 422: return .invalidRequest
    case .some(500...): return .serviceFailed
    default: break
    }
    switch error {
    case "authentication_failed", "billing_error", "oauth_org_not_allowed": return .authentication
    case "rate_limit": return .rateLimited
    case "server_error", "overloaded": return .serviceFailed
    case "invalid_request", "model_not_found": return .invalidRequest
    default: break
    }
    return result["terminal_reason"]?.string == "api_error" ? .serviceFailed : .other
  }

  // MARK: usage

  /// What one step of the model used, as the stream says it.
  static func usage(_ usage: JSON?) -> Usage {
    Usage(
      input: usage?["input_tokens"]?.int ?? 0, output: usage?["output_tokens"]?.int ?? 0,
      reasoning: usage?["output_tokens_details"]?["thinking_tokens"]?.int ?? 0,
      cacheRead: usage?["cache_read_input_tokens"]?.int ?? 0,
      cacheWrite: usage?["cache_creation_input_tokens"]?.int ?? 0)
  }

  /// What it cost since the last result: the total of a result is that of the whole process.
  static func costMicros(_ result: JSON) -> Int? {
    guard let models = result["model_usage_since_last_result"]?.object else { return nil }
    let dollars = models.members.reduce(0.0) { sum, member in
      switch member.value["costUSD"] {
      case .double(let cost): sum + cost
      case .int(let cost): sum + Double(cost)
      default: sum
      }
    }
    return Int(exactly: (dollars * 1_000_000).rounded())
  }
}

extension Usage {
  static func + (a: Usage, b: Usage) -> Usage {
    Usage(
      input: a.input + b.input, output: a.output + b.output, reasoning: a.reasoning + b.reasoning,
      cacheRead: a.cacheRead + b.cacheRead, cacheWrite: a.cacheWrite + b.cacheWrite)
  }

  /// What each of two counts says at least: the result of an interrupted turn counts nothing.
  func orMore(_ other: Usage) -> Usage {
    Usage(
      input: max(input, other.input), output: max(output, other.output),
      reasoning: max(reasoning, other.reasoning), cacheRead: max(cacheRead, other.cacheRead),
      cacheWrite: max(cacheWrite, other.cacheWrite))
  }
}
