import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Sessions", .journey)
struct SessionJourneys {
  @Test("A session lives: created, listed, renamed, ended with what was stopped, kept, deleted")
  func life() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let made = try daemon.session("exec sleep 1000", alias: "Night  Shift", by: client)
      let id = try made.words("id")
      #expect(try made.words("alias") == "night_shift" && made.words("state") == "open")
      #expect(try made.words("workspace") == daemon.workspace)
      #expect(try client.request("session.list").list("sessions").map { try $0.words("id") } == [id])
      let ref: JSON = ["session": "night_shift"]
      let got = try client.request("session.get", ref)
      #expect(try got.words("id") == id && got.number("asOf") > 0)
      #expect(
        try client.request("session.rename", ["session": .string(id), "alias": "day"]).words("alias") == "day"
      )
      #expect(try client.refusal("session.get", ref).kind == .sessionNotFound)
      let busy = try client.refusal("session.end", ["session": "day"])
      #expect(busy.kind == .busy && busy.isRetryable && busy.hint?.contains("--force") ?? false)
      let pid = try daemon.program(of: id)
      let ended = try client.request("session.end", ["session": "day", "force": true])
      #expect(try ended.list("stopped").count == 1 && ended.words("session") == id)
      try Processes.awaitEnd(of: pid)
      #expect(try client.request("session.list").list("sessions").isEmpty)
      let all = try client.request("session.list", ["all": true]).list("sessions")
      #expect(try all.map { try $0.words("state") } == ["ended"])
      #expect(
        try client.refusal("session.rename", ["session": .string(id), "alias": "x"]).kind == .sessionEnded)
      #expect(try client.refusal("session.end", ["session": .string(id)]).kind == .sessionEnded)
      #expect(
        try client.refusal("agent.spawn", ["session": .string(id), "argv": ["ls"]]).kind == .sessionEnded)
      try client.request("session.delete", ["session": .string(id)])
      #expect(try client.refusal("session.get", ["session": .string(id)]).kind == .sessionNotFound)
      #expect(try client.request("session.list", ["all": true]).list("sessions").isEmpty)
    }
  }

  @Test("Delete by force stops what runs, tells it, and leaves nothing to ask for")
  func delete() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session("exec sleep 1000", by: client).words("id")
      let pid = try daemon.program(of: id)
      #expect(try client.refusal("session.delete", ["session": .string(id)]).kind == .busy)
      let stopped = try client.request("session.delete", ["session": .string(id), "force": true])
      #expect(try stopped.list("stopped").count == 1)
      try Processes.awaitEnd(of: pid)
      try Deadline.until("the terminal to go") {
        try client.request("daemon.health").number("terminals.open") == 0
      }
    }
  }

  @Test("Aliases: what is none, what is taken, and that an ended session gives its own back")
  func aliases() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let workspace = JSON.string(daemon.workspace)
      func create(_ alias: String) -> JSON { ["workspace": workspace, "alias": .string(alias)] }
      for alias in ["-x", "_x", "a/b", "ä", "", String(repeating: "a", count: 65), "a\u{7}b"] {
        #expect(try client.refusal("session.create", create(alias)).kind == .aliasInvalid, "\(alias)")
      }
      let first = try client.request("session.create", create("web")).words("id")
      let taken = try client.refusal("session.create", create(" WEB "))
      #expect(taken.kind == .aliasConflict && taken.message.contains(first))
      let second = try client.request("session.create", create("db")).words("id")
      #expect(
        try client.refusal("session.rename", ["session": .string(second), "alias": "web"]).kind
          == .aliasConflict)
      try client.request("session.rename", ["session": .string(second), "alias": nil])
      #expect(try client.request("session.get", ["session": .string(second)]).at("alias") == .null)
      try client.request("session.end", ["session": "web"])
      #expect(try client.request("session.create", create("web")).words("id") != first)
    }
  }

  @Test("A session is named by id, alias, and unique prefixes of both; two candidates are both told")
  func references() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let workspace = JSON.string(daemon.workspace)
      let ids = try ["alpha", "alpine", "beta"].map { alias in
        try client.request("session.create", ["workspace": workspace, "alias": .string(alias)]).words("id")
      }
      func found(_ ref: String) throws -> String {
        try client.request("session.get", ["session": .string(ref)]).words("id")
      }
      #expect(try found(ids[0]) == ids[0] && found("alpha") == ids[0] && found("alph") == ids[0])
      #expect(try found("ALPINE") == ids[1] && found("b") == ids[2])
      #expect(try found(String(ids[2].prefix(10))) == ids[2])
      let two = try client.refusal("session.get", ["session": "alp"])
      #expect(two.kind == .sessionAmbiguous)
      let candidates = try two.details["candidates"]?.array?.map { try $0.words("id") }
      #expect(Set(candidates ?? []) == Set(ids[..<2]))
      #expect(try client.refusal("session.get", ["session": "s_"]).kind == .sessionAmbiguous)
      let missing = try client.refusal("session.get", ["session": "gamma"])
      #expect(missing.kind == .sessionNotFound && missing.details["ref"]?.string == "gamma")
      #expect(missing.hint == "arroba ls")
      for empty in ["", "  "] {
        #expect(try client.refusal("session.get", ["session": .string(empty)]).kind == .invalidReference)
      }
    }
  }

  @Test("Aliases count within the caller's workspace, which is its git top level")
  func workspaces() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      for path in ["one/.git", "one/deep/er", "two"] { try Files.makeDirectory(daemon.house.path(path)) }
      let deep = JSON.string(daemon.house.path("one/deep/er"))
      let two = JSON.string(daemon.house.path("two"))
      let first = try client.request("session.create", ["workspace": deep, "alias": "main"])
      #expect(try first.words("workspace") == daemon.house.path("one"))
      let second = try client.request("session.create", ["workspace": two, "alias": "main"]).words("id")
      #expect(try client.request("session.get", ["session": "main", "workspace": two]).words("id") == second)
      #expect(
        try client.request("session.get", ["session": "main", "workspace": deep]).words("id")
          == first.words("id"))
      #expect(try client.refusal("session.get", ["session": "main"]).kind == .sessionAmbiguous)
      #expect(try client.request("session.get", ["workspace": two]).words("id") == second)
      let listed = try client.request("session.list", ["workspace": two]).list("sessions")
      #expect(try listed.map { try $0.words("id") } == [second])
      let gone = try client.refusal("session.create", ["workspace": .string(daemon.house.path("three"))])
      #expect(gone.kind == .workspaceNotFound && gone.message.contains("three"))
      let file = daemon.house.path("stderr")
      #expect(try client.refusal("session.create", ["workspace": .string(file)]).kind == .workspaceNotFound)
      #expect(
        try client.refusal("session.get", ["workspace": .string(daemon.workspace)]).kind == .sessionNotFound)
    }
  }
}
