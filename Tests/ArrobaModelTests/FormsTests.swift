import ArrobaJSON
import ArrobaModel
import Testing

/// The JSON that clients see: its names and its order are a promise.
@Suite struct FormsTests {
  @Test("A session with a running agent and one that has ended looks like this")
  func session() throws {
    var ground = try Ground.session(alias: "team", agents: ["web"])
    try ground.run(.agent(Ground.one, AgentID("a_web"), .absorb(.started(RunID("r_web"), Ground.process))))
    let session = try ground.session(Ground.one)
    let json = session.json { $0 == AgentID("a_web") ? 2 : 0 }
    let agent =
      #"{"id":"a_web","session":"s_one","alias":"web","provider":"terminal","model":null,"effort":null,"#
      + #""directory":"/w","argv":["bash"],"envNames":[],"cols":80,"rows":24,"#
      + #""createdAt":"1970-01-01T00:00:02.000Z","focused":true,"attached":2,"#
      + #""activity":{"state":"working","since":"1970-01-01T00:00:07.000Z","source":"process"},"#
      + #""run":{"id":"r_web","state":"running","pid":4242,"startedAt":"1970-01-01T00:00:06.000Z","exit":null}}"#
    #expect(
      json.encodedText
        == #"{"id":"s_one","alias":"team","workspace":"/w","state":"open","createdAt":"1970-01-01T00:00:01.000Z","#
        + #""focused":"a_web","attached":2,"agents":[\#(agent)]}"#)
  }

  @Test("An ended session says when, and its runs say how")
  func ended() throws {
    var ground = try Ground.session(agents: ["web"])
    try ground.run(.agent(Ground.one, AgentID("a_web"), .absorb(.exited(RunID("r_web"), .code(3)))))
    try ground.run(.session(Ground.one, .end(force: false)))
    let json = try ground.session(Ground.one).json { _ in 0 }
    #expect(json["state"] == "ended")
    #expect(json["endedAt"]?.string == Instant(ms: Int(ground.seq) * 1000).text)
    #expect(json["alias"]?.isNull == true)
    let run = json["agents"]?.array?.first?["run"]
    #expect(run?["state"] == "ended")
    #expect(run?["exit"] == ["code": 3])
    #expect(run?["endedAt"]?.string != nil)
  }

  @Test("Names of variables are shown, their values never")
  func variables() throws {
    var ground = try Ground.session()
    var spec = AgentSpec(provider: "terminal", directory: "/w", columns: 80, rows: 24)
    spec.environment = [AgentSpec.Variable(name: "TOKEN", value: "hunter-2")]
    let new = NewAgent(id: AgentID("a_x"), run: RunID("r_x"), spec: spec)
    try ground.run(.session(Ground.one, .spawn([new])))
    let text = try ground.session(Ground.one).json { _ in 0 }.encodedText
    #expect(text.contains(#""envNames":["TOKEN"]"#))
    #expect(!text.contains("hunter"))
  }

  @Test("An exit in words", arguments: [(Run.Exit.code(0), "exited 0"), (.signal(9), "killed by signal 9")])
  func words(exit: Run.Exit, words: String) {
    #expect(exit.words == words)
  }
}
