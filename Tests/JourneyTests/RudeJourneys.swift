import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Rude clients", .journey)
struct RudeJourneys {
  @Test("Garbage of any kind costs its sender the connection, and nobody else anything")
  func garbage() throws {
    try withDaemon { daemon in
      let polite = try daemon.client()
      let pid = try daemon.daemonPid()
      let before = try Processes.residentBytes(of: pid)
      var generator = SeededGenerator(seed: 7)
      for _ in 0..<40 {
        let rude = generator.oneIn(2) ? try daemon.connect() : try daemon.client()
        let count = Int.random(in: 1...20_000, using: &generator)
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        _ = try rude.writeAsFarAsTaken(bytes)
        rude.close()
        try polite.request("daemon.ping")
      }
      #expect(try daemon.daemonPid() == pid)
      #expect(try Processes.mostResidentBytes(of: pid) - before < 8 << 20)
      try Deadline.until("the rude ones to be gone") { try daemon.connections() == 2 }
    }
  }

  @Test("A line without an end is read up to its limit and no further, whatever of a gigabyte is sent")
  func gigabyte() throws {
    try withDaemon { daemon in
      let pid = try daemon.daemonPid()
      let polite = try daemon.client()
      let before = try Processes.residentBytes(of: pid)
      let block = [UInt8](repeating: 0x61, count: 1 << 20)
      for greets in [false, true] {
        let rude = greets ? try daemon.client() : try daemon.connect()
        var sent = 0
        while sent < 1 << 30 {
          let taken = try rude.writeAsFarAsTaken(block)
          sent += taken
          guard taken == block.count else { break }
        }
        #expect(sent > 7 << 20 && sent < 16 << 20, "\(sent) bytes were taken")
        #expect(try rude.orphan().kind == .lineTooLong)
        try rude.awaitClose()
        try polite.request("daemon.ping")
      }
      let grown = try Processes.mostResidentBytes(of: pid) - before
      #expect(grown < 32 << 20, "the daemon grew by \(grown) bytes")
      #expect(try daemon.daemonPid() == pid)
    }
  }

  @Test("Half lines of many clients are bounded together, and given up when their clients go")
  func halfLines() throws {
    try withDaemon { daemon in
      let polite = try daemon.client()
      let half = [UInt8](repeating: 0x61, count: 7 << 20)
      let rude = try (0..<12).map { _ in try daemon.client() }
      for client in rude { _ = try client.writeAsFarAsTaken(half) }
      try Deadline.until("some to be turned away") {
        try polite.request("daemon.health").number("connections.open") < 13
      }
      #expect(try polite.request("daemon.health").number("connections.heldInputBytes") <= 64 << 20)
      for client in rude { client.close() }
      try Deadline.until("all to be given up") {
        try polite.request("daemon.health").number("connections.heldInputBytes") == 0
      }
      let id = try polite.request("session.create", ["workspace": .string(daemon.workspace)])
      #expect(try id.words("state") == "open")
    }
  }

  @Test("Clients that sent long lines and wait do not keep the memory of them")
  func longLines() throws {
    try withDaemon { daemon in
      let pid = try daemon.daemonPid()
      let head = Array(#"{"jsonrpc":"2.0","id":77,"method":"daemon.ping","params":{"pad":""#.utf8)
      let line = head + [UInt8](repeating: 0x61, count: 4 << 20) + Array("\"}}\n".utf8)
      var clients: [WireClient] = []
      var sizes: [Int] = []
      for _ in 0..<12 {
        let client = try daemon.client()
        try client.write(line)
        _ = try client.result(of: 77).get()
        clients.append(client)
        sizes.append(try Processes.residentBytes(of: pid))
      }
      // Kept, they would be 32 MB.
      #expect(sizes[11] - sizes[3] < 24 << 20, "\(sizes)")
    }
  }

  /// The binaries as they are shipped take ten thousand in the time of two thousand.
  private static let manyConnections = Environment.all["ARROBA_TEST_BIN_DIR"] == nil ? 2500 : 10_000

  @Test("Thousands of connections that say nothing make room for one that does, and cost little memory")
  func silent() throws {
    try withDaemon { daemon in
      let polite = try daemon.client()
      let pid = try daemon.daemonPid()
      let before = try Processes.residentBytes(of: pid)
      ThisProcess.raiseDescriptorLimit()
      var silent: [WireClient] = []
      for number in 0..<Self.manyConnections {
        // As many at a time as this process can hold; the daemon has hung up on the earlier ones long since.
        if silent.count == 2000 { silent.removeFirst(1000) }
        silent.append(try daemon.connect())
        if number % 500 == 0 { try polite.request("daemon.ping") }
      }
      #expect(try daemon.client("c_late").request("daemon.health").number("connections.open") <= 130)
      let id = try daemon.session("exec sleep 1000", by: polite).words("id")
      try daemon.screen(of: id, shows: "")
      for client in silent.prefix(800) { try client.awaitClose() }
      let grown = try Processes.mostResidentBytes(of: pid) - before
      #expect(grown < 8 << 20, "the daemon grew by \(grown) bytes")
    }
  }

  @Test(
    "1024 clients may be connected; the next one is told so and closed, and with one less there is room again"
  )
  func greeted() throws {
    try withDaemon { daemon in
      ThisProcess.raiseDescriptorLimit()
      let polite = try daemon.client()
      let pid = try daemon.daemonPid()
      try Deadline.until("one connection") {
        try polite.request("daemon.health").number("connections.open") == 1
      }
      let before = try Processes.residentBytes(of: pid)
      let clients = try (0..<1023).map { _ in try daemon.client() }
      let late = try daemon.connect()
      let error = try late.orphan()
      #expect(error.kind == .overloaded && error.isRetryable && error.message.contains("1024"), "\(error)")
      try late.awaitClose()
      let health = try polite.request("daemon.health")
      #expect(try health.number("connections.open") == 1024 && health.number("connections.turnedAway") == 1)
      try clients[500].request("session.list")
      clients[7].close()
      try Deadline.until("room") { try polite.request("daemon.health").number("connections.open") == 1023 }
      try daemon.client().request("daemon.ping")
      let grown = try Processes.mostResidentBytes(of: pid) - before
      #expect(grown < 16 << 20, "the daemon grew by \(grown) bytes")
    }
  }

  @Test("A client that goes in the middle of anything takes nothing with it")
  func suddenClose() throws {
    try withDaemon { daemon in
      let polite = try daemon.client()
      let pid = try daemon.daemonPid()
      let id = try daemon.session("exec cat", alias: "s", by: polite).words("id")
      _ = try daemon.program(of: id)
      let session = JSON.string(id)
      let workspace = JSON.string(daemon.workspace)
      let requests: [(String, JSON)] = [
        ("session.create", ["workspace": workspace]), ("session.list", ["workspace": workspace]),
        ("session.get", ["session": "s", "workspace": workspace]), ("provider.list", [:]),
        ("agent.spawn", ["session": session, "argv": ["/bin/true"]]),
        ("terminal.attach", ["session": session, "cols": 80, "rows": 24]),
        ("terminal.input", ["session": session, "text": "x\n"]),
        ("terminal.screen", ["session": "s", "workspace": workspace]),
        ("events.subscribe", ["after": "start"]), ("agent.cycle", ["session": session]),
        ("session.rename", ["session": "s", "workspace": workspace, "alias": "s"]),
      ]
      for round in 0..<6 {
        for (method, params) in requests {
          let rude = try daemon.client()
          let request = OutgoingMessage.request(id: 1, method: method, params: params)
          // Behind an attach they are broken frames, for which the daemon closes first.
          _ = try rude.writeAsFarAsTaken(Array((0...(round * 3)).map { _ in request }.joined()))
          rude.close()
        }
        try polite.request("daemon.ping")
      }
      let half = try daemon.client().attach(
        id, agent: try polite.request("agent.list", ["session": session]).words("agents.0.id"))
      try half.write([0x49, 0, 0, 1, 0, 65, 66])
      half.cut()
      try Deadline.until("nobody to be attached") {
        try polite.request("daemon.health").number("terminals.attached") == 0
      }
      #expect(try daemon.daemonPid() == pid, "the daemon did not survive it: \(daemon.diagnosis)")
      try daemon.awaitSpawned(polite, session)
    }
  }

  @Test("A client that asks and never reads is not read from any more, and the daemon stays small")
  func asksOnly() throws {
    try withDaemon { daemon in
      let polite = try daemon.client()
      let pid = try daemon.daemonPid()
      let rude = try daemon.client()
      let request = Array(#"{"jsonrpc":"2.0","id":1,"method":"daemon.health"}"#.utf8) + [0x0A]
      let before = try Processes.residentBytes(of: pid)
      var sent = 0
      // Until the sockets are full: nothing more is taken.
      while sent < 4 << 20, rude.writeWithoutReading(request) { sent += request.count }
      #expect(sent < 4 << 20)
      #expect(try Processes.residentBytes(of: pid) - before < 6 << 20)
      try polite.request("daemon.ping")
    }
  }

  @Test(
    "A client that does not take its big answers is closed once 32 MiB of them wait, and the daemon gets them back"
  )
  func bigAnswers() throws {
    try withDaemon { daemon in
      let polite = try daemon.client()
      let pid = try daemon.daemonPid()
      // A session that is told in 4 MB.
      let id = try polite.request("session.create", ["workspace": .string(daemon.workspace)]).words("id")
      let long = JSON.string(String(repeating: "x", count: 100_000))
      try polite.request(
        "agent.spawn", ["session": .string(id), "argv": ["/bin/true", long], "count": 40])
      try daemon.awaitEnded(id)
      let before = try Processes.residentBytes(of: pid)
      let rude = try daemon.client()
      // Read at once, before the first answer shows that the client takes none.
      let request = OutgoingMessage.request(id: 1, method: "session.get", params: ["session": .string(id)])
      try rude.write(Array((0..<20).map { _ in request }.joined()))
      try Deadline.until("the rude one to be gone", seconds: 30) {
        try polite.request("daemon.health").number("connections.open") == 1
      }
      let grown = try Processes.mostResidentBytes(of: pid) - before
      #expect(grown < 80 << 20, "the daemon grew by \(grown) bytes")
      #expect(try daemon.daemonPid() == pid)
    }
  }
}

extension DaemonUnderTest {
  fileprivate func connections() throws -> Int {
    try client().request("daemon.health").number("connections.open")
  }

  /// All agents that were spawned have settled, so that the end finds nothing half born.
  fileprivate func awaitSpawned(_ client: WireClient, _ session: JSON) throws {
    try Deadline.until("all agents to have started or ended") {
      try client.request("agent.list", ["session": session]).list("agents").allSatisfy {
        $0["run"]?["state"]?.string != "starting"
      }
    }
  }
}
