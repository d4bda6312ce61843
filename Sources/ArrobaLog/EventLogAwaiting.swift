internal import ArrobaLoop

/// The same doors for those who wait. On the loop a call numbers its batch before it waits, and those who wait go on in
/// the order of the numbers; when one goes on, `head` may already be past its batch.
extension EventLog {
  @LoopActor @discardableResult
  package func append(
    sync: Bool, count: Int, encode: (UInt64) -> [[UInt8]]
  ) async throws(LogError) -> ClosedRange<UInt64> {
    let outcome = await withCheckedContinuation { continuation in
      append(sync: sync, count: count, encode: encode) { continuation.resume(returning: $0) }
    }
    return try outcome.get()
  }

  /// One batch of payloads that do not contain their numbers.
  @LoopActor @discardableResult
  package func append(sync: Bool, _ payloads: [[UInt8]]) async throws(LogError) -> ClosedRange<UInt64> {
    try await append(sync: sync, count: payloads.count) { _ in payloads }
  }

  @LoopActor package func read(
    after seq: UInt64, limit: Int, limitBytes: Int
  ) async throws(LogError) -> [LogRecord] {
    if let known = readFromMemory(after: seq, limit: limit, limitBytes: limitBytes) { return try known.get() }
    let outcome = await withCheckedContinuation { continuation in
      read(after: seq, limit: limit, limitBytes: limitBytes) { continuation.resume(returning: $0) }
    }
    return try outcome.get()
  }

  @LoopActor package func dropSegments(before seq: UInt64) async throws(LogError) {
    let failure = await withCheckedContinuation { continuation in
      dropSegments(before: seq) { continuation.resume(returning: $0) }
    }
    if let failure { throw failure }
  }

  @LoopActor package func close() async throws(LogError) {
    let failure = await withCheckedContinuation { continuation in
      close { continuation.resume(returning: $0) }
    }
    if let failure { throw failure }
  }
}
