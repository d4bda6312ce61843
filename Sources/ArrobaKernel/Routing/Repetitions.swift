internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaWire

/// Makes a command with an id happen once: a repetition gets the same answer, or waits for the one that is coming.
@LoopActor
final class Repetitions {
  private enum Known {
    case underWay(fingerprint: String, waiting: [CheckedContinuation<Result<JSON, Refusal>?, Never>])
    /// Turned down for good; kept in memory only, since nothing happened.
    case refused(fingerprint: String, Refusal)
  }

  private static let mostRefusals = 1024

  private let ledger: Ledger
  private let now: @Sendable () -> Instant
  private var known: [String: Known] = [:]
  private var refusals: [String] = []

  init(ledger: Ledger, now: @escaping @Sendable () -> Instant) {
    self.ledger = ledger
    self.now = now
  }

  func once(_ origin: Kernel.Origin, _ work: () async throws(Refusal) -> JSON) async throws(Refusal) -> JSON {
    guard let command = origin.command, let fingerprint = origin.fingerprint else { return try await work() }
    if let entry = ledger.receipts.entry(command, now: now()) {
      try Self.requireSame(entry.fingerprint, fingerprint, command)
      return try await ledger.answer(recordedAt: entry.seq)
    }
    switch known[command] {
    case .refused(let earlier, let refusal):
      try Self.requireSame(earlier, fingerprint, command)
      throw refusal
    case .underWay(let earlier, _):
      try Self.requireSame(earlier, fingerprint, command)
      let result: Result<JSON, Refusal>? = await withCheckedContinuation { waiter in
        guard case .underWay(_, var waiting)? = known[command] else { return waiter.resume(returning: nil) }
        waiting.append(waiter)
        known[command] = .underWay(fingerprint: earlier, waiting: waiting)
      }
      guard let result else { return try await once(origin, work) }  // it has ended meanwhile
      return try result.get()
    case nil: return try await first(command, fingerprint, by: origin.by, work)
    }
  }

  private func first(
    _ command: String, _ fingerprint: String, by: String?, _ work: () async throws(Refusal) -> JSON
  ) async throws(Refusal) -> JSON {
    known[command] = .underWay(fingerprint: fingerprint, waiting: [])
    let result: Result<JSON, Refusal>
    do {
      let answer = try await work()
      // What has not been recorded with its events (input for a terminal has none) is recorded now.
      if ledger.receipts.entry(command, now: now()) == nil {
        let cause = Ledger.Cause(by: by, command: command, fingerprint: fingerprint, answer: { _ in answer })
        try await ledger.record([.daemon(.answered)], about: nil, cause: cause, durable: true)
      }
      result = .success(answer)
    } catch {
      result = .failure(error)
    }
    if case .underWay(_, let waiting)? = known.removeValue(forKey: command) {
      for waiter in waiting { waiter.resume(returning: result) }
    }
    if case .failure(let refusal) = result, !refusal.isRetryable { keep(refusal, command, fingerprint) }
    return try result.get()
  }

  private func keep(_ refusal: Refusal, _ command: String, _ fingerprint: String) {
    known[command] = .refused(fingerprint: fingerprint, refusal)
    refusals.append(command)
    guard refusals.count > Self.mostRefusals else { return }
    let oldest = refusals.removeFirst()
    if case .refused? = known[oldest] { known[oldest] = nil }
  }

  private static func requireSame(_ earlier: String, _ fingerprint: String, _ command: String) throws(Refusal)
  {
    guard earlier != fingerprint else { return }
    throw Refusal(
      kind: .commandConflict, message: "the command id \(Words.quoted(command)) was used for another command",
      hint: "mint a new id for a new command", details: ["commandId": .string(Words.quoted(command))])
  }
}
