import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("What goes on while something hangs or is full", .journey)
struct HealthJourneys {
  @Test("Health is answered while births, terminals and full lanes wait, and those are done once it goes on")
  func stuck() throws {
    try withDaemon { daemon in
      Processes.stop(daemon.pid)
      defer { Processes.proceed(daemon.pid) }
      let client = try daemon.client()
      let id = try daemon.session("exec cat", by: client).words("id")
      var waiting: [(WireClient, Int)] = []
      for _ in 0..<4 {
        let other = try daemon.client()
        for _ in 0..<60 {
          waiting.append((other, try other.send("terminal.screen", ["session": .string(id)])))
        }
      }
      let attach = try daemon.client()
      let attached = try attach.send("terminal.attach", ["session": .string(id), "cols": 80, "rows": 24])
      let health = try client.request("daemon.health")
      #expect(try health.words("status") == "ok" && health.number("agents.live") == 1)
      #expect(try client.request("session.list").list("sessions").count == 1)
      #expect(
        try client.request("session.get", ["session": .string(id)]).words("agents.0.activity.state")
          == "starting")
      Processes.proceed(daemon.pid)
      for (other, request) in waiting { _ = try other.result(of: request).get() }
      _ = try attach.result(of: attached).get()
    }
  }

  @Test("A stopped program holds up its own input and nothing else")
  func stoppedProgram() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let ids = try (0..<2).map { _ in
        try daemon.session("stty -echo; echo on; exec cat", by: client).words("id")
      }
      for id in ids { try daemon.screen(of: id, shows: "on") }
      Processes.stop(try daemon.program(of: ids[0]))
      let pasting = try daemon.client().attach(ids[0])
      _ = try pasting.write(
        TerminalFrame.encode(.input, [UInt8](repeating: 10, count: 1 << 20)), atMostSeconds: 0)
      let typing = try daemon.client().attach(ids[1])
      for round in 0..<50 {
        try typing.type("\(round)!\n")
        try typing.wait(for: "\(round)!\r\n")
      }
      #expect(try client.request("daemon.health").words("status") == "ok")
      #expect(try client.request("session.get", ["session": .string(ids[0])]).number("attached") == 1)
    }
  }
}
