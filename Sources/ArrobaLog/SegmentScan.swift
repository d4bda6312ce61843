internal import ArrobaSystem

/// Reads the bytes of one segment from end to end: which batches are whole, and where something else stands between.
///
/// Pure. A batch counts whole or not at all, and `visit` sees the records of whole ones only, in order.
struct SegmentScan {
  /// Bytes between two whole batches, or before the first, that are none.
  struct Hole: Equatable {
    let offset: Int
    let bytes: Int
    /// What would have been there; empty where the numbers go on without a jump.
    let missing: Range<UInt64>
  }

  private(set) var hasHeader = false
  private(set) var stretches: [Stretch] = []
  private(set) var holes: [Hole] = []
  private(set) var records: UInt64 = 0
  /// Whole records that the next segment has taken over: what a failed write left behind.
  private(set) var superseded = 0
  /// Behind the last whole batch.
  private(set) var end = 0
  /// The sequence number that follows the last whole batch.
  private(set) var next: UInt64

  private let limit: UInt64
  private var batch: [(seq: UInt64, payload: UnsafeRawBufferPointer)] = []
  private var batchStart = 0

  /// `first`: what the segment begins with. `limit`: what the next one begins with.
  static func run(
    _ bytes: UnsafeRawBufferPointer, first: UInt64, limit: UInt64,
    visit: (UInt64, UnsafeRawBufferPointer) throws(LogError) -> Void
  ) throws(LogError) -> SegmentScan {
    var scan = SegmentScan(next: first, limit: limit)
    try scan.read(bytes, visit)
    scan.batch = []
    return scan
  }

  /// The same for lines without a header, which nobody needs to see.
  static func check(_ bytes: UnsafeRawBufferPointer, first: UInt64) -> SegmentScan {
    var scan = SegmentScan(next: first, limit: UInt64.max)
    try? scan.read(bytes) { _, _ in }  // nothing in it throws
    return scan
  }

  private init(next: UInt64, limit: UInt64) {
    self.next = next
    self.limit = limit
  }

  private mutating func read(
    _ bytes: UnsafeRawBufferPointer, _ visit: (UInt64, UnsafeRawBufferPointer) throws(LogError) -> Void
  ) throws(LogError) {
    var start = 0
    while let newline = bytes.offset(of: LogFormat.newline, from: start) {
      let line = UnsafeRawBufferPointer(rebasing: bytes[start..<newline])
      if start == 0, case .ours = LogFormat.header(line) {
        hasHeader = true
        end = newline + 1
      } else if let record = LogFormat.record(line) {
        try take(record, from: start, to: newline + 1, visit)
      } else {
        batch.removeAll(keepingCapacity: true)
      }
      start = newline + 1
    }
  }

  private mutating func take(
    _ record: LogFormat.Record, from start: Int, to lineEnd: Int,
    _ visit: (UInt64, UnsafeRawBufferPointer) throws(LogError) -> Void
  ) throws(LogError) {
    guard record.seq < limit else {
      superseded += 1
      batch.removeAll(keepingCapacity: true)
      return
    }
    switch record.mark {
    case .alone, .first:
      batch.removeAll(keepingCapacity: true)
      guard isPlausible(record.seq, at: start) else { return }
      batchStart = start
    case .middle, .last:
      guard let before = batch.last, before.seq + 1 == record.seq else {
        return batch.removeAll(keepingCapacity: true)
      }
    }
    switch record.mark {
    case .alone:
      commit(from: record.seq, to: record.seq, lineEnd)
      try visit(record.seq, record.payload)
    case .first, .middle: batch.append((record.seq, record.payload))
    case .last:
      batch.append((record.seq, record.payload))
      commit(from: batch[0].seq, to: record.seq, lineEnd)
      for (seq, payload) in batch { try visit(seq, payload) }
      batch.removeAll(keepingCapacity: true)
    }
  }

  /// Numbers go up, and by no more than there is room for lines in what was passed over.
  private func isPlausible(_ seq: UInt64, at start: Int) -> Bool {
    guard seq >= next else { return false }
    return seq - next <= UInt64((start - end) / LogFormat.shortestLine)
  }

  private mutating func commit(from first: UInt64, to last: UInt64, _ lineEnd: Int) {
    if batchStart > end || first > next {
      holes.append(Hole(offset: end, bytes: batchStart - end, missing: next..<first))
    }
    let isNew = stretches.last.map { $0.end != batchStart || $0.next != first } ?? true
    if isNew { stretches.append(Stretch(first: first, start: batchStart)) }
    let count = last - first + 1
    stretches[stretches.count - 1].extend(count: count, bytes: lineEnd - batchStart)
    records += count
    next = last + 1
    end = lineEnd
  }
}
