import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Agents", .journey)
struct AgentJourneys {
  @Test("Agents are spawned, focused, cycled, renamed and deleted; focus touches no run")
  func life() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session("exec sleep 1000", by: client).words("id")
      let session = JSON.string(id)
      func call(_ method: String, _ more: JSON = [:]) throws -> JSON {
        try client.request(method, .object(JSONObject((["session": session] as JSON).members + more.members)))
      }
      let spawned = try call("agent.spawn", ["argv": ["sleep", "1000"], "alias": "helper", "count": 2])
      #expect(try spawned.list("agents").map { try $0.words("alias") } == ["helper", "helper-2"])
      let pids = try (0..<3).map { try daemon.program(of: id, agent: $0) }
      let listed = try call("agent.list")
      #expect(try listed.list("agents").count == 3 && listed.words("focused") == spawned.words("agents.1.id"))
      #expect(try call("agent.focus", ["agent": "helper"]).at("focused") == true)
      #expect(try call("agent.cycle").words("alias") == "helper-2")
      #expect(try call("agent.cycle").words("id") == listed.words("agents.0.id"))
      #expect(try call("agent.get", ["agent": "helper-2"]).at("focused") == false)
      #expect(try client.refusal("agent.get", ["session": session, "agent": "help"]).kind == .agentAmbiguous)
      #expect(
        try client.refusal("agent.get", ["session": session, "agent": "nobody"]).kind == .agentNotFound)
      #expect(
        try client.refusal("agent.rename", ["session": session, "agent": "helper", "alias": "helper-2"]).kind
          == .aliasConflict)
      #expect(try call("agent.rename", ["agent": "helper", "alias": "scout"]).words("alias") == "scout")
      #expect(try client.refusal("agent.delete", ["session": session, "agent": "scout"]).kind == .busy)
      #expect(try client.refusal("agent.restart", ["session": session, "agent": "scout"]).kind == .busy)
      #expect(try call("agent.delete", ["agent": "scout", "force": true]).list("stopped").count == 1)
      try Processes.awaitEnd(of: pids[1])
      #expect(try call("agent.list").list("agents").count == 2)
      #expect(Processes.lives(pids[0]) && Processes.lives(pids[2]))
    }
  }

  @Test("An agent whose program has ended is restarted as it was: program, directory, variables")
  func restart() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let agent: JSON = [
        "argv": ["/bin/sh", "-c", "echo \"$WORD in $PWD\"; read line"], "env": ["WORD": "hidden-word"],
        "directory": .string(daemon.house.path("home")),
      ]
      let id = try client.request(
        "session.create", ["workspace": .string(daemon.workspace), "agents": [agent]]
      )
      .words("id")
      let words = "hidden-word in \(daemon.house.path("home"))"
      for round in 0..<2 {
        let terminal = try daemon.client().attach(id)
        try terminal.wait("the program's words") { terminal.seen.contains(words) }
        try terminal.type("\n")
        #expect(try terminal.awaitExit() == 0)
        try daemon.awaitEnded(id)
        guard round == 0 else { break }
        let again = try client.request("agent.restart", ["session": .string(id), "cols": 100, "rows": 30])
        #expect(try again.words("activity.state") == "starting" && again.number("cols") == 100)
      }
    }
  }

  @Test("Programs that cannot run are refused with a reason that names them")
  func badPrograms() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let plain = daemon.house.path("work/plain")
      try Files.replace(plain, with: Array("text".utf8))
      let cases: [(String, String)] = [
        ("no-such-program", "on PATH"), ("/no/such/program", "no program"), (plain, "not an executable"),
        (daemon.workspace, "not an executable"), ("./missing", "no program"),
      ]
      for (program, words) in cases {
        let error = try client.refusal(
          "session.create",
          ["workspace": .string(daemon.workspace), "agents": [["argv": [.string(program)]]]])
        #expect(error.kind == .providerUnavailable && error.message.contains(words), "\(program): \(error)")
        #expect(error.message.contains(program), "\(error)")
      }
      let directory = try client.refusal(
        "session.create",
        ["workspace": .string(daemon.workspace), "agents": [["argv": ["ls"], "directory": "/no/where"]]])
      #expect(directory.kind == .workspaceNotFound && directory.message.contains("/no/where"))
      let provider = try client.refusal(
        "session.create", ["workspace": .string(daemon.workspace), "agents": [["provider": "oracle"]]])
      #expect(provider.kind == .providerNotFound && provider.message.contains("oracle"))
      #expect(try client.request("session.list", ["all": true]).list("sessions").isEmpty)
    }
  }

  @Test("A file without a shebang fails to start, and the agent says why, whenever it is asked")
  func noShebang() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let path = daemon.house.path("work/binary")
      try ProgramFile.write(path, "no program at all")
      let agent: JSON = ["argv": [.string(path)]]
      // At once: before the birth has failed, when it has and that is not recorded yet, or afterwards.
      for _ in 0..<10 {
        let id = try client.request(
          "session.create", ["workspace": .string(daemon.workspace), "agents": [agent]]
        ).words("id")
        let error = try client.refusal("terminal.screen", ["session": .string(id)])
        #expect(error.kind == .terminalNotAvailable && error.message.contains("xec format"), "\(error)")
        #expect(error.hint == "arroba agent restart")
        try daemon.awaitEnded(id)
        let got = try client.request("agent.get", ["session": .string(id)])
        #expect(try got.words("activity.state") == "failed" && got.words("run.state") == "ended")
        #expect(try got.words("run.reason").contains("xec format"))
      }
    }
  }

  @Test("A session has 64 agents at most; one more is refused, and nothing of that request happens")
  func limit() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try client.request("session.create", ["workspace": .string(daemon.workspace)]).words("id")
      let spawn: JSON = ["session": .string(id), "argv": ["/bin/true"]]
      for count in [60, 4] {
        var params = spawn.members
        params.append(JSONObject.Member(key: "count", value: .int(count)))
        try client.request("agent.spawn", .object(JSONObject(params)))
      }
      let error = try client.refusal("agent.spawn", spawn)
      #expect(error.kind == .agentLimit && error.message.contains("64"))
      #expect(try client.request("agent.list", ["session": .string(id)]).list("agents").count == 64)
      try Deadline.until("all of them to have ended") {
        try client.request("daemon.health").number("agents.live") == 0
      }
    }
  }

  @Test("A program is told where it runs, and nothing of the daemon's own")
  func environment() throws {
    try withDaemon(.init(environment: ["TMUX": "/tmp/x", "LINES": "7", "KEPT": "yes"])) { daemon in
      let client = try daemon.client()
      let agent: JSON = [
        "argv": ["sleep", "1000"], "env": ["SECRET": "s3same", "TERM": "dumb", "ARROBA_AGENT": "x"],
      ]
      let session = try client.request(
        "session.create", ["workspace": .string(daemon.workspace), "agents": [agent]])
      let id = try session.words("id")
      let variables = try Processes.environment(of: try daemon.program(of: id))
      #expect(variables["ARROBA_SESSION"] == id)
      #expect(try variables["ARROBA_AGENT"] == session.words("agents.0.id"))
      #expect(variables["ARROBA_SOCKET"] == daemon.socket)
      #expect(variables["TERM"] == "dumb" && variables["SECRET"] == "s3same" && variables["KEPT"] == "yes")
      #expect(variables["PWD"] == daemon.workspace)
      for name in ["ARROBA_SUPERVISOR_FD", "ARROBA_READY_FD", "TMUX", "LINES"] {
        #expect(variables[name] == nil, "\(name)")
      }
      let plain = try daemon.session("echo on; read x", by: client).words("id")
      try daemon.screen(of: plain, shows: "on")
      #expect(try Processes.environment(of: daemon.program(of: plain))["TERM"] == "xterm-256color")
    }
  }

  @Test("The value of a variable stands in no answer, no event and no process log")
  func secrets() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let agent: JSON = ["argv": ["/bin/true"], "env": ["TOKEN": "opensesame"]]
      let made = try client.request(
        "session.create", ["workspace": .string(daemon.workspace), "agents": [agent], "commandId": "c1"])
      let id = JSON.string(try made.words("id"))
      try daemon.awaitEnded(made.words("id"))
      try client.request("events.subscribe", ["after": "start"])
      let events = try client.events { $0["kind"]?.string == "agent.exited" }
      let answers = try [
        made, client.request("session.get", ["session": id]), client.request("agent.list", ["session": id]),
        client.request("session.list", ["all": true]), client.request("daemon.health"),
      ]
      for json in events + answers {
        #expect(!json.shown.contains("opensesame") && !json.shown.contains("private"), "\(json.shown)")
      }
      #expect(events.contains { $0.shown.contains("TOKEN") })
      let bad: JSON = ["session": id, "argv": ["/bin/true"], "env": ["TOKEN": ["opensesame"]]]
      #expect(try !client.refusal("agent.spawn", bad).json.shown.contains("opensesame"))
      for name in try Files.list(daemon.logs) {
        let text = String(decoding: try Files.read("\(daemon.logs)/\(name)", atMost: 4 << 20), as: UTF8.self)
        #expect(!text.contains("opensesame"), "\(name)")
      }
    }
  }
}
