import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// Something is wrong, and the command line says what and mends it.
@Suite("What is wrong, and how it is mended", .journey)
struct MendingJourneys {
  /// A piece of a log that only a later version can read: the daemon refuses it and touches nothing.
  private static let header = Array("00000000 arroba-log 99 l_aaaaaaaaaaaaaaaaaaaa 9999999999999999\n".utf8)
  private static func segment(_ daemon: DaemonUnderTest) -> String {
    "\(daemon.state)/log/events-9999999999999999.log"
  }

  /// Kills the daemon proper where the next one cannot start, so that its supervisor gives up.
  private static func exhaust(_ daemon: DaemonUnderTest) throws {
    try Files.replace(segment(daemon), with: header)
    try daemon.killDaemon()
    try Deadline.until("a supervisor that has given up") {
      String(decoding: try Files.read("\(daemon.state)/lock", atMost: 4096), as: UTF8.self)
        .contains("state=gave-up")
    }
  }

  @Test("A supervisor that has given up tries again when it is asked to start, and its agents have lived on")
  func startAgain() throws {
    try withDaemon { daemon in
      let id = try daemon.session("exec cat").words("id")
      let program = try daemon.program(of: id)
      try Self.exhaust(daemon)
      #expect(Processes.lives(program))
      let doctor = try daemon.arroba(["doctor"])
      #expect(doctor.code == 1 && doctor.output.contains("arroba daemon start (or stop"), "\(doctor)")
      let again = try daemon.arroba(["daemon", "start"])
      #expect(again.code == 69 && again.output.contains("it has given up again: "), "\(again)")
      try Files.remove(Self.segment(daemon))
      let started = try daemon.arroba(["daemon", "start"])
      #expect(started.code == 0 && started.output.hasPrefix("started again, pid "), "\(started)")
      #expect(try daemon.program(of: id) == program)
    }
  }

  @Test("A supervisor that has given up is ended by stop, with its agents")
  func stopped() throws {
    try withDaemon { daemon in
      let program = try daemon.program(of: try daemon.session("exec cat").words("id"))
      try Self.exhaust(daemon)
      let stopped = try daemon.arroba(["daemon", "stop"])
      #expect(stopped.code == 0 && stopped.output == "stopped; its supervisor had given up\n", "\(stopped)")
      #expect(!Processes.lives(program))
      #expect(try daemon.arroba(["daemon", "stop"]).output == "no daemon is running\n")
    }
  }

  @Test("A restart by force starts the next program once the one before has ended")
  func force() throws {
    try withDaemon { daemon in
      // It takes its time to end, and says so; two of them at once would find the directory.
      let script = """
        mkdir alone || { echo 'not alone'; exec cat; }
        trap 'sleep 0.2; rmdir alone; exit 0' HUP
        echo "here $$"; while :; do sleep 0.05; done
        """
      let id = try daemon.session(script).words("id")
      try daemon.screen(of: id, shows: "here")
      let before = try daemon.program(of: id)
      let refused = try daemon.arroba(["agent", "restart", id])
      #expect(refused.code == 7 && refused.output.contains("still running"), "\(refused)")
      let restarted = try daemon.arroba(["agent", "restart", id, "--force"])
      #expect(restarted.code == 0, "\(restarted)")
      try daemon.screen(of: id, shows: "here")
      let after = try daemon.program(of: id)
      #expect(after != before && !Processes.lives(before))
      let events = try daemon.arroba(["events", id]).output
      #expect(events.contains("stopped: the agent was restarted"))
      try daemon.client().request("session.end", ["session": .string(id), "force": true])
      try Deadline.until("the end of it") { !Processes.lives(after) }
    }
  }

  @Test("The doctor sees what would keep a daemon from starting or its agents from being born")
  func doctor() throws {
    let daemon = DaemonUnderTest()
    try daemon.makePlaces()
    func look(_ variables: [String: String] = [:]) throws -> (code: Int, output: String) {
      // Whatever is installed on this machine is not meant.
      let nowhere = ["PATH": daemon.house.path("nothing")]
      return try daemon.arroba(["--no-start", "doctor"], nowhere.merging(variables) { _, new in new })
    }
    let missing = try look()
    #expect(missing.code == 0, "\(missing)")
    #expect(missing.output.contains("there is no opencode on PATH"))
    #expect(missing.output.contains("there is no claude on PATH"))
    #expect(try look(["ARROBA_OPENCODE_PORT": "abc"]).output.contains("'abc', which is no port"))
    #expect(try look(["ARROBA_OPENCODE_BIN": "/nowhere"]).output.contains("names /nowhere"))
    for (version, words) in [("1.17.9", "OpenCode 1.17.9 is too old"), ("1.18.34", "1.18.34, ")] {
      let program = daemon.house.path("opencode-\(version)")
      try ProgramFile.write(program, "#!/bin/sh\n[ \"$1\" = --version ] && echo \(version)\n")
      #expect(try look(["ARROBA_OPENCODE_BIN": program]).output.contains(words))
    }
    let configuration = daemon.house.path("home/.config/arroba")
    try Files.makeDirectory(configuration)
    try Files.replace("\(configuration)/config.json", with: Array("{\"asks\":{\"deadlineMs\":5}}".utf8))
    let faulty = try look()
    #expect(faulty.code == 1 && faulty.output.contains("asks.deadlineMs: "), "\(faulty)")
    try Files.remove("\(configuration)/config.json")
    // A log of a newer version: only the first line is looked at, and nothing is touched.
    try Files.makeDirectory("\(daemon.state)/log")
    try Files.replace(Self.segment(daemon), with: Self.header)
    let newer = try look()
    #expect(newer.code == 1 && newer.output.contains("newer"), "\(newer)")
    #expect(try Files.read(Self.segment(daemon), atMost: 100) == Self.header)
  }

  @Test("Completion names each provider that a daemon has")
  func providers() throws {
    try withDaemon { daemon in
      let names = try daemon.client().request("provider.list").list("providers").map { try $0.words("name") }
      let script = try daemon.arroba(["completions", "bash"]).output
      let line = try #require(script.split(separator: "\n").first { $0.contains("--provider)") })
      for name in names { #expect(line.contains(name), "\(line)") }
      let listed = try daemon.arroba(["provider", "list"]).output
      for name in names { #expect(listed.contains("\n\(name) "), "\(listed)") }
    }
  }
}
