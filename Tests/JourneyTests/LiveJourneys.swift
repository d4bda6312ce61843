import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// The real binaries with the real OpenCode and a scripted model: what a user meets who has an account, without one.
/// `scripts/test --live` runs them.
@Suite("Live", .journey, .enabled(if: LiveEnvironment.isThere), .serialized)
struct LiveJourneys {
  private static func withOpenCode(_ body: (ScriptedTalk) throws -> Void) throws {
    try withDaemon(.init(environment: try LiveEnvironment.variables())) { daemon in
      let talk = try ScriptedTalk(daemon, provider: "opencode")
      try body(talk)
      // It answers whatever was before.
      #expect(try talk.end(of: talk.submit("[[fake:plain]]").words("id")) == "completed")
    }
  }

  /// Answers the ask of a prompt, and waits for its end.
  private static func answer(_ id: String, _ choice: String, in talk: ScriptedTalk) throws -> String {
    let ask = try talk.ask(of: id).words("ask")
    try talk.client.request("ask.answer", ["ask": .string(ask), "choice": .string(choice)])
    return try talk.end(of: id)
  }

  private static func tool(of prompt: String, in talk: ScriptedTalk) throws -> JSON {
    try talk.history().last { $0["prompt"]?.string == prompt && $0["tool"] != nil }?["tool"] ?? .null
  }

  // A start of OpenCode takes seconds: what goes together has one.

  @Test(
    "A prompt is answered; a command runs when it is allowed, and not when it is denied; a question is put, and an agent within the agent asks"
  )
  func conversation() throws {
    try Self.withOpenCode { talk in
      try Self.tools(talk)
      try Self.questions(talk)
    }
  }

  @Test(
    "A prompt is cancelled before it is taken, in its text, in a command and in every ask; errors of the model's service end it as what they are"
  )
  func ends() throws {
    try Self.withOpenCode { talk in
      try Self.cancelling(talk)
      try Self.errors(talk)
    }
  }

  @Test(
    "The daemon is killed in mid turn, and no word is missing; the server is, and the queue goes on in the same session"
  )
  func killed() throws {
    try Self.withOpenCode { talk in
      try Self.daemonKilled(talk)
      try Self.serverKilled(talk)
    }
  }

  @Test(
    "Two workspaces work side by side on one server; `arroba attach` opens OpenCode's own screen, and Ctrl-\\ leads back"
  )
  func places() throws {
    try Self.withOpenCode { talk in
      try Self.workspaces(talk)
      try Self.attach(talk)
    }
  }

  // MARK: prompts and asks

  private static func tools(_ talk: ScriptedTalk) throws {
    let plain = try talk.submit("[[fake:reasoning]] think").words("id")
    #expect(try talk.end(of: plain) == "completed")
    #expect(
      try talk.transcript() == [
        "prompt [[fake:reasoning]] think", "reasoning Let me think about it.", "text Reasoned answer.",
      ])
    #expect(try talk.prompt(plain).words("proof") == "idle, finish stop")
    let allowed = try talk.submit("[[fake:bash|echo made > made; cat made]]").words("id")
    #expect(try answer(allowed, "approve", in: talk) == "completed")
    let tool = try tool(of: allowed, in: talk)
    #expect(try tool.words("status") == "completed" && tool.words("output").contains("made"))
    #expect(Files.status("\(talk.daemon.workspace)/made") != nil)
    let denied = try talk.submit("[[fake:bash|touch never]]").words("id")
    #expect(try answer(denied, "deny", in: talk) == "cancelled")
    #expect(Files.status("\(talk.daemon.workspace)/never") == nil)
    #expect(try talk.prompt(denied).words("reason").contains("denied"))
  }

  private static func questions(_ talk: ScriptedTalk) throws {
    let question = try talk.submit("[[fake:question]]").words("id")
    #expect(try talk.ask(of: question).words("title") == "Which color?")
    #expect(try answer(question, "2", in: talk) == "completed")
    #expect(try tool(of: question, in: talk).words("output").contains("Blue"))
    let child = try talk.submit("[[fake:task|bash~uname -a]]").words("id")
    #expect(try talk.ask(of: child).words("subagent") == "general")
    #expect(try answer(child, "approve", in: talk) == "completed")
  }

  // MARK: cancelling

  private static func cancelling(_ talk: ScriptedTalk) throws {
    let places: [(text: String, reach: (String) throws -> Void)] = [
      ("[[fake:plain]]", { _ in }),
      ("[[fake:slow|60]]", { try talk.event("item.delta", of: $0) }),
      (
        "[[fake:bash|echo begin; sleep 45]]",
        { id in
          let ask = try talk.ask(of: id).words("ask")
          try talk.client.request("ask.answer", ["ask": .string(ask), "choice": "approve"])
          try talk.event("item.delta") {
            $0["prompt"]?.string == id && $0["data"]?["text"]?.string?.contains("begin") == true
          }
        }
      ),
      ("[[fake:bash|echo never]]", { _ = try talk.ask(of: $0) }),
      ("[[fake:question]]", { _ = try talk.ask(of: $0) }),
      ("[[fake:task|bash~uname -a]]", { _ = try talk.ask(of: $0) }),
    ]
    for (text, reach) in places {
      let id = try talk.submit(text).words("id")
      try reach(id)
      try talk.client.request("prompt.cancel", ["session": .string(talk.session)])
      let end = try talk.end(of: id)
      let prompt = try talk.prompt(id)
      #expect(end == "cancelled", "\(text): \(prompt.shown)")
    }
    let open = try talk.client.request("ask.list", ["session": .string(talk.session)])
    #expect(try open.list("asks").isEmpty)
  }

  // MARK: failures

  private static func errors(_ talk: ScriptedTalk) throws {
    for (mark, failure) in [
      ("err401", "authentication"), ("err403", "authentication"), ("err400", "invalid_request"),
    ] {
      let id = try talk.submit("[[fake:\(mark)]]").words("id")
      #expect(try talk.end(of: id) == "failed", "\(mark)")
      #expect(try talk.prompt(id).words("failure") == failure, "\(mark)")
    }
    let limited = try talk.submit("[[fake:err429|30]]").words("id")
    try talk.event("agent.activity") {
      $0["data"]?["reason"]?.string?.contains("scripted throttling") == true
    }
    try talk.client.request("prompt.cancel", ["session": .string(talk.session)])
    #expect(try talk.end(of: limited) == "cancelled")
    let flaky = try talk.submit("[[fake:flaky500|journey]]").words("id")
    #expect(try talk.end(of: flaky) == "completed")
  }

  private static func daemonKilled(_ talk: ScriptedTalk) throws {
    let id = try talk.submit("[[fake:slow|4]]").words("id")
    let next = try talk.submit("[[fake:plain]] next").words("id")
    try talk.event("item.delta", of: id)
    let server = try talk.serverPid()
    for _ in 0..<2 {
      try talk.daemon.killDaemon()
      try talk.comeBack()
    }
    #expect(try talk.end(of: id) == "completed" && talk.end(of: next) == "completed")
    #expect(try talk.serverPid() == server)
    let text = try talk.history().first { $0["prompt"]?.string == id && $0["type"] == "text" }?.words(
      "text")
    let ticks = (text ?? "").split(separator: " ").compactMap { Int($0) }
    #expect(ticks.count > 5 && ticks == Array(1...ticks.count), "\(text ?? "")")
  }

  private static func serverKilled(_ talk: ScriptedTalk) throws {
    let id = try talk.submit("[[fake:slow|60]]").words("id")
    let next = try talk.submit("[[fake:plain]] next").words("id")
    try talk.event("item.delta", of: id)
    let server = try talk.serverPid()
    let conversation = try talk.client.request("agent.get", ["session": .string(talk.session)])
      .words("talk.conversation")
    Processes.end(server)
    #expect(try talk.end(of: id) == "interrupted" && talk.end(of: next) == "completed")
    #expect(try talk.prompt(id).words("proof") == "server gone")
    #expect(try talk.serverPid() != server)
    let agent = try talk.client.request("agent.get", ["session": .string(talk.session)])
    #expect(try agent.words("talk.conversation") == conversation)
  }

  // MARK: more than one

  private static func workspaces(_ talk: ScriptedTalk) throws {
    let other = try ScriptedTalk(talk.daemon, provider: "opencode", workspace: LiveEnvironment.project())
    let slow = try talk.submit("[[fake:slow|60]]").words("id")
    try talk.event("item.delta", of: slow)
    let here = try other.submit("[[fake:bash|pwd]]").words("id")
    #expect(try answer(here, "approve", in: other) == "completed")
    #expect(try tool(of: here, in: other).words("output").contains(LiveEnvironment.project()))
    #expect(try talk.state(slow) == "running")
    try talk.client.request("prompt.cancel", ["session": .string(talk.session)])
    #expect(try talk.end(of: slow) == "cancelled")
    #expect(try other.serverPid() == talk.serverPid())
  }

  // MARK: what a person sees

  private static func attach(_ talk: ScriptedTalk) throws {
    #expect(try talk.end(of: talk.submit("[[fake:plain]] seen in both").words("id")) == "completed")
    let user = try UserTerminal(
      talk.daemon,
      """
      unset ARROBA_SESSION ARROBA_AGENT
      before=$(stty -g)
      arroba attach \(talk.session)
      code=$?
      [ "$before" = "$(stty -g)" ] && echo "back $code, all is as it was"
      exec sleep 100
      """, columns: 110, rows: 30)
    try user.wait("the conversation in OpenCode's own client") { rows in
      rows.contains { $0.contains("seen in both") } && rows.contains { $0.contains("scripted model") }
    }
    // Typed there, it is heard here.
    try user.type("[[fake:plain]] typed there", "Enter")
    try user.wait("the second answer") { rows in
      rows.contains { $0.contains("typed there") }
        && rows.count(where: { $0.contains("Hello from the scripted model") }) == 2
    }
    try Deadline.until("what was typed there") {
      try talk.transcript().contains("user [[fake:plain]] typed there")
    }
    try user.type("C-\\")
    try user.wait(for: "back 0, all is as it was")
  }

  @Test("`arroba run` answers at the prompt of a shell, and leaves nothing")
  func oneShot() throws {
    try withDaemon(.init(environment: try LiveEnvironment.variables())) { daemon in
      let user = try UserTerminal(
        daemon, "arroba run --provider opencode -- '[[fake:plain]] hi'; echo \"ended $?\"; exec sleep 100")
      let rows = try user.wait("the end") { $0.contains("ended 0") }
      #expect(rows.contains("Hello from the scripted model. This is plain text."))
    }
  }
}
