import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Starts and ends", .journey)
struct EndJourneys {
  @Test("SIGTERM ends everything within two seconds, also a program that ignores its hang-up")
  func terminate() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let ids = try ["exec sleep 1000", "trap '' HUP TERM; echo on; while :; do sleep 1; done", "exec cat"].map
    {
      try daemon.session($0).words("id")
    }
    try daemon.screen(of: ids[1], shows: "on")
    let terminal = try daemon.client().attach(ids[0])
    let client = try daemon.client()
    try client.request("events.subscribe", ["after": "now"])
    let took = try daemon.stop()
    #expect(took <= 2500, "it took \(took) ms")
    try client.event("daemon.stopping")
    try client.awaitClose()
    try terminal.awaitClose()
    #expect(Files.status(daemon.socket) == nil)
    let next = DaemonUnderTest(in: daemon.house)
    try next.start()
    for id in ids {
      try next.awaitEnded(id)
      let session = try next.client().request("session.get", ["session": .string(id)])
      #expect(try session.words("state") == "open")
      #expect(try session.words("agents.0.run.reason") == "interrupted: the daemon was stopped")
    }
    let stubborn = try next.client().request("agent.get", ["session": .string(ids[1])])
    #expect(try stubborn.at("run.exit") == .null)
    #expect(try stubborn.words("run.reason") == "interrupted: the daemon was stopped")
    try next.stop()
  }

  @Test("daemon.shutdown answers, then ends everything")
  func shutdown() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let pid = try daemon.program(of: try daemon.session("exec sleep 1000").words("id"))
    let client = try daemon.client()
    #expect(try client.request("daemon.shutdown") == ["mode": "stop"])
    try client.awaitClose()
    #expect(try daemon.awaitExit() == 0)
    #expect(!Processes.lives(pid) && daemon.remains().isEmpty)
  }

  @Test(
    "A restart replaces the daemon and nothing else: programs live on, and clients that come meanwhile wait")
  func restart() throws {
    try withDaemon { daemon in
      let id = try daemon.session("exec cat").words("id")
      let pid = try daemon.program(of: id)
      let terminal = try daemon.client().attach(id, after: 0)
      try terminal.type("before\n")
      try terminal.wait(for: "before\r\nbefore\r\n")
      for _ in 0..<5 {
        let client = try daemon.client()
        let old = try client.request("daemon.health").number("pid")
        #expect(try client.request("daemon.shutdown", ["mode": "restart"]) == ["mode": "restart"])
        // Connects at once, whoever will answer; a connection that the old one took and closed is tried again.
        let now = try Deadline.until("an answer of the new daemon") {
          try? daemon.client().request("daemon.health").number("pid")
        }
        if now == old {
          try client.awaitClose()
          #expect(try daemon.daemonPid() != old)
        }
      }
      try terminal.awaitClose()
      let again = try daemon.client().attach(id, after: terminal.offset, resume: terminal.attachment)
      try again.type("after\n")
      try again.wait(for: "after\r\nafter\r\n")
      #expect(try daemon.program(of: id) == pid && again.text == "after\r\nafter\r\n")
    }
  }

  @Test("A second instance on the same state says who holds it, to its caller too, and exits")
  func second() throws {
    try withDaemon { daemon in
      let second = DaemonUnderTest(in: daemon.house)
      let line = try second.launch(.init(environment: ["ARROBA_SOCKET": daemon.house.path("run/other.sock")]))
      #expect(line.hasPrefix("error: already running") && line.contains("\(daemon.pid)"), "\(line)")
      #expect(try second.awaitExit() != 0)
      #expect(
        second.diagnosis.contains("arroba-daemon: already running: the supervisor with pid \(daemon.pid)"))
      try daemon.client().request("daemon.ping")
      second.disown()
    }
  }

  @Test("A daemon of another state does not take a socket at which one listens")
  func takenSocket() throws {
    try withDaemon { daemon in
      let other = DaemonUnderTest(in: daemon.house)
      let line = try other.launch(.init(environment: ["ARROBA_STATE_DIR": daemon.house.path("other")]))
      #expect(line.hasPrefix("error: another daemon") && line.contains(daemon.socket), "\(line)")
      #expect(try other.awaitExit() != 0)
      try daemon.client().request("daemon.ping")
      other.disown()
    }
  }

  @Test("A socket that a dead daemon left behind is replaced")
  func leftSocket() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let proper = try daemon.daemonPid()
    try daemon.killSupervisor()
    try Processes.awaitEnd(of: proper)
    #expect(Files.status(daemon.socket) != nil)
    let next = DaemonUnderTest(in: daemon.house)
    try next.start()
    try next.client().request("daemon.ping")
    try next.stop()
  }

  @Test("A log of a newer format is named, and not a byte of it is touched")
  func newerFormat() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    _ = try daemon.session("exit 0")
    try daemon.stop()
    let files = try LogFiles(of: daemon)
    try files.change { $0 == 0 ? $1.replacing("arroba-log 1 ", with: "arroba-log 9 ") : $1 }
    let before = try files.contents()
    let next = DaemonUnderTest(in: daemon.house)
    let line = try next.launch()
    #expect(line.hasPrefix("error: ") && line.contains("newer") && line.contains("9"), "\(line)")
    #expect(try next.awaitExit() == 78)
    #expect(try files.contents() == before && next.remains().isEmpty)
  }

  @Test("After a reboot the log tells what ran, and how it ended; it can be started again as it was")
  func reboot() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let id = try daemon.session("echo \"$0 runs\"; exec sleep 1000", alias: "night").words("id")
    try daemon.screen(of: id, shows: "runs")
    let proper = try daemon.daemonPid()
    try daemon.killSupervisor()
    try Processes.awaitEnd(of: proper)
    // The same log, as a machine finds it that has started anew.
    let boot = Clock.bootID()
    let earlier = String(boot.map { $0 == "-" ? "-" : "0" })
    try LogFiles(of: daemon).change { _, line in line.replacing(boot, with: earlier) }
    let next = DaemonUnderTest(in: daemon.house)
    try next.start()
    try next.awaitEnded(id)
    let session = try next.client().request("session.get", ["session": "night"])
    #expect(try session.words("state") == "open")
    #expect(try session.words("agents.0.run.reason") == "interrupted: the machine was restarted")
    try next.client().request("agent.restart", ["session": "night"])
    try next.screen(of: id, shows: "runs")
    try next.stop()
  }

  @Test("What is told at the command line: help, version, and what is unknown")
  func commandLine() throws {
    for (argument, code, words) in [
      ("--version", 0, arrobaVersion), ("--help", 0, "usage"), ("--x", 2, "--x"),
    ] {
      let daemon = DaemonUnderTest()
      let binary = DaemonUnderTest.binary("arroba-daemon")
      _ = try daemon.launch(.init(shell: "exec \(binary) \(argument) >\(daemon.house.path("out")) 2>&1; :"))
      #expect(try daemon.awaitExit() == code)
      let out = String(decoding: try Files.read(daemon.house.path("out"), atMost: 4096), as: UTF8.self)
      #expect(out.contains(words))
    }
  }
}
