import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// A connection that cannot be lost: cut again and again while a program prints numbers and somebody types numbers.
@Suite("Roads that break", .journey)
struct CutJourneys {
  /// `ARROBA_CUTS` says how often; 1000 is a run for a quiet hour.
  private static func cuts(_ usual: Int) -> Int {
    Environment.all["ARROBA_CUTS"].flatMap { Int($0) } ?? usual
  }

  /// What is typed ahead of what came back, at most: then a cut hits something under way in both directions.
  private static let ahead = 20

  /// Types lines and reads numbers until so many connections were cut; checks that each came once and in order.
  private static func run(
    _ tool: ToolUnderTest, through road: RoadProxy, cuts: Int, seed: UInt64, _ others: () throws -> Void = {}
  ) throws {
    var generator = SeededGenerator(seed: seed)
    var typed = 0
    var heard = 0
    var rest: [UInt8] = []
    var read = 0
    var next = 0
    var cutAt = 0
    var isOver = false
    try Deadline.until("\(cuts) cuts", seconds: 60 + cuts * 8) {
      if road.cuts < cuts {
        while typed < heard + Self.ahead {
          try tool.type("\(typed)\n")
          typed += 1
        }
      } else if !isOver {
        try tool.type("end\n")
        isOver = true
      }
      tool.read()
      rest += tool.output[read...]
      read = tool.output.count
      while let end = rest.firstIndex(of: 0x0A) {
        let line = String(decoding: rest[..<end], as: UTF8.self).filter { $0 != "\r" && $0 != "\n" }
        rest.removeFirst(end + 1)
        switch line.prefix(2) {
        case "c ":
          guard line == "c \(next)" else { throw Silence("'\(line)' instead of 'c \(next)' (seed \(seed))") }
          next += 1
        case "t ":
          if line == "t end" { return true }
          guard line == "t \(heard)" else {
            throw Silence("'\(line)' instead of 't \(heard)' (seed \(seed))")
          }
          heard += 1
        // The first line stands behind the repaint, which has no line break at its end.
        default:
          if heard == 0, line.hasSuffix("t 0") { heard = 1 }
          guard next == 0 else { throw Silence("'\(line)' among the numbers (seed \(seed))") }
        }
      }
      // Somewhere within what is under way, and seldom enough that it comes back between two cuts.
      if heard >= cutAt, road.cuts < cuts {
        road.crumble(to: [1, 7, 100, 1400, 64 << 10].randomElement(using: &generator) ?? 1)
        if road.cut() > 0 { cutAt = heard + Int.random(in: 1...30, using: &generator) }
        try others()
      }
      return false
    }
    let end = try tool.end()
    #expect(end.code == 0 && next > 0 && heard == typed, "\(end)")
  }

  @Test("Over a socket that is cut again and again nothing is lost, doubled or out of order, either way")
  func socket() throws {
    try withDaemon { daemon in
      let id = try daemon.session(stub: ["tally"]).words("id")
      try daemon.screen(of: id, shows: "ready")
      let path = daemon.house.path("run/road.sock")
      let road = try RoadProxy(.sockets(at: path, to: daemon.socket))
      let environment = [
        "ARROBA_HOST": "unix://\(path)", "ARROBA_STATE_DIR": daemon.house.path("client-state"),
        "ARROBA_LOG_DIR": daemon.house.path("client-logs"), "HOME": daemon.house.path("home"),
        "PATH": "/usr/bin:/bin",
      ]
      let tool = try ToolUnderTest(["attach", "--raw", id], environment)
      try tool.wait(for: "ready")
      try Self.run(tool, through: road, cuts: Self.cuts(50), seed: 31)
      road.stop()
    }
  }

  @Test("Over ssh as well, also while the daemon is killed in between")
  func ssh() throws {
    try withDaemon { daemon in
      let server = try SSHUnderTest(to: daemon)
      let id = try daemon.session(stub: ["tally"]).words("id")
      try daemon.screen(of: id, shows: "ready")
      let road = try RoadProxy(.ports(at: 0, to: server.port))
      try server.point(to: road.port)
      let tool = try ToolUnderTest(["attach", "--raw", id], server.environment)
      try tool.wait(for: "ready")
      var count = 0
      try Self.run(tool, through: road, cuts: Self.cuts(8), seed: 32) {
        count += 1
        if count == 4 { try daemon.killDaemon() }
      }
      road.stop()
      server.stop()
    }
  }

  @Test("Events go on at their cursor, and a prompt is waited for, over a road that is cut")
  func events() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation(alias: "talk")
      let path = daemon.house.path("run/road.sock")
      let road = try RoadProxy(.sockets(at: path, to: daemon.socket))
      let environment = [
        "ARROBA_HOST": "unix://\(path)", "ARROBA_STATE_DIR": daemon.house.path("client-state"),
        "ARROBA_LOG_DIR": daemon.house.path("client-logs"), "HOME": daemon.house.path("home"),
        "PATH": "/usr/bin:/bin",
      ]
      let follower = try ToolUnderTest(["--json", "events", "--follow", "--after", "start"], environment)
      try follower.wait(for: "session.created")
      let sender = try ToolUnderTest(["send", id, "--wait", "--", "[[gate go]]"], environment)
      try sender.wait(for: "p_")
      for round in 0..<5 {
        road.cut()
        _ = try daemon.client().request(
          "session.rename", ["session": .string(id), "alias": .string("n\(round)")])
        try follower.wait(for: "n\(round)")
      }
      try daemon.open(gate: "go")
      let end = try sender.end()
      #expect(end.code == 0, "\(end)")
      try follower.wait(for: "prompt.completed")
      let sequences = follower.text.matches(of: /"seq":(\d+)/).compactMap { Int($0.1) }
      #expect(sequences == Array(1...(sequences.last ?? 0)))
      follower.kill()
      road.stop()
    }
  }

  @Test(
    "A client that says what it takes has little under way, and sees the end of a flood behind that little")
  func paced() throws {
    try withDaemon { daemon in
      let script =
        "trap 'echo; echo interrupted; sleep 1000' INT; echo ready; read x; yes 0123456789012345678901234567890123456789"
      let id = try daemon.session(script).words("id")
      try daemon.screen(of: id, shows: "ready")
      let terminal = try daemon.client().attach(id, paced: true)
      #expect(terminal.answer["paced"] == true)
      try terminal.wait("the screen") { !terminal.repaints.isEmpty }
      try terminal.type("\n")
      let other = try daemon.client()
      func offset() throws -> Int {
        try other.request("terminal.screen", ["session": .string(id), "format": "cells"]).number("offset")
      }
      try Deadline.until("a flood of more than the ring holds") { try offset() > 4 << 20 }
      try terminal.type("\u{3}")
      try daemon.screen(of: id, shows: "interrupted")
      // Nothing was taken so far: what came is what may be under way.
      try terminal.read(until: LinkPace.firstAhead)
      let before = terminal.taken
      #expect(before == LinkPace.firstAhead && !terminal.seen.contains("interrupted"))
      try terminal.send(.taken, Self.bigEndian(before))
      try terminal.wait("the end of the flood") { terminal.seen.contains("interrupted") }
      // A repaint, and not megabytes that nobody can read.
      #expect(terminal.taken - before < 32 << 10, "\(terminal.taken - before)")
    }
  }

  private static func bigEndian(_ count: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt64(count).bigEndian) { Array($0) }
  }
}
