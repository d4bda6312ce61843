import ArrobaLog
import ArrobaSystem
import Testing

/// What a crash leaves at the end of the newest segment.
@Suite struct RecoveryTests {
  private static let segment = "events-0000000000000001.log"
  private static let whole = [["one"], ["two", "three"]]

  enum Tail: CaseIterable, Sendable {
    case record, batch

    var texts: [String] {
      switch self {
      case .record: ["the last record"]
      case .batch: ["the last batch", "of three", "records"]
      }
    }
  }

  @Test(
    "A crash at every byte of the last record or batch loses that one only, and loses it whole",
    arguments: Tail.allCases)
  func everyByte(_ tail: Tail) async throws {
    let source = try LogHouse()
    try await source.fill(Self.whole)
    let start = try source.bytes(Self.segment).count
    try await source.fill([tail.texts])
    let bytes = try source.bytes(Self.segment)
    for length in start..<bytes.count {
      for zeros in [0, 100] {
        let house = try LogHouse()
        try house.write(Array(bytes[..<length]) + [UInt8](repeating: 0, count: zeros), to: Self.segment)
        let opened = try house.open()
        #expect(opened.texts == ["one", "two", "three"], "\(length)")
        #expect(opened.recovery.holes.isEmpty)
        let aside = try house.names("damaged-").map { try house.bytes($0) }
        #expect(aside == (length > start ? [Array(bytes[start..<length])] : []), "\(length)")
        #expect(opened.recovery.setAside?.bytes == (length > start ? length - start : nil))
        #expect(try house.bytes(Self.segment) == Array(bytes[..<start]))
        #expect(try await opened.log.append(sync: true, [Array("next".utf8)]) == 4...4)
        try await opened.log.close()
        let again = try await house.reopened()
        #expect(again.texts == ["one", "two", "three", "next"])
        #expect(again.recovery.setAside == nil)
      }
    }
  }

  @Test("Room that was made ahead and never used is no damage")
  func roomAhead() async throws {
    let house = try LogHouse()
    let log = try house.open().log
    try await log.append(sync: true, [Array("one".utf8)])
    // What a killed daemon leaves: the files as they are while the log is open.
    let left = try LogHouse()
    for (name, bytes) in try house.everything() { try left.write(bytes, to: name) }
    #expect(try left.bytes(Self.segment).count > 4096)
    let opened = try await left.reopened()
    #expect(opened.texts == ["one"] && opened.recovery.setAside == nil && opened.recovery.holes.isEmpty)
    #expect(try left.names() == [Self.segment])
    try await log.close()
  }

  @Test(
    "A damaged end is set aside, and only then cut",
    arguments: [
      "garbage without a newline", "lines\nof\ngarbage\n", "\u{0}\u{0}zeros before",
      "00000000 4. a wrong checksum\n",
      "\n\n\n", "4. no checksum\n",
    ])
  func garbage(_ text: String) async throws {
    let house = try LogHouse()
    try await house.fill(Self.whole)
    let good = try house.bytes(Self.segment)
    try house.write(good + Array(text.utf8), to: Self.segment)
    let opened = try await house.reopened()
    #expect(opened.texts == ["one", "two", "three"])
    let aside = try #require(opened.recovery.setAside)
    #expect(aside.bytes == text.utf8.count)
    #expect(try Files.read(aside.file, atMost: 1000) == Array(text.utf8))
    #expect(try house.bytes(Self.segment) == good)
  }

  @Test("Where the copy cannot be made, nothing is cut")
  func noRoomForTheCopy() async throws {
    let house = try LogHouse()
    try await house.fill(Self.whole)
    try house.write(try house.bytes(Self.segment) + Array("torn".utf8), to: Self.segment)
    let before = try house.bytes(Self.segment)
    let faults = Faults()
    faults.set { $0.writes = SystemError.noSpace }
    #expect(throws: LogError.self) { try house.open(LogHouse.options(faults.operations)) }
    #expect(try house.bytes(Self.segment) == before)
  }

  @Test("A record that the caller cannot take in ends the opening, and changes nothing")
  func refusedRecord() async throws {
    struct TooNew: Error {}
    let house = try LogHouse()
    try await house.fill(Self.whole)
    try house.write(try house.bytes(Self.segment) + Array("torn".utf8), to: Self.segment)
    let before = try house.everything()
    let error = #expect(throws: LogError.self) {
      try EventLog.open(directory: house.path, options: LogHouse.options()) { seq, _ in
        if seq == 2 { throw TooNew() }
      }
    }
    guard case .refused(seq: 2, _, _) = error else {
      return #expect(Bool(false), "\(String(describing: error))")
    }
    #expect(try house.everything() == before)
  }

  @Test("A log of a newer format is refused, and not a byte is touched", arguments: [true, false])
  func newerFormat(withRightChecksum: Bool) async throws {
    let house = try LogHouse()
    try await house.fill(Self.whole, LogHouse.options(segmentBytes: 100))
    let newest = try #require(try house.names("events-").last)
    let line = Array("arroba-log 7 something else".utf8)
    let crc = withRightChecksum ? line.withUnsafeBytes { CRC32C.checksum($0) } : 0
    let digits = String(crc, radix: 16)
    let header = String(repeating: "0", count: 8 - digits.utf8.count) + digits + " "
    try house.write(Array(header.utf8) + line + Array("\nbinary\u{0}stuff".utf8), to: newest)
    try house.write(Array("half".utf8), to: "events-0000000000000009.log.new")
    let before = try house.everything()
    let expected = LogError.newerFormat(found: 7, known: 1, path: "\(house.path)/\(newest)")
    #expect(throws: expected) { try house.open() }
    #expect(try house.everything() == before)
    #expect("\(expected)".contains("nothing was touched"))
  }

  @Test("A newest segment without a readable header is not added to; its records count")
  func damagedHeader() async throws {
    let house = try LogHouse()
    try await house.fill(Self.whole)
    let id = try await house.reopened().log.id
    try house.spoil("arroba-log", in: Self.segment)
    let opened = try house.open()
    #expect(opened.texts == ["one", "two", "three"])
    #expect(opened.recovery.hasNewID && opened.log.id != id)
    #expect(opened.recovery.holes.map(\.missing) == [1..<1])
    #expect(try await opened.log.append(sync: true, [Array("four".utf8)]) == 4...4)
    try await opened.log.close()
    #expect(try house.names("events-") == [Self.segment, "events-0000000000000004.log"])
    let again = try await house.reopened()
    #expect(again.texts == ["one", "two", "three", "four"] && again.log.id == opened.log.id)
  }

  @Test(
    "A first segment with nothing readable in it is set aside whole",
    arguments: ["", "\u{0}\u{0}", "rubbish\n"])
  func nothingReadable(_ text: String) async throws {
    let house = try LogHouse()
    try house.write(Array(text.utf8), to: Self.segment)
    let opened = try house.open()
    #expect(opened.records.isEmpty && opened.recovery.hasNewID)
    #expect(opened.recovery.setAside?.bytes == (text == "rubbish\n" ? 8 : nil))
    #expect(try await opened.log.append(sync: true, [[65]]) == 1...1)
    try await opened.log.close()
    #expect(try await house.reopened().texts == ["A"])
  }

  @Test("Files with other names are left alone; a segment that was never put in place is removed")
  func otherFiles() async throws {
    let house = try LogHouse()
    try await house.fill(Self.whole)
    let others = [
      "notes.txt", "snapshot-0000000000000003.json", "events-3.log", "events-0000000000000002.log.gz",
      "damaged-1.bin",
    ]
    for name in others { try house.write(Array("mine".utf8), to: name) }
    try house.write([], to: "events-0000000000000004.log.new")
    #expect(try await house.reopened().texts == ["one", "two", "three"])
    #expect(try house.names() == (others + [Self.segment]).sorted())
  }

  @Test("A segment of another log, or under another's name, is not mixed in")
  func foreignSegment() async throws {
    let house = try LogHouse()
    let other = try LogHouse()
    try await house.fill(Self.whole)
    try await other.fill(Self.whole)
    try house.write(try other.bytes(Self.segment), to: "events-0000000000000004.log")
    #expect(throws: LogError.self) { try house.open() }
    try house.write(try house.bytes(Self.segment), to: "events-0000000000000004.log")
    #expect(throws: LogError.self) { try house.open() }
    try house.remove("events-0000000000000004.log")
    #expect(try await house.reopened().records.count == 3)
  }
}
