import ArrobaLog
import ArrobaLoop
import ArrobaSystem
import Testing

@Suite struct AppendTests {
  @Test("A new log is empty, has an id of its own, and keeps it")
  func identity() async throws {
    let house = try LogHouse()
    let first = try await house.reopened()
    #expect(first.recovery.hasNewID && first.records.isEmpty)
    #expect(first.log.id.hasPrefix("l_") && first.log.id.utf8.count == 22)
    #expect(await first.log.head == 0)
    #expect(await first.log.oldest == 1)
    let second = try await house.reopened()
    #expect(second.log.id == first.log.id && !second.recovery.hasNewID)
    #expect(try await LogHouse().reopened().log.id != first.log.id)
  }

  @Test("The file is lines that a person can read, checksum first")
  func lines() async throws {
    let house = try LogHouse()
    try await house.fill([["{\"a\":1}"], ["one", "two", "three"], ["", "ünï"]])
    let id = try await house.reopened().log.id
    let lines = String(decoding: try house.bytes("events-0000000000000001.log"), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(
      lines.map { String($0.dropFirst(9)) } == [
        "arroba-log 1 \(id) 1", "1. {\"a\":1}", "2( one", "3+ two", "4) three", "5( ", "6) ünï", "",
      ])
    for line in lines.dropLast() {
      let crc = Array(line.utf8.dropFirst(9)).withUnsafeBytes { CRC32C.checksum($0) }
      #expect(UInt32(line.prefix(8), radix: 16) == crc)
    }
  }

  @Test("Numbers begin at 1, rise by one and go on after a reopening; the payload may contain them")
  func numbers() async throws {
    let house = try LogHouse()
    for round in 0..<4 {
      let opened = try house.open()
      #expect(opened.numbers == Array(1..<(1 + UInt64(round) * 5)))
      #expect(opened.texts == opened.numbers.map { "n\($0)" })
      let log = opened.log
      let alone = try await log.append(sync: true, count: 1) { ["n\($0)"].map { Array($0.utf8) } }
      let batch = try await log.append(sync: false, count: 4) { first in
        (first..<first + 4).map { Array("n\($0)".utf8) }
      }
      #expect(alone == UInt64(round) * 5 + 1...UInt64(round) * 5 + 1)
      #expect(batch == alone.upperBound + 1...alone.upperBound + 4)
      #expect(await log.head == batch.upperBound)
      try await log.close()
    }
  }

  @Test(
    "A hundred tasks that append at once are answered in the order of their numbers, and all of it is there")
  func order() async throws {
    let house = try LogHouse()
    let log = try house.open().log
    let order = Order()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<100 {
        group.addTask(executorPreference: Loop.shared) { await order.fill(log, task: task) }
      }
    }
    let seen = await order.seen
    #expect(seen.map(\.0) == Array(1...500))
    try await log.close()
    #expect(try await house.reopened().texts == seen.map(\.1))
  }

  @Test("While one flush lasts, everything else waits for the next, which is one for all")
  func groupCommit() async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(faults.operations)).log
    let outcomes = Outcomes()
    faults.set { $0.isGateShut = true }
    let before = faults.flushCount
    // Not synced, so its completion says that the writer has taken it; the next one holds the writer in its flush.
    await outcomes.append("0", sync: false, to: log)
    await outcomes.wait(for: 1)
    for number in 1...50 { await outcomes.append("\(number)", sync: true, to: log) }
    #expect(await outcomes.results.count == 1)
    faults.set { $0.isGateShut = false }
    await outcomes.wait(for: 51)
    #expect(await outcomes.numbers == Array(1...51))
    // The first of them, those that came while it was flushed, and at most one more for a group cut in two.
    #expect((1...3).contains(faults.flushCount - before))
    try await log.close()
  }

  @Test("Streamed text is complete without a flush, also when a batch behind it waits for one")
  func unsynced() async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(faults.operations)).log
    let outcomes = Outcomes()
    faults.set { $0.isGateShut = true }
    await outcomes.append("text", sync: false, to: log)
    await outcomes.wait(for: 1)
    await outcomes.append("more", sync: false, to: log)
    await outcomes.append("command", sync: true, to: log)
    await outcomes.wait(for: 2)
    #expect(await log.head == 2)
    faults.set { $0.isGateShut = false }
    await outcomes.wait(for: 3)
    #expect(await outcomes.numbers == [1, 2, 3])
    try await log.close()
  }

  @Test("Text that nobody asked to sync is flushed all the same after a while")
  func delayedFlush() async throws {
    let house = try LogHouse()
    let (flushes, noteFlush) = AsyncStream.makeStream(of: Void.self)
    var operations = FileOperations.system
    operations.flush = { file throws(SystemError) in
      try file.flush()
      noteFlush.yield()
    }
    var options = LogHouse.options(operations)
    options.syncDelayMs = 1
    let log = try house.open(options).log
    var iterator = flushes.makeAsyncIterator()
    await iterator.next()  // of the new segment
    try await log.append(sync: false, [Array("text".utf8)])
    await iterator.next()
    try await log.close()
  }

  @Test("A full queue refuses, gives no number away, and takes more when the disk has caught up")
  func bound() async throws {
    let house = try LogHouse()
    let faults = Faults()
    var options = LogHouse.options(faults.operations)
    options.queuedBytes = 2000
    let log = try house.open(options).log
    let outcomes = Outcomes()
    faults.set { $0.isGateShut = true }
    let text = String(repeating: "x", count: 478)  // lines of 490 bytes and more
    for _ in 0..<8 { await outcomes.append(text, sync: true, to: log) }
    await outcomes.wait(for: 3)  // the refused ones do not wait for the disk
    #expect(await outcomes.failures.count == 3)
    #expect(await outcomes.failures.allSatisfy { $0.isTransient })
    faults.set { $0.isGateShut = false }
    await outcomes.wait(for: 8)
    #expect(await outcomes.numbers == [1, 2, 3, 4, 5])
    #expect(try await log.append(sync: true, [[65]]) == 6...6)
    try await log.close()
    #expect(try await house.reopened().numbers == Array(1...6))
  }

  @Test("Closing writes everything first, answers it in order, and refuses what comes after")
  func close() async throws {
    let house = try LogHouse()
    let log = try house.open().log
    let outcomes = Outcomes()
    let answeredBefore = await withCheckedContinuation { continuation in
      Loop.shared.post {
        for number in 0..<20 { outcomes.append("\(number)", sync: number % 2 == 0, to: log) }
        log.close { failure in
          #expect(failure == nil)
          continuation.resume(returning: outcomes.results.count)
        }
        outcomes.append("late", sync: true, to: log)
      }
    }
    #expect(answeredBefore >= 20)
    await outcomes.wait(for: 21)
    #expect(await outcomes.failures == [.closed])
    #expect(await outcomes.numbers == Array(1...20))
    await #expect(throws: LogError.closed) { try await log.read(after: 0, limit: 1, limitBytes: 1) }
    try await log.close()
    #expect(try house.bytes("events-0000000000000001.log").last == 0x0A, "the room ahead is given back")
    #expect(try await house.reopened().records.count == 20)
  }
}

@LoopActor private final class Order {
  private(set) var seen: [(UInt64, String)] = []
  nonisolated init() {}

  func fill(_ log: EventLog, task: Int) async {
    for round in 0..<5 {
      let text = "\(task)/\(round)"
      let range = try? await log.append(sync: task % 3 == 0, [Array(text.utf8)])  // a failure is number 0
      seen.append((range?.lowerBound ?? 0, text))
    }
  }
}
