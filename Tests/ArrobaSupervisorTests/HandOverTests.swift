import ArrobaSupervision
import ArrobaSystem
import Glibc
import Testing

/// What outlives a daemon, and how the next one finds it.
@Suite(.ownThread) struct HandOverTests {
  /// Numbered lines, so that a missing or doubled byte shows.
  private func counting(to count: Int, slowly: Bool = false) -> String {
    let pause = slowly ? "[ $((i%50)) = 0 ] && sleep 0.005; " : ""
    return "i=0; while [ $i -lt \(count) ]; do i=$((i+1)); echo line-$i; \(pause)done; echo all"
  }

  private func lines(to count: Int) -> String {
    (1...count).map { "line-\($0)\r\n" }.joined() + "all\r\n"
  }

  private func successor(of daemon: StubDaemon, in run: SupervisorRun) throws -> (
    StubDaemon, StubDaemon.Estate
  ) {
    let next = try run.nextDaemon()
    #expect(next.pid != daemon.pid)
    try next.passOn()
    return (next, try next.takeOver())
  }

  @Test(
    "A daemon that is killed leaves its children to the next one, with their output and their exit statuses")
  func survives() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let first = try run.firstDaemon()
    let living = try first.terminal("living", "echo one; read x; echo got $x; read x; echo bye $x")
    try living.read(until: "one")
    let (_, ends) = try first.pipes("ended", "read x; exit 5")
    first.kill()
    try ends[0].writeAll(Array("now\n".utf8))
    let (second, estate) = try successor(of: first, in: run)
    #expect(estate.order == ["living", "ended"] && estate.supervisor == run.pid)
    let over = try #require(estate.children["living"])
    #expect(over.pid == living.pid && over.end == nil && over.channels == .terminal)
    let terminal = try Terminal(id: "living", pid: over.pid, over.descriptors)
    #expect(terminal.text == "one\r\n")
    try terminal.primary.writeAll(Array("x\n".utf8))
    try terminal.read(until: "got x\r\n")
    if estate.children["ended"]?.end == nil {
      #expect(try second.waitForEnd(of: "ended") == .code(5))
    }
    second.kill()
    let (third, again) = try successor(of: second, in: run)
    #expect(again.children["ended"]?.end == .code(5))
    try third.say(.forget(id: "ended"))
    try terminal.primary.writeAll(Array("y\n".utf8))
    #expect(try third.waitForEnd(of: "living") == .code(0))
    third.kill()
    let (_, last) = try successor(of: third, in: run)
    #expect(last.order == ["living"] && last.children["living"]?.end == .code(0))
  }

  @Test("Output that comes while no daemon lives is in the ring, in order, and the child never waits for it")
  func drained() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let first = try run.firstDaemon()
    let terminal = try first.terminal("a", "read x; " + counting(to: 20_000), capacity: 1 << 20)
    try terminal.primary.writeAll(Array("\n".utf8))
    try terminal.read(until: "line-10")
    first.kill()
    // It has printed far more than a terminal holds when its end is known: somebody has read it.
    let second = try run.nextDaemon()
    try eventually("the child ends without a daemon") { !isAlive(terminal.pid) }
    try second.passOn()
    let estate = try second.takeOver()
    let over = try Terminal(id: "a", pid: terminal.pid, #require(estate.children["a"]).descriptors)
    #expect(over.text.contains("line-15000\r\n"))
    try expectSame(over.readAll(), "\r\n" + lines(to: 20_000))
  }

  @Test("A daemon killed within a read, twenty times under output: no child dies and no byte is missing")
  func killedWithinReads() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    var daemon = try run.firstDaemon()
    let started = try daemon.terminal("a", "read x; " + counting(to: 100_000), capacity: 4 << 20)
    try started.primary.writeAll(Array("\n".utf8))
    var terminal = started
    var end: ChildEnd?
    for round in 0..<20 {
      for _ in 0..<(round % 5) { _ = try terminal.readOnce() }
      cutRead(terminal)
      daemon.kill()
      let (next, estate) = try successor(of: daemon, in: run)
      daemon = next
      let over = try #require(estate.children["a"])
      #expect(over.pid == started.pid)
      end = over.end
      terminal = try Terminal(id: "a", pid: over.pid, over.descriptors)
    }
    try expectSame(terminal.readAll(), "\r\n" + lines(to: 100_000))
    #expect(try end ?? daemon.waitForEnd(of: "a") == .code(0))
  }

  /// Reads as `OutputRing.fill` does, and leaves the header as a kill right after the system call leaves it.
  private func cutRead(_ terminal: Terminal) {
    guard terminal.primary.waitReadable(atMostMs: SupervisorRun.patienceMs) else { return }
    var header: [UInt8] = []
    _ = terminal.ring.fill { room in
      let outcome = terminal.primary.read(into: room)
      header = Array(terminal.header)
      if case .moved(let count) = outcome { return count }
      return -1
    }
    terminal.header.copyBytes(from: header)
  }

  @Test("Real daemons that read are killed twenty times under output: no child dies and no byte is missing")
  func killedReaders() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let first = try run.firstDaemon()
    let script = "read x; " + counting(to: 3000, slowly: true)
    let others = try (0..<3).map { try first.terminal("t\($0)", script, capacity: 1 << 20) }
    for terminal in others { try terminal.primary.writeAll(Array("\n".utf8)) }
    first.kill()
    for _ in 0..<20 {
      let reader = try run.nextDaemon()
      try reader.read()
      reader.kill()
    }
    let (_, estate) = try successor(of: first, in: run)
    for terminal in others {
      let over = try #require(estate.children[terminal.id])
      #expect(over.pid == terminal.pid)
      let mine = try Terminal(id: terminal.id, pid: over.pid, over.descriptors)
      try expectSame(mine.readAll(), "\r\n" + lines(to: 3000))
    }
  }

  @Test(
    "A pipe that nobody reads is drained until the ring is full, then the child waits, and nothing is lost")
  func pipes() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let first = try run.firstDaemon()
    let script = "read x; seq 1 200000; echo problems >&2; read x; exit 3"
    let (pid, ends) = try first.pipes("a", script)
    first.kill()
    try ends[0].writeAll(Array("\n".utf8))
    let second = try run.nextDaemon()
    // More than ring and pipe hold: it stands still in a write.
    try eventually("the child waits") { try blockedInWrite(pid) }
    try second.passOn()
    var over = try #require(try second.takeOver().children["a"])
    #expect(over.channels == .pipes(input: true, outputRing: true, errorRing: false))
    let before = try mapped(over.descriptors[3])
    let head = before.withBytes(from: 0, atMost: 100_000) { Array($0) + Array($1) }
    // A child may also wait for a moment only; then there is less.
    before.taken = UInt64(head.count)
    second.kill()
    let (third, estate) = try successor(of: second, in: run)
    over = try #require(estate.children["a"])
    let ring = try mapped(over.descriptors[3])
    #expect(ring.taken == UInt64(head.count))
    var all = head + ring.withBytes(from: ring.taken, atMost: .max) { Array($0) + Array($1) }
    try over.descriptors[0].writeAll(Array("\n".utf8))
    all += try readToEnd(over.descriptors[1])
    expectSame(String(decoding: all, as: UTF8.self), (1...200_000).map { "\($0)\n" }.joined())
    #expect(try String(decoding: readToEnd(over.descriptors[2]), as: UTF8.self) == "problems\n")
    #expect(try third.waitForEnd(of: "a") == .code(3))
  }

  private func blockedInWrite(_ pid: Int32) throws -> Bool {
    let children = try Files.read("/proc/\(pid)/task/\(pid)/children", atMost: 100)
    guard let writer = String(decoding: children, as: UTF8.self).split(separator: " ").first else {
      return false
    }
    let place = try Files.read("/proc/\(writer)/wchan", atMost: 100)
    return String(decoding: place, as: UTF8.self).contains("pipe_w")
  }

  private func mapped(_ memory: Descriptor) throws -> OutputRing {
    let memory = try SharedMemory(mapping: memory)
    return try #require(OutputRing(mapping: memory.base, count: memory.count, owner: memory))
  }

  @Test("Descriptors are kept by name, replaced, dropped, and limited in number")
  func kept() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let first = try run.firstDaemon()
    for number in 0..<20 {
      let (inner, outer) = try Sockets.pair(messages: false)
      _ = Array("old \(number)".utf8).withUnsafeBytes { outer.send($0) }
      try first.say(.keep(name: "k\(number)"), passing: [inner])
    }
    let (inner, outer) = try Sockets.pair(messages: false)
    _ = Array("new 3".utf8).withUnsafeBytes { outer.send($0) }
    try first.say(.keep(name: "k3"), passing: [inner])
    try first.say(.drop(name: "k5"))
    try first.say(.drop(name: "nothing"))
    try first.say(.keep(name: "without a descriptor"))
    first.kill()
    let (_, estate) = try successor(of: first, in: run)
    #expect(Set(estate.kept.keys) == Set((0..<16).map { "k\($0)" }).subtracting(["k5"]))
    for (name, text) in [("k3", "new 3"), ("k4", "old 4")] {
      var room = [UInt8](repeating: 0, count: 100)
      let kept = try #require(estate.kept[name])
      #expect(room.withUnsafeMutableBytes { kept.read(into: $0) } == .moved(5))
      #expect(String(decoding: room[..<5], as: UTF8.self) == text)
    }
  }

  @Test("A forgotten child is hung up, killed if it does not go, and not handed over")
  func forgets() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let first = try run.firstDaemon()
    let meek = try first.terminal(
      "meek", "trap 'echo hup; exit' HUP; echo here; while :; do sleep 0.01; done")
    let stubborn = try first.terminal("stubborn", "trap '' HUP; echo here; while :; do sleep 0.01; done")
    try meek.read(until: "here")
    try stubborn.read(until: "here")
    try first.say(.forget(id: "meek"))
    try first.say(.forget(id: "stubborn"))
    try first.say(.forget(id: "unknown"))
    try eventually("the meek one goes") { !isAlive(meek.pid) }
    #expect(isAlive(stubborn.pid))
    first.kill()
    let (_, estate) = try successor(of: first, in: run)
    #expect(estate.order.isEmpty)
    try eventually("the stubborn one is killed") { !isAlive(stubborn.pid) }
  }

  @Test("A hundred children are handed over together")
  func hundred() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let first = try run.firstDaemon()
    let terminals = try (0..<100).map { try first.terminal("h\($0)", "echo n-\($0); exec sleep 1000") }
    first.kill()
    let (_, estate) = try successor(of: first, in: run)
    #expect(estate.order == (0..<100).map { "h\($0)" })
    for terminal in terminals {
      let over = try #require(estate.children[terminal.id])
      let mine = try Terminal(id: terminal.id, pid: over.pid, over.descriptors)
      try mine.read(until: "n-\(terminal.id.dropFirst())\r\n")
    }
  }

  @Test("Unreadable, unknown and early messages disturb nothing")
  func rude() throws {
    let run = try SupervisorRun()
    defer { withExtendedLifetime(run) {} }
    let daemon = try run.nextDaemon()
    try daemon.passOn()
    let order = ChildBirth(
      id: "early", kind: .pipes, path: "/bin/true", arguments: ["t"], environment: [], directory: "/")
    try daemon.say(.spawn(order))
    for packet in [[250, 1, 2], [3], [3, 255, 255, 255, 255], [9, 9, 0, 0, 0, 0]] as [[UInt8]] {
      try daemon.say(raw: packet)
    }
    let (inner, _) = try Sockets.pair(messages: false)
    try daemon.say(raw: [250], passing: [inner, inner, inner])
    #expect(try daemon.takeOver().order.isEmpty)
    try daemon.say(.hello(version: 1))
    try daemon.say(.signal(id: "nobody", number: 9))
    let terminal = try daemon.terminal("a", "echo fine")
    #expect(try terminal.readAll() == "fine\r\n")
  }
}
