import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Crashes", .journey)
struct CrashJourneys {
  @Test("The daemon is killed 20 times in a row under output: no program dies, no acknowledged event is lost")
  func twentyTimes() throws {
    try withDaemon { daemon in
      let ids = try (0..<3).map { _ in try daemon.session(stub: ["numbers"]).words("id") }
      let pids = try ids.map { try daemon.program(of: $0) }
      var followers = try ids.map { Follower(try daemon.client().attach($0, after: 0)) }
      var made: [String] = []
      for round in 0..<20 {
        for index in ids.indices { try followers[index].read(more: 2000) }
        // Killed right behind the answer: what was answered must be there.
        let client = try daemon.client()
        let pid = Int32(try client.request("daemon.health").number("pid"))
        made.append(
          try client.request(
            "session.create", ["workspace": .string(daemon.workspace), "commandId": .string("k\(round)")]
          ).words("id"))
        Processes.end(pid)
        try Processes.awaitEnd(of: pid)
        for index in ids.indices {
          try followers[index].resume { after, name in
            try daemon.client().attach(ids[index], after: after, resume: name)
          }
        }
      }
      for index in ids.indices {
        try followers[index].read(more: 2000)
        #expect(try daemon.program(of: ids[index]) == pids[index] && Processes.lives(pids[index]))
        followers[index].expectNoHoles()
      }
      try Self.expectWholeLog(of: daemon, with: made)
    }
  }

  /// A client that goes on where it was, and checks that what it reads goes on as well.
  private struct Follower {
    private var terminal: WireTerminal
    private var text: [UInt8] = []
    private var repaints = 0

    init(_ terminal: WireTerminal) { self.terminal = terminal }

    mutating func read(more count: Int) throws {
      let goal = terminal.offset + count
      try terminal.wait("\(count) more bytes") { terminal.offset >= goal }
    }

    /// What the lost connection still holds is read first; then the attachment is taken up again.
    mutating func resume(_ attach: (Int, String) throws -> WireTerminal) throws {
      try terminal.awaitClose()
      text += terminal.output
      repaints += terminal.repaints.count
      terminal = try attach(terminal.offset, terminal.attachment)
    }

    /// A repaint would mark what is missing; at this pace none is needed, so every number must be there.
    func expectNoHoles() {
      let lines = String(decoding: text + terminal.output, as: UTF8.self).split(separator: "\r\n").dropLast()
      #expect(repaints + terminal.repaints.count == 0)
      let wrong = lines.enumerated().first { $0.element != "\($0.offset)" }
      #expect(wrong == nil && lines.count > 1000, "line \(wrong.map { "\($0)" } ?? "") of \(lines.count)")
    }
  }

  private static func expectWholeLog(of daemon: DaemonUnderTest, with made: [String]) throws {
    let client = try daemon.client()
    let sessions = try client.request("session.list").list("sessions").map { try $0.words("id") }
    #expect(Array(sessions.dropFirst(3)) == made)
    let head = try client.request("events.subscribe", ["after": "start"]).number("head")
    let events = try client.events { $0["seq"]?.int == head }
    #expect(try events.map { try $0.number("seq") } == Array(1...head))
    #expect(events.count { $0["kind"]?.string == "daemon.started" } == 21)
    for round in 0..<20 {
      let repeated = try client.request(
        "session.create", ["workspace": .string(daemon.workspace), "commandId": .string("k\(round)")])
      #expect(try repeated.words("id") == made[round])
    }
  }

  @Test("Of a flood over crashes each byte arrives in its place, or a repaint marks where some are missing")
  func flood() throws {
    try withDaemon { daemon in
      let id = try daemon.session(stub: ["stream"]).words("id")
      let pid = try daemon.program(of: id)
      var terminal = try daemon.client().attach(id, after: 0)
      for round in 0..<6 {
        let goal = terminal.offset + 400_000
        try terminal.wait("400 KB more") { terminal.offset >= goal }
        if round < 5 {
          try daemon.killDaemon()
          try terminal.awaitClose()
        }
        let stretches = terminal.stretches + [(terminal.outputStart, terminal.output)]
        for (offset, bytes) in stretches {
          #expect(
            bytes == KnownBytes.stream(from: offset, count: bytes.count), "from \(offset), round \(round)")
        }
        guard round < 5 else { break }
        terminal = try daemon.client().attach(id, after: terminal.offset, resume: terminal.attachment)
      }
      #expect(try daemon.program(of: id) == pid && Processes.lives(pid))
    }
  }

  @Test("Whatever was answered when the daemon was killed is there afterwards, for every kind of change")
  func acknowledged() throws {
    try withDaemon { daemon in
      let id = try daemon.session("exec sleep 1000", alias: "a0").words("id")
      let session = JSON.string(id)
      var expected: [String] = []
      for round in 1...3 {
        try daemon.kill(behind: "session.rename", ["session": session, "alias": .string("a\(round)")])
        let agent = try daemon.kill(
          behind: "agent.spawn",
          ["session": session, "argv": ["sleep", "1000"], "alias": .string("h\(round)")])
        expected.append(try agent.words("agents.0.id"))
        let got = try daemon.client().request("session.get", ["session": session])
        #expect(try got.words("alias") == "a\(round)" && got.words("focused") == expected[round - 1])
        #expect(try got.list("agents").dropFirst().map { try $0.words("id") } == expected)
      }
      try daemon.kill(behind: "agent.delete", ["session": session, "agent": "h1", "force": true])
      #expect(
        try daemon.client().refusal("agent.get", ["session": session, "agent": "h1"]).kind == .agentNotFound)
      try daemon.kill(behind: "session.end", ["session": session, "force": true])
      #expect(try daemon.client().request("session.get", ["session": session]).words("state") == "ended")
    }
  }

  @Test("A program that the daemon was killed over while it was being ended does not run on")
  func endedAndKilled() throws {
    try withDaemon { daemon in
      let id = try daemon.session("trap '' HUP; while :; do sleep 1; done").words("id")
      let pid = try daemon.program(of: id)
      try daemon.kill(behind: "session.end", ["session": .string(id), "force": true])
      try daemon.client().request("daemon.ping")
      try Processes.awaitEnd(of: pid)
    }
  }

  @Test("The supervisor is killed: the programs end, the next start says so, and they can be started again")
  func supervisor() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let id = try daemon.session("echo started; exec sleep 1000").words("id")
    let pid = try daemon.program(of: id)
    let proper = try daemon.daemonPid()
    try daemon.killSupervisor()
    try Processes.awaitEnd(of: proper)
    try Processes.awaitEnd(of: pid)
    let next = DaemonUnderTest(in: daemon.house)
    try next.start()
    try next.awaitEnded(id)
    let agent = try next.client().request("agent.get", ["session": .string(id)])
    #expect(try agent.words("run.reason") == "interrupted: the daemon and its supervisor ended")
    #expect(try agent.words("activity.state") == "stopped")
    try next.client().request("agent.restart", ["session": .string(id)])
    try next.screen(of: id, shows: "started")
    try next.stop()
  }

  @Test("A start right behind the supervisor's death waits until the daemon that it left has ended")
  func leftDaemon() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let made = try daemon.client().request("session.create", ["workspace": .string(daemon.workspace)])
    let proper = try daemon.daemonPid()
    Processes.stop(proper)
    try daemon.killSupervisor()
    let next = DaemonUnderTest(in: daemon.house)
    try next.start(.init(shell: "kill -CONT \(proper); exec"))
    #expect(!Processes.lives(proper))
    #expect(try next.client().request("session.list").list("sessions") == [made])
    try next.stop()
  }

  @Test("A program that ignores the hang-up of its lost terminal is ended by the next start")
  func orphan() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let id = try daemon.session("trap '' HUP; echo on; exec sleep 1000").words("id")
    try daemon.screen(of: id, shows: "on")
    let pid = try daemon.program(of: id)
    let proper = try daemon.daemonPid()
    try daemon.killSupervisor()
    try Processes.awaitEnd(of: proper)
    let next = DaemonUnderTest(in: daemon.house)
    try next.start()
    try Processes.awaitEnd(of: pid)
    try next.stop()
  }
}

extension DaemonUnderTest {
  /// Sends a request and kills the daemon the moment it is answered.
  @discardableResult
  fileprivate func kill(behind method: String, _ params: JSON) throws -> JSON {
    let client = try client()
    let pid = Int32(try client.request("daemon.health").number("pid"))
    let answer = try client.request(method, params)
    Processes.end(pid)
    try Processes.awaitEnd(of: pid)
    return answer
  }
}
