/// The newest records, in memory, as long as they fit. No hole between them.
struct RecentRecords {
  /// What a record costs beside its payload.
  private static let overhead = 48

  private let limitBytes: Int
  private var records: [LogRecord] = []
  private var start = 0
  private var bytes = 0

  init(limitBytes: Int) {
    self.limitBytes = limitBytes
  }

  mutating func add(_ record: LogRecord) {
    records.append(record)
    bytes += record.payload.count + Self.overhead
    while bytes > limitBytes, start < records.count {
      bytes -= records[start].payload.count + Self.overhead
      start += 1
    }
    // Dropped ones leave when they are the half of all: one move a record on average.
    if start > 32, start * 2 > records.count {
      records.removeFirst(start)
      start = 0
    } else if start == records.count {
      records.removeAll(keepingCapacity: true)
      start = 0
    }
  }

  /// What follows that number; nil where the first of it is not here any more.
  func records(after seq: UInt64, limit: Int, limitBytes: Int) -> [LogRecord]? {
    guard start < records.count, records[start].seq <= seq + 1 else { return nil }
    let begin = start + Int(seq + 1 - records[start].seq)
    guard begin < records.count else { return [] }
    var end = begin
    var total = 0
    while end < records.count, end - begin < limit {
      total += records[end].payload.count
      if total > limitBytes, end > begin { break }
      end += 1
    }
    return Array(records[begin..<end])
  }
}
