import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("The terminal lane", .journey)
struct TerminalJourneys {
  @Test("First comes S, then what the program writes, byte for byte; what is typed arrives")
  func echo() throws {
    try withDaemon { daemon in
      let id = try daemon.session("echo before; stty -echo; while read line; do echo \"<$line>\"; done")
        .words("id")
      try daemon.screen(of: id, shows: "before")
      let terminal = try daemon.client().attach(id, cols: 100, rows: 30)
      #expect(try terminal.answer.number("cols") == 100 && terminal.answer.number("rows") == 30)
      #expect(try terminal.answer.number("inputOffset") == 0)
      #expect(terminal.attachment.hasPrefix("t_"))
      try terminal.type("hello\n")
      try terminal.wait(for: "<hello>\r\n")
      #expect(terminal.kinds.hasPrefix("S") && !terminal.kinds.dropFirst().contains("S"))
      #expect(String(decoding: terminal.repaints[0].bytes, as: UTF8.self).contains("before"))
      #expect(try terminal.repaints[0].offset == terminal.answer.number("offset"))
      let late = try daemon.client().attach(id, after: 0)
      try late.wait(for: "<hello>\r\n")
      #expect(!late.kinds.contains("S") && late.text == "before\r\n<hello>\r\n")
    }
  }

  @Test("Every byte value travels unchanged in both directions")
  func bytes() throws {
    try withDaemon { daemon in
      let script =
        "stty raw -echo; echo go; head -c 256 | od -An -v -tu1; printf '\\000\\377\\033[31m'; exec cat"
      let id = try daemon.session(script).words("id")
      let terminal = try daemon.client().attach(id)
      try terminal.wait("the program") { terminal.seen.contains("go") }
      try terminal.send(.input, Array(0...255))
      try terminal.wait("the last bytes") { terminal.output.suffix(7) == [0, 255, 27, 91, 51, 49, 109] }
      let numbers = terminal.output.dropLast(7).split { $0 == 32 || $0 == 10 || $0 == 13 }.map {
        String(decoding: $0, as: UTF8.self)
      }
      #expect(numbers.suffix(256) == (0...255).map { "\($0)" }[...])
    }
  }

  @Test(
    "The program's end is told with its exit code or its signal, behind its last words; then the lane closes")
  func exits() throws {
    try withDaemon { daemon in
      let cases = [("exit 7", 7), ("exit 0", 0), ("kill -TERM $$; sleep 9", -15), ("kill -KILL $$", -9)]
      for (script, status) in cases {
        let id = try daemon.session("read x; echo last words; \(script)").words("id")
        let terminal = try daemon.client().attach(id)
        let viewer = try daemon.client().attach(id, mode: "view")
        try terminal.type("\n")
        #expect(try terminal.awaitExit() == status)
        #expect(try viewer.awaitExit() == status)
        #expect(terminal.text.contains("last words\r\n") && terminal.kinds.hasSuffix("OX"))
        try daemon.awaitEnded(id)
        let exit = try daemon.client().request("agent.get", ["session": .string(id)]).at("run.exit")
        #expect(exit == (status < 0 ? ["signal": .int(-status)] : ["code": .int(status)]))
        // Whoever comes later still sees the last screen, and the end.
        let late = try daemon.client().attach(id)
        #expect(try late.awaitExit() == status && late.seen.contains("last words"))
      }
    }
  }

  @Test("A program that leaves a process behind on its terminal is told as ended all the same")
  func leftBehind() throws {
    try withDaemon { daemon in
      let id = try daemon.session("trap '' HUP; read x; sleep 1000 & echo gone").words("id")
      let terminal = try daemon.client().attach(id)
      try terminal.type("\n")
      #expect(try terminal.awaitExit() == 0 && terminal.text.contains("gone"))
      for process in daemon.remains() where process.words.contains("sleep") { Processes.end(process.pid) }
    }
  }

  @Test("Detach ends the lane and leaves the program; the attachment cannot be taken up again")
  func detach() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session("exec sleep 1000", by: client).words("id")
      let terminal = try daemon.client().attach(id)
      #expect(try client.request("session.get", ["session": .string(id)]).number("attached") == 1)
      try terminal.send(.detach)
      try terminal.awaitClose()
      #expect(terminal.exit == nil)
      #expect(Processes.lives(try daemon.program(of: id)))
      #expect(try client.request("session.get", ["session": .string(id)]).number("attached") == 0)
      let params = JSON.record([
        "session": .string(id), "cols": 80, "rows": 24, "resume": .string(terminal.attachment),
      ])
      #expect(try client.refusal("terminal.attach", params).kind == .attachmentNotFound)
    }
  }

  @Test("Frames that nobody may send are answered with a notice, and broken ones end the lane")
  func badFrames() throws {
    try withDaemon { daemon in
      let id = try daemon.session("exec sleep 1000").words("id")
      let terminal = try daemon.client().attach(id)
      try terminal.send(.output, [1])
      try terminal.send(.resize, [0, 0, 0, 0])
      try terminal.send(.resize, [0, 80])
      try terminal.wait("three notices") { terminal.notices.count == 3 }
      try terminal.write([0x7A, 0, 0, 0, 0])
      try terminal.awaitClose()
      #expect(terminal.notices.last?.contains("122") ?? false, "\(terminal.notices)")
      let long = try daemon.client().attach(id)
      try long.write([0x49, 0, 0x10, 0, 1])
      try long.awaitClose()
      #expect(long.notices.last?.contains("1048577") ?? false, "\(long.notices)")
      #expect(Processes.lives(try daemon.program(of: id)))
    }
  }

  @Test("A terminal is not there for an agent that failed, is unknown, or was deleted")
  func notAvailable() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try client.request("session.create", ["workspace": .string(daemon.workspace)]).words("id")
      let attach: JSON = ["session": .string(id), "cols": 80, "rows": 24]
      #expect(try client.refusal("terminal.attach", attach).kind == .agentNotFound)
      let ran = try daemon.session("exit 3", by: client).words("id")
      try daemon.awaitEnded(ran)
      let input: JSON = ["session": .string(ran), "text": "x"]
      let error = try client.refusal("terminal.input", input)
      #expect(error.kind == .terminalNotAvailable && error.hint == "arroba agent restart")
      try daemon.killDaemon()
      #expect(try daemon.client().refusal("terminal.input", input).kind == .terminalNotAvailable)
    }
  }

  @Test(
    "Requests that follow an attach on the same connection disturb nobody, and a second attach leaves nothing"
  )
  func pipelined() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session("exec sleep 1000", by: client).words("id")
      _ = try daemon.program(of: id)
      for _ in 0..<3 {
        let rude = try daemon.client()
        let attach: JSON = ["session": .string(id), "cols": 90, "rows": 25]
        _ = try rude.send("terminal.attach", attach)
        _ = try rude.send("terminal.attach", attach)
        rude.close()
      }
      try Deadline.until("nobody to be attached") {
        try client.request("session.get", ["session": .string(id)]).number("attached") == 0
      }
      try client.request("daemon.ping")
    }
  }
}
