import ArrobaLoop
import ArrobaProvider
import ArrobaSupervision
import ArrobaModel
import ArrobaSystem
import Glibc
import Testing

@testable import ArrobaAdapters

/// Children that are talked to in lines, over the death of the daemon that talked to them.
@Suite(.ownThread) struct LineChildTests {
  /// A daemon of this process, by the link that the next stub passes on.
  private func next(in run: SupervisorRun, capacity: Int = 1 << 20) async throws -> (StubDaemon, LineProbe) {
    let stub = try run.nextDaemon()
    try stub.passOn()
    let descriptor = try stub.releaseLink()
    return (stub, try await LineProbe(descriptor, capacity: capacity))
  }

  private func gate(_ run: SupervisorRun, _ name: String = "gate") throws -> String {
    let path = "\(run.directory)/\(name)"
    #expect(mkfifo(path, 0o600) == 0)
    return path
  }

  private func open(_ gate: String) throws { try Files.open(gate, O_WRONLY).writeAll(Array("go\n".utf8)) }

  @Test("It is heard line by line, told line by line, and its end has its status and its last words")
  func lines() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (_, probe) = try await next(in: run)
    try await probe.bear(
      "printf 'a\\n\\n b'; printf 'c\\n'; read x; echo got $x; echo why >&2; printf rest; exit 3")
    try await soon("what it says") { probe.heard == ["a", " bc"] }
    await probe.send("word")
    try await soon("its end") { probe.end == .init(status: .code(3), words: "why\n") }
    // What has no end is no line.
    #expect(await probe.heard == ["a", " bc", "got word"])
  }

  @Test(
    "After a daemon's death the next one hears the stretch from its beginning, and what came meanwhile, once")
  func handedOver() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, probe) = try await next(in: run)
    let gate = try gate(run)
    let script =
      "echo old; read x; echo $x; printf hal; read x < \(gate); echo f; echo meanwhile; read y; echo $y"
    try await probe.bear(script)
    try await soon("before") { probe.heard == ["old"] }
    await probe.beginStretch()
    await probe.send("new", mark: "p_1")
    try await soon("the stretch") { probe.heard == ["old", "new"] }
    await probe.abandon()
    stub.kill()
    try open(gate)
    let (_, second) = try await next(in: run)
    try await second.adopt()
    try await soon("all of the stretch") { second.heard == ["new", "half", "meanwhile"] }
    #expect(await second.sending(of: "p_1") == .sent)
    #expect(await second.sending(of: "p_2") == .notSent)
    #expect(await second.isInputWhole)
    #expect(await !second.isCut)
    await second.send("later")
    try await soon("what comes now") { second.heard.last == "later" && second.end?.status == .code(0) }
  }

  @Test("What a child said before it ended without a daemon is heard, and then its end")
  func endedMeanwhile() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, probe) = try await next(in: run)
    let gate = try gate(run)
    try await probe.bear("echo one; read x < \(gate); echo two; echo why >&2; exit 4")
    try await soon("before") { probe.heard == ["one"] }
    await probe.abandon()
    stub.kill()
    try open(gate)
    try await soon("its end") { kill(probe.pid, 0) != 0 }
    let (_, second) = try await next(in: run)
    try await second.adopt()
    try await soon("its end") { second.end == .init(status: .code(4), words: "why\n") }
    #expect(await second.heard == ["one", "two"])
  }

  @Test("Half a line that a killed daemon left in the input is known, and so is that nothing of it went in")
  func halfALine() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, probe) = try await next(in: run)
    let gate = try gate(run)
    try await probe.bear("read x < \(gate); echo done")
    // More than a pipe holds, so that the rest waits with the daemon.
    await probe.send(String(repeating: "x", count: 100_000), mark: "p_1")
    await probe.send("behind", mark: "p_2")
    await probe.abandon()
    stub.kill()
    let (_, second) = try await next(in: run)
    try await second.adopt()
    #expect(await !second.isInputWhole)
    #expect(await second.sending(of: "p_1") == .notSent)
    #expect(await second.sending(of: "p_2") == .notSent)
    try open(gate)
    try await soon("its end") { second.heard == ["done"] }
  }

  @Test(
    "A stretch that is longer than the ring is kept from a settled place on, and is cut where there is none")
  func longStretch() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    for settles in [true, false] {
      let (stub, probe) = try await next(in: run, capacity: 32 << 10)
      await probe.setSettles(settles)
      try await probe.bear(
        "i=0; while [ $i -lt 9000 ]; do i=$((i+1)); echo line-$i; done; read x; echo after")
      try await soon("all") { probe.heard.last == "line-9000" }
      #expect(await probe.heard.count == 9000)
      await probe.abandon()
      stub.kill()
      let (again, second) = try await next(in: run)
      try await second.adopt()
      try await soon("the last") { second.heard.last == "line-9000" }
      let kept = await second.heard
      #expect(kept == (9001 - kept.count...9000).map { "line-\($0)" })
      #expect(await second.isCut == !settles)
      await second.send("go")
      try await soon("its end") { second.end?.status == .code(0) && second.heard.last == "after" }
      await second.abandon()
      again.kill()
    }
  }

  @Test("While no daemon lives a child waits rather than that something is lost")
  func flood() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, probe) = try await next(in: run, capacity: 32 << 10)
    let gate = try gate(run)
    try await probe.bear("read x < \(gate); i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line-$i; done")
    await probe.abandon()
    stub.kill()
    try open(gate)
    let (_, second) = try await next(in: run)
    await second.setSettles(true)
    try await second.adopt()
    try await soon("its end") { second.end?.status == .code(0) }
    #expect(await second.heard == (1...20000).map { "line-\($0)" })
  }

  @Test("A line that is longer than any may be is let pass, and the next one is heard")
  func longLine() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (_, probe) = try await next(in: run)
    let limit = LineChild.longestLine
    try await probe.bear(
      "head -c \(limit) /dev/zero | tr '\\0' x; echo; head -c \(limit + 1) /dev/zero | tr '\\0' y; echo; echo z"
    )
    try await soon("its end") { probe.end?.status == .code(0) }
    #expect(await probe.heard.map(\.utf8.count) == [limit, 1])
    #expect(await probe.tooLong == [limit + 1])
  }

  @Test("All that a provider started is told to go when the daemon stops, and it hears when they have")
  func endAll() async throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let (stub, probe) = try await next(in: run)
    try await probe.bear("cat >/dev/null; exit 0")
    await probe.endAll()
    try await soon("it has gone") { probe.allGone && kill(probe.pid, 0) != 0 }
    stub.kill()
  }
}

/// A provider with one child that speaks in lines.
@LoopActor
final class LineProbe {
  private let children: LineChildren
  private var child: LineChild?
  private let link: SupervisorLink
  private var settles = false
  private(set) var heard: [String] = []
  private(set) var tooLong: [Int] = []
  private(set) var end: LineChild.End?
  private(set) var allGone = false

  init(_ descriptor: Descriptor, capacity: Int) throws {
    link = try SupervisorLink.takeOver(descriptor: descriptor, atMostMs: 5000)
    children = LineChildren(host: link.share("own"), ringCapacity: capacity)
    link.ready()
  }

  private static let run = RunID("r_1")

  func bear(_ script: String) async throws {
    let birth = ChildBirth(
      id: "", kind: .pipes, path: "/bin/sh", arguments: ["sh", "-c", script],
      environment: ["PATH=/usr/bin:/bin"], directory: "/")
    let result = await withCheckedContinuation { continuation in
      children.bear(birth, for: Self.run) { continuation.resume(returning: $0.map { Unchecked($0) }) }
    }
    listen(to: try result.get().child)
  }

  /// A child is the loop's, and so is this.
  private struct Unchecked: @unchecked Sendable {  // it never leaves the loop
    let child: LineChild
    init(_ child: LineChild) { self.child = child }
  }

  func adopt() throws { listen(to: try #require(children.adopt(Self.run))) }

  private func listen(to child: LineChild) {
    self.child = child
    child.start(
      hear: { [weak self] heard in
        guard let self else { return }
        switch heard {
        case .line(let bytes): self.heard.append(String(decoding: bytes, as: UTF8.self))
        case .tooLong(let count): tooLong.append(count)
        }
        if settles { child.settle() }
      }, onEnd: { [weak self] in self?.end = $0 })
  }

  func setSettles(_ settles: Bool) { self.settles = settles }
  func send(_ text: String, mark: String? = nil) {
    #expect(child?.send(Array(text.utf8), mark: mark) == true)
  }
  func beginStretch() { child?.beginStretch() }
  func sending(of mark: String) -> LineChild.Sending? { child?.sending(of: mark) }
  var isInputWhole: Bool { child?.isInputWhole ?? false }
  var isCut: Bool { child?.isCut ?? false }
  var pid: pid_t { pid_t(child?.pid ?? 0) }
  func endAll() { children.endAll { [weak self] in self?.allGone = true } }

  /// Does no more, as a daemon that is killed.
  func abandon() { child?.close() }
}
