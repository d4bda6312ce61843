import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Synchronization
import Testing

@testable import ArrobaCLI

@Suite("Bytes on their way out")
struct StreamTests {
  @Test("A queue gives its bytes in order, as fast as they are taken")
  func queue() {
    var queue = ByteQueue()
    var taken: [UInt8] = []
    func take(_ most: Int) -> (UnsafeRawBufferPointer) -> Transfer {
      { bytes in
        guard taken.count < most else { return .wouldBlock }
        taken += bytes.prefix(2)
        return .moved(min(2, bytes.count))
      }
    }
    queue.append([1, 2, 3])
    #expect(queue.drain(take(2)) == .wouldBlock && queue.count == 1)
    queue.append([4, 5])
    #expect(queue.drain(take(100)) == nil && queue.isEmpty)
    #expect(taken == [1, 2, 3, 4, 5])
    queue.append([6])
    #expect(queue.drain { _ in .failed(5) } == .failed(5) && queue.count == 1)
    #expect(queue.drain { _ in .moved(0) } == .moved(0))
    queue.removeAll()
    #expect(queue.isEmpty && queue.drain { _ in .ended } == nil)
  }

  @Test("A screen that takes nothing more keeps what waits, and takes it later")
  func slow() throws {
    let seat = try SeatUnderTest.pipe()
    StandardStreams.ignoreBrokenPipes()
    let writer = ScreenWriter(to: seat.seat.output)
    let total = 300_000
    [UInt8](repeating: 0x78, count: total).withUnsafeBytes { writer.write($0) }
    writer.flush()
    // A pipe that nobody reads holds 64 KiB or so.
    #expect(writer.waiting > 0 && writer.waiting < total && !writer.isBroken)
    while writer.waiting > 0 {
      _ = seat.sees("all of it")
      writer.flush()
    }
    _ = seat.sees("all of it")
    #expect(seat.seen.utf8.count == total)
  }

  @Test("A screen whose reader is gone is broken, and takes no more")
  func broken() throws {
    let seat = try SeatUnderTest.pipe()
    StandardStreams.ignoreBrokenPipes()
    let writer = ScreenWriter(to: seat.seat.output)
    seat.user.close()
    writer.write("text")
    writer.flush()
    #expect(writer.isBroken && writer.waiting == 0)
    writer.write("more")
    #expect(writer.waiting == 0)
  }
}

@Suite("Verbs about the daemon")
struct DaemonVerbTests {
  @Test("The status is a sentence and an exit code")
  func status() throws {
    let health: JSON = ["pid": 5, "version": "0.9", "uptimeMs": 90_000]
    let daemon = try FakeDaemon(["daemon.health": { _, _ in .result(health) }])
    #expect(
      ToolRun(["daemon", "status"], in: daemon.house) == ToolRun(out: "running, pid 5, version 0.9, up 1m\n"))
    #expect(ToolRun(["daemon", "start"], in: daemon.house) == ToolRun(out: "already running, pid 5\n"))
    #expect(ToolRun(["--json", "daemon", "status"], in: daemon.house).out == health.encodedText + "\n")
    #expect(ToolRun(["health"], in: daemon.house).out == "pid       5\nversion   0.9\nuptimeMs  1m\n")
    daemon.end()
    #expect(
      ToolRun(["daemon", "status"], in: daemon.house)
        == ToolRun(
          error: "arroba: no daemon listens at \(daemon.path)\nhint: arroba daemon start\n", code: 69))
  }

  @Test("A stop waits for the connection's end, and for the supervisor's")
  func stop() throws {
    let daemon = try FakeDaemon([
      "daemon.health": { _, _ in .result(["supervisor": ["pid": 2_147_483_647]]) },
      "daemon.shutdown": { _, _ in .result(["mode": "stop"]) },
    ])
    defer { daemon.end() }
    Threads.start("ends") {
      while !daemon.methods.contains("daemon.shutdown") {
        guard Deadline(seconds: 20).pause() else { return }
      }
      daemon.hangUp()
    }
    #expect(ToolRun(["daemon", "stop"], in: daemon.house) == ToolRun(out: "stopped\n"))
    #expect(daemon.requests[1].params == ["mode": "stop"])
    #expect(
      ToolRun(["daemon", "stop"], in: TemporaryDirectory()) == ToolRun(error: "no daemon is running\n"))
  }

  @Test("A restart waits for the next daemon")
  func restart() throws {
    let daemon = try FakeDaemon(["daemon.shutdown": { _, _ in .result(["mode": "restart"]) }])
    defer { daemon.end() }
    Threads.start("ends") {
      while !daemon.methods.contains("daemon.shutdown") {
        guard Deadline(seconds: 20).pause() else { return }
      }
      daemon.hangUp()
    }
    #expect(
      ToolRun(["daemon", "restart"], in: daemon.house)
        == ToolRun(out: "restarted: was pid 4242, now 4242, version \(arrobaVersion)\n"))
    #expect(daemon.methods == ["daemon.shutdown", "daemon.ping"] && daemon.greetings.count == 2)
  }

  @Test("Where no daemon may be started the next step is said; a host that was named is never started")
  func notStarted() throws {
    let house = TemporaryDirectory()
    let path = house.path("daemon.sock")
    let unreachable = ToolRun(
      error: "arroba: no daemon listens at \(path)\nhint: arroba daemon start\n", code: 69)
    #expect(ToolRun(["ls"], in: house) == unreachable)
    #expect(ToolRun(["--host", "unix://\(path)", "ls"], in: house) == unreachable)
    #expect(ToolRun(["ls"], in: house, ["ARROBA_HOST": "unix://\(path)"]) == unreachable)
    #expect(
      ToolRun(["--host", "relay://box", "ls"], in: house)
        == ToolRun(
          error:
            "arroba: no machine 'box' is known\nhint: arroba machine ls; arroba machine add NAME\n",
          code: 2))
    #expect(
      ToolRun(["--json", "--host", "box", "ls"], in: house).error.hasPrefix(
        "{\"code\":-32000,\"message\":\"'box' is no host"))
  }

  @Test("The bridge copies both ways until the daemon has answered what came")
  func bridge() throws {
    let daemon = try FakeDaemon()
    defer { daemon.end() }
    let seat = try SeatUnderTest.pipe()
    let socket = try Sockets.connect(to: daemon.path)
    try seat.typeIntoPipe(
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.ping\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"session.list\"}\n"
    )
    seat.endKeys()
    #expect(Bridge(socket: socket, seat: seat.seat).run())
    let lines = try seat.wait(for: "\"id\":2").split(separator: "\n")
    #expect(lines.first == "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}" && lines.count == 2)
  }

  @Test("What needs no daemon looks for none")
  func alone() throws {
    let house = TemporaryDirectory()
    #expect(
      ToolRun(["version"], in: house)
        == ToolRun(out: "arroba \(arrobaVersion) (protocol \(protocolVersion))\n"))
    #expect(
      ToolRun(["--json", "--version"], in: house).out == "{\"version\":\"\(arrobaVersion)\",\"protocol\":1}\n"
    )
    #expect(ToolRun(["help", "ls"], in: house).out.hasPrefix("usage: arroba ls"))
    #expect(ToolRun(["completions", "bash"], in: house).out.hasPrefix("# bash completion"))
    #expect(ToolRun(["daemon", "unit"], in: house).out.contains("[Service]\n"))
    #expect(
      ToolRun(["atach"], in: house)
        == ToolRun(error: "arroba: unknown verb 'atach'\nhint: did you mean attach?\n", code: 2))
    let seat = try SeatUnderTest.pipe()
    seat.endKeys()
    let none = ToolRun(["--no-color"], in: house, at: seat.seat)
    #expect(none == ToolRun(error: "arroba: nothing was said\nhint: arroba help lists the verbs\n", code: 2))
    let json = ToolRun(["atach", "--json"], in: house)
    #expect(json.error.hasPrefix("{\"code\":-32000,\"message\":\"unknown verb 'atach'\"") && json.code == 2)
    #expect(try Files.list(house.path) == [])
  }
}
