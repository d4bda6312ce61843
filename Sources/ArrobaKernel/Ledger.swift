internal import ArrobaJSON
package import ArrobaLog
package import ArrobaLoop
package import ArrobaModel
internal import ArrobaWire

/// The log and what it folds to, as one: the only place where state changes, and only by recorded events.
@LoopActor
package final class Ledger {
  package let log: EventLog
  package private(set) var world: World
  private(set) var receipts: ReceiptIndex
  private let now: @Sendable () -> Instant
  private var followers: [ObjectIdentifier: @LoopActor () -> Void] = [:]

  init(log: EventLog, world: World, receipts: ReceiptIndex, now: @escaping @Sendable () -> Instant) {
    self.log = log
    self.world = world
    self.receipts = receipts
    self.now = now
  }

  /// The last event that is recorded and folded.
  package var head: UInt64 { log.head }

  /// Who caused the events, and which answer a repetition of the command is to get.
  struct Cause {
    var by: String?
    var command: String?
    var fingerprint: String?
    /// Renders the answer from the world as it will be.
    var answer: (@LoopActor (World) -> JSON)?
  }

  /// Records events, in this order and together, then folds them. Returns once that is done; with `durable`, once
  /// they are on the disk.
  func record(_ events: [Event], about session: SessionID?, cause: Cause, durable: Bool) async throws(Refusal)
  {
    guard !events.isEmpty else { return }
    let at = now()
    var records: [RecordedEvent] = []
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<Void, LogError>, Never>) in
      log.append(sync: durable, count: events.count) { first in
        records = events.enumerated().map { index, event in
          RecordedEvent(
            seq: first + UInt64(index), at: at, event: event, by: cause.by, command: cause.command)
        }
        return encode(records, about: session, cause: cause)
      } completion: { [self] result in
        switch result {
        case .success:
          fold(records, cause: cause)
          done.resume(returning: .success(()))
        case .failure(let error): done.resume(returning: .failure(error))
        }
      }
    }
    if case .failure(let error) = result { throw error.refusal }
  }

  private func encode(_ records: [RecordedEvent], about session: SessionID?, cause: Cause) -> [[UInt8]] {
    var receipt: CommandReceipt?
    if let command = cause.command, let fingerprint = cause.fingerprint, let answer = cause.answer {
      var coming = session.map { world.excerpt(of: $0) } ?? world
      for record in records { coming.apply(record) }
      receipt = CommandReceipt(command: command, fingerprint: fingerprint, answer: answer(coming))
    }
    return records.enumerated().map { index, record in
      EventCodec.payload(of: record, receipt: index == records.count - 1 ? receipt : nil)
    }
  }

  private func fold(_ records: [RecordedEvent], cause: Cause) {
    for record in records { world.apply(record) }
    if let command = cause.command, let fingerprint = cause.fingerprint, let last = records.last {
      receipts.add(command, fingerprint: fingerprint, seq: last.seq, at: last.at)
    }
    for follower in followers.values { follower() }
  }

  /// Calls `body` whenever events have been recorded, until `stop` with the same owner.
  package func follow(_ owner: AnyObject, _ body: @escaping @LoopActor () -> Void) {
    followers[ObjectIdentifier(owner)] = body
  }

  package func stopFollowing(_ owner: AnyObject) {
    followers[ObjectIdentifier(owner)] = nil
  }

  /// The answer that the command of that receipt got.
  func answer(recordedAt seq: UInt64) async throws(Refusal) -> JSON {
    let result = await withCheckedContinuation {
      (done: CheckedContinuation<Result<[LogRecord], LogError>, Never>) in
      log.read(after: seq - 1, limit: 1, limitBytes: 16 << 20) { done.resume(returning: $0) }
    }
    switch result {
    case .failure(let error): throw error.refusal
    case .success(let records):
      guard let record = records.first, record.seq == seq,
        let receipt = try? record.payload.withUnsafeBufferPointer({ try EventCodec.read($0, seq: seq) }).1
      else {
        throw Refusal(kind: .internal, message: "the answer recorded at \(seq) cannot be read back")
      }
      return receipt.answer
    }
  }
}

extension LogError {
  var refusal: Refusal {
    switch self {
    case .storage where isStorageFull:
      Refusal(kind: .storageFull, message: "\(self)", hint: "free some space; nothing was changed")
    case .overloaded:
      Refusal(kind: .overloaded, message: "\(self)", hint: "try again in a moment")
    case .closed:
      Refusal(kind: .shuttingDown, message: "the daemon is shutting down", hint: "try again in a moment")
    case .storage, .newerFormat, .damaged, .compacted, .refused:
      Refusal(kind: .storageFailed, message: "\(self)")
    }
  }
}
