import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Several clients of one terminal", .journey)
struct SharingJourneys {
  /// Says each size that it is told, once each, and answers lines.
  private static let program = """
    stty -echo; trap 'echo "size $(stty size)"' WINCH; echo ready
    while :; do if read line; then echo "<$line>"; fi; done
    """

  private static func start(_ daemon: DaemonUnderTest) throws -> String {
    let id = try daemon.session(program).words("id")
    try daemon.screen(of: id, shows: "ready")
    return id
  }

  @Test("Two clients see the same bytes, whoever typed")
  func same() throws {
    try withDaemon { daemon in
      let id = try Self.start(daemon)
      let one = try daemon.client().attach(id, after: 0)
      let two = try daemon.client().attach(id, after: 0)
      for round in 0..<10 {
        try (round % 2 == 0 ? one : two).type("line \(round)\n")
        for client in [one, two] { try client.wait(for: "<line \(round)>\r\n") }
      }
      #expect(one.output == two.output && one.offset == two.offset)
      #expect(try daemon.client().request("session.get", ["session": .string(id)]).number("attached") == 2)
    }
  }

  @Test("A viewer cannot type, is told so once, and never resizes")
  func viewer() throws {
    try withDaemon { daemon in
      let id = try Self.start(daemon)
      let driver = try daemon.client().attach(id, cols: 90, rows: 25)
      let viewer = try daemon.client().attach(id, cols: 40, rows: 10, mode: "view")
      #expect(try viewer.answer.number("cols") == 90 && viewer.answer.number("rows") == 25)
      try viewer.type("forbidden\n")
      try viewer.type("again\n")
      try viewer.resize(50, 12)
      try viewer.wait("a notice") { !viewer.notices.isEmpty }
      try driver.type("allowed\n")
      for client in [driver, viewer] { try client.wait(for: "<allowed>") }
      #expect(viewer.notices.count == 1 && viewer.notices[0].contains("views"))
      #expect(!viewer.text.contains("forbidden") && !viewer.text.contains("again"))
      #expect(viewer.sizes.isEmpty && driver.sizes.isEmpty)
    }
  }

  @Test("The driver that typed last leads: its size is the program's, and everybody is told")
  func leader() throws {
    try withDaemon { daemon in
      let id = try Self.start(daemon)
      let one = try daemon.client().attach(id, cols: 100, rows: 40)
      let two = try daemon.client().attach(id, cols: 70, rows: 20)
      let viewer = try daemon.client().attach(id, cols: 10, rows: 10, mode: "view")
      #expect(try two.answer.number("cols") == 100, "who only attaches does not lead")
      // Not the leader: its size is noted and changes nothing yet.
      try two.resize(72, 22)
      try two.type("two\n")
      for client in [one, two, viewer] { try client.wait("the size") { client.sizes.last == [72, 22] } }
      try one.resize(110, 44)
      try one.type("one\n")
      for client in [one, two, viewer] { try client.wait("the size") { client.sizes.last == [110, 44] } }
      try one.resize(111, 45)
      for client in [one, two, viewer] { try client.wait("the size") { client.sizes.last == [111, 45] } }
      try one.wait(for: "size 45 111")
      #expect(one.sizes == [[72, 22], [110, 44], [111, 45]] && viewer.sizes == one.sizes)
      // Recorded behind the scenes: nobody waits for that.
      try Deadline.until("the size of the agent") {
        try daemon.client().request("agent.get", ["session": .string(id)]).number("cols") == 111
      }
      // With the leader gone, the driver that typed before it leads.
      try one.send(.detach)
      try two.wait("the size") { two.sizes.last == [72, 22] }
      try viewer.wait("the size") { viewer.sizes.last == [72, 22] }
    }
  }

  @Test("A leader whose connection is lost gives the lead to the next driver")
  func lostLeader() throws {
    try withDaemon { daemon in
      let id = try Self.start(daemon)
      let one = try daemon.client().attach(id, cols: 100, rows: 40)
      let two = try daemon.client().attach(id, cols: 70, rows: 20)
      one.cut()
      try two.wait("the size") { two.sizes == [[70, 20]] }
      try two.wait(for: "size 20 70")
    }
  }

  @Test(
    "A client that reads nothing stops nobody, costs little memory, and gets a repaint for what it missed")
  func neverReads() throws {
    try withDaemon { daemon in
      let id = try daemon.session(stub: ["batches"]).words("id")
      try daemon.screen(of: id, shows: "ready")
      let reader = try daemon.client().attach(id)
      func flood(_ batches: Range<Int>) throws {
        for batch in batches {
          try reader.type("\n")
          try reader.wait("batch \(batch)") { reader.ends(with: "batch \(batch)\r\n") }
        }
      }
      // The screen's history and the ring fill first.
      try flood(0..<16)
      let sleeper = try daemon.client().attach(id)
      let pid = try daemon.daemonPid()
      let before = try Processes.residentBytes(of: pid)
      let offset = reader.offset
      try flood(16..<36)
      let grown = try Processes.residentBytes(of: pid) - before
      #expect(reader.offset - offset > 3 << 20 && grown < 2 << 20, "the daemon grew by \(grown) bytes")
      try sleeper.wait("all that the reader has") { sleeper.offset == reader.offset }
      #expect(sleeper.repaints.count == 2, "\(sleeper.kinds)")
      #expect(reader.repaints.count == 1 && sleeper.output == reader.output.suffix(sleeper.output.count))
    }
  }

  @Test("A terminal has 32 clients at most, and the next one is told so")
  func limit() throws {
    try withDaemon { daemon in
      let id = try Self.start(daemon)
      let clients = try (0..<32).map { _ in try daemon.client().attach(id, mode: "view") }
      let error = try daemon.client().refusal(
        "terminal.attach", ["session": .string(id), "cols": 80, "rows": 24])
      #expect(error.kind == .overloaded && error.message.contains("32"))
      try clients[7].send(.detach)
      try clients[7].awaitClose()
      _ = try daemon.client().attach(id)
    }
  }
}
