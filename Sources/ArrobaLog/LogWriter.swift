internal import ArrobaLoop
internal import ArrobaSystem

/// The thread that writes: takes everything that is queued, writes it at once, flushes once if anyone asked for it.
///
/// After a failure it throws away what is left of that epoch. The loop hears of the failure after all that went well
/// before, takes back every number it has given out since, and begins the next epoch; only batches of that one are
/// written again. So no number is used for two events, and none is left out.
struct LogWriter: ~Copyable {
  private let queue: LogQueue
  private let syncDelayMs: Int
  private var tail: SegmentTail
  private var failedEpoch: UInt64?
  /// When the oldest record that is not on disk was written.
  private var unsyncedSinceMs: Int?

  static func start(_ queue: LogQueue, _ tail: SegmentTail, onEnd: @escaping @Sendable (LogError?) -> Void) {
    Threads.start("arroba-log") {
      var writer = LogWriter(queue, tail)
      onEnd(writer.run())
    }
  }

  private init(_ queue: LogQueue, _ tail: SegmentTail) {
    self.queue = queue
    self.tail = tail
    syncDelayMs = tail.options.syncDelayMs
  }

  private mutating func run() -> LogError? {
    var group = LogQueue.Group()
    while true {
      if queue.take(into: &group) {
        write(group)
      } else if queue.isOver {
        break
      } else {
        queue.wait(untilMs: unsyncedSinceMs.map { $0 + syncDelayMs })
      }
      flushIfDue()
    }
    do throws(SystemError) {
      try tail.finish()
      return nil
    } catch {
      return .storage(error)
    }
  }

  private mutating func write(_ group: borrowing LogQueue.Group) {
    var skipped = 0
    var batches = group.batches[...]
    while let batch = batches.first, batch.epoch == failedEpoch {
      skipped += batch.byteCount
      batches.removeFirst()
    }
    guard let last = batches.last else { return }
    do throws(SystemError) {
      try group.bytes.withUnsafeBytes { bytes in
        Result { () throws(SystemError) in try tail.write(UnsafeRawBufferPointer(rebasing: bytes[skipped...]))
        }
      }.get()
      let firstSync = batches.firstIndex { $0.needsSync } ?? batches.endIndex
      // What nobody waits for to be on disk does not wait for others' disk either.
      accept(batches[..<firstSync])
      guard firstSync < batches.endIndex else { return }
      try tail.flush()
      accept(batches[firstSync...])
      tail.noteSynced()
      unsyncedSinceMs = nil
    } catch {
      failedEpoch = last.epoch
      let (log, epoch) = (last.log, last.epoch)
      Loop.shared.post { log.fail(epoch: epoch, .storage(error)) }
    }
  }

  private mutating func accept(_ batches: ArraySlice<LogQueue.Batch>) {
    guard let last = batches.last else { return }
    for batch in batches { tail.accept(count: batch.count, bytes: batch.byteCount) }
    if unsyncedSinceMs == nil { unsyncedSinceMs = Clock.monotonicMs() }
    let (log, through) = (last.log, tail.next - 1)
    Loop.shared.post { log.advance(through: through) }
  }

  private mutating func flushIfDue() {
    guard let since = unsyncedSinceMs, Clock.monotonicMs() - since >= syncDelayMs else { return }
    do throws(SystemError) {
      try tail.flush()
      tail.noteSynced()
      unsyncedSinceMs = nil
    } catch {
      // The tail has moved these records to a new segment, or tries it again before the next write.
      unsyncedSinceMs = tail.isSynced ? nil : Clock.monotonicMs()
    }
  }
}
