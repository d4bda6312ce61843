import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import CHold
import CPty
import Glibc
import Testing

@Suite("Disks that hang, are full, or fail", .journey)
struct StorageJourneys {
  @Test(
    "While the disk hangs, health, reads and terminals go on; a full lane is told; then all is carried out")
  func hanging() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let ids = try (0..<2).map { _ in try daemon.session("exec cat", by: client).words("id") }
      let terminal = try daemon.client().attach(ids[0])
      try terminal.type("before\n")
      try terminal.wait(for: "before\r\nbefore\r\n")
      let writer = try Self.hold("arroba-log", of: try daemon.daemonPid())
      var isHeld = true
      defer { if isHeld { arroba_release_thread(writer) } }
      let clients = try (0..<3).map { _ in try daemon.client() }
      var requests: [(WireClient, Int)] = []
      for number in 0..<60 {
        for other in clients {
          let rename: JSON = ["session": .string(ids[0]), "alias": .string("a\(number)")]
          requests.append((other, try other.send("agent.rename", rename)))
        }
      }
      // The other session's lane is empty: its command just waits for the disk.
      let elsewhere = try client.send("agent.rename", ["session": .string(ids[1]), "alias": "elsewhere"])
      try Deadline.until("the lane to be full") {
        try client.request("daemon.health").number("commands.deepestLane") == 128
      }
      #expect(try daemon.client().request("session.list").list("sessions").count == 2)
      #expect(try client.request("agent.get", ["session": .string(ids[0])]).at("alias") == .null)
      try terminal.type("during\n")
      try terminal.wait(for: "during\r\nduring\r\n")
      let late = try daemon.client().attach(ids[1], after: 0)
      try late.type("here too\n")
      try late.wait(for: "here too\r\nhere too\r\n")
      #expect(try daemon.screen(of: ids[0]).contains { $0.hasPrefix("during") })
      #expect(try !client.hasAnswer(to: elsewhere))
      #expect(arroba_release_thread(writer) == 0)
      isHeld = false
      let results = try requests.map { try $0.0.result(of: $0.1) }
      let refusals = results.compactMap { if case .failure(let error) = $0 { error } else { nil } }
      #expect(refusals.count == 180 - 128 && refusals.allSatisfy { $0.kind == .overloaded && $0.isRetryable })
      _ = try client.result(of: elsewhere).get()
      try client.request("events.subscribe", ["after": "start", "kinds": ["agent.renamed"]])
      for _ in 0..<129 { _ = try client.event() }
    }
  }

  /// Holds a thread until it is released by this one.
  private static func hold(_ name: String, of pid: Int32) throws -> Int32 {
    let thread = try Files.list("/proc/\(pid)/task").first { thread in
      let comm = try Files.read("/proc/\(pid)/task/\(thread)/comm", atMost: 64)
      return String(decoding: comm, as: UTF8.self) == name + "\n"
    }.flatMap { Int32($0) }
    guard let thread else { throw Silence("process \(pid) has no thread \(name)") }
    let code = arroba_hold_thread(thread)
    if code == EPERM { try Test.cancel("this machine lets nobody hold threads (ptrace)") }
    guard code == 0 else { throw SystemError("hold", name, code: code) }
    return thread
  }

  @Test(
    "When the log may not grow, commands say so and change nothing; reads and terminals go on, and it recovers"
  )
  func limited() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session("exec cat", alias: "kept", by: client).words("id")
      _ = try daemon.program(of: id)
      let pid = try daemon.daemonPid()
      let free = try Self.limitFiles(of: pid, to: 1)
      try Self.expectFull(daemon, client, id)
      _ = try Self.limitFiles(of: pid, to: free)
      try Self.expectRecovery(daemon, client, id)
    }
  }

  /// Its files grow no further than this; answers how far they could before.
  private static func limitFiles(of pid: Int32, to bytes: UInt64) throws -> UInt64 {
    var before: UInt64 = 0
    let code = arroba_limit_files(pid, bytes, &before)
    guard code == 0 else { throw SystemError("limit", "process \(pid)", code: code) }
    return before
  }

  private static func expectFull(_ daemon: DaemonUnderTest, _ client: WireClient, _ id: String) throws {
    let long = String(repeating: "x", count: 60_000)
    let spawn: JSON = ["session": .string(id), "argv": ["/bin/true", .string(long)]]
    var refusal: WireError?
    // Room that was made ahead is used up first.
    for _ in 0..<60 where refusal == nil {
      if case .failure(let error) = try client.result(of: client.send("agent.spawn", spawn)) {
        refusal = error
      }
    }
    let full = try #require(refusal, "it was never full")
    #expect(full.kind == .storageFull && full.isRetryable, "\(full)")
    let before = try client.request("session.get", ["session": .string(id)])
    #expect(try client.refusal("agent.spawn", spawn).kind == .storageFull)
    let create: JSON = [
      "workspace": .string(daemon.workspace), "agents": [["argv": ["/bin/true", .string(long)]]],
    ]
    #expect(try client.refusal("session.create", create).kind == .storageFull)
    let after = try client.request("session.get", ["session": .string(id)])
    #expect(try after.list("agents").count == before.list("agents").count)
    #expect(try client.request("session.list").list("sessions").count == 1)
    let terminal = try daemon.client().attach(id, agent: try before.words("agents.0.id"))
    try terminal.type("still here\n")
    try terminal.wait(for: "still here\r\nstill here\r\n")
  }

  private static func expectRecovery(_ daemon: DaemonUnderTest, _ client: WireClient, _ id: String) throws {
    try Deadline.until("a command that is carried out again") {
      // Nothing: it is still full.
      (try? client.request("session.rename", ["session": .string(id), "alias": "again"])) != nil
    }
    let head = try client.request("events.subscribe", ["after": "start"]).number("head")
    let seen = try client.events { $0["seq"]?.int == head }
    #expect(try seen.map { try $0.number("seq") } == Array(1...head))
    try daemon.killDaemon()
    #expect(try daemon.client().request("session.get", ["session": .string(id)]).words("alias") == "again")
  }

  @Test(
    "On a full disk commands say so and change nothing, reads go on, and with room it goes on",
    .enabled(if: SmallDisk.isPossible, "a small disk can be mounted here (user name spaces, or root)"))
  func fullDisk() throws {
    let daemon = DaemonUnderTest()
    try daemon.start(.init(shell: SmallDisk.shell))
    let client = try daemon.client()
    let id = try daemon.session("exec cat", alias: "kept", by: client).words("id")
    _ = try daemon.program(of: id)
    let filler = "/proc/\(daemon.pid)/root\(daemon.state)/filler"
    try SmallDisk.fill(filler)
    try Self.expectFull(daemon, client, id)
    try Files.remove(filler)
    try Self.expectRecovery(daemon, client, id)
    try daemon.stop()
  }
}

/// Three megabytes in a name space of their own, so that they go with the daemon.
private enum SmallDisk {
  private static let mount =
    "mkdir -p $ARROBA_STATE_DIR && mount -t tmpfs -o size=3m none $ARROBA_STATE_DIR"

  private static func shell(then words: String) -> String {
    "exec unshare \(geteuid() == 0 ? "" : "-r ")-m sh -c '\(mount) && \(words)'"
  }

  static let shell = shell(then: "exec $0")

  static let isPossible: Bool = {
    let daemon = DaemonUnderTest()
    let answer = try? daemon.launch(.init(shell: shell(then: "echo yes >&9")))  // then it is not
    _ = try? daemon.awaitExit()  // it has said what it had to say
    return answer == "yes\n"
  }()

  static func fill(_ path: String) throws {
    let file = try Files.open(path, O_WRONLY | O_CREAT)
    for size in [64 << 10, 4096, 512] {
      let block = [UInt8](repeating: 0, count: size)
      while (try? file.writeAll(block)) != nil {}  // until it is full: that is wanted
    }
  }
}
