internal import ArrobaLoop

/// One event: its place in the log, and the bytes that the caller gave.
package struct LogRecord: Sendable, Equatable {
  package let seq: UInt64
  package let payload: [UInt8]

  package init(seq: UInt64, payload: [UInt8]) {
    self.seq = seq
    self.payload = payload
  }
}

/// The daemon's durable, ordered events: appended in batches by the loop, read by position.
///
/// The loop numbers and encodes, a writer thread writes and flushes, a reader thread reads what is no longer in memory.
/// Nothing here blocks the loop but `open`, which is called before it serves. `docs/LOG-FORMAT.md` has the bytes and
/// the argument why a crash at any point leaves whole batches.
package final class EventLog: Sendable {
  package typealias AppendCompletion = @LoopActor (Result<ClosedRange<UInt64>, LogError>) -> Void
  package typealias ReadCompletion = @LoopActor (Result<[LogRecord], LogError>) -> Void

  /// A batch that was handed to the writer and is not known to be written.
  private struct Pending {
    let range: ClosedRange<UInt64>
    let payloads: [[UInt8]]
    let byteCount: Int
    let completion: AppendCompletion
  }

  private enum Phase {
    case open
    case closing([@LoopActor (LogError?) -> Void])
    case closed(LogError?)
  }

  /// `l_` and 20 letters: which log a cursor points into.
  package let id: String

  private let options: LogOptions
  private let catalogue: Catalogue
  private let queue = LogQueue()
  private let reader: LogReader

  @LoopActor private var phase = Phase.open
  @LoopActor private var next: UInt64
  @LoopActor private var epoch: UInt64 = 0
  @LoopActor private var pending: [Pending] = []
  @LoopActor private var pendingStart = 0
  @LoopActor private var pendingBytes = 0
  @LoopActor private var recent: RecentRecords
  @LoopActor private var scratch: [UInt8] = []

  /// The last record that is written, and on disk where that was asked: what readers may see. 0 in an empty log.
  @LoopActor package private(set) var head: UInt64
  /// The first record still kept; `head + 1` where there is none.
  @LoopActor package private(set) var oldest: UInt64

  /// Opens the log in that directory, makes it if there is none, and calls `fold` with each record in order.
  ///
  /// Blocks; for the time before the loop serves. The payload is only valid during the call. What `fold` throws ends
  /// the opening with `.refused`; then, as with a newer format, no file was changed.
  package static func open(
    directory: String, options: LogOptions, fold: (UInt64, UnsafeRawBufferPointer) throws -> Void
  ) throws(LogError) -> (log: EventLog, recovery: LogRecovery) {
    var opening = LogOpening(directory: directory, options: options)
    let (tail, recovery) = try opening.run(fold)
    let log = EventLog(tail)
    log.reader.start()
    LogWriter.start(log.queue, tail) { [weak log] failure in
      guard let log else { return }
      Loop.shared.post { log.finishClosing(failure) }
    }
    return (log, recovery)
  }

  /// Why the log in that directory would not open, as far as can be seen without reading all of it; nil: it would.
  /// Changes nothing. Blocks.
  package static func fault(in directory: String) -> LogError? {
    LogOpening(directory: directory, options: .standard).fault()
  }

  private init(_ tail: SegmentTail) {
    id = tail.id
    options = tail.options
    catalogue = tail.catalogue
    reader = LogReader(tail.catalogue)
    next = tail.next
    head = tail.next - 1
    oldest = tail.catalogue.snapshot.first?.first ?? tail.next
    recent = RecentRecords(limitBytes: tail.options.recentBytes)
  }

  deinit {
    queue.end()
    reader.ask(.end)
  }

  // MARK: appending

  /// Appends a batch, whole or not at all. `encode` is given the number of its first record, and makes `count` payloads
  /// without a newline; the numbers are also returned (nil: refused). `sync`: not complete before it is on disk.
  ///
  /// `completion` is called once, on the loop, later, in the order of the numbers; `head` has reached the batch then,
  /// and not gone beyond. Where it fails, the numbers are given to the next batch.
  @LoopActor @discardableResult
  package func append(
    sync: Bool, count: Int, encode: (UInt64) -> [[UInt8]], completion: @escaping AppendCompletion
  ) -> ClosedRange<UInt64>? {
    if let refusal {
      Loop.shared.post { completion(.failure(refusal)) }
      return nil
    }
    let first = next
    let payloads = encode(first)
    precondition(count > 0 && payloads.count == count, "a batch of \(count) got \(payloads.count) payloads")
    scratch.removeAll(keepingCapacity: scratch.capacity <= 64 << 10)
    for (index, payload) in payloads.enumerated() {
      let mark = LogFormat.Mark(index: index, of: count)
      LogFormat.append(payload, seq: first + UInt64(index), mark: mark, to: &scratch)
    }
    let range = first...(first + UInt64(count) - 1)
    next = range.upperBound + 1
    pendingBytes += scratch.count
    pending.append(
      Pending(range: range, payloads: payloads, byteCount: scratch.count, completion: completion))
    queue.add(
      LogQueue.Batch(
        count: UInt64(count), byteCount: scratch.count, needsSync: sync, epoch: epoch, log: self),
      scratch)
    return range
  }

  @LoopActor private var refusal: LogError? {
    switch phase {
    case .open: pendingBytes < options.queuedBytes ? nil : .overloaded(queuedBytes: pendingBytes)
    case .closing, .closed: .closed
    }
  }

  /// The writer has these on file, and on disk where that was asked.
  @LoopActor func advance(through seq: UInt64) {
    while pendingStart < pending.count, pending[pendingStart].range.upperBound <= seq {
      let done = pending[pendingStart]
      pendingStart += 1
      // A move of half of them each time: one a batch on average.
      if pendingStart * 2 > pending.count {
        pending.removeFirst(pendingStart)
        pendingStart = 0
      }
      pendingBytes -= done.byteCount
      head = done.range.upperBound
      for (offset, payload) in done.payloads.enumerated() {
        recent.add(LogRecord(seq: done.range.lowerBound + UInt64(offset), payload: payload))
      }
      done.completion(.success(done.range))
    }
  }

  /// The writer could not write a batch of this epoch, and throws away what else it gets of it.
  ///
  /// Everything that went well was reported before, so that all that is pending now is of this epoch and not in the
  /// file. Its numbers are free before anyone is told: what a completion appends gets them.
  @LoopActor func fail(epoch: UInt64, _ error: LogError) {
    guard epoch == self.epoch else { return }
    let failed = pending[pendingStart...]
    self.epoch += 1
    next = head + 1
    pending = []
    pendingStart = 0
    pendingBytes = 0
    for batch in failed { batch.completion(.failure(error)) }
  }

  // MARK: reading

  /// Up to `limit` records after that number, at most `limitBytes` of payload but at least one record if there is any.
  /// Numbers jump where the recovery found a hole. `completion` is called on the loop, later.
  @LoopActor package func read(
    after seq: UInt64, limit: Int, limitBytes: Int, completion: @escaping ReadCompletion
  ) {
    if let known = readFromMemory(after: seq, limit: limit, limitBytes: limitBytes) {
      Loop.shared.post { completion(known) }
    } else {
      reader.ask(
        .read(LogReader.Query(after: seq, through: head, limit: limit, limitBytes: limitBytes), completion))
    }
  }

  /// The same without the disk: nil where it would be needed.
  @LoopActor package func readFromMemory(
    after seq: UInt64, limit: Int, limitBytes: Int
  ) -> Result<[LogRecord], LogError>? {
    if case .closed = phase { return .failure(.closed) }
    guard seq < head else { return .success([]) }
    guard seq + 1 >= oldest else { return .failure(.compacted(oldest: oldest)) }
    return recent.records(after: seq, limit: limit, limitBytes: limitBytes).map { .success($0) }
  }

  /// Deletes the sealed segments that hold nothing from that record on, and raises `oldest` at once.
  @LoopActor package func dropSegments(
    before seq: UInt64, completion: @escaping @LoopActor (LogError?) -> Void
  ) {
    if case .closed = phase { return Loop.shared.post { completion(.closed) } }
    let (paths, oldest) = catalogue.drop(before: seq)
    self.oldest = oldest
    reader.ask(.delete(paths, completion))
  }

  // MARK: closing

  /// The orderly end: everything appended is written, flushed and told to who waits for it; then the log is closed.
  @LoopActor package func close(completion: @escaping @LoopActor (LogError?) -> Void) {
    switch phase {
    case .open:
      // Holds on to the log until it is closed, whoever lets go of it.
      phase = .closing([{ failure in withExtendedLifetime(self) { completion(failure) } }])
      queue.end()
    case .closing(let others): phase = .closing(others + [completion])
    case .closed(let failure): Loop.shared.post { completion(failure) }
    }
  }

  @LoopActor private func finishClosing(_ failure: LogError?) {
    guard case .closing(let completions) = phase else { return }
    phase = .closed(failure)
    reader.ask(.end)
    for completion in completions { completion(failure) }
  }
}
