import ArrobaLog
import ArrobaLoop
import ArrobaSystem
import Glibc
import Testing

/// One measurement a run, for `scripts/bench/log/run`, which runs it by turns with its peer. Not part of the tests.
@Suite(.enabled(if: getenv("ARROBA_BENCH") != nil)) struct LogBenchmark {
  @Test("Measure what ARROBA_BENCH says, in ARROBA_BENCH_DIR, and write the number to ARROBA_BENCH_OUT")
  func measure() async throws {
    let what = try variable("ARROBA_BENCH")
    let directory = try variable("ARROBA_BENCH_DIR")
    let count = Int(try variable("ARROBA_BENCH_COUNT")) ?? 1
    let result: Double
    switch what {
    case "append-1": result = try await appends(directory, writers: 1, count)
    case "append-16": result = try await appends(directory, writers: 16, count)
    case "append-unsynced": result = try await unsynced(directory, count)
    case "make": result = try await make(directory, count)
    case "open": result = try await open(directory, count)
    case "crc": result = checksums()
    default: throw Unknown(what: what)
    }
    try Files.replace(try variable("ARROBA_BENCH_OUT"), with: Array("\(result)\n".utf8))
  }

  private struct Unknown: Error { let what: String }

  private func variable(_ name: String) throws -> String {
    guard let value = getenv(name) else { throw Unknown(what: name) }
    return String(cString: value)
  }

  private func openEmpty(_ directory: String) throws -> EventLog {
    try EventLog.open(directory: directory, options: .standard) { _, _ in }.log
  }

  private let payload = [UInt8](repeating: 120, count: 200)

  /// Synced appends a second, end to end: from a task on the loop to the writer and back, then the next.
  @LoopActor private func appends(_ directory: String, writers: Int, _ count: Int) async throws -> Double {
    let log = try openEmpty(directory)
    let start = now()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<writers { group.addTask { await self.write(log, count / writers) } }
    }
    let seconds = now() - start
    #expect(log.head == UInt64(count / writers * writers))
    try await log.close()
    return Double(count) / seconds
  }

  @LoopActor private func write(_ log: EventLog, _ count: Int) async {
    for _ in 0..<count { _ = try? await log.append(sync: true, [payload]) }  // the head tells
  }

  @LoopActor private func unsynced(_ directory: String, _ count: Int) async throws -> Double {
    let log = try openEmpty(directory)
    let start = now()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<64 { group.addTask { await self.stream(log, count / 64) } }
    }
    let seconds = now() - start
    try await log.close()
    return Double(count) / seconds
  }

  @LoopActor private func stream(_ log: EventLog, _ count: Int) async {
    for _ in 0..<count { _ = try? await log.append(sync: false, [payload]) }  // speed is all that is asked
  }

  @LoopActor private func make(_ directory: String, _ count: Int) async throws -> Double {
    let log = try openEmpty(directory)
    for _ in 0..<(count / 100) {
      for _ in 0..<99 { log.append(sync: false, count: 1, encode: { _ in [payload] }) { _ in } }
      try await log.append(sync: false, [payload])
    }
    try await log.close()
    return Double(log.head)
  }

  private func open(_ directory: String, _ count: Int) async throws -> Double {
    var bytes = 0
    let start = now()
    let (log, recovery) = try EventLog.open(directory: directory, options: .standard) { bytes += $1.count }
    let seconds = now() - start
    #expect(recovery.records == UInt64(count) && bytes == count * 200)
    try await log.close()
    return seconds
  }

  /// Gigabytes a second over lines of 200 bytes.
  private func checksums() -> Double {
    let bytes = [UInt8](repeating: 120, count: 200 << 10)
    var sum: UInt32 = 0
    let start = now()
    for _ in 0..<1000 {
      bytes.withUnsafeBytes { all in
        for line in stride(from: 0, to: all.count, by: 200) {
          sum ^= CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[line..<line + 200]))
        }
      }
    }
    let seconds = now() - start
    #expect(sum == 0)
    return Double(bytes.count) * 1000 / seconds / 1e9
  }

  private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
