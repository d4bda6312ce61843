import ArrobaLog
import ArrobaLoop
import ArrobaSystem
import Testing

/// A disk that is full or failing while the log is open.
@Suite struct FailureTests {
  @Test(
    "A full disk fails the batch and those behind it; their numbers are free, and the log goes on",
    arguments: [0, 7, 1000])
  func fullDisk(partial: Int) async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(faults.operations)).log
    try await log.append(sync: true, [Array("one".utf8)])
    faults.set {
      $0.writes = SystemError.noSpace
      $0.partial = partial
    }
    let outcomes = Outcomes()
    for number in 0..<10 { await outcomes.append("lost \(number)", sync: number % 2 == 0, to: log) }
    await outcomes.wait(for: 10)
    #expect(await outcomes.failures.count == 10)
    #expect(await outcomes.failures.allSatisfy { "\($0)".contains("make room on the disk") })
    #expect(await log.head == 1)
    faults.set { $0.writes = nil }
    #expect(try await log.append(sync: true, [Array("two".utf8)]) == 2...2)
    let read = try await log.read(after: 0, limit: 10, limitBytes: 1000)
    #expect(read.map(\.seq) == [1, 2])
    try await log.close()
    let again = try await house.reopened()
    #expect(again.texts == ["one", "two"] && again.recovery.setAside == nil && again.recovery.holes.isEmpty)
  }

  @Test(
    "What a completion appends after a failure gets the freed number, and is not thrown away with the others")
  func appendInsideFailure() async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(faults.operations)).log
    faults.set { $0.writes = SystemError.noSpace }
    let again = Outcomes()
    let failed = Outcomes()
    await withCheckedContinuation { continuation in
      Loop.shared.post {
        log.append(sync: true, count: 1, encode: { _ in [Array("fails".utf8)] }) { _ in
          faults.set { $0.writes = nil }
          again.append("again", sync: true, to: log)
          continuation.resume()
        }
        for _ in 0..<5 { failed.append("fails too", sync: false, to: log) }
      }
    }
    await again.wait(for: 1)
    #expect(await failed.failures.count == 5)
    #expect(await again.numbers == [1])
    try await log.close()
    #expect(try await house.reopened().texts == ["again"])
  }

  @Test("After a flush that failed, a new segment takes over, with what was not known to be on disk")
  func failedFlush() async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(faults.operations)).log
    try await log.append(sync: true, [Array("safe".utf8)])
    try await log.append(sync: false, [Array("text 2".utf8)])
    try await log.append(sync: false, ["text 3", "text 4"].map { Array($0.utf8) })
    faults.set { $0.flushes = SystemError.inputOutput }
    await #expect(throws: LogError.self) { try await log.append(sync: true, [Array("command".utf8)]) }
    #expect(await log.head == 4)
    await #expect(throws: LogError.self) { try await log.append(sync: false, [Array("still broken".utf8)]) }
    faults.set { $0.flushes = nil }
    #expect(try await log.append(sync: true, [Array("again".utf8)]) == 5...5)
    let expected = ["safe", "text 2", "text 3", "text 4", "again"]
    let read = try await log.read(after: 0, limit: 10, limitBytes: 1000)
    #expect(read.map { String(decoding: $0.payload, as: UTF8.self) } == expected)
    try await log.close()
    #expect(try house.names() == ["events-0000000000000001.log", "events-0000000000000002.log"])
    var cold = LogHouse.options()
    cold.recentBytes = 0
    let again = try house.open(cold)
    #expect(again.texts == expected && again.recovery.holes.isEmpty && again.recovery.setAside == nil)
    #expect(again.recovery.superseded == 4, "what the old file still holds of 2 to 5 is not read twice")
    let cut = try await again.log.read(after: 1, limit: 3, limitBytes: 1000)
    #expect(cut.map(\.seq) == [2, 3, 4])
    try await again.log.close()
  }

  @Test("A failed flush before anything was on disk replaces the segment by one of the same name")
  func failedFirstFlush() async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(faults.operations)).log
    try await log.append(sync: false, [Array("text".utf8)])
    faults.set { $0.flushes = SystemError.inputOutput }
    await #expect(throws: LogError.self) { try await log.append(sync: true, [Array("command".utf8)]) }
    faults.set { $0.flushes = nil }
    #expect(try await log.append(sync: true, [Array("again".utf8)]) == 2...2)
    try await log.close()
    let again = try await house.reopened()
    #expect(again.texts == ["text", "again"] && again.recovery.superseded == 0)
    #expect(try house.names() == ["events-0000000000000001.log"])
  }

  @Test("Where the rest of a failed write cannot be cut off, a new segment takes over")
  func failedCut() async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(faults.operations)).log
    try await log.append(sync: true, [Array("one".utf8)])
    faults.set {
      $0.writes = SystemError.noSpace
      $0.partial = 1000
      $0.cuts = SystemError.inputOutput
    }
    await #expect(throws: LogError.self) { try await log.append(sync: true, [Array("ghost".utf8)]) }
    faults.set { $0.writes = nil }
    #expect(try await log.append(sync: true, [Array("two".utf8)]) == 2...2)
    faults.set { $0.cuts = nil }
    try await log.close()
    let again = try await house.reopened()
    #expect(again.texts == ["one", "two"] && again.recovery.superseded == 1)
    #expect(again.recovery.holes.isEmpty)
  }

  @Test("A segment that cannot be begun fails the batch, and is tried again")
  func failedRotation() async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(segmentBytes: 60, faults.operations)).log
    try await log.append(sync: true, [Array("one".utf8)])
    faults.set { $0.writes = SystemError.noSpace }
    await #expect(throws: LogError.self) { try await log.append(sync: true, [Array("lost".utf8)]) }
    faults.set { $0.writes = nil }
    #expect(try await log.append(sync: true, [Array("two".utf8)]) == 2...2)
    try await log.close()
    #expect(try house.names() == ["events-0000000000000001.log", "events-0000000000000002.log"])
    #expect(try await house.reopened().texts == ["one", "two"])
  }

  @Test("Closing a log whose disk fails says so, once everything was tried")
  func failedClose() async throws {
    let house = try LogHouse()
    let faults = Faults()
    let log = try house.open(LogHouse.options(faults.operations)).log
    try await log.append(sync: false, [Array("text".utf8)])
    faults.set { $0.flushes = SystemError.inputOutput }
    await #expect(throws: LogError.self) { try await log.close() }
    #expect(try await house.reopened().texts == ["text"])
  }

  @Test(
    "Over random commands and failures, what was answered is what is there",
    arguments: 1...6 as ClosedRange<UInt64>)
  func randomHistory(seed: UInt64) async throws {
    let house = try LogHouse()
    let faults = Faults()
    var random = Sequence(state: seed)
    var kept: [String] = []
    for _ in 0..<6 {
      let opened = try house.open(LogHouse.options(segmentBytes: 300, faults.operations))
      #expect(opened.texts == kept)
      for step in 0..<20 {
        faults.set { plan in
          plan.writes = random.next(8) == 0 ? SystemError.noSpace : nil
          plan.flushes = random.next(8) == 0 ? SystemError.inputOutput : nil
          plan.cuts = random.next(3) == 0 ? SystemError.inputOutput : nil
          plan.partial = random.next(60)
        }
        let texts = (0...random.next(3)).map { "\(step)-\($0)" }
        let isSynced = random.next(2) == 0
        let payloads = texts.map { Array($0.utf8) }
        let range = try? await opened.log.append(sync: isSynced, payloads)  // a failure keeps nothing
        if range != nil {
          kept += texts
        }
      }
      let read = try await opened.log.read(after: 0, limit: 1000, limitBytes: 1 << 20)
      #expect(read.map { String(decoding: $0.payload, as: UTF8.self) } == kept)
      #expect(read.map(\.seq) == (0..<kept.count).map { UInt64($0) + 1 })
      faults.set { $0 = Faults.Plan() }
      try await opened.log.close()
    }
    #expect(try await house.reopened().texts == kept)
  }
}

/// Numbers that look random and are the same each time.
private struct Sequence {
  var state: UInt64

  mutating func next(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % limit
  }
}
