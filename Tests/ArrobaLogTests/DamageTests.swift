import ArrobaLog
import ArrobaLoop
import ArrobaSystem
import Testing

/// What a failing disk leaves in the middle: never deleted, always reported, the rest still there.
@Suite struct DamageTests {
  /// Segments with four records each: 1 to 4, 5 to 8, 9 to 12, all but the first text of five bytes.
  private func threeSegments() async throws -> LogHouse {
    let house = try LogHouse()
    // A header has 46 bytes and such a line 18 or 19.
    try await house.fill(
      (1...12).map { [$0 < 10 ? "text\($0)" : "txt\($0)"] }, LogHouse.options(segmentBytes: 122))
    #expect(
      try house.names() == [
        "events-0000000000000001.log", "events-0000000000000005.log", "events-0000000000000009.log",
      ])
    return house
  }

  @Test(
    "A spoilt record in the middle is a hole of one; the log opens, goes on, and can be read across it",
    arguments: [2, 6, 10])
  func spoiltRecord(seq: UInt64) async throws {
    let house = try await threeSegments()
    let name = try #require(
      try house.names().last { $0 <= "events-00000000000000\(seq < 10 ? "0" : "")\(seq).log" })
    try house.spoil(seq < 10 ? "text\(seq)" : "txt\(seq)", in: name)
    let spoilt = try house.bytes(name)
    let opened = try house.open()
    let expected = (1...12).filter { $0 != seq }
    #expect(opened.numbers == expected)
    let hole = try #require(opened.recovery.holes.first)
    #expect(opened.recovery.holes.count == 1 && opened.recovery.setAside == nil)
    #expect(hole.missing == seq..<seq + 1 && hole.path == "\(house.path)/\(name)")
    #expect(
      String(decoding: spoilt[hole.offset..<hole.offset + hole.bytes], as: UTF8.self).contains(" \(seq). "))
    #expect("\(hole)".contains("\(seq) to \(seq) are missing"))
    #expect(try house.bytes(name).starts(with: spoilt), "nothing is deleted")
    #expect(try await opened.log.append(sync: true, [[65]]) == 13...13)
    let read = try await opened.log.read(after: 0, limit: 100, limitBytes: 1 << 20)
    #expect(read.map(\.seq) == expected + [13])
    try await opened.log.close()
  }

  @Test("The last record of a sealed segment was whole once: a hole, and nothing is cut")
  func spoiltEndOfSealedSegment() async throws {
    let house = try await threeSegments()
    try house.spoil("text8", in: "events-0000000000000005.log")
    let before = try house.everything()
    let opened = try await house.reopened()
    #expect(opened.numbers == (1...12).filter { $0 != 8 })
    #expect(opened.recovery.holes.map(\.missing) == [8..<9])
    #expect(try house.everything() == before)
  }

  @Test("A missing segment is a hole")
  func missingSegment() async throws {
    let house = try await threeSegments()
    try house.remove("events-0000000000000005.log")
    let opened = try await house.reopened()
    #expect(opened.numbers == [1, 2, 3, 4, 9, 10, 11, 12])
    #expect(opened.recovery.holes.map(\.missing) == [5..<9])
    #expect(opened.recovery.holes.map(\.bytes) == [0])
    #expect("\(opened.recovery.holes[0])".contains("events 5 to 8 are missing"))
  }

  @Test("Where the first segments are gone the log begins later, and that is no hole")
  func missingBeginning() async throws {
    let house = try await threeSegments()
    try house.remove("events-0000000000000001.log")
    let opened = try await house.reopened()
    #expect(opened.numbers == Array(5...12) && opened.recovery.holes.isEmpty)
    #expect(await opened.log.oldest == 5)
  }

  // A hyphen, so that no checksum and no id has these letters by chance.
  @Test("A batch with a spoilt record is missing whole", arguments: ["b-1", "b-2", "b-3"])
  func spoiltBatch(text: String) async throws {
    let house = try LogHouse()
    try await house.fill([["a"], ["b-1", "b-2", "b-3"], ["c1", "c2"], ["d"]])
    try house.spoil(text, in: "events-0000000000000001.log")
    let opened = try await house.reopened()
    #expect(opened.texts == ["a", "c1", "c2", "d"])
    #expect(opened.recovery.holes.map(\.missing) == [2..<5])
  }

  @Test("A number that does not make sense is not believed, checksum or not")
  func senselessNumbers() async throws {
    let house = try LogHouse()
    let segment = "events-0000000000000001.log"
    try await house.fill([["a"], ["b"]])
    let good = try house.bytes(segment)
    for claim in ["1. again", "2. again", "4. a jump", "900. a jump", "3) no batch", "3+ no batch"] {
      let crc = String(Array(claim.utf8).withUnsafeBytes { CRC32C.checksum($0) }, radix: 16)
      let line = String(repeating: "0", count: 8 - crc.utf8.count) + crc + " \(claim)\n"
      try house.write(good + Array(line.utf8), to: segment)
      let opened = try await house.reopened()
      #expect(opened.texts == ["a", "b"], "\(claim)")
      #expect(opened.recovery.setAside?.bytes == line.utf8.count, "\(claim)")
    }
  }

  @Test("A record that is spoilt while the log is open fails its readers, and says where")
  func spoiltWhileOpen() async throws {
    let house = try await threeSegments()
    let opened = try house.open()
    var bytes = try house.bytes("events-0000000000000005.log")
    bytes[bytes.count - 2] ^= 1
    try house.write(bytes, to: "events-0000000000000005.log")
    let before = try await opened.log.read(after: 0, limit: 7, limitBytes: 1 << 20)
    #expect(before.map(\.seq) == Array(1...7))
    do throws(LogError) {
      _ = try await opened.log.read(after: 7, limit: 1, limitBytes: 1 << 20)
      Issue.record("a spoilt record was read")
    } catch {
      #expect("\(error)".contains("events-0000000000000005.log: event 8"))
    }
    try await opened.log.close()
  }
}
