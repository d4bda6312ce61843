import ArrobaClient
import ArrobaJSON
import ArrobaSystem
import ArrobaTerminal
import ArrobaTestSupport
import ArrobaWire
import Synchronization
import Testing

@testable import ArrobaCLI

@Suite("An attached terminal")
struct AttachTests {
  struct Outcome {
    var code: Int32 = 0
    /// What was said beside the screen.
    var said = ""
    var screen = ""
    /// What the agent's program was sent.
    var input = ""
  }

  static let usual = "\u{1C}"

  /// Attaches at a terminal of the test's, to a daemon of the test's; `user` is what sits in front of it.
  func attach(
    _ options: Attaching = Attaching(), at seat: SeatUnderTest,
    _ handlers: [String: FakeDaemon.Handler] = [:],
    lane: @escaping FakeDaemon.LaneScript,
    user: @escaping @Sendable (SeatUnderTest, FakeDaemon) throws -> Void
  ) throws -> Outcome {
    let daemon = try FakeDaemon(handlers, lane: lane)
    defer { daemon.end() }
    let said = Mutex("")
    let places = [
      "ARROBA_SOCKET": daemon.path, "ARROBA_LOG_DIR": daemon.house.path("logs"), "HOME": daemon.house.path,
    ]
    let output = Output(isJSON: false, isQuiet: false, usesColour: false) { _, bytes in
      said.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
    }
    var globals = GlobalOptions()
    globals.hasNoStart = true
    let context = try Context(globals: globals, environment: places, output: output)
    let fault = Mutex("")
    let isDone = Mutex(false)
    let before = seat.lineModes
    let unchecked = Unchecked(seat: seat)
    Threads.start("user") {
      do { try user(unchecked.seat, daemon) } catch {
        fault.withLock { $0 = "\(error)" }
        // Whatever it was: the loop must end.
        _ = unchecked.seat.user.write("\u{1C}\u{2}dq".utf8)
      }
      isDone.withLock { $0 = true }
    }
    var outcome = Outcome()
    outcome.code = try AttachVerb(context: context, options: options, seat: seat.seat).run(
      try Target("build"))
    try Deadline.until("the user") { isDone.withLock { $0 } }
    _ = seat.sees("all that is there")
    outcome.said = said.withLock { $0 }
    outcome.screen = seat.seen
    #expect(seat.lineModes == before, "the line discipline is as it was")
    #expect(fault.withLock { $0 } == "" && daemon.faults == [])
    return outcome
  }

  /// The test waits for the user's thread before it looks at the seat again.
  private struct Unchecked: @unchecked Sendable {
    let seat: SeatUnderTest
  }

  @Test("Keys go in, output comes out, and the detach key leaves with everything put back")
  func detach() throws {
    let seat = try SeatUnderTest.terminal(columns: 100, rows: 30)
    let outcome = try attach(
      at: seat,
      lane: { lane, _ in
        try lane.output("\u{1B}[?1049h\u{1B}[?2004hhello")
        try lane.awaitInput("a\r\u{3}\u{1A}漢")
        try lane.output("done")
        #expect(try lane.awaitEnd() == [.detach])
      },
      user: { seat, _ in
        try seat.wait(for: "hello")
        // Interrupt and stop are keys like all others: the program's business.
        try seat.type("a\r\u{3}\u{1A}漢")
        try seat.wait(for: "done")
        try seat.type(Self.usual)
      })
    #expect(
      outcome.code == 0
        && outcome.screen == AttachLoop.room(rows: 30) + "\u{1B}[?1049h\u{1B}[?2004hhellodone"
          + LeaveSequence.text
    )
    #expect(outcome.said == "[attached to build; Ctrl-\\ detaches]\n[detached from build]\n")
    seat.close()
  }

  @Test("The program's end is the end; its status is the exit code where that was asked for")
  func exit() throws {
    for (status, words, takesStatus, code) in [
      (Int32(0), "exited 0", false, Int32(0)), (3, "exited 3", false, 0), (3, "exited 3", true, 3),
      (-15, "killed by SIGTERM", true, 143),
    ] {
      let seat = try SeatUnderTest.terminal()
      var options = Attaching()
      options.takesStatus = takesStatus
      let outcome = try attach(
        options, at: seat,
        lane: { lane, _ in
          try lane.output("bye")
          try lane.send(TerminalFrame.exit(status))
          try lane.awaitEnd()
        }, user: { _, _ in })
      #expect(outcome.code == code && outcome.said == "[attached to build; Ctrl-\\ detaches]\n[\(words)]\n")
      #expect(outcome.screen == AttachLoop.room(rows: 24) + "bye" + LeaveSequence.text)
      seat.close()
    }
  }

  @Test(
    "Whoever only looks cannot type, and leaves by q, Ctrl-C or the detach key alone",
    arguments: ["q", "\u{3}", "\u{1C}", "\u{1B}[99;5u"])
  func view(_ key: String) throws {
    let seat = try SeatUnderTest.terminal()
    var options = Attaching()
    options.isView = true
    let outcome = try attach(
      options, at: seat,
      lane: { lane, _ in
        try lane.output("look")
        #expect(try lane.awaitEnd() == [.detach])
      },
      user: { seat, _ in
        try seat.wait(for: "look")
        try seat.type("typed for nobody\u{1B}[<0;1;1M\u{1B}[200~q\u{1B}[201~")
        try seat.type(key)
      })
    #expect(
      outcome.code == 0
        && outcome.said == "[looking at build; q, Ctrl-C or Ctrl-\\ leaves]\n[detached from build]\n")
    seat.close()
  }

  @Test("Other detach keys take the place of the usual one; none takes it away")
  func otherKeys() throws {
    let seat = try SeatUnderTest.terminal()
    var options = Attaching()
    options.detachKeys = try DetachKeys("C-b d")
    let outcome = try attach(
      options, at: seat,
      lane: { lane, _ in
        try lane.output("on")
        try lane.awaitInput("\u{1C}\u{2}x")
        try lane.output("off")
        #expect(try lane.awaitEnd() == [.detach])
      },
      user: { seat, _ in
        try seat.wait(for: "on")
        try seat.type("\u{1C}\u{2}x")
        try seat.wait(for: "off")
        try seat.type("\u{2}d")
      })
    #expect(outcome.said == "[attached to build; C-b d detaches]\n[detached from build]\n")
    seat.close()

    let plain = try SeatUnderTest.terminal()
    options.detachKeys = DetachKeys.none
    let ended = try attach(
      options, at: plain,
      lane: { lane, _ in
        try lane.output("on")
        try lane.awaitInput("\u{1C}")
        try lane.send(TerminalFrame.exit(0))
      },
      user: { seat, _ in
        try seat.wait(for: "on")
        try seat.type("\u{1C}")
      })
    #expect(ended.said == "[attached to build]\n[exited 0]\n")
    plain.close()
  }

  @Test("A daemon that goes and comes is told of on the bottom line, and painted over")
  func away() throws {
    let seat = try SeatUnderTest.terminal(columns: 60, rows: 20)
    let outcome = try attach(
      at: seat,
      lane: { lane, number in
        if number == 1 {
          try lane.output("before")
          try lane.await(.input)
          return
        }
        try lane.send(TerminalFrame.screen(at: 9, Array("painted".utf8)))
        try lane.awaitInput("typed meanwhile")
        try lane.send(TerminalFrame.exit(0))
        try lane.awaitEnd()
      },
      user: { seat, daemon in
        try seat.wait(for: "before")
        daemon.stopListening()
        // What makes the daemon hang up, and is not accepted by it.
        try seat.type("typed ")
        try seat.wait(for: "the daemon is away, waiting for it; Ctrl-\\ leaves")
        try seat.type("meanwhile")
        try daemon.listen()
        try seat.wait(for: "painted")
      })
    #expect(outcome.code == 0 && outcome.screen.contains("\u{1B}[20;1H\u{1B}[0;7m the daemon is away"))
    #expect(outcome.screen.hasSuffix("painted" + LeaveSequence.text))
    seat.close()
  }

  @Test("A refusal for good after a loss puts everything back, and says why")
  func refused() throws {
    let seat = try SeatUnderTest.terminal()
    let refusal = WireError(kind: .agentNotFound, message: "no agent\u{7} there", hint: "arroba ls")
    let outcome = try attach(
      at: seat,
      [
        "terminal.attach": { _, count in
          count == 0
            ? .result(["attachment": "t_1", "offset": 0, "inputOffset": 0, "cols": 80, "rows": 24])
            : .error(refusal)
        }
      ],
      lane: { lane, _ in try lane.output("x") }, user: { _, _ in })
    #expect(outcome.code == 4 && outcome.said.hasSuffix("[no agent\u{FFFD} there]\n"))
    #expect(outcome.screen == AttachLoop.room(rows: 24) + "x" + LeaveSequence.text)
    seat.close()
  }

  /// What a terminal of that size shows that got all of this.
  func shown(_ text: String, columns: Int, rows: Int) -> [String] {
    var screen = Screen(columns: columns, rows: rows, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
    screen.feed(Array(text.utf8))
    return screen.textRows(history: 0)
  }

  static let large: [String: FakeDaemon.Handler] = [
    "terminal.attach": { _, _ in
      .result(["attachment": "t_1", "offset": 0, "inputOffset": 0, "cols": 60, "rows": 20])
    }
  ]

  @Test("A terminal that goes away is a leaving")
  func gone() throws {
    let seat = try SeatUnderTest.pipe()
    let daemon = try FakeDaemon(lane: { lane, _ in
      try lane.output("x")
      try lane.awaitEnd()
    })
    defer { daemon.end() }
    seat.endKeys()
    let output = Output(isJSON: false, isQuiet: true, usesColour: false) { _, _ in }
    let context = try Context(
      globals: GlobalOptions(), environment: ["ARROBA_SOCKET": daemon.path], output: output)
    #expect(
      try AttachVerb(context: context, options: Attaching(), seat: seat.seat).run(Target())
        == 0)
  }
}

extension Descriptor {
  func write(_ text: String.UTF8View) -> Transfer { Array(text).withUnsafeBytes { write($0) } }
}
