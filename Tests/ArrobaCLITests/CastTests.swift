import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import Testing

@testable import ArrobaCLI

@Suite("Recordings: what is written, and what is read back")
struct CastTests {
  private func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

  @Test("The header says version, size, time and title; events their time, kind and data")
  func words() throws {
    #expect(
      text(CastText.header(size: Size(80, 24), atMs: 1_795_616_663_999, title: "a \"b\"")) == """
        {"version":2,"width":80,"height":24,"timestamp":1795616663,"title":"a \\"b\\"","env":{"TERM":"xterm-256color"}}\n
        """)
    var cast = CastText()
    #expect(
      text(cast.output(Array("\u{1B}[1m\"hi\"\r\n".utf8), atMs: 61_007))
        == "[61.007, \"o\", \"\\u001b[1m\\\"hi\\\"\\r\\n\"]\n")
    #expect(text(CastText.resize(to: Size(100, 30), atMs: 12)) == "[0.012, \"r\", \"100x30\"]\n")
  }

  @Test("A text cut at every byte is the same text, no character in two events")
  func cuts() throws {
    let bytes = Array("aä€😀👨‍👩‍👧b".utf8)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        var cast = CastText()
        let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]]
        var lines = pieces.compactMap { cast.output($0, atMs: 0) }
        if let rest = cast.rest(atMs: 0) { lines.append(rest) }
        let joined = try lines.map { try JSONReader.read(Array($0.dropLast())).array?[2].string ?? "?" }
          .joined()
        #expect(joined == "aä€😀👨‍👩‍👧b")
      }
    }
  }

  @Test("Bytes that are no character become the one that stands for them, at once or at the end")
  func invalid() {
    var cast = CastText()
    #expect(text(cast.output([0x61, 0xFF, 0x62], atMs: 0)) == "[0.000, \"o\", \"a\u{FFFD}b\"]\n")
    #expect(cast.output([0xE2, 0x82], atMs: 0) == nil)
    #expect(text(cast.output([0x41], atMs: 0)) == "[0.000, \"o\", \"\u{FFFD}A\"]\n")
    #expect(cast.output([0xF0, 0x9F], atMs: 0) == nil)
    #expect(text(cast.rest(atMs: 5)) == "[0.005, \"o\", \"\u{FFFD}\"]\n")
    #expect(cast.rest(atMs: 5) == nil && cast.output([], atMs: 0) == nil)
  }

  // MARK: files

  @Test(
    "A file that is there is not written over, unless that is wanted; what is written is for the user alone")
  func overwriting() throws {
    let house = TemporaryDirectory()
    let path = house.path("a.cast")
    let file = try CastFile(path, overwriting: false)
    file.begin(size: Size(80, 24), title: nil)
    file.end(atMs: 0)
    #expect(Files.status(path)?.permissions == 0o600)
    let before = try Files.read(path, atMost: 1000)
    let refusal = #expect(throws: Failure.self) { try CastFile(path, overwriting: false) }
    #expect(refusal?.message == "\(path) is there already" && refusal?.hint == "--force writes over it")
    #expect(try Files.read(path, atMost: 1000) == before)
    _ = try CastFile(path, overwriting: true)
    #expect(try Files.read(path, atMost: 1000) == [])
    let nowhere = #expect(throws: Failure.self) { try CastFile(house.path("x/y"), overwriting: true) }
    #expect(nowhere?.message == "cannot create \(house.path("x/y")): No such file or directory")
  }

  @Test("Where the file system says no the writing ends, and says so")
  func full() throws {
    let file = try CastFile("/dev/full", overwriting: true)
    file.begin(size: Size(80, 24), title: nil)
    #expect(file.trouble?.description == "cannot write /dev/full: No space left on device")
    Array("x".utf8).withUnsafeBytes { file.output($0, atMs: 1) }
    #expect(file.events == 0 && file.bytes == 0)
  }

  @Test("A long output is several events")
  func long() throws {
    let house = TemporaryDirectory()
    let file = try CastFile(house.path("a"), overwriting: false)
    [UInt8](repeating: 0x61, count: 70_000).withUnsafeBytes { file.output($0, atMs: 1) }
    file.end(atMs: 2)
    #expect(file.events == 3)
  }

  // MARK: reading

  private func reader(_ text: String, block: Int = 7) throws -> CastReader {
    var left = Array(text.utf8)[...]
    return try CastReader("f") { buffer in
      guard !left.isEmpty else { return .ended }
      let piece = left.prefix(min(block, buffer.count))
      buffer.copyBytes(from: piece)
      left = left.dropFirst(piece.count)
      return .moved(piece.count)
    }
  }

  private func moments(_ text: String) throws -> [CastReader.Moment] {
    var reader = try reader(text)
    var found: [CastReader.Moment] = []
    while let moment = try reader.next() { found.append(moment) }
    return found
  }

  private static let head = "{\"version\": 2, \"width\": 80, \"height\": 24}\n"

  @Test(
    "What was written is read back: events in order, time that goes back stands still, unknown kinds are let be"
  )
  func reading() throws {
    let events = """
      [0.5, "o", "a\\u001b[1m"]
      [1, "r", "100x30"]
      [0.25, "o", "b"]
      [2.0, "i", "typed"]
      [2.5, "r", "nonsense"]
      [3, "o", "last"]
      """
    #expect(
      try moments(Self.head + events) == [
        .init(ms: 500, event: .output("a\u{1B}[1m")), .init(ms: 1000, event: .resize(Size(100, 30))),
        .init(ms: 1000, event: .output("b")), .init(ms: 2000, event: .other), .init(ms: 2500, event: .other),
        .init(ms: 3000, event: .output("last")),
      ])
    let limited = try reader("{\"version\":2,\"width\":1,\"height\":2,\"idle_time_limit\":1.5}\n")
    #expect(limited.header == .init(size: Size(1, 2), idleLimitMs: 1500))
  }

  @Test("A recording that was cut off anywhere plays as far as it goes")
  func cutOff() throws {
    let whole = Self.head + "[0.5, \"o\", \"a\"]\n[1.5, \"o\", \"bc\"]\n"
    for count in Self.head.utf8.count...whole.utf8.count {
      let cut = String(decoding: Array(whole.utf8)[..<count], as: UTF8.self)
      let found = try moments(cut).count
      #expect(found <= 2 && (count < whole.utf8.count - 1 || found == 2))
    }
  }

  @Test(
    "What is no recording of version 2 is refused, with the reason",
    arguments: [
      ("", "f is empty, and no recording"), ("hello\n", "f is no asciicast: its first line is no header"),
      ("[1]\n", "f is no asciicast: its first line is no header"),
      ("{\"a\":1}", "f is no asciicast: its first line is no header"),
      ("{\n\"version\": 1,\n\"stdout\": []\n}", "f is an asciicast of version 1; only version 2 is played"),
      ("{\"version\":3,\"term\":{}}\n", "f is an asciicast of version 3; only version 2 is played"),
      ("{\"version\":2}\n", "f does not say the size of its terminal"),
      ("{\"version\":2,\"width\":0,\"height\":9}\n", "f does not say the size of its terminal"),
      (head + "nonsense\n[1,\"o\",\"x\"]\n", "f is damaged: line 2 is no event"),
      (head + "[1,\"o\",\"x\"]\n[\"1\",\"o\",\"x\"]\n[2,\"o\",\"x\"]\n", "f is damaged: line 3 is no event"),
      (head + "[1e300,\"o\",\"x\"]\n[2,\"o\",\"x\"]\n", "f is damaged: line 2 is no event"),
    ])
  func refused(text: String, message: String) {
    let failure = #expect(throws: Failure.self) { try moments(text) }
    #expect(failure?.message == message && failure?.exitCode == 1)
  }

  // MARK: the clock

  @Test(
    "Events are due at their times, faster by the speed, pauses cut, and later by as long as it stood still")
  func clock() {
    var plain = PlayClock(Playing(), idleLimitMs: nil, startMs: 1000)
    #expect(plain.dueMs(500) == 1500)
    plain.pass(500)
    #expect(plain.dueMs(2500) == 3500)
    plain.togglePause(at: 2000)
    #expect(plain.isPaused)
    plain.togglePause(at: 12_000)
    #expect(!plain.isPaused && plain.dueMs(2500) == 13_500)
    plain.togglePause(at: 12_500)
    plain.step(2500, at: 13_000)
    plain.togglePause(at: 20_000)
    #expect(plain.dueMs(3500) == 21_000)

    var fast = PlayClock(Playing(speed: 4, idleLimitMs: 1000), idleLimitMs: 9000, startMs: 0)
    #expect(fast.dueMs(400) == 100 && fast.dueMs(60_000) == 250)
    fast.pass(60_000)
    #expect(fast.dueMs(60_400) == 350)
    #expect(PlayClock(Playing(), idleLimitMs: 2000, startMs: 0).dueMs(60_000) == 2000)
    // Being late is made up for.
    var late = PlayClock(Playing(), idleLimitMs: nil, startMs: 0)
    for ms in 1...1000 { late.pass(ms) }
    #expect(late.dueMs(1001) == 1001)
  }
}
