import ArrobaAdapters
import ArrobaLoop
import ArrobaProvider
import ArrobaSupervision
import ArrobaSystem
import Glibc
import Testing

/// The daemon's side: the link to the supervisor, and the lane of a terminal.
@Suite(.ownThread) struct LinkTests {
  private static func shell(_ id: String, _ script: String, _ kind: ChildBirth.Kind = onTerminal)
    -> ChildBirth
  {
    ChildBirth(
      id: id, kind: kind, path: "/bin/sh", arguments: ["sh", "-c", script],
      environment: ["PATH=/usr/bin:/bin"], directory: "/")
  }

  private static let onTerminal = ChildBirth.Kind.terminal(columns: 90, rows: 30, ringCapacity: 2 << 20)

  /// A daemon of this process, by the link that the next stub passes on.
  private func nextProbe(in run: SupervisorRun, share: String? = nil) async throws -> (StubDaemon, Probe) {
    let stub = try run.nextDaemon()
    try stub.passOn()
    let descriptor = try stub.releaseLink()
    return (stub, try await Probe(descriptor, share: share))
  }

  @Test("A terminal is born, read, typed into, resized, and its end told")
  func terminal() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (_, probe) = try await nextProbe(in: run)
    await probe.ready()
    await probe.spawn(Self.shell("a", "stty size; read x; stty size; echo got $x; exit 4"))
    try await soon("the first size") { probe.text("a").contains("30 90\r\n") }
    #expect(await probe.link.supervisorPid == Int(run.pid))
    await probe.resize("a", 100, 40)
    await probe.type("a", "word\n")
    try await soon("the end") { probe.ends["a"] == 1 && probe.exits["a"] == .code(4) }
    #expect(await probe.text("a").contains("40 100\r\ngot word\r\n"))
  }

  @Test("A birth that fails says what was tried and why")
  func failures() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (_, probe) = try await nextProbe(in: run)
    var birth = Self.shell("a", "true")
    birth.path = "/no/such/program"
    await probe.spawn(birth)
    birth = Self.shell("b", "true")
    birth.directory = "/no/such/place"
    await probe.spawn(birth)
    birth = Self.shell("c", "true")
    birth.environment = ["A=" + String(repeating: "x", count: 140_000)]
    await probe.spawn(birth)
    birth = Self.shell("d", "true")
    birth.arguments.append("a\0b")
    await probe.spawn(birth)
    try await soon("four failures") { probe.failures.count == 4 }
    #expect(await probe.failures["a"] == "cannot start /no/such/program: No such file or directory")
    #expect(
      await probe.failures["b"] == "cannot enter the directory /no/such/place: No such file or directory")
    #expect(await probe.failures["c"]?.contains("longer than 128 KiB") == true)
    #expect(await probe.failures["d"]?.contains("zero byte") == true)
  }

  @Test("Another daemon takes over terminal, ring, kept descriptors and what has ended meanwhile")
  func takesOver() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, first) = try await nextProbe(in: run)
    await first.ready()
    await first.spawn(Self.shell("a", "echo one; read x; echo two $x; read x"))
    await first.spawn(Self.shell("b", "read x; exit 6"))
    let (inner, outer) = try Sockets.pair(messages: false)
    try await first.keep("listener", inner)
    try await soon("output") { first.text("a") == "one\r\n" }
    try await soon("b") { first.children["b"] != nil }
    await first.type("b", "\n")
    await first.abandon()
    stub.kill()
    let (_, second) = try await nextProbe(in: run)
    #expect(await second.text("a") == "one\r\n")
    #expect(await second.pid("a") == first.pid("a"))
    try await soon("b's status") { second.exits["b"] == .code(6) }
    await second.type("a", "x\n")
    try await soon("more output") { second.text("a").contains("two x\r\n") }
    let kept = try #require(await second.link.takeKept("listener"))
    #expect(await second.link.takeKept("listener") == nil)
    _ = Array("hello".utf8).withUnsafeBytes { outer.send($0) }
    #expect(kept.waitReadable(atMostMs: 1000))
  }

  @Test("A paste of a megabyte goes in piece by piece as the program takes it, and nothing is lost")
  func paste() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (_, probe) = try await nextProbe(in: run)
    await probe.spawn(Self.shell("a", "stty raw -echo; echo go; sleep 0.2; head -c 1048576 | cksum"))
    try await soon("the program is there") { probe.text("a").contains("go") }
    let bytes = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    await probe.paste("a", bytes)
    try await soon("its sum") { probe.ends["a"] == 1 }
    let file = "\(run.directory)/pasted"
    try Files.replace(file, with: bytes)
    await probe.spawn(Self.shell("b", "cksum < \(file)"))
    try await soon("the file's sum") { probe.ends["b"] == 1 }
    let sum = await probe.text("b").filter { !$0.isNewline }
    #expect(sum.count > 8)
    #expect(await probe.text("a").contains(sum))
    #expect(await probe.waits > 1)
  }

  @Test("A terminal that floods does not hold up another one")
  func flood() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (_, probe) = try await nextProbe(in: run)
    await probe.spawn(Self.shell("flood", "exec yes"))
    await probe.spawn(Self.shell("quiet", "while read x; do echo got-$x; done"))
    try await soon("both are there") { probe.children.count == 2 }
    for number in 0..<50 {
      await probe.type("quiet", "\(number)\n")
      try await soon("answer \(number)") { probe.text("quiet").contains("got-\(number)\r\n") }
    }
    try await soon("the flood goes on") { probe.end("flood") > 1 << 20 }
  }

  @Test("A child on pipes has its three ends, and reads the end of its input when we close it")
  func pipes() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (_, probe) = try await nextProbe(in: run)
    await probe.spawn(Self.shell("a", "cat; echo err >&2; exit 2", .pipes))
    try await soon("it is there") { probe.children["a"] != nil }
    #expect(await probe.feed("a", "typed") == 5)
    try await soon("what it read") { probe.output("a") == "typed" }
    await probe.closeInput("a")
    #expect(await probe.feed("a", "more") == 0)
    try await soon("the end of its pipes") { probe.ends["a"] == 1 && probe.errorOutput("a") == "err\n" }
    try await soon("its end") { probe.exits["a"] == .code(2) }
  }

  @Test("What a child on pipes writes while no daemon lives comes to the next one, once")
  func pipesHandedOver() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, probe) = try await nextProbe(in: run)
    let gate = "\(run.directory)/gate"
    #expect(mkfifo(gate, 0o600) == 0)
    let script = "echo first; read x < \(gate); echo second; echo wrong >&2; read y; echo third"
    await probe.spawn(Self.shell("a", script, .pipes))
    try await soon("the first line") { probe.output("a") == "first\n" }
    await probe.abandon()
    stub.kill()
    try Files.open(gate, O_WRONLY).writeAll(Array("go\n".utf8))
    let (_, next) = try await nextProbe(in: run)
    try await soon("what came meanwhile") {
      next.output("a") == "second\n" && next.errorOutput("a") == "wrong\n"
    }
    #expect(await next.feed("a", "go\n") == 3)
    try await soon("what comes now") { next.output("a") == "second\nthird\n" && next.exits["a"] == .code(0) }
  }

  @Test("A share has its own children: under their own names, their ends told to it alone, handed over to it")
  func share() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, probe) = try await nextProbe(in: run)
    let share = await ShareProbe(probe.link)
    await probe.spawn(Self.shell("server", "read x; exit 1"))
    await share.spawn(Self.shell("server", "echo mine; read x; exit 2", .pipes))
    try await soon("both are there") { probe.children["server"] != nil && share.children["server"] != nil }
    #expect(await share.pid("server") != probe.pid("server"))
    await probe.abandon()
    stub.kill()
    let (_, next) = try await nextProbe(in: run, share: "own")
    let nextShare = try #require(await next.share)
    #expect(await next.pid("server") == probe.pid("server"))
    #expect(await nextShare.pid("server") == share.pid("server"))
    await nextShare.signal("server", Int(SIGTERM))
    try await soon("its end") { nextShare.exits["server"] == .signal(Int(SIGTERM)) }
    #expect(await next.exits == [:])
  }

  @Test("A daemon is told when its supervisor is gone, and what it waited for fails")
  func gone() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, probe) = try await nextProbe(in: run)
    defer { stub.kill() }
    await probe.ready()
    run.signal(SIGSTOP)
    await probe.spawn(Self.shell("a", "true"))
    run.signal(SIGKILL)
    #expect(try run.waitForEnd() == -9)
    try await soon("it is told") { probe.goneCount == 1 && probe.failures["a"] != nil }
    await probe.spawn(Self.shell("b", "true"))
    #expect(await probe.failures["b"]?.contains("the supervisor is gone") == true)
  }

  @Test("Without a supervisor at the other end a take-over fails in words, and does not wait for ever")
  func noSupervisor() async throws {
    let (ours, theirs) = try Sockets.pair(messages: true)
    await #expect(throws: SystemError.timedOut("take over from", "the supervisor")) {
      _ = try await LoopActor.run { try SupervisorLink.takeOver(descriptor: ours, atMostMs: 10) }
    }
    theirs.close()
    let (near, far) = try Sockets.pair(messages: true)
    far.close()
    await #expect(throws: SystemError.cutOff("take over from", "the supervisor")) {
      _ = try await LoopActor.run { try SupervisorLink.takeOver(descriptor: near, atMostMs: 5000) }
    }
  }

  @Test("A restart and a stop are asked for by a farewell")
  func farewells() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, first) = try await nextProbe(in: run)
    await first.ready()
    await first.spawn(Self.shell("a", "exec sleep 1000"))
    try await soon("it is there") { first.children["a"] != nil }
    await first.link.bye(.restart)
    await first.abandon()
    try stub.exit(0)
    let (last, second) = try await nextProbe(in: run)
    let pid = await Int32(second.pid("a"))
    #expect(isAlive(pid))
    await second.link.bye(.stop)
    await second.abandon()
    try last.exit(0)
    #expect(try run.waitForEnd() == 0)
    #expect(!isAlive(pid))
  }
}

/// Waits for something that only the loop knows, asking often.
func soon(_ what: String, _ condition: @LoopActor @Sendable () -> Bool) async throws {
  let deadline = Clock.monotonicMs() + SupervisorRun.patienceMs
  while await !LoopActor.run(condition) {
    guard Clock.monotonicMs() < deadline else { throw Trouble("in vain: \(what)") }
    usleep(1000)
  }
}

extension LoopActor {
  static func run<Value: Sendable>(_ body: @LoopActor @Sendable () throws -> Value) async rethrows -> Value {
    try await body()
  }
}
