import ArrobaSupervision
import ArrobaSupervisor
import ArrobaSystem
import Glibc
import Testing

/// When a daemon is started again, when not, and how all of it ends.
@Suite(.ownThread) struct DaemonLifeTests {
  /// The supervisor's own times add up to 1750 ms, within the two seconds that it has; the rest is for a machine that
  /// is busy with other tests.
  private static let longestEndMs = 5000
  private static let staying = "echo here; while :; do sleep 0.01; done"

  @Test("A daemon gets its end of the pair, the lock, the caller's pipe, and nothing else")
  func born() throws {
    let script = "echo $ARROBA_SUPERVISOR_FD $ARROBA_READY_FD $MARK; exec ls /proc/self/fd"
    let run = try SupervisorRun(daemon: ["/bin/sh", "-c", script])
    #expect(try run.waitForEnd() == 1)
    // The last one is the directory that ls looks at.
    #expect(run.said.hasPrefix("3 5 1\n0\n1\n2\n3\n4\n5\n6\narroba-supervisor:"), "\(run.said)")
  }

  @Test("A first start that fails is told to the caller, and is not tried again")
  func firstStart() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.nextDaemon()
    try daemon.exit(3)
    #expect(try run.waitForEnd() == 3)
    let line = try String(decoding: readToEnd(run.readyPipe), as: UTF8.self)
    #expect(line == "error: the daemon ended with status 3 before it was ready\n")
    #expect(run.lockNote == nil)
  }

  @Test("A daemon that cannot be started at all is told as well")
  func noDaemon() throws {
    let run = try SupervisorRun(daemon: ["/no/such/daemon"])
    #expect(try run.waitForEnd() == 1)
    let line = try String(decoding: readToEnd(run.readyPipe), as: UTF8.self)
    #expect(line.hasPrefix("error: cannot start /no/such/daemon: No such file"))
  }

  @Test("The supervisor lets the caller's pipe go once the daemon serves")
  func letsGo() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.firstDaemon()
    // The stub holds its own copy; with its death the pipe ends, so the supervisor holds none.
    daemon.kill()
    #expect(try readToEnd(run.readyPipe) == [])
    _ = try run.nextDaemon()
  }

  @Test("A crash loop ends with a reason, children live on, and SIGUSR1 starts another daemon")
  func crashLoop() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let first = try run.firstDaemon()
    let terminal = try first.terminal("a", "read x; echo got $x; sleep 1000")
    let path = "\(run.directory)/kept"
    try first.say(.keep(name: "listener"), passing: [try Sockets.listen(at: path, backlog: 4)])
    try first.exit(1)
    for _ in 1..<RestartRule.mostDeaths { try run.nextDaemon().exit(1) }
    try eventually("it gives up") {
      if case .gaveUp = run.lockNote?.state { true } else { false }
    }
    let note = try #require(run.lockNote)
    #expect(note.pid == run.pid)
    #expect(note.state == .gaveUp(reason: "the daemon ended with status 1, and 8 times within 60 s"))
    #expect(run.said.contains("kill -USR1 \(run.pid)"))
    // It is drained, and alive.
    try terminal.primary.writeAll(Array("word\n".utf8))
    try eventually("its output is drained") { terminal.text.contains("got word") }
    #expect(run.startsNoDaemon(withinMs: 0))
    // Nobody will answer there: that is told at once.
    #expect(throws: SystemError("connect to", path, code: ECONNREFUSED)) { try Sockets.connect(to: path) }
    run.signal(SIGUSR1)
    let next = try run.nextDaemon()
    try next.passOn()
    #expect(try next.takeOver().children["a"]?.pid == terminal.pid)
    #expect(run.lockNote?.state == .running)
  }

  @Test("A daemon that says restart is followed at once by another one")
  func restart() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    var daemon = try run.firstDaemon()
    let terminal = try daemon.terminal("a", Self.staying)
    for _ in 0..<12 {
      try daemon.say(.bye(Farewell(.restart, reason: "")))
      try daemon.exit(0)
      daemon = try run.nextDaemon()
      try daemon.passOn()
      #expect(try daemon.takeOver().children["a"]?.pid == terminal.pid)
    }
    #expect(run.said == "")
  }

  @Test("A daemon that refuses is not started again: without children the supervisor ends and says why")
  func refusesAlone() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.nextDaemon()
    try daemon.passOn()
    try daemon.takeOver()
    try daemon.say(.bye(Farewell(.refuse, reason: "the log is of format 9")))
    try daemon.exit(1)
    #expect(try run.waitForEnd() == 78)
    #expect(run.said.contains("the log is of format 9"))
    #expect(
      try String(decoding: readToEnd(run.readyPipe), as: UTF8.self) == "error: the log is of format 9\n")
  }

  @Test("A daemon that refuses while children live leaves them running, and another one may try")
  func refusesWithChildren() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.firstDaemon()
    let terminal = try daemon.terminal("a", Self.staying)
    try daemon.say(.bye(Farewell(.refuse, reason: "the log is of format 9")))
    try daemon.exit(1)
    try eventually("it gives up") { run.lockNote?.state == .gaveUp(reason: "the log is of format 9") }
    #expect(isAlive(terminal.pid) && run.startsNoDaemon(withinMs: 0))
    run.signal(SIGUSR1)
    _ = try run.nextDaemon()
  }

  @Test("A stop ends every child within two seconds, also one that does not listen, and then the supervisor")
  func stop() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.firstDaemon()
    let meek = try daemon.terminal("meek", Self.staying)
    let stubborn = try daemon.terminal("stubborn", "trap '' HUP TERM; " + Self.staying)
    let stopped = try daemon.terminal("stopped", "kill -STOP $$; " + Self.staying)
    let (piped, _) = try daemon.pipes("piped", "trap '' HUP; " + Self.staying)
    try meek.read(until: "here")
    try stubborn.read(until: "here")
    let began = Clock.monotonicMs()
    try daemon.say(.bye(Farewell(.stop, reason: "")))
    try daemon.exit(0)
    #expect(try run.waitForEnd() == 0)
    #expect(Clock.monotonicMs() - began < Self.longestEndMs)
    for pid in [meek.pid, stubborn.pid, stopped.pid, piped] {
      try eventually("\(pid) ends") { !isAlive(pid) }
    }
    #expect(run.lockNote == nil)
  }

  @Test("A stop lets a child that listens end in its own way")
  func quickStop() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.firstDaemon()
    let note = "\(run.directory)/tidied"
    let terminal = try daemon.terminal("a", "trap 'echo done > \(note); exit 0' HUP; " + Self.staying)
    try terminal.read(until: "here")
    try daemon.say(.bye(Farewell(.stop, reason: "")))
    try daemon.exit(0)
    #expect(try run.waitForEnd() == 0)
    #expect(Files.status(note) != nil)
  }

  @Test("SIGTERM asks the daemon to end, kills it if it does not, and ends all within two seconds")
  func terminate() throws {
    // A shell that ignores SIGTERM, as a daemon that hangs.
    let run = try SupervisorRun(daemon: [
      "/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.01; done",
    ])
    try eventually("the daemon is up") { run.said.contains("up") }
    let began = Clock.monotonicMs()
    run.signal(SIGTERM)
    #expect(try run.waitForEnd() == 0)
    let took = Clock.monotonicMs() - began
    #expect(took >= 1000 && took < Self.longestEndMs)
  }

  @Test(
    "SIGTERM, SIGINT and SIGHUP each end daemon, children and supervisor",
    arguments: [SIGTERM, SIGINT, SIGHUP])
  func terminateWithChildren(number: Int32) throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.firstDaemon()
    let stubborn = try daemon.terminal("stubborn", "trap '' HUP; " + Self.staying)
    try stubborn.read(until: "here")
    let began = Clock.monotonicMs()
    run.signal(number)
    #expect(try run.waitForEnd() == 0)
    #expect(Clock.monotonicMs() - began < Self.longestEndMs)
    #expect(!isAlive(daemon.pid))
    try eventually("the child ends, which was killed") { !isAlive(stubborn.pid) }
  }

  @Test("A supervisor that has given up still ends in order")
  func terminateStalled() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.firstDaemon()
    let terminal = try daemon.terminal("a", Self.staying)
    try daemon.say(.bye(Farewell(.refuse, reason: "no")))
    try daemon.exit(1)
    try eventually("it gives up") { run.lockNote?.state == .gaveUp(reason: "no") }
    run.signal(SIGTERM)
    #expect(try run.waitForEnd() == 0)
    #expect(run.lockNote == nil)
    try eventually("the child ends") { !isAlive(terminal.pid) }
  }

  @Test("When the supervisor is killed its children end, and its note tells the next one")
  func killed() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.firstDaemon()
    let terminal = try daemon.terminal("a", Self.staying)
    let (piped, _) = try daemon.pipes("b", Self.staying)
    try terminal.read(until: "here")
    #expect(isAlive(piped))
    run.signal(SIGKILL)
    #expect(try run.waitForEnd() == -9)
    try eventually("the children end") { !isAlive(terminal.pid) && !isAlive(piped) }
    #expect(run.lockNote?.pid == run.pid && run.lockNote?.state == .running)
    // The lock is free only when the daemon has gone as well: never two that write.
    let other = try Files.open(run.lockPath, O_RDWR)
    #expect(flock(other.raw, LOCK_EX | LOCK_NB) != 0 && isAlive(daemon.pid))
    daemon.kill()
    try eventually("the lock is free") { flock(other.raw, LOCK_EX | LOCK_NB) == 0 }
  }

  @Test("A daemon that loses its supervisor's pair is ended and followed by another one")
  func lost() throws {
    let run = try SupervisorRun(daemon: nil)
    let daemon = try run.firstDaemon()
    try daemon.command("close")
    _ = try daemon.releaseLink()
    let next = try run.nextDaemon()
    #expect(next.pid != daemon.pid && !isAlive(daemon.pid))
  }
}
