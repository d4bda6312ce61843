import ArrobaLog
import ArrobaLoop
import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Synchronization
import Testing

/// A directory with a log in it, and the words to look at its files and to spoil them.
struct LogHouse: Sendable {
  /// What a log gave when it was opened.
  struct Opened: Sendable {
    let log: EventLog
    let recovery: LogRecovery
    let records: [LogRecord]

    var texts: [String] { records.map { String(decoding: $0.payload, as: UTF8.self) } }
    var numbers: [UInt64] { records.map(\.seq) }
  }

  private let directory: TemporaryDirectory
  var path: String { directory.path + "/log" }

  init() throws {
    directory = TemporaryDirectory()
  }

  static func options(segmentBytes: Int = 1 << 20, _ operations: FileOperations = .system) -> LogOptions {
    var options = LogOptions.standard
    options.segmentBytes = segmentBytes
    options.reservedBytes = 4096
    // Nothing is flushed for its age, unless a test asks: on a busy machine that second passes anywhere in a test.
    options.syncDelayMs = 3_600_000
    options.operations = operations
    return options
  }

  func open(_ options: LogOptions = options()) throws -> Opened {
    var records: [LogRecord] = []
    let (log, recovery) = try EventLog.open(directory: path, options: options) { seq, payload in
      records.append(LogRecord(seq: seq, payload: Array(payload)))
    }
    return Opened(log: log, recovery: recovery, records: records)
  }

  /// A log with these batches in it, closed again.
  func fill(_ batches: [[String]], _ options: LogOptions = options()) async throws {
    let log = try open(options).log
    for batch in batches { try await log.append(sync: true, batch.map { Array($0.utf8) }) }
    try await log.close()
  }

  /// What opening it gives, closed again at once.
  func reopened(_ options: LogOptions = options()) async throws -> Opened {
    let opened = try open(options)
    try await opened.log.close()
    return opened
  }

  func names(_ prefix: String = "") throws -> [String] {
    try Files.list(path).filter { $0.hasPrefix(prefix) }
  }

  func bytes(_ name: String) throws -> [UInt8] {
    try Files.read("\(path)/\(name)", atMost: 1 << 26)
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    try Files.makeDirectory(path)
    try Files.replace("\(path)/\(name)", with: bytes)
  }

  func remove(_ name: String) throws { try Files.remove("\(path)/\(name)") }

  /// Every file with its bytes.
  func everything() throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try names() { files[name] = try bytes(name) }
    return files
  }

  /// Changes one bit of the byte at which `text` begins.
  func spoil(_ text: String, in name: String) throws {
    var bytes = try bytes(name)
    let wanted = Array(text.utf8)
    let at = try #require(bytes.indices.first { bytes[$0...].starts(with: wanted) }, "no \(text) in \(name)")
    bytes[at] ^= 1
    try write(bytes, to: name)
  }
}

/// File operations that fail, or wait, when a test says so. Counts what it lets through.
final class Faults: Sendable {
  struct Plan: Sendable {
    var writes: Int32?
    var flushes: Int32?
    var cuts: Int32?
    /// A failing write leaves this many of its bytes in the file.
    var partial = 0
    var flushCount = 0
    var isGateShut = false
  }

  private let plan = Mutex(Plan())
  private let gate = UnsafeGate()

  func set(_ change: (inout Plan) -> Void) {
    plan.withLock { change(&$0) }
    gate.signal()
  }

  var flushCount: Int { plan.withLock { $0.flushCount } }

  var operations: FileOperations {
    FileOperations(
      write: { file, bytes, offset throws(SystemError) in
        let plan = self.plan.withLock { $0 }
        guard let code = plan.writes else { return try file.write(bytes, at: offset) }
        try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<min(plan.partial, bytes.count)]), at: offset)
        throw SystemError("write to", file.path, code: code)
      },
      flush: { file throws(SystemError) in
        self.gate.wait { self.plan.withLock { !$0.isGateShut } }
        let plan = self.plan.withLock { plan in
          plan.flushCount += 1
          return plan
        }
        guard let code = plan.flushes else { return try file.flush() }
        throw SystemError("flush", file.path, code: code)
      },
      cut: { file, size throws(SystemError) in
        guard let code = self.plan.withLock({ $0.cuts }) else { return try file.cut(to: size) }
        throw SystemError("cut", file.path, code: code)
      })
  }
}

/// Lets a thread of the log wait until a test has changed something.
private final class UnsafeGate: @unchecked Sendable {
  // @unchecked: the pointers never change.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    mutex.deallocate()
    condition.deallocate()
  }

  func signal() {
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  func wait(until isOpen: () -> Bool) {
    pthread_mutex_lock(mutex)
    while !isOpen() { pthread_cond_wait(condition, mutex) }
    pthread_mutex_unlock(mutex)
  }
}

/// The completions of appends, in the order in which they came.
@LoopActor final class Outcomes {
  private(set) var results: [Result<ClosedRange<UInt64>, LogError>] = []
  private var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?

  nonisolated init() {}

  func append(_ text: String, sync: Bool, to log: EventLog) {
    log.append(sync: sync, count: 1, encode: { _ in [Array(text.utf8)] }) { self.note($0) }
  }

  private func note(_ result: Result<ClosedRange<UInt64>, LogError>) {
    results.append(result)
    guard let waiting, results.count >= waiting.count else { return }
    self.waiting = nil
    waiting.continuation.resume()
  }

  func wait(for count: Int) async {
    // Asked within, since the way there may be another turn of the loop.
    await withCheckedContinuation { turn in
      if results.count >= count { turn.resume() } else { waiting = (count, turn) }
    }
  }

  var failures: [LogError] {
    results.compactMap { result in
      if case .failure(let error) = result { error } else { nil }
    }
  }
  var numbers: [UInt64] {
    results.compactMap { result in
      if case .success(let range) = result { range.lowerBound } else { nil }
    }
  }
}

extension SystemError {
  static var noSpace: Int32 { ENOSPC }
}
