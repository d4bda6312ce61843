import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

@Suite("What a program is born with", .journey)
struct ChildJourneys {
  @Test("A program has its terminal on three descriptors and no other one, whatever goes on around it")
  func descriptors() throws {
    try withDaemon { daemon in
      let others = try (0..<3).map { _ in try daemon.session("exec sleep 1000").words("id") }
      let clients = try others.map { try daemon.client().attach($0) }
      try daemon.client().request("events.subscribe", ["after": "start"])
      for round in 0..<2 {
        let id = try daemon.session("echo on; read x").words("id")
        // While it starts it opens files for itself.
        try daemon.screen(of: id, shows: "on")
        let open = try Self.descriptors(of: try daemon.program(of: id))
        #expect(open.keys.sorted() == ["0", "1", "2"], "\(open)")
        #expect(Set(open.values).count == 1 && open["0"]?.hasPrefix("/dev/pts/") ?? false, "\(open)")
        if round == 0 { try daemon.killDaemon() }
      }
      for client in clients { client.cut() }
    }
  }

  private static func descriptors(of pid: Int32) throws -> [String: String] {
    var found: [String: String] = [:]
    for name in try Files.list("/proc/\(pid)/fd") { found[name] = try link("/proc/\(pid)/fd/\(name)") }
    return found
  }

  private static func link(_ path: String) throws -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &buffer, buffer.count)
    guard count >= 0 else { throw SystemError("read the link", path, code: errno) }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test(
    "A program blocks and ignores no signal, has a session of its own with a terminal, and the user's limits")
  func clean() throws {
    // As a shell may start it that ignores some signals and is nice.
    let shell = "trap '' HUP INT QUIT PIPE USR1 USR2 TERM; ulimit -Sn 512; umask 027; exec nice -n 5"
    try withDaemon(.init(shell: shell)) { daemon in
      let script = "umask; ulimit -Sn; exec sleep 1000"
      let id = try daemon.session(script).words("id")
      let pid = try daemon.program(of: id)
      try daemon.screen(of: id, shows: "512")
      let rows = try daemon.screen(of: id)
      #expect(rows[0].hasPrefix("0027") && rows[1].hasPrefix("512"), "\(rows.prefix(2))")
      let status = String(decoding: try Files.read("/proc/\(pid)/status", atMost: 8192), as: UTF8.self)
      for mask in ["SigBlk", "SigIgn", "SigPnd"] {
        #expect(status.contains("\(mask):\t0000000000000000\n"), "\(status)")
      }
      let stat = try Self.stat(of: pid)
      #expect(stat[2] == "\(pid)" && stat[3] == "\(pid)" && stat[4] != "0", "\(stat)")
      // Only root may become less nice.
      let nice = geteuid() == 0 ? "0" : try Self.stat(of: daemon.pid)[16]
      #expect(stat[16] == nice, "\(stat)")
      #expect(stat[1] == "\(daemon.pid)", "its parent is the supervisor")
      #expect(try Self.link("/proc/\(pid)/cwd") == daemon.workspace)
      // Not at the terminal of whoever started the daemon, nor in its way.
      #expect(getsid(pid) != getsid(daemon.pid))
    }
  }

  /// What stands behind the name: state, parent, group, session, terminal, …, and the nice value as the 17th.
  private static func stat(of pid: Int32) throws -> [String] {
    let line = try Files.read("/proc/\(pid)/stat", atMost: 4096)
    let fields = line.split(separator: UInt8(ascii: ")")).last?.split(separator: UInt8(ascii: " ")) ?? []
    guard fields.count > 16 else { throw Silence("process \(pid) has no stat") }
    return fields.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("A program's terminal has the size that was asked for from its first moment on")
  func size() throws {
    try withDaemon { daemon in
      let agent: JSON = ["argv": ["/bin/sh", "-c", "stty size; exec sleep 1000"], "cols": 133, "rows": 41]
      let id = try daemon.client().request(
        "session.create", ["workspace": .string(daemon.workspace), "agents": [agent]]
      ).words("id")
      try daemon.screen(of: id, shows: "41 133")
    }
  }

  @Test("A program that floods or reads nothing is ended with its session, and so is what it started")
  func ending() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let flood = try daemon.session(stub: ["stream"]).words("id")
      let nested = try daemon.session("sh -c 'sleep 1000; :'; :").words("id")
      let pids = try [daemon.program(of: flood), daemon.program(of: nested)]
      let terminal = try daemon.client().attach(flood)
      try terminal.wait("its flood") { terminal.offset > 1 << 20 }
      for id in [flood, nested] {
        try client.request("session.end", ["session": .string(id), "force": true])
      }
      for pid in pids { try Processes.awaitEnd(of: pid) }
      try Deadline.until("nothing but the daemon to be left") {
        daemon.remains().allSatisfy { $0.words.contains("arroba-") }
      }
      #expect(try terminal.awaitExit() < 0)
    }
  }
}
