import ArrobaLog
import ArrobaLoop
import ArrobaSystem
import Testing

@Suite struct ReadTests {
  private func text(_ seq: UInt64) -> [UInt8] {
    Array("event \(seq) ".utf8) + [UInt8](repeating: 120, count: Int(seq * 37 % 90))
  }

  /// 600 records in many segments, the newest of them in memory.
  private func manySegments() async throws -> (house: LogHouse, log: EventLog) {
    let house = try LogHouse()
    var options = LogHouse.options(segmentBytes: 4000)
    options.recentBytes = 10_000
    let log = try house.open(options).log
    var next: UInt64 = 1
    while next <= 600 {
      let count = Int(next % 7) + 1
      next =
        try await log.append(sync: false, count: count) { first in
          (first..<first + UInt64(count)).map(text)
        }.upperBound + 1
    }
    #expect(try house.names().count > 5)
    return (house, log)
  }

  @Test(
    "A reader gets everything in order, over segments, from disk into memory, whatever its steps",
    arguments: [1, 7, 100, 5000])
  func steps(limit: Int) async throws {
    let (house, log) = try await manySegments()
    defer { withExtendedLifetime(house) {} }
    let head = await log.head
    var cursor: UInt64 = limit == 1 ? head - 150 : 0
    while cursor < head {
      let records = try await log.read(after: cursor, limit: limit, limitBytes: 1 << 20)
      #expect((1...limit).contains(records.count))
      for record in records {
        cursor += 1
        #expect(record == LogRecord(seq: cursor, payload: text(cursor)))
      }
    }
    #expect(try await log.read(after: head, limit: limit, limitBytes: 1).isEmpty)
    #expect(try await log.read(after: head + 5, limit: limit, limitBytes: 1).isEmpty)
    try await log.close()
  }

  @Test("A limit in bytes is kept, but a record that is larger comes alone")
  func bytes() async throws {
    let (house, log) = try await manySegments()
    defer { withExtendedLifetime(house) {} }
    let head = await log.head
    for start in [0, head / 2, head - 20] {
      let records = try await log.read(after: start, limit: 100, limitBytes: 300)
      #expect(records.map(\.payload.count).reduce(0, +) <= 300 && records.count > 1)
      #expect(try await log.read(after: start, limit: 100, limitBytes: 0).map(\.seq) == [start + 1])
    }
    try await log.close()
  }

  @Test("Records larger than a block are read, alone and among small ones")
  func largeRecords() async throws {
    let house = try LogHouse()
    var options = LogHouse.options(segmentBytes: 8 << 20)
    options.recentBytes = 0
    let log = try house.open(options).log
    let payloads = [10, 1_000_000, 20, 130_000, 131_072, 0, 700_000].map { [UInt8](repeating: 97, count: $0) }
    try await log.append(sync: false, payloads)
    let read = try await log.read(after: 0, limit: 100, limitBytes: 100 << 20)
    #expect(read.map(\.payload.count) == payloads.map(\.count))
    try await log.close()
    #expect(try await house.reopened(options).records.map(\.payload.count) == payloads.map(\.count))
  }

  @Test("A reader sees nothing before its append was answered")
  func head() async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(faults.operations)).log
    try await log.append(sync: true, [[65]])
    faults.set { $0.isGateShut = true }
    let outcomes = Outcomes()
    await outcomes.append("waits", sync: true, to: log)
    #expect(await log.head == 1)
    #expect(try await log.read(after: 0, limit: 10, limitBytes: 100).map(\.seq) == [1])
    faults.set { $0.isGateShut = false }
    await outcomes.wait(for: 1)
    #expect(try await log.read(after: 0, limit: 10, limitBytes: 100).map(\.seq) == [1, 2])
    try await log.close()
  }

  @Test(
    "Dropping removes whole sealed segments, oldest first; who asks for them is told where the log begins")
  func drop() async throws {
    let (house, log) = try await manySegments()
    let segments = try house.names("events-")
    try await log.dropSegments(before: 1)
    #expect(try house.names("events-") == segments)
    // One record before the third segment's first: the second one still holds it.
    let third = try #require(UInt64(segments[2].dropFirst(7).dropLast(4)))
    try await log.dropSegments(before: third - 1)
    #expect(try house.names("events-") == Array(segments.dropFirst(1)))
    try await log.dropSegments(before: third)
    #expect(try house.names("events-") == Array(segments.dropFirst(2)))
    #expect(await log.oldest == third)
    await #expect(throws: LogError.compacted(oldest: third)) {
      try await log.read(after: third - 2, limit: 1, limitBytes: 1)
    }
    #expect(try await log.read(after: third - 1, limit: 1, limitBytes: 1).map(\.seq) == [third])
    try await log.dropSegments(before: UInt64.max)
    #expect(try house.names("events-") == [try #require(segments.last)])
    let head = await log.head
    try await log.close()
    let again = try await house.reopened()
    #expect(again.numbers.last == head && again.recovery.holes.isEmpty)
    #expect(await again.log.oldest == again.numbers.first)
  }

  @Test("A log whose records are all dropped goes on counting")
  func dropEverything() async throws {
    let house = try LogHouse()
    try await house.fill([["a"], ["b"], ["c"]])
    let id = try await house.reopened().log.id
    let header = Array("arroba-log 1 \(id) 4".utf8)
    let crc = String(header.withUnsafeBytes { CRC32C.checksum($0) }, radix: 16)
    let line = String(repeating: "0", count: 8 - crc.utf8.count) + crc + " "
    try house.write(Array(line.utf8) + header + [0x0A], to: "events-0000000000000004.log")
    try house.remove("events-0000000000000001.log")
    let opened = try house.open()
    #expect(opened.records.isEmpty && opened.log.id == id)
    #expect(await opened.log.head == 3)
    #expect(await opened.log.oldest == 4)
    #expect(try await opened.log.append(sync: true, [[65]]) == 4...4)
    try await opened.log.close()
  }
}
