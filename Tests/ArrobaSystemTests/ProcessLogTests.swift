import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

@Suite("The process log")
struct ProcessLogTests {
  private let house = TemporaryDirectory()
  private var logs: String { house.path("logs") }

  private func log(_ level: ProcessLog.Level = .info, rotateAtBytes: Int = ProcessLog.longestFile)
    -> ProcessLog
  {
    let log = ProcessLog()
    log.start(kind: "daemon", directory: logs, level: level, rotateAtBytes: rotateAtBytes)
    return log
  }

  private func lines() throws -> [String] {
    try Files.list(logs).flatMap { name in
      String(decoding: try Files.read("\(logs)/\(name)", atMost: 1 << 20), as: UTF8.self).split(
        separator: "\n"
      ).map(String.init)
    }
  }

  @Test("A record is a line of JSON: time, level, process, part, words, fields, file")
  func record() throws {
    let before = Clock.wallMs()
    log().warn(
      "lane", "too \"slow\"\n\u{7}", ["count": 3, "name": "a\\b", "gone": String?.none, "ok": true, "漢": "字"])
    let file = "\(logs)/\(try Files.list(logs)[0])"
    let line = try #require(try lines().first)
    let time = line.dropFirst(16).prefix { $0.isNumber }
    #expect(Int(time).map { before...Clock.wallMs() ~= $0 } == true)
    #expect(
      line
        == "{\"timestamp_ms\":\(time),\"level\":\"warn\",\"process_kind\":\"daemon\",\"pid\":\(getpid()),\"component\":\"lane\","
        + "\"message\":\"too \\\"slow\\\"\\n\\u0007\",\"count\":3,\"name\":\"a\\\\b\",\"ok\":true,\"漢\":\"字\",\"log_path\":\"\(file)\"}"
    )
    #expect(ProcessLogReader.isOurs(Files.name(of: file)) && Files.status(file)?.permissions == 0o600)
    #expect(Files.status(logs)?.permissions == 0o700)
  }

  @Test("Below the level nothing is written, and without a record there is no file")
  func levels() throws {
    let names = ["debug", "info", "warn", "error", "off"]
    for (index, level) in ProcessLog.Level.allCases.enumerated() {
      #expect(ProcessLog.Level(name: names[index].uppercased()) == level && level.name == names[index])
      let log = log(level)
      log.debug("c", "0 \(level)")
      log.info("c", "1 \(level)")
      log.warn("c", "2 \(level)")
      log.error("c", "3 \(level)")
      let written = try index == 4 ? [] : lines().filter { $0.contains(" \(level)\"") }
      #expect(written.count == 4 - index, "\(level)")
    }
    #expect(ProcessLog.level(named: nil) == .info && ProcessLog.level(named: "loud") == .info)
    #expect(Files.status(house.path("none")) == nil)
  }

  @Test("A log that was not started writes nothing")
  func notStarted() throws {
    ProcessLog().error("c", "m")
    #expect(Files.status("/daemon") == nil)
  }

  @Test("What cannot be written is counted, and told by the next record that can")
  func dropped() throws {
    try Files.replace(logs, with: [])  // a file where the directory should be
    let log = log()
    log.info("c", "one")
    log.info("c", "two")
    try Files.remove(logs)
    // It is not tried again for a while; a start anew is another attempt.
    log.info("c", "three")
    #expect(Files.status(logs) == nil)
    log.start(kind: "daemon", directory: logs, level: .info)
    log.info("c", "four")
    #expect(try lines().count == 1)
  }

  @Test("A file that is large enough is left for a new one")
  func rotation() throws {
    let log = log(rotateAtBytes: 1)
    let names = try (0..<3).map { number in
      log.info("c", "record \(number)")
      return try Files.list(logs)
    }
    // Within one millisecond a file is continued: its name would be the same.
    #expect(names[2].count >= names[0].count)
    #expect(try lines().map { $0.contains("record") } == [true, true, true])
  }

  @Test("A file that was cleaned away is left for a new one")
  func cleanedAway() throws {
    let log = log()
    log.info("c", "one")
    try Files.remove("\(logs)/\(try Files.list(logs)[0])")
    log.info("c", "two")
    #expect(try lines().filter { $0.contains("\"two\"") }.count == 1)
  }

  // MARK: what is kept

  private func file(_ name: String, bytes: Int = 1, ageMs: Int, nowMs: Int) throws {
    try Files.makeDirectory(logs)
    try Files.replace("\(logs)/\(name)", with: [UInt8](repeating: 0x78, count: bytes))
    let modified = nowMs - ageMs
    var times = [
      timeval(tv_sec: modified / 1000, tv_usec: 0),
      timeval(tv_sec: modified / 1000, tv_usec: modified % 1000 * 1000),
    ]
    utimes("\(logs)/\(name)", &times)
  }

  private func name(_ number: Int) -> String { "20260730T043152.12\(number)Z-daemon-\(number).ndjson" }

  @Test("A week is kept, and not one millisecond more; strangers' files are nobody's business")
  func age() throws {
    let now = 1_800_000_000_000
    let week = ProcessLogRetention.longestAgeMs
    try file(name(1), ageMs: week, nowMs: now)
    try file(name(2), ageMs: week + 1, nowMs: now)
    try file(name(3), ageMs: 5 * week, nowMs: now)
    try file("notes.ndjson", ageMs: 5 * week, nowMs: now)
    try file("daemon-start.err", ageMs: 5 * week, nowMs: now)
    ProcessLogRetention.clean(logs, nowMs: now, sparing: "\(logs)/\(name(3))")
    #expect(try Files.list(logs) == [name(1), name(3), "daemon-start.err", "notes.ndjson"])
  }

  @Test("The newest files are kept up to the limit, to the byte")
  func size() throws {
    let now = 1_800_000_000_000
    for number in 1...4 { try file(name(number), bytes: 100, ageMs: (5 - number) * 1000, nowMs: now) }
    ProcessLogRetention.clean(logs, nowMs: now, sparing: "", mostBytes: 300)
    #expect(try Files.list(logs) == [name(2), name(3), name(4)])
    ProcessLogRetention.clean(logs, nowMs: now, sparing: "", mostBytes: 299)
    #expect(try Files.list(logs) == [name(3), name(4)])
    ProcessLogRetention.clean(logs, nowMs: now, sparing: "\(logs)/\(name(3))", mostBytes: 0)
    #expect(try Files.list(logs) == [name(3)])
    ProcessLogRetention.clean(house.path("none"), nowMs: now, sparing: "")
  }

  @Test(
    "A log is known by its name",
    arguments: [
      ("20260730T043152.123Z-daemon-7.ndjson", true), ("20260730T043152.123Z-a-b-7.ndjson", true),
      ("20260730T043152.123Z-daemon-7.ndjson.gz", false), ("20260730T043152.123-daemon-7.ndjson", false),
      ("20260730T043152.123Z-daemon-x.ndjson", false), ("20260730T043152.123Z-7.ndjson", false),
      (".ndjson", false), ("", false),
    ])
  func names(_ name: String, _ isOurs: Bool) {
    #expect(ProcessLogReader.isOurs(name) == isOurs)
  }

  @Test("A reader gets each whole line once, also one that is written in two halves")
  func reading() throws {
    try Files.makeDirectory(logs)
    let path = "\(logs)/\(name(1))"
    var reader = ProcessLogReader(directory: logs)
    var read: [String] = []
    func more(_ text: String) throws {
      let file = try Files.open(path, O_WRONLY | O_CREAT | O_APPEND)
      try file.writeAll(Array(text.utf8))
      reader.readNew(skipping: { _ in false }) { read.append(String(decoding: $0, as: UTF8.self)) }
    }
    try more("one\ntw")
    #expect(read == ["one"])
    try more("o\n\nthree\n")
    #expect(read == ["one", "two", "", "three"])
    try more("")
    #expect(read.count == 4)
    // A line longer than what is read at once.
    let long = String(repeating: "x", count: 200_000)
    try more(long + "\n")
    #expect(read.last == long)
  }

  @Test("What a reader skips counts as read")
  func skipping() throws {
    try file(name(1), ageMs: 0, nowMs: Clock.wallMs())
    var reader = ProcessLogReader(directory: logs)
    var count = 0
    reader.readNew(skipping: { _ in true }) { _ in count += 1 }
    let file = try Files.open("\(logs)/\(name(1))", O_WRONLY | O_APPEND)
    try file.writeAll(Array("\nnew\n".utf8))
    reader.readNew(skipping: { _ in true }) { _ in count += 1 }
    #expect(count == 2)
  }
}
