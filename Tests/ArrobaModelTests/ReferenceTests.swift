import ArrobaJSON
import ArrobaModel
import ArrobaWire
import Testing

/// References as tables: exact id, exact alias, unique id prefix, unique alias prefix, in that order.
@Suite struct ReferenceTests {
  private static func world() throws -> World {
    var ground = Ground()
    func create(_ id: String, _ alias: String?, _ workspace: String) throws {
      try ground.run(.create(SessionID(id), alias: alias, workspace: workspace, agents: []))
    }
    func end(_ id: String) throws { try ground.run(.session(SessionID(id), .end(force: false))) }
    try create("s_aaa1", "notes", "/w")
    try create("s_aaa2", "notebook", "/w")
    try create("s_bbb1", "notes", "/v")
    try create("s_ccc1", "s_ddd", "/w")  // an alias that looks like the beginning of another's id
    try create("s_ddd1", nil, "/w")
    try create("s_eee1", "build", "/w")
    try end("s_eee1")
    try create("s_eee2", "build", "/w")
    try create("s_fff1", "old", "/w")
    try end("s_fff1")
    try create("s_g", "x1", "/w")  // an id that begins another id
    try create("s_g1", "s_aaa1x", "/w")
    try create("s_hhh1", "gone", "/w")
    try end("s_hhh1")
    try create("s_hhh2", "gone", "/w")
    try end("s_hhh2")
    try create("s_iii1", "my_big_plan", "/w")
    return ground.world
  }

  @Test(
    "A name finds its session",
    arguments: [
      ("an exact id", "s_aaa1", "/w", "s_aaa1"), ("an id counts in any workspace", "s_aaa1", "/v", "s_aaa1"),
      ("an id before those that it begins", "s_g", "/w", "s_g"),
      ("an exact alias", "notebook", "/w", "s_aaa2"),
      ("an exact alias before those that it begins", "notes", "/w", "s_aaa1"),
      ("an alias of this workspace, not of another", "notes", "/v", "s_bbb1"),
      ("an exact alias before an id prefix", "s_ddd", "/w", "s_ccc1"),
      ("a unique id prefix", "s_bb", "/w", "s_bbb1"),
      ("an id prefix before an alias prefix", "s_aaa1", "/w", "s_aaa1"),
      ("a unique alias prefix", "noteb", "/w", "s_aaa2"),
      ("an alias prefix of this workspace", "no", "/v", "s_bbb1"),
      ("the open one of two with an alias", "build", "/w", "s_eee2"),
      ("the open one of two with an alias prefix", "bui", "/w", "s_eee2"),
      ("an ended one where no other is", "old", "/w", "s_fff1"),
      ("an ended one by its id", "s_eee1", "/w", "s_eee1"),
      ("upper case", "  NOTEBOOK ", "/w", "s_aaa2"),
      ("the words that made the alias", "My Big  Plan", "/w", "s_iii1"),
      ("an alias without a workspace", "notebook", nil, "s_aaa2"),
    ] as [(String, String, String?, String)])
  func found(why: String, name: String, workspace: String?, id: String) throws {
    let session = try Self.world().session(named: name, in: workspace)
    #expect(session.id.text == id, "\(why)")
  }

  @Test(
    "A name that may be any of several is ambiguous, and each candidate is told",
    arguments: [
      ("s_aaa", "/w", ["s_aaa1", "s_aaa2"]), ("note", "/w", ["s_aaa1", "s_aaa2"]),
      ("notes", nil, ["s_aaa1", "s_bbb1"]), ("s_eee", "/w", ["s_eee1", "s_eee2"]),
      ("gone", "/w", ["s_hhh1", "s_hhh2"]), ("s_hh", nil, ["s_hhh1", "s_hhh2"]),
    ] as [(String, String?, [String])])
  func ambiguous(name: String, workspace: String?, ids: [String]) throws {
    let world = try Self.world()
    let refusal = try refusal { try world.session(named: name, in: workspace) }
    #expect(refusal.kind == .sessionAmbiguous)
    #expect(refusal.hint == "arroba ls")
    #expect(refusal.details["ref"] == .string(name))
    let candidates = refusal.details["candidates"]?.array ?? []
    #expect(candidates.map { $0["id"]?.string } == ids)
    for candidate in candidates {
      let session = world.session(SessionID(candidate["id"]?.string ?? ""))
      #expect(candidate["alias"]?.string == session?.alias)
      #expect(candidate["workspace"]?.string == session?.workspace)
    }
    for id in ids { #expect(refusal.message.contains(id)) }
  }

  @Test("Of many candidates sixteen are told")
  func manyCandidates() throws {
    var ground = Ground()
    for number in 0..<40 {
      try ground.run(.create(SessionID("s_x\(number)"), alias: nil, workspace: "/w", agents: []))
    }
    let refusal = try refusal { try ground.world.session(named: "s_x", in: nil) }
    #expect(refusal.details["candidates"]?.array?.count == 16)
  }

  @Test(
    "A name that nothing has is not found, and says where one of that alias is",
    arguments: [
      ("zzz", "/w", "no session matches 'zzz'"), ("s_zzz", nil, "no session matches 's_zzz'"),
      ("notebook", "/v", "no session matches 'notebook'; one of that alias is in /w"),
      ("note", "/u", "no session matches 'note'"), ("old", "/u", "no session matches 'old'"),
      ("a\u{7}b", "/w", "no session matches 'a?b'"),
    ] as [(String, String?, String)])
  func notFound(name: String, workspace: String?, message: String) throws {
    let world = try Self.world()
    let refusal = try refusal { try world.session(named: name, in: workspace) }
    #expect(refusal.kind == .sessionNotFound)
    #expect(refusal.message == message)
    #expect(refusal.hint == "arroba ls")
  }

  @Test(
    "What names nothing, or is longer than 128 bytes, is no reference",
    arguments: ["", "  \t ", String(repeating: "a", count: 129), String(repeating: "é", count: 65)])
  func invalid(name: String) throws {
    let world = try Self.world()
    #expect(try refusal { try world.session(named: name, in: "/w") }.kind == .invalidReference)
    let ground = try Ground.session(agents: ["x"])
    let session = try ground.session(Ground.one)
    #expect(try refusal { try ground.world.agent(named: name, in: session) }.kind == .invalidReference)
    let longest = try refusal { try world.session(named: String(repeating: "a", count: 128), in: "/w") }
    #expect(longest.kind == .sessionNotFound)
  }

  @Test("Without a name the newest open session of the workspace is meant")
  func newest() throws {
    var ground = Ground()
    #expect(ground.world.newestOpen(in: "/w") == nil)
    for (id, workspace) in [("s_1", "/w"), ("s_2", "/w"), ("s_3", "/v")] {
      try ground.run(.create(SessionID(id), alias: nil, workspace: workspace, agents: []))
    }
    #expect(ground.world.newestOpen(in: "/w")?.id.text == "s_2")
    #expect(ground.world.newestOpen(in: "/v")?.id.text == "s_3")
    try ground.run(.session(SessionID("s_2"), .end(force: false)))
    #expect(ground.world.newestOpen(in: "/w")?.id.text == "s_1")
    #expect(ground.world.newestOpen(in: "/u") == nil)
  }
}

@Suite struct AgentReferenceTests {
  private static func ground() throws -> (World, Session) {
    let ids = [("aa1", "web"), ("aa2", "worker"), ("b", "x1"), ("b1", "a_aa"), ("c1", "weblog")]
    var ground = try Ground.session(alias: "team")
    try ground.run(.session(Ground.one, .spawn(ids.map { Ground.newAgent($0.0, alias: $0.1) })))
    try ground.run(.session(Ground.one, .focus(AgentID("a_aa2"))))
    return (ground.world, try ground.session(Ground.one))
  }

  @Test(
    "A name finds its agent within the session; no name is the focused one",
    arguments: [
      (nil, "a_aa2"), ("a_aa1", "a_aa1"), ("web", "a_aa1"), ("a_b", "a_b"), ("a_aa", "a_b1"), ("a_c", "a_c1"),
      ("wo", "a_aa2"), (" WEB ", "a_aa1"), ("webl", "a_c1"),
    ] as [(String?, String)])
  func found(name: String?, id: String) throws {
    let (world, session) = try Self.ground()
    #expect(try world.agent(named: name, in: session).id.text == id)
  }

  @Test(
    "Several agents are ambiguous, and each is told",
    arguments: [("we", ["a_aa1", "a_c1"]), ("a_a", ["a_aa1", "a_aa2"]), ("w", ["a_aa1", "a_aa2", "a_c1"])])
  func ambiguous(name: String, ids: [String]) throws {
    let (world, session) = try Self.ground()
    let refusal = try refusal { try world.agent(named: name, in: session) }
    #expect(refusal.kind == .agentAmbiguous)
    #expect(refusal.hint == "arroba agent ls")
    #expect(refusal.details["candidates"]?.array?.map { $0["id"]?.string } == ids)
  }

  @Test("An agent that is not there is not found; nor is a focused one where there is none")
  func notFound() throws {
    let (world, session) = try Self.ground()
    let missing = try refusal { try world.agent(named: "zz", in: session) }
    #expect(missing.kind == .agentNotFound)
    #expect(missing.message == "no agent of team matches 'zz'")
    #expect(missing.hint == "arroba agent ls")
    let empty = try Ground.session()
    let session2 = try empty.session(Ground.one)
    let none = try refusal { try empty.world.agent(named: nil, in: session2) }
    #expect(none.kind == .agentNotFound)
    #expect(none.message == "the session s_one has no agent")
    #expect(none.hint == "arroba agent spawn")
  }
}
