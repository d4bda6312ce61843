internal import ArrobaLoop
internal import ArrobaSystem
internal import Synchronization

/// The thread that reads what is no longer in memory, and deletes what is dropped. One request at a time, in order.
final class LogReader: Sendable {
  enum Request: Sendable {
    case read(Query, @LoopActor (Result<[LogRecord], LogError>) -> Void)
    case delete([String], @LoopActor (LogError?) -> Void)
    case end
  }

  struct Query: Sendable {
    let after: UInt64
    /// The last record that may be seen.
    let through: UInt64
    let limit: Int
    let limitBytes: Int
  }

  /// What one read of the disk asks for: enough for a screenful of events, little enough for many readers.
  private static let blockBytes = 128 << 10

  private let catalogue: Catalogue
  private let requests = Mutex<[Request]>([])
  private let bell = Doorbell()

  init(_ catalogue: Catalogue) {
    self.catalogue = catalogue
  }

  func start() {
    Threads.start("arroba-log-read") { self.run() }
  }

  func ask(_ request: Request) {
    requests.withLock { $0.append(request) }
    bell.ring()
  }

  private func run() {
    while true {
      let taken = requests.withLock { requests in
        defer { requests = [] }
        return requests
      }
      if taken.isEmpty { bell.wait(untilMs: nil) }
      for request in taken {
        switch request {
        case .read(let query, let completion):
          let outcome = Result { () throws(LogError) in try read(query) }
          Loop.shared.post { completion(outcome) }
        case .delete(let paths, let completion):
          let failure = delete(paths)
          Loop.shared.post { completion(failure) }
        case .end: return
        }
      }
    }
  }

  /// Oldest first, so that what a crash leaves is a log without a hole.
  private func delete(_ paths: [String]) -> LogError? {
    do throws(SystemError) {
      for path in paths { try Files.remove(path) }
      if let directory = paths.first.flatMap(Files.parent(of:)) { try Files.flushDirectory(directory) }
      return nil
    } catch {
      return .storage(error)
    }
  }

  private func read(_ query: Query) throws(LogError) -> [LogRecord] {
    var answer = Answer(query: query)
    while !answer.isFull, let (path, stretch) = catalogue.find(answer.next) {
      guard stretch.first <= query.through else { break }
      do {
        try read(stretch, of: path, into: &answer)
      } catch let error as SystemError {
        throw .storage(error)
      } catch {
        throw .damaged(path: path, reason: "\(error)")
      }
    }
    return answer.records
  }

  private func read(_ stretch: Stretch, of path: String, into answer: inout Answer) throws {
    let file = try AppendFile.openForReading(path)
    let wanted = max(answer.next, stretch.first)
    let end = min(stretch.next, catalogue.limit(ofSegmentHolding: stretch.first))
    guard let landmark = stretch.landmark(for: wanted) else { return }
    var (seq, offset, size) = (landmark.seq, landmark.offset, Self.blockBytes)
    while seq < end, !answer.isFull {
      let block = try file.read(min(size, stretch.end - offset), at: offset)
      let used = try block.withUnsafeBytes { bytes in
        var used = 0
        while seq < end, !answer.isFull, let newline = bytes.offset(of: LogFormat.newline, from: used) {
          let line = UnsafeRawBufferPointer(rebasing: bytes[used..<newline])
          guard let record = LogFormat.record(line), record.seq == seq else { throw Unreadable(seq: seq) }
          if seq >= wanted { answer.take(record) }
          seq += 1
          used = newline + 1
        }
        return used
      }
      // A line longer than the block: read again with more room, as far as the stretch goes.
      guard used > 0 || block.count < stretch.end - offset else { throw Unreadable(seq: seq) }
      size = used > 0 ? Self.blockBytes : size * 4
      offset += used
    }
  }

  private struct Unreadable: Error, CustomStringConvertible {
    let seq: UInt64
    var description: String { "event \(seq) is not as it was written; the disk may be failing" }
  }

  private struct Answer {
    let query: Query
    private(set) var records: [LogRecord] = []
    private(set) var next: UInt64
    private(set) var isFull: Bool
    private var bytes = 0

    init(query: Query) {
      self.query = query
      next = query.after + 1
      isFull = query.limit < 1 || query.after >= query.through
    }

    mutating func take(_ record: LogFormat.Record) {
      bytes += record.payload.count
      guard record.seq <= query.through, bytes <= query.limitBytes || records.isEmpty else {
        isFull = true
        return
      }
      records.append(LogRecord(seq: record.seq, payload: Array(record.payload)))
      next = record.seq + 1
      isFull = records.count >= query.limit || record.seq >= query.through
    }
  }
}
