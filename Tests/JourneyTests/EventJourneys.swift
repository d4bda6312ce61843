import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Events", .journey)
struct EventJourneys {
  private static func sessions(_ count: Int, _ daemon: DaemonUnderTest) throws -> [String] {
    let client = try daemon.client()
    return try (0..<count).map { _ in
      try client.request("session.create", ["workspace": .string(daemon.workspace)]).words("id")
    }
  }

  @Test("A subscription begins at the start, now, or behind a cursor, and goes on without holes or doubles")
  func cursors() throws {
    try withDaemon { daemon in
      let log = try daemon.connect().hello().words("log.id")
      let made = try Self.sessions(3, daemon)
      let client = try daemon.client()
      let start = try client.request("events.subscribe", ["after": "start"])
      #expect(try start.number("from") == 1 && start.at("gap") == .null)
      let head = try start.number("head")
      let all = try client.events { $0["seq"]?.int == head }
      #expect(try all.map { try $0.number("seq") } == Array(1...head))
      #expect(try all.first?.words("kind") == "daemon.started")
      #expect(all.compactMap { $0["session"]?.string } == made)
      let middle = try daemon.client()
      let cursor: JSON = ["log": .string(log), "seq": .int(head - 2)]
      #expect(try middle.request("events.subscribe", ["after": cursor]).number("from") == head - 1)
      let now = try daemon.client()
      #expect(try now.request("events.subscribe", ["after": "now"]).number("from") == head + 1)
      let last = try Self.sessions(1, daemon)[0]
      let followed = try middle.events { $0["session"]?.string == last }.map { try $0.number("seq") }
      #expect(followed == [head - 1, head, head + 1])
      let event = try now.event()
      #expect(try event.number("seq") == head + 1 && event.words("kind") == "session.created")
      #expect(try event.words("by") == "c_test" && event.words("subscription") == "e_1")
      #expect(try client.event() == event)
    }
  }

  @Test(
    "A cursor into another log, or beyond the end, is told as a gap, and the subscription goes on from now")
  func gaps() throws {
    try withDaemon { daemon in
      let log = try daemon.connect().hello().words("log.id")
      let cursors: [(JSON, String)] = [
        (["log": "l_other", "seq": 1], "other_log"),
        (["log": .string(log), "seq": 100_000], "beyond_head"),
      ]
      for (cursor, reason) in cursors {
        let client = try daemon.client()
        let answer = try client.request("events.subscribe", ["after": cursor])
        #expect(try answer.words("gap.reason") == reason && answer.number("gap.oldest") == 1)
        #expect(try answer.at("gap.requested") == cursor.at("seq"))
        #expect(try answer.number("from") == answer.number("head") + 1)
        let id = try Self.sessions(1, daemon)[0]
        #expect(try client.event().words("session") == id)
      }
    }
  }

  @Test("Filters by session and kind let through what they name, and nothing else")
  func filters() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let ids = try Self.sessions(2, daemon)
      try client.request("events.subscribe", ["after": "start", "session": .string(ids[0])])
      try client.request("events.subscribe", ["after": "start", "kinds": ["session.ended"]])
      try client.request(
        "events.subscribe", ["after": "start", "session": .string(ids[1]), "kinds": ["session.renamed"]])
      for id in ids {
        try client.request("session.rename", ["session": .string(id), "alias": .string("n\(id.suffix(4))")])
        try client.request("session.end", ["session": .string(id)])
      }
      var got: [String: [String]] = [:]
      for _ in 0..<6 {
        let event = try client.event()
        let words = try "\(event.words("kind")) \(ids.firstIndex(of: event.words("session")) ?? 9)"
        got[try event.words("subscription"), default: []].append(words)
      }
      #expect(got["e_1"] == ["session.created 0", "session.renamed 0", "session.ended 0"])
      #expect(got["e_2"] == ["session.ended 0", "session.ended 1"])
      #expect(got["e_3"] == ["session.renamed 1"])
      try client.request("events.unsubscribe", ["subscription": "e_2"])
      try client.request("session.delete", ["session": .string(ids[1])])
      try client.request("session.delete", ["session": .string(ids[0])])
      let last = try client.event()
      #expect(try last.words("subscription") == "e_1" && last.words("kind") == "session.deleted")
      #expect(try client.refusal("events.subscribe", ["session": "nobody"]).kind == .sessionNotFound)
    }
  }

  @Test("A subscriber that goes on from its cursor after a crash misses nothing and sees nothing twice")
  func crash() throws {
    try withDaemon { daemon in
      let log = try daemon.connect().hello().words("log.id")
      var seen: [Int] = []
      for round in 0..<4 {
        let client = try daemon.client()
        let after: JSON = seen.last.map { ["log": .string(log), "seq": .int($0)] } ?? "start"
        let answer = try client.request("events.subscribe", ["after": after])
        #expect(try answer.at("gap") == .null)
        let made = try Self.sessions(3, daemon)
        seen += try client.events { $0["session"]?.string == made[round % 3] }.map { try $0.number("seq") }
        try daemon.killDaemon()
      }
      #expect(seen == Array(1...seen.count))
    }
  }

  @Test(
    "A subscriber that reads nothing holds up nobody, costs little memory, and gets everything in the end")
  func slow() throws {
    try withDaemon { daemon in
      let (slow, client) = (try daemon.client(), try daemon.client())
      let id = try Self.sessions(1, daemon)[0]
      try client.request("events.subscribe", ["after": "now"])
      let pid = try daemon.daemonPid()
      // Events of 64 KB, so that they outgrow what sockets hold; the first ones let the daemon grow as it will.
      let long = String(repeating: "x", count: 64_000)
      func spawn(_ count: Int) throws {
        for _ in 0..<count {
          let agent = try client.request(
            "agent.spawn", ["session": .string(id), "argv": ["/bin/true", .string(long)]]
          ).words("agents.0.id")
          try client.event("agent.exited") { $0["agent"]?.string == agent }
          try client.request("agent.delete", ["session": .string(id), "agent": .string(agent)])
        }
      }
      try spawn(20)
      let from = try slow.request("events.subscribe", ["after": "now"]).number("from")
      let before = try Processes.residentBytes(of: pid)
      try spawn(40)
      let grown = try Processes.residentBytes(of: pid) - before
      #expect(grown < 4 << 20, "the daemon grew by \(grown) bytes")
      let head = try client.request("daemon.health").number("log.head")
      let seen = try slow.events { $0["seq"]?.int == head }.map { try $0.number("seq") }
      #expect(seen == Array(from...head))
    }
  }

  @Test("When nothing else is sent for five seconds, a heartbeat comes, on both lanes")
  func heartbeat() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session("exec sleep 1000", by: client).words("id")
      let terminal = try daemon.client().attach(id)
      let head = try client.notification("heartbeat").number("head")
      #expect(head >= 4)
      try terminal.wait("a heartbeat") { terminal.heartbeats > 0 }
      try terminal.send(.heartbeat)
      #expect(try client.request("daemon.health").number("log.head") >= head)
    }
  }

  @Test("A connection has 32 subscriptions at most")
  func limit() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      for _ in 0..<32 { try client.request("events.subscribe") }
      #expect(try client.refusal("events.subscribe").kind == .overloaded)
      try client.request("events.unsubscribe", ["subscription": "e_5"])
      #expect(try client.request("events.subscribe").words("subscription") == "e_33")
    }
  }
}
