import ArrobaClient
import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Synchronization
import Testing

@testable import ArrobaCLI

@Suite("The terminal lane over connections that come and go")
struct LaneLinkTests {
  /// A link that is attached to a daemon of the test's, with the screen that it writes to.
  private struct Line {
    let link: LaneLink
    let writer: ScreenWriter
    let view: UserScreen
    let seat: SeatUnderTest

    /// Turns the link until the condition holds, as the loop of an attached client does.
    func turn(until isSo: () -> Bool, size: (columns: Int, rows: Int)? = nil) throws -> LaneLink.End? {
      let deadline = Clock.monotonicMs() + 20_000
      while !isSo() {
        guard Clock.monotonicMs() < deadline else {
          throw Silence("it does not come; remarks \(link.remarks)")
        }
        if let end = link.tend(size: size) { return end }
        if let socket = link.socket {
          if PollSet.waitReadable(socket.raw, timeoutMs: 5) || link.hasEarlyBytes,
            let end = link.receive(view)
          {
            return end
          }
          link.send()
        }
        writer.flush()
      }
      return nil
    }

    var isConnected: Bool { link.absence == nil }
  }

  private func line(_ daemon: FakeDaemon) throws -> Line {
    let places = Places(environment: ["ARROBA_SOCKET": daemon.path], home: daemon.house.path)
    let client = Client(road: .socket(DaemonLocator(path: daemon.path, mayStart: false, places: places)))
    let wish = Attachment.Wish(session: "s", agent: "a", mode: .drive)
    let attached = try Attachment(try client.connection(), wish, size: (80, 24), timeoutMs: 20_000)
    client.disconnect()
    let seat = try SeatUnderTest.pipe()
    let writer = ScreenWriter(to: seat.seat.output)
    return Line(
      link: LaneLink(attached, client: client, wish: wish, patienceMs: 60_000), writer: writer,
      view: UserScreen(writer), seat: seat)
  }

  private static func attached(_ name: String, offset: Int = 0, input: Int = 0) -> FakeDaemon.Reply {
    .result([
      "attachment": .string(name), "offset": .int(offset), "inputOffset": .int(input), "cols": 80, "rows": 24,
    ])
  }

  @Test("Who leaves while the daemon is away is told that what they typed meanwhile did not arrive")
  func leaving() throws {
    let daemon = try FakeDaemon(
      ["terminal.attach": { _, _ in Self.attached("t_1") }], lane: { lane, _ in try lane.awaitEnd() })
    defer { daemon.end() }
    let line = try line(daemon)
    line.link.lose()
    line.link.detach(patienceMs: 0)
    #expect(line.link.remarks.isEmpty)
    line.link.type([0x61])
    line.link.detach(patienceMs: 0)
    #expect(line.link.remarks == ["what was typed while the daemon was away did not arrive"])
  }

  @Test("Output goes to the screen, keys to the daemon, an end is an end")
  func plain() throws {
    let daemon = try FakeDaemon(lane: { lane, _ in
      try lane.output("hello ")
      try lane.awaitInput("keys")
      try lane.output("you")
      try lane.send(TerminalFrame.encode(.notice, Array("{\"message\":\"be kind\"}".utf8)))
      try lane.send(TerminalFrame.exit(-9))
    })
    defer { daemon.end() }
    let line = try line(daemon)
    line.link.type(Array("keys".utf8)[...])
    #expect(try line.turn(until: { false }) == .exited(-9))
    line.writer.flush()
    #expect(try line.seat.wait(for: "you") == "hello you" && line.link.remarks == ["be kind"])
    #expect(daemon.faults == [])
  }

  @Test(
    "A lost connection is taken up where output and input stopped: nothing comes twice, nothing is missing")
  func resume() throws {
    let daemon = try FakeDaemon(
      [
        "terminal.attach": { params, count in
          count == 0 ? Self.attached("t_1", offset: 100) : Self.attached("t_1", offset: 105, input: 3)
        }
      ],
      lane: { lane, number in
        if number == 1 {
          try lane.output("12345")
          // It takes five bytes, and dies having accepted three of them.
          try lane.awaitInput("abcde")
          return
        }
        try lane.await(.resize)
        try lane.awaitInput("defgh")
        try lane.output("678")
        try lane.awaitEnd()
      })
    defer { daemon.end() }
    let line = try line(daemon)
    line.link.type(Array("abcde".utf8)[...])
    _ = try line.turn(until: { !line.isConnected }, size: (90, 30))
    line.link.type(Array("fgh".utf8)[...])
    _ = try line.turn(until: { line.isConnected }, size: (90, 30))
    _ = try line.turn(
      until: { daemon.faults != [] || line.link.remarks != [] || line.seat.sees("678") }, size: (90, 30))
    let again = daemon.requests[1].params
    #expect(again["resume"] == "t_1" && again["after"] == 105 && again["cols"] == 90 && again["rows"] == 30)
    #expect(line.link.remarks == [] && daemon.faults == [] && line.seat.seen == "12345678")
    line.link.detach(patienceMs: 1000)
  }

  @Test("A connection that is open and silent for too long is given up, and taken up again on another")
  func silent() throws {
    let daemon = try FakeDaemon(
      ["terminal.attach": { _, count in Self.attached("t_1", offset: count) }],
      lane: { lane, number in
        try lane.output(number == 1 ? "x" : "y")
        try lane.awaitEnd()
      })
    defer { daemon.end() }
    let line = try line(daemon)
    _ = try line.turn(until: { line.seat.sees("x") })
    line.link.silenceMs = 50
    _ = try line.turn(until: { !line.isConnected })
    line.link.silenceMs = Connection.silenceMs
    _ = try line.turn(until: { line.seat.sees("xy") })
    #expect(daemon.requests[1].params["resume"] == "t_1" && daemon.requests[1].params["after"] == 1)
    line.link.detach(patienceMs: 1000)
  }

  @Test("Where the screen was drawn over, the next connection begins with a repaint")
  func repaint() throws {
    let daemon = try FakeDaemon(
      ["terminal.attach": { _, count in Self.attached("t_1", offset: count == 0 ? 100 : 777) }],
      lane: { lane, number in
        guard number == 2 else { return try lane.output("x") }
        try lane.send(TerminalFrame.screen(at: 777, Array("painted".utf8)))
        try lane.output("!")
        try lane.awaitEnd()
      })
    defer { daemon.end() }
    let line = try line(daemon)
    line.link.needsRepaint = true
    _ = try line.turn(until: { !line.isConnected })
    _ = try line.turn(until: { line.isConnected })
    #expect(daemon.requests[1].params["resume"] == "t_1" && daemon.requests[1].params["after"] == nil)
    _ = try line.turn(until: { !line.link.needsRepaint })
    _ = try line.turn(until: { line.seat.sees("xpainted!") })
    line.link.detach(patienceMs: 1000)
  }

  @Test(
    "An attachment that is not known any more is made anew, and what was typed meanwhile is said to be lost")
  func forgotten() throws {
    let daemon = try FakeDaemon(
      [
        "terminal.attach": { params, count in
          switch count {
          case 0: Self.attached("t_1")
          case 1: .error(WireError(kind: .attachmentNotFound, message: "gone"))
          default: Self.attached("t_2")
          }
        }
      ],
      lane: { lane, number in
        if number == 1 { return }
        try lane.awaitInput("new")
        try lane.send(TerminalFrame.exit(0))
      })
    defer { daemon.end() }
    let line = try line(daemon)
    _ = try line.turn(until: { !line.isConnected })
    line.link.type(Array("lost".utf8)[...])
    _ = try line.turn(until: { line.isConnected })
    line.link.type(Array("new".utf8)[...])
    #expect(try line.turn(until: { false }) == .exited(0))
    #expect(line.link.remarks == ["what was typed while the daemon was away is lost"] && daemon.faults == [])
    #expect(daemon.requests[2].params["resume"] == nil && daemon.requests[2].params["after"] == nil)
  }

  @Test("Input of which the daemon knows more than is kept is said to be lost in part")
  func lostInput() throws {
    let daemon = try FakeDaemon(
      [
        "terminal.attach": { _, count in count == 0 ? Self.attached("t_1") : Self.attached("t_1", input: 50) }
      ],
      lane: { lane, number in if number == 2 { try lane.awaitEnd() } })
    defer { daemon.end() }
    let line = try line(daemon)
    line.link.type(Array("abc".utf8)[...])
    _ = try line.turn(until: { !line.isConnected })
    _ = try line.turn(until: { line.isConnected })
    #expect(line.link.remarks == ["a part of what was typed is lost"])
    line.link.detach(patienceMs: 1000)
  }

  @Test("It tries again while the daemon is away, busy or not there; a refusal for good is the end")
  func away() throws {
    let daemon = try FakeDaemon([
      "terminal.attach": { _, count in
        switch count {
        case 0: Self.attached("t_1")
        case 1: .error(WireError(kind: .shuttingDown, message: "in a moment"))
        case 2: .hangUp
        default: .error(WireError(kind: .agentNotFound, message: "no such agent"))
        }
      }
    ])
    defer { daemon.end() }
    let line = try line(daemon)
    _ = try line.turn(until: { !line.isConnected })
    daemon.stopListening()
    let first = line.link.dueMs
    _ = try line.turn(until: { line.link.dueMs > first })
    try daemon.listen()
    let end = try line.turn(until: { false })
    let refusal = WireError(kind: .agentNotFound, message: "no such agent")
    #expect(end == .failed(.refused(refusal, json: refusal.json)) && daemon.requests.count == 4)
  }

  @Test("Typing stops while too much waits: for a daemon that takes nothing, or for none at all")
  func backlog() throws {
    let daemon = try FakeDaemon(lane: { lane, _ in try lane.await(.detach) })
    defer { daemon.end() }
    let line = try line(daemon)
    #expect(line.link.takesInput)
    line.link.lose()
    line.link.type([UInt8](repeating: 1, count: RetainedInput.limit / 2 - 1)[...])
    #expect(line.link.takesInput)
    line.link.type([1])
    #expect(!line.link.takesInput)
  }

  @Test("What is typed goes in frames of at most 64 KiB, whole and in order")
  func frames() throws {
    let typed = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
    let got = Mutex([Int]())
    let whole = Mutex([UInt8]())
    let daemon = try FakeDaemon(lane: { lane, _ in
      while lane.input.count < 200_000, let frame = try lane.receive() {
        got.withLock { $0.append(frame.payload.count) }
      }
      whole.withLock { $0 = lane.input }
      try lane.send(TerminalFrame.exit(0))
    })
    defer { daemon.end() }
    let line = try line(daemon)
    line.link.type(typed[...])
    #expect(try line.turn(until: { false }) == .exited(0))
    #expect(got.withLock { $0 } == [65_536, 65_536, 65_536, 3392] && whole.withLock { $0 } == typed)
  }

  @Test("A bad frame of the daemon is the end, and says so")
  func badFrame() throws {
    let daemon = try FakeDaemon(lane: { lane, _ in
      try lane.send([0x5A, 0, 0, 0, 0])
      try lane.awaitEnd()
    })
    defer { daemon.end() }
    let line = try line(daemon)
    #expect(
      try line.turn(until: { false })
        == .failed(.malformed("the daemon sent a bad frame: unknown frame type 90")))
    line.link.lose()
  }

  @Test("Leaving says goodbye")
  func detach() throws {
    let farewell = Mutex([TerminalFrame.Kind]())
    let daemon = try FakeDaemon(lane: { lane, _ in
      let kinds = try lane.awaitEnd()
      farewell.withLock { $0 = kinds }
    })
    let line = try line(daemon)
    line.link.type(Array("x".utf8)[...])
    line.link.detach(patienceMs: 5000)
    daemon.stopListening()
    try Deadline.until("the farewell") { farewell.withLock { $0 } == [.input, .detach] }
    daemon.end()
  }
}
