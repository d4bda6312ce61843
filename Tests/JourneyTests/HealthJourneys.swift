import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Glibc
import Testing

@Suite("What goes on while something hangs or is full", .journey)
struct HealthJourneys {
  @Test("Health is answered while births, terminals and full lanes wait, and those are done once it goes on")
  func stuck() throws {
    try withDaemon { daemon in
      Processes.stop(daemon.pid)
      defer { Processes.proceed(daemon.pid) }
      let client = try daemon.client()
      let id = try daemon.session("exec cat", by: client).words("id")
      var waiting: [(WireClient, Int)] = []
      for _ in 0..<4 {
        let other = try daemon.client()
        for _ in 0..<60 {
          waiting.append((other, try other.send("terminal.screen", ["session": .string(id)])))
        }
      }
      let attach = try daemon.client()
      let attached = try attach.send("terminal.attach", ["session": .string(id), "cols": 80, "rows": 24])
      let health = try client.request("daemon.health")
      #expect(try health.words("status") == "ok" && health.number("agents.live") == 1)
      #expect(try client.request("session.list").list("sessions").count == 1)
      #expect(
        try client.request("session.get", ["session": .string(id)]).words("agents.0.activity.state")
          == "starting")
      Processes.proceed(daemon.pid)
      for (other, request) in waiting { _ = try other.result(of: request).get() }
      _ = try attach.result(of: attached).get()
    }
  }

  @Test("A stopped program holds up its own input and nothing else")
  func stoppedProgram() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let ids = try (0..<2).map { _ in
        try daemon.session("stty -echo; echo on; exec cat", by: client).words("id")
      }
      for id in ids { try daemon.screen(of: id, shows: "on") }
      Processes.stop(try daemon.program(of: ids[0]))
      let pasting = try daemon.client().attach(ids[0])
      _ = try pasting.write(
        TerminalFrame.encode(.input, [UInt8](repeating: 10, count: 1 << 20)), atMostSeconds: 0)
      let typing = try daemon.client().attach(ids[1])
      for round in 0..<50 {
        try typing.type("\(round)!\n")
        try typing.wait(for: "\(round)!\r\n")
      }
      #expect(try client.request("daemon.health").words("status") == "ok")
      #expect(try client.request("session.get", ["session": .string(ids[0])]).number("attached") == 1)
    }
  }

  @Test("A lane that is full answers overloaded, and other lanes go on")
  func fullLane() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let ids = try (0..<2).map { _ in
        try client.request("session.create", ["workspace": .string(daemon.workspace)]).words("id")
      }
      // More at once than a lane holds: some are turned away, none is lost, and the other session is not touched.
      let clients = try (0..<8).map { _ in try daemon.client() }
      var requests: [(WireClient, Int)] = []
      for number in 0..<60 {
        for (index, other) in clients.enumerated() {
          let rename: JSON = ["session": .string(ids[0]), "alias": .string("a\(number)-\(index)")]
          requests.append((other, try other.send("session.rename", rename)))
        }
      }
      #expect(try client.request("agent.list", ["session": .string(ids[1])]).list("agents").isEmpty)
      var done = 0
      for (other, request) in requests {
        switch try other.result(of: request) {
        case .success: done += 1
        case .failure(let error): #expect(error.kind == .overloaded && error.isRetryable)
        }
      }
      try client.request("events.subscribe", ["after": "start", "kinds": ["session.renamed"]])
      for _ in 0..<done { _ = try client.event() }
      #expect(done >= 128)
      try client.request("session.rename", ["session": .string(ids[0]), "alias": "last"])
      #expect(try client.event().words("data.alias") == "last")
    }
  }

  /// As root in a name space of its own, so that the small disk goes with the daemon.
  private static let smallDisk = DaemonUnderTest.Manner(
    shell:
      "exec unshare -m sh -c 'mkdir -p $ARROBA_STATE_DIR && mount -t tmpfs -o size=3m none $ARROBA_STATE_DIR && exec $0'"
  )

  @Test(
    "On a full disk commands say so and change nothing, reads go on, and with room it goes on",
    .enabled(if: geteuid() == 0))
  func fullDisk() throws {
    let daemon = DaemonUnderTest()
    try daemon.start(Self.smallDisk)
    let client = try daemon.client()
    let session = try daemon.session("exec cat", alias: "kept", by: client)
    let id = try session.words("id")
    _ = try daemon.program(of: id)
    let filler = "/proc/\(daemon.pid)/root\(daemon.state)/filler"
    try Self.fill(filler)
    let long = String(repeating: "x", count: 60_000)
    var refusal: WireError?
    for _ in 0..<60 where refusal == nil {
      let request = try client.send(
        "agent.spawn", ["session": .string(id), "argv": ["/bin/true", .string(long)]])
      if case .failure(let error) = try client.result(of: request) { refusal = error }
    }
    let full = try #require(refusal, "the disk was never full")
    #expect([.storageFull, .storageFailed].contains(full.kind), "\(full)")
    let before = try client.request("session.get", ["session": .string(id)])
    let again = try client.refusal(
      "agent.spawn", ["session": .string(id), "argv": ["/bin/true", .string(long)]])
    #expect([.storageFull, .storageFailed].contains(again.kind), "\(again)")
    #expect(
      try client.request("session.get", ["session": .string(id)]).list("agents").count
        == before.list("agents").count)
    #expect(try client.request("session.list").list("sessions").count == 1)
    let terminal = try daemon.client().attach(id, agent: session.words("agents.0.id"))
    try terminal.type("still here\n")
    try terminal.wait(for: "still here\r\nstill here\r\n")
    try Files.remove(filler)
    try Deadline.until("a command that is carried out again") {
      (try? client.request("session.rename", ["session": .string(id), "alias": "again"])) != nil
    }
    try daemon.killDaemon()
    #expect(try daemon.client().request("session.get", ["session": .string(id)]).words("alias") == "again")
    try daemon.stop()
  }

  private static func fill(_ path: String) throws {
    let file = try Files.open(path, O_WRONLY | O_CREAT)
    for size in [64 << 10, 4096, 512] {
      let block = [UInt8](repeating: 0, count: size)
      while (try? file.writeAll(block)) != nil {}  // until it is full: that is wanted
    }
  }
}
