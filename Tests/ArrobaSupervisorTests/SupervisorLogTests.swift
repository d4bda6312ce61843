import ArrobaSupervision
import ArrobaSupervisor
import ArrobaSystem
import Glibc
import Testing

/// What the supervisor leaves in its process log, which nobody else could while no daemon lives.
@Suite(.ownThread) struct SupervisorLogTests {
  private func messages(_ run: SupervisorRun) -> [String] {
    run.log.compactMap { record in
      record.firstRange(of: "\"message\":\"").map { String(record[$0.upperBound...].prefix { $0 != "\"" }) }
    }
  }

  @Test("A life from start to end, each record with time, level, process and file")
  func life() throws {
    let run = try SupervisorRun()
    let daemon = try run.firstDaemon()
    let terminal = try daemon.terminal("r_1", "exit 3")
    #expect(try daemon.waitForEnd(of: "r_1") == .code(3))
    try daemon.say(.bye(Farewell(.stop, reason: "")))
    try daemon.exit(0)
    #expect(try run.waitForEnd() == 0)
    #expect(
      messages(run) == [
        "started", "a daemon was started", "a daemon took over", "the daemon serves", "a child was born",
        "a child ended with status 3", "the daemon ended with status 0", "ended",
      ])
    let files = try Files.list("\(run.directory)/logs")
    #expect(
      files.count == 1 && files[0].hasSuffix("-supervisor-\(run.pid).ndjson")
        && ProcessLogReader.isOurs(files[0]))
    for record in run.log {
      #expect(
        record.hasPrefix("{\"timestamp_ms\":1")
          && record.contains(",\"process_kind\":\"supervisor\",\"pid\":\(run.pid),"))
      #expect(record.hasSuffix("\"log_path\":\"\(run.directory)/logs/\(files[0])\"}"))
    }
    #expect(run.log[4].contains("\"run_id\":\"r_1\",\"child_pid\":\(terminal.pid)"))
    #expect(
      run.log[6].contains("\"daemon_pid\":\(daemon.pid)") && run.log[6].contains("\"farewell\":\"stop\""))
  }

  @Test("A daemon that dies again and again is told of while none lives, and so is the giving up")
  func crashLoop() throws {
    let run = try SupervisorRun()
    let first = try run.firstDaemon()
    _ = try first.terminal("r_1", "sleep 1000")
    try first.exit(1)
    for _ in 1..<RestartRule.mostDeaths { try run.nextDaemon().exit(1) }
    try eventually("it gives up") { messages(run).contains { $0.contains("No daemon runs now") } }
    let last = try #require(run.log.last)
    #expect(
      last.contains("\"level\":\"error\"") && last.contains("8 times within 60 s")
        && last.contains("\"children\":1"))
    let again = run.log.filter { $0.contains("starting it again in") }
    #expect(
      again.count == RestartRule.mostDeaths - 1 && again.allSatisfy { $0.contains("\"level\":\"warn\"") })
    run.signal(SIGUSR1)
    _ = try run.nextDaemon()
    #expect(messages(run).suffix(2) == ["asked to start a daemon again", "a daemon was started"])
  }

  @Test(
    "Nothing of what a program is given or says is in it, and no child below the level that was asked for")
  func secrets() throws {
    for (level, isTold) in [("debug", true), ("info", false)] {
      let run = try SupervisorRun(logLevel: level)
      let daemon = try run.firstDaemon()
      let terminal = try daemon.terminal(
        "r_1", "echo secret-output; read x; : secret-argument",
        environment: ["PATH=/usr/bin:/bin", "TOKEN=secret-value"])
      try terminal.read(until: "secret-output")
      try terminal.primary.writeAll(Array("secret-input\n".utf8))
      _ = try daemon.waitForEnd(of: "r_1")
      run.signal(SIGTERM)
      #expect(try run.waitForEnd() == 0)
      let text = run.log.joined()
      #expect(!text.contains("secret") && !text.contains("TOKEN") && !text.contains("PATH"))
      #expect(text.contains("a child was born") == isTold && text.contains("asked to end"))
    }
  }

  @Test("A log that cannot be written costs nobody anything")
  func unwritable() throws {
    // A file where the directory should be.
    let run = try SupervisorRun(wrapper: ": > \"${11}\"; exec \"$@\"")
    let daemon = try run.firstDaemon()
    _ = try daemon.terminal("r_1", "exit 0")
    #expect(try daemon.waitForEnd(of: "r_1") == .code(0))
    #expect(run.log == [] && Files.status("\(run.directory)/logs")?.isRegular == true)
    unlink("\(run.directory)/logs")
  }
}
