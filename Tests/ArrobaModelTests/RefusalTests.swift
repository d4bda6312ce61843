import ArrobaJSON
import ArrobaModel
import ArrobaWire
import Testing

/// A refusal names the thing, the reason and the next step.
@Suite struct RefusalTests {
  @Test("A session that is not there, or has ended, is named, with what to do")
  func sessions() throws {
    let missing = try refusal { try Command.session(SessionID("s_no"), .cycle).decide(in: World()) }
    #expect(missing.message == "no session matches 's_no'")
    #expect(missing.hint == "arroba ls")

    var ground = try Ground.session(alias: "team")
    try ground.run(.session(Ground.one, .end(force: false)))
    let ended = try refusal { try Command.session(Ground.one, .rename(alias: "x")).decide(in: ground.world) }
    #expect(ended.kind == .sessionEnded)
    #expect(ended.message == "the session team has ended")
    #expect(ended.hint == "arroba new makes another one")
    #expect(ended.details["session"] == "s_one")
  }

  @Test("Ending what still runs needs force; the refusal lists what runs")
  func busySession() throws {
    let ground = try Ground.session(alias: "team", agents: ["web", "api"])
    let end = try refusal { try Command.session(Ground.one, .end(force: false)).decide(in: ground.world) }
    #expect(end.kind == .busy && end.isRetryable)
    #expect(end.message == "still running in team: web, api")
    #expect(end.hint == "arroba end --force stops it")
    let delete = try refusal {
      try Command.session(Ground.one, .delete(force: false)).decide(in: ground.world)
    }
    #expect(delete.hint == "arroba rm --force stops it")
  }

  @Test("Deleting or restarting an agent whose program runs is refused, each with its own way on")
  func busyAgent() throws {
    let ground = try Ground.session(agents: ["web"])
    let id = AgentID("a_web")
    let delete = try refusal {
      try Command.agent(Ground.one, id, .delete(force: false)).decide(in: ground.world)
    }
    #expect(delete.kind == .busy)
    #expect(delete.message == "web is still running")
    #expect(delete.hint == "arroba agent rm --force stops it")
    let again = AgentCommand.restart(RunID("r_2"), columns: nil, rows: nil, force: false)
    let restart = try refusal { try Command.agent(Ground.one, id, again).decide(in: ground.world) }
    #expect(restart.kind == .busy)
    #expect(restart.hint == "arroba agent restart --force stops it first; arroba agent spawn makes another")
  }

  @Test("An agent that is not there is named with its session")
  func noAgent() throws {
    let ground = try Ground.session(alias: "team")
    let focus = try refusal {
      try Command.session(Ground.one, .focus(AgentID("a_no"))).decide(in: ground.world)
    }
    #expect(focus.kind == .agentNotFound)
    #expect(focus.message == "no agent of team matches 'a_no'")
    #expect(focus.hint == "arroba agent ls")
    #expect(focus.details["ref"] == "a_no" && focus.details["session"] == "s_one")
  }

  @Test("Open sessions of one workspace have different aliases; ended ones and other workspaces do not count")
  func sessionAliases() throws {
    var ground = try Ground.session(alias: "team")
    func create(_ id: String, _ alias: String, in workspace: String) -> Command {
      .create(SessionID(id), alias: alias, workspace: workspace, agents: [])
    }
    let taken = try refusal { try create("s_2", "team", in: "/w").decide(in: ground.world) }
    #expect(taken.kind == .aliasConflict)
    #expect(taken.message == "the alias 'team' is taken by s_one in /w")
    #expect(taken.details["alias"] == "team" && taken.details["session"] == "s_one")
    try ground.run(create("s_3", "team", in: "/v"))
    try ground.run(create("s_4", "other", in: "/w"))
    let rename = Command.session(SessionID("s_4"), .rename(alias: "team"))
    #expect(try refusal { try rename.decide(in: ground.world) }.kind == .aliasConflict)
    try ground.run(.session(Ground.one, .end(force: false)))
    try ground.run(rename)
    #expect(try ground.session(SessionID("s_4")).alias == "team")
  }

  @Test("Agents of one session have different aliases, also those that are made together")
  func agentAliases() throws {
    let ground = try Ground.session(agents: ["web", "api"])
    let rename = Command.agent(Ground.one, AgentID("a_api"), .rename(alias: "web"))
    let taken = try refusal { try rename.decide(in: ground.world) }
    #expect(taken.kind == .aliasConflict)
    #expect(taken.message == "the alias 'web' is taken by a_web in this session")
    #expect(taken.details["agent"] == "a_web")
    let twins = [Ground.newAgent("p", alias: "twin"), Ground.newAgent("q", alias: "twin")]
    let spawn = try refusal { try Command.session(Ground.one, .spawn(twins)).decide(in: ground.world) }
    #expect(spawn.kind == .aliasConflict && spawn.details["agent"] == "a_p")
    let create = Command.create(SessionID("s_2"), alias: nil, workspace: "/w", agents: twins)
    #expect(try refusal { try create.decide(in: ground.world) }.kind == .aliasConflict)
    #expect(throws: Never.self) {
      try Command.agent(Ground.one, AgentID("a_web"), .rename(alias: "web")).decide(in: ground.world)
    }
  }

  @Test("A session has 64 agents at most, counted to the last one")
  func limit() throws {
    let most = Session.mostAgents
    #expect(most == 64)
    var ground = try Ground.session(agents: (0..<most - 1).map { "n\($0)" })
    let two = [Ground.newAgent("p"), Ground.newAgent("q")]
    let refused = try refusal { try Command.session(Ground.one, .spawn(two)).decide(in: ground.world) }
    #expect(refused.kind == .agentLimit)
    #expect(refused.message == "a session has at most 64 agents: 63 are there, 2 more were asked for")
    #expect(refused.hint == "arroba agent rm, or another session")
    try ground.run(.session(Ground.one, .spawn([two[0]])))
    #expect(try ground.session(Ground.one).agents.count == most)
    let full = try refusal { try Command.session(Ground.one, .spawn([two[1]])).decide(in: ground.world) }
    #expect(full.kind == .agentLimit)
    let tooMany = (0...most).map { Ground.newAgent("m\($0)") }
    let create = Command.create(SessionID("s_2"), alias: nil, workspace: "/w", agents: tooMany)
    #expect(try refusal { try create.decide(in: World()) }.kind == .agentLimit)
  }
}
