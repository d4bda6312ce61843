import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Coming back to a terminal", .journey)
struct ReturnJourneys {
  /// What was typed, never the same twice within a kilobyte, so that nothing missing or doubled goes unseen.
  static func paste(_ count: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: 41)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  /// What the program says when it has read these bytes and no others.
  static func sum(_ bytes: [UInt8]) -> String {
    var sum = KnownBytes.Sum()
    sum.add(bytes)
    return sum.words
  }

  /// A program that reads that many bytes and says their sum; `stopped` until it is continued.
  static func reader(of total: Int, stopped: Bool = false, _ daemon: DaemonUnderTest) throws -> String {
    let id = try daemon.session(stub: ["sum", "\(total)"] + (stopped ? ["stopped"] : [])).words("id")
    try daemon.screen(of: id, shows: "ready")
    return id
  }

  @Test("With resume and after, exactly the missing bytes come, and then what follows")
  func missing() throws {
    try withDaemon { daemon in
      let id = try daemon.session("stty -echo; echo ready; while read line; do echo \"<$line>\"; done").words(
        "id")
      try daemon.screen(of: id, shows: "ready")
      let first = try daemon.client().attach(id, after: 0)
      try first.type("one\n")
      try first.wait(for: "<one>\r\n")
      first.cut()
      try daemon.client().request("terminal.input", ["session": .string(id), "text": "two\n"])
      try daemon.screen(of: id, shows: "<two>")
      let again = try daemon.client().attach(id, after: first.offset, resume: first.attachment)
      #expect(try again.answer.number("inputOffset") == 4 && again.attachment == first.attachment)
      #expect(try again.answer.number("offset") == first.offset)
      try again.wait(for: "<two>\r\n")
      try again.type("three\n")
      try again.wait(for: "<three>\r\n")
      #expect(again.text == "<two>\r\n<three>\r\n" && !again.kinds.contains("S"))
    }
  }

  @Test("An attachment that is taken up while its connection still stands is told so and closed")
  func replaced() throws {
    try withDaemon { daemon in
      let id = try daemon.session("exec cat").words("id")
      let first = try daemon.client().attach(id)
      let second = try daemon.client().attach(id, after: first.offset, resume: first.attachment)
      try first.awaitClose()
      #expect(first.notices.count == 1 && first.exit == nil)
      try second.type("hello\n")
      try second.wait(for: "hello\r\nhello\r\n")
      #expect(try daemon.client().request("session.get", ["session": .string(id)]).number("attached") == 1)
    }
  }

  @Test("An attachment that only looks on is kept, however many others come and go")
  func kept() throws {
    try withDaemon { daemon in
      let id = try daemon.session("exec cat").words("id")
      let quiet = try daemon.client().attach(id)
      for _ in 0..<60 { try daemon.client().attach(id, mode: "view").cut() }
      quiet.cut()
      let again = try daemon.client().attach(id, resume: quiet.attachment)
      try again.type("here\n")
      try again.wait(for: "here\r\nhere\r\n")
    }
  }

  @Test("An unknown attachment, or one of another terminal, is not found")
  func unknown() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let ids = try (0..<2).map { _ in try daemon.session("exec cat", by: client).words("id") }
      let terminal = try daemon.client().attach(ids[0])
      for (id, name) in [(ids[0], "t_nobody"), (ids[1], terminal.attachment)] {
        let params: JSON = ["session": .string(id), "cols": 80, "rows": 24, "resume": .string(name)]
        #expect(try client.refusal("terminal.attach", params).kind == .attachmentNotFound)
      }
    }
  }

  @Test("An offset that has fallen out of the ring, or never was, gives S")
  func fallenOut() throws {
    try withDaemon { daemon in
      let script = "read x; yes 0123456789012345678901234567890123456789 | head -c 3000000; echo done; read x"
      let id = try daemon.session(script).words("id")
      let first = try daemon.client().attach(id)
      let early = first.offset
      try first.type("\n")
      try first.wait("the end of the flood") { first.ends(with: "done\r\n") }
      #expect(first.repaints.count == 1, "who reads is never repainted")
      for offset in [early, first.offset + 1, Int.max] {
        let late = try daemon.client().attach(id, after: offset)
        try late.wait("a frame") { !late.kinds.isEmpty }
        #expect(late.kinds == "S" && late.offset == first.offset && late.seen.contains("done"), "\(offset)")
      }
      let near = try daemon.client().attach(id, after: first.offset - 2_000_000)
      try near.wait("the rest") { near.offset == first.offset }
      #expect(!near.kinds.contains("S") && near.output.count == 2_000_000)
      #expect(near.output == first.output.suffix(2_000_000))
    }
  }

  @Test("1 MiB that is pasted while the program sleeps arrives whole once it wakes")
  func pasteIntoSleep() throws {
    try withDaemon { daemon in
      let bytes = Self.paste(1 << 20)
      let id = try Self.reader(of: bytes.count, stopped: true, daemon)
      let terminal = try daemon.client().attach(id)
      // As much as the daemon and the sockets hold; then it feels that the program is busy.
      let sent = try terminal.write(TerminalFrame.encode(.input, bytes), atMostSeconds: 0)
      #expect(try daemon.client().request("daemon.health").words("status") == "ok")
      Processes.proceed(try daemon.program(of: id))
      try terminal.write(Array(TerminalFrame.encode(.input, bytes)[sent...]))
      try terminal.wait("the sum") { terminal.seen.contains(" end") }
      #expect(terminal.seen.contains(Self.sum(bytes)), "\(terminal.seen.suffix(200))")
    }
  }

  @Test("A connection that is cut again and again in a paste of 1 MiB: each byte is entered once")
  func cutPaste() throws {
    try withDaemon { daemon in
      let bytes = Self.paste(1 << 20)
      let id = try Self.reader(of: bytes.count, daemon)
      var terminal = try daemon.client().attach(id)
      let name = terminal.attachment
      var accepted = 0
      for round in 1...6 {
        var frames = Self.frames(bytes[accepted...])
        if round < 6 { frames = Array(frames.prefix(150_001)) }
        try terminal.write(frames)
        guard round < 6 else { break }
        terminal.cut()
        if round == 3 { try daemon.killDaemon() }
        terminal = try daemon.client().attach(id, resume: name)
        let now = try terminal.answer.number("inputOffset")
        #expect(now >= accepted && now <= accepted + 150_001)
        accepted = now
      }
      try terminal.wait("the sum") { terminal.seen.contains(" end") }
      #expect(terminal.seen.contains(Self.sum(bytes)), "\(terminal.seen.suffix(200))")
    }
  }

  @Test(
    "The daemon is killed four times in the middle of a paste of 1 MiB: each byte is entered once, or told of"
  )
  func killedPaste() throws {
    try withDaemon { daemon in
      let bytes = Self.paste(1 << 20)
      let id = try Self.reader(of: bytes.count, daemon)
      var terminal = try daemon.client().attach(id)
      let name = terminal.attachment
      for round in 1...5 {
        let accepted = try terminal.answer.number("inputOffset")
        let goal = round < 5 ? accepted + 200_000 : bytes.count
        try terminal.write(Self.frames(bytes[accepted..<goal]))
        guard round < 5 else { break }
        // Wherever it is with these bytes.
        try daemon.killDaemon()
        try terminal.awaitClose()
        terminal = try daemon.client().attach(id, resume: name)
        let now = try terminal.answer.number("inputOffset")
        #expect(now >= accepted && now <= goal, "round \(round): \(accepted), \(now), \(goal)")
      }
      // What it was entering when it was killed counts as entered; up to so many bytes may be missing.
      let missing = try Self.toldMissing(id, daemon)
      try terminal.send(.input, [UInt8](repeating: 0, count: missing))
      try terminal.wait("the sum") { terminal.seen.contains(" end") }
      #expect(missing > 0 || terminal.seen.contains(Self.sum(bytes)), "\(terminal.seen.suffix(200))")
    }
  }

  /// The bytes of which the daemon has told that they may not have been entered.
  private static func toldMissing(_ id: String, _ daemon: DaemonUnderTest) throws -> Int {
    let client = try daemon.client()
    try client.request("session.rename", ["session": .string(id), "alias": "pasted"])
    try client.request("events.subscribe", ["after": "start", "kinds": ["notice", "session.renamed"]])
    let notices = try client.events { $0["kind"]?.string == "session.renamed" }.dropLast()
    return try notices.reduce(0) { sum, notice in
      let words = try notice.words("data.message")
      guard let count = words.firstMatch(of: /up to (\d+) typed bytes/).flatMap({ Int($0.1) }) else {
        throw Silence("a notice that nobody expects: \(words)")
      }
      return sum + count
    }
  }

  /// In frames of odd lengths, so that a cut hits one in its middle.
  private static func frames(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var frames: [UInt8] = []
    var rest = bytes
    while !rest.isEmpty {
      frames += TerminalFrame.encode(.input, Array(rest.prefix(7919)))
      rest = rest.dropFirst(7919)
    }
    return frames
  }

  @Test("An attachment outlives the daemon: after a crash it is taken up where it was")
  func crash() throws {
    try withDaemon { daemon in
      let id = try daemon.session("stty -echo; echo ready; while read line; do echo \"<$line>\"; done").words(
        "id")
      try daemon.screen(of: id, shows: "ready")
      let first = try daemon.client().attach(id, cols: 77, rows: 33, after: 0)
      try first.type("one\n")
      try first.wait(for: "<one>\r\n")
      let pid = try daemon.program(of: id)
      try daemon.killDaemon()
      try first.awaitClose()
      let again = try daemon.client().attach(
        id, cols: 77, rows: 33, after: first.offset, resume: first.attachment)
      #expect(try again.answer.number("inputOffset") == 4)
      try again.type("two\n")
      try again.wait(for: "<two>\r\n")
      #expect(again.text == "<two>\r\n" && again.kinds.first == "O")
      #expect(try daemon.program(of: id) == pid && daemon.client().attach(id).answer.number("cols") == 77)
    }
  }
}
