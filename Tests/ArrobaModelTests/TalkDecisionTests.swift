import ArrobaJSON
import ArrobaModel
import ArrobaWire
import Testing

/// Prompts, the queue and asks of an agent that is talked to, decided and folded.
@Suite struct TalkDecisionTests {
  private static let agent = AgentID("a_x")
  private static let run = RunID("r_x")

  private struct Talked {
    var ground: Ground
    private var made = 0

    init() throws {
      ground = Ground()
      var spec = AgentSpec(provider: "opencode", directory: "/w", columns: 80, rows: 24)
      spec.isTalkedTo = true
      try ground.run(
        .create(
          Ground.one, alias: "one", workspace: "/w", agents: [NewAgent(id: agent, run: run, spec: spec)]))
    }

    var talk: Talk {
      get throws { try #require(ground.world.agent(agent, in: Ground.one)?.talk) }
    }
    var activity: Activity.State {
      get throws { try #require(ground.world.agent(agent, in: Ground.one)?.activity.state) }
    }

    @discardableResult
    mutating func ask(_ command: TalkCommand) throws -> Decision {
      try ground.run(.agent(Ground.one, agent, .talk(command)))
    }

    @discardableResult
    mutating func submit(_ name: String) throws -> Decision {
      try ask(.submit(PromptID("p_\(name)"), text: name, RunID("r_spare_\(name)")))
    }

    @discardableResult
    mutating func hear(_ what: ProviderSignal.What, turn: String? = nil, run: RunID = run) throws -> Decision
    {
      made += 1
      let signal = ProviderSignal(run: run, turn: turn.map { PromptID("p_\($0)") }, what)
      let fresh = FreshIDs(item: ItemID("i_\(made)"), ask: AskID("q_\(made)"))
      return try ground.run(.agent(Ground.one, agent, .hear(signal, fresh)))
    }

    func states(_ names: String...) throws -> [Prompt.State?] {
      let talk = try talk
      return names.map { talk.prompt(PromptID("p_\($0)"))?.state }
    }
  }

  private static let done = ProviderSignal.What.turnEnded(TurnEnd(.completed, proof: "idle"))

  private static func permission(_ key: String) -> Ask {
    Ask(
      key: key, kind: .permission, title: "run it",
      choices: [
        Ask.Choice(id: "once", label: "allow", effect: .allowOnce),
        Ask.Choice(id: "reject", label: "deny", effect: .deny),
      ])
  }

  @Test("The first prompt is handed over at once, the others wait, and each end hands over the next one")
  func queue() throws {
    var talked = try Talked()
    #expect(try talked.submit("a").effects.map(\.word) == ["submit p_a to a_x"])
    #expect(try talked.submit("b").effects.isEmpty)
    try talked.submit("c")
    #expect(try talked.states("a", "b", "c") == [.dispatching, .queued, .queued])
    #expect(
      try talked.talk.position(of: PromptID("p_a")) == 0 && talked.talk.position(of: PromptID("p_c")) == 2)
    try talked.hear(.accepted(mark: "m"), turn: "a")
    #expect(try talked.states("a") == [.running])
    #expect(try talked.hear(Self.done, turn: "a").effects.map(\.word) == ["submit p_b to a_x"])
    #expect(try talked.states("a", "b", "c") == [.completed, .dispatching, .queued])
    try talked.hear(Self.done, turn: "b")
    try talked.hear(Self.done, turn: "c")
    #expect(try talked.activity == .idle)
    #expect(try talked.talk.prompts.isEmpty && talked.talk.settled.count == 3)
  }

  @Test("What is said of another run, or of another turn than the active one, settles nothing")
  func foreign() throws {
    var talked = try Talked()
    try talked.submit("a")
    try talked.submit("b")
    #expect(try talked.hear(Self.done, turn: "b").events.isEmpty)
    #expect(try talked.hear(Self.done, turn: "a", run: RunID("r_old")).events.isEmpty)
    #expect(try talked.hear(Self.done).events.isEmpty)
    #expect(try talked.states("a", "b") == [.dispatching, .queued])
    try talked.hear(Self.done, turn: "a")
    #expect(try talked.hear(.turnEnded(TurnEnd(.interrupted, proof: "late")), turn: "a").events.isEmpty)
    #expect(try talked.states("a") == [.completed])
  }

  @Test("Queued prompts are edited, moved and removed; the active one is busy, an ended one not active")
  func editing() throws {
    var talked = try Talked()
    for name in ["a", "b", "c", "d"] { try talked.submit(name) }
    try talked.ask(.edit(PromptID("p_b"), text: "better"))
    try talked.ask(.move(PromptID("p_d"), position: 1))
    #expect(try talked.talk.queued.map(\.text) == ["d", "better", "c"])
    try talked.ask(.move(PromptID("p_d"), position: 99))
    #expect(try talked.talk.queued.map(\.text) == ["better", "c", "d"])
    try talked.ask(.remove(PromptID("p_c")))
    #expect(try talked.states("c") == [.cancelled])
    for command in [
      TalkCommand.edit(PromptID("p_a"), text: "x"), .move(PromptID("p_a"), position: 1),
      .remove(PromptID("p_a")),
    ] {
      #expect(try refusal { try talked.ask(command) }.kind == .busy)
    }
    #expect(try refusal { try talked.ask(.remove(PromptID("p_c"))) }.kind == .promptNotActive)
    #expect(try refusal { try talked.ask(.remove(PromptID("p_z"))) }.kind == .promptNotFound)
    try talked.ask(.clear)
    #expect(try talked.states("a", "b", "d") == [.dispatching, .cancelled, .cancelled])
  }

  @Test(
    "Cancelling a queued prompt ends it; of an active one the provider is asked, and only its word ends it")
  func cancelling() throws {
    var talked = try Talked()
    try talked.submit("a")
    try talked.submit("b")
    #expect(try talked.ask(.cancel(PromptID("p_b"), force: false)).effects.isEmpty)
    #expect(try talked.states("b") == [.cancelled])
    #expect(try talked.ask(.cancel(nil, force: false)).effects.map(\.word) == ["cancel p_a of a_x"])
    #expect(try talked.states("a") == [.cancelling])
    let again = try talked.ask(.cancel(PromptID("p_a"), force: true))
    #expect(again.events.isEmpty && again.effects.map(\.word) == ["cancel p_a of a_x by force"])
    try talked.hear(.turnEnded(TurnEnd(.cancelled, reason: "asked to", proof: "aborted")), turn: "a")
    #expect(try talked.states("a") == [.cancelled])
    #expect(try refusal { try talked.ask(.cancel(nil, force: false)) }.kind == .promptNotActive)
  }

  @Test("The first answer of an ask wins; later ones learn who gave it and when")
  func answers() throws {
    var talked = try Talked()
    try talked.submit("a")
    try talked.hear(.askOpened(Self.permission("per_1")), turn: "a")
    #expect(try talked.activity == .waiting)
    let ask = try #require(talked.talk.openAsks.first).id
    #expect(
      try refusal { try talked.ask(.answer(ask, AskAnswer(choices: ["perhaps"]))) }.code
        == WireError.invalidParams)
    #expect(
      try refusal { try talked.ask(.answer(ask, AskAnswer(choices: []))) }.code == WireError.invalidParams)
    #expect(
      try refusal { try talked.ask(.answer(ask, AskAnswer(choices: ["once", "reject"]))) }.code
        == WireError.invalidParams)
    let given = try talked.ask(.answer(ask, AskAnswer(choices: ["once"])))
    #expect(given.effects.map(\.word) == ["answer per_1 of a_x: once"])
    #expect(try talked.activity == .working)
    let late = try refusal { try talked.ask(.answer(ask, AskAnswer(choices: ["reject"]))) }
    #expect(late.kind == .askAlreadyAnswered && late.details["answeredAt"] != nil)
    #expect(
      try refusal { try talked.ask(.answer(AskID("q_none"), AskAnswer(choices: []))) }.kind == .askNotFound)
  }

  @Test("Asks end with their turn, are not opened twice, and a lost answer is given again")
  func askLife() throws {
    var talked = try Talked()
    try talked.submit("a")
    try talked.hear(.askOpened(Self.permission("per_1")), turn: "a")
    #expect(try talked.hear(.askOpened(Self.permission("per_1")), turn: "a").events.isEmpty)
    let ask = try #require(talked.talk.openAsks.first).id
    try talked.ground.run(.agent(Ground.one, Self.agent, .talk(.answer(ask, AskAnswer(choices: ["once"])))))
    try talked.hear(.askOpened(Self.permission("per_2")), turn: "a")
    try talked.hear(Self.done, turn: "a")
    #expect(try talked.talk.openAsks.isEmpty)
    #expect(try talked.hear(.askOpened(Self.permission("per_2"))).events.isEmpty)
  }

  @Test(
    "Idle said behind a prompt that was just handed over is of the past, and an open ask waits however busy it is"
  )
  func staleActivity() throws {
    var talked = try Talked()
    try talked.submit("a")
    try talked.submit("b")
    try talked.hear(.accepted(mark: nil), turn: "a")
    try talked.hear(Self.done, turn: "a")
    #expect(try talked.hear(.activity(.idle, reason: nil)).events.isEmpty)
    try talked.hear(.askOpened(Self.permission("per_1")), turn: "b")
    #expect(try talked.hear(.activity(.working, reason: nil)).events.isEmpty)
    #expect(try talked.activity == .waiting)
  }

  @Test("An item that is said again is the same item, and one that is complete is not recorded twice")
  func items() throws {
    var talked = try Talked()
    try talked.submit("a")
    try talked.hear(.itemStarted(Item(key: "k", kind: .text)), turn: "a")
    try talked.hear(.itemDelta(key: "k", text: "hel"), turn: "a")
    try talked.hear(.itemStarted(Item(key: "k", kind: .text, text: "hel")), turn: "a")
    let whole = Item(key: "k", kind: .text, text: "hello")
    try talked.hear(.itemCompleted(whole), turn: "a")
    #expect(try talked.hear(.itemCompleted(whole), turn: "a").events.isEmpty)
    #expect(try talked.hear(.itemDelta(key: "k", text: "late"), turn: "a").events.isEmpty)
    #expect(try talked.hear(.itemDelta(key: "unknown", text: "x"), turn: "a").events.isEmpty)
    #expect(try talked.talk.items["k"]?.id == ItemID("i_1"))
    #expect(try talked.talk.transcript.count == 2)  // the prompt and the item
  }

  @Test("Items stand in the transcript by their beginning, and one that is completed anew stays in its place")
  func order() throws {
    var talked = try Talked()
    try talked.submit("a")
    try talked.hear(.itemStarted(Item(key: "text", kind: .text)), turn: "a")
    try talked.hear(.itemStarted(Item(key: "tool", kind: .text)), turn: "a")
    let began = [try talked.talk.items["text"]?.began, try talked.talk.items["tool"]?.began]
    try talked.hear(.itemCompleted(Item(key: "tool", kind: .text, text: "1")), turn: "a")
    try talked.hear(.itemStarted(Item(key: "text", kind: .text)), turn: "a")
    try talked.hear(.itemCompleted(Item(key: "text", kind: .text, text: "2")), turn: "a")
    #expect(try talked.talk.transcript.dropFirst().map(\.seq) == began)
    let tool = try talked.talk.transcript[2].source
    try talked.hear(.itemCompleted(Item(key: "text", kind: .text, text: "3")), turn: "a")
    #expect(try talked.talk.transcript.dropFirst().map(\.seq) == began)
    let entries = try talked.talk.transcript
    #expect(entries[1].source > tool && entries[2].source == tool)
  }

  @Test(
    "When the conversation fails its turn is interrupted; the queue waits, and the next prompt starts a new run"
  )
  func failing() throws {
    var talked = try Talked()
    try talked.hear(.opened(conversation: "ses_1", version: "1.18.34", model: nil))
    try talked.submit("a")
    try talked.submit("b")
    try talked.hear(.accepted(mark: nil), turn: "a")
    try talked.hear(.failed(reason: "no server", hint: "try"))
    #expect(try talked.states("a", "b") == [.interrupted, .queued])
    #expect(try talked.activity == .failed)
    let decision = try talked.submit("c")
    #expect(decision.effects.map(\.word) == ["start r_spare_c", "submit p_b to a_x"])
    #expect(try talked.states("b", "c") == [.dispatching, .queued])
    #expect(try talked.talk.conversation == "ses_1")
  }

  @Test("A restart hands over what waits")
  func restart() throws {
    var talked = try Talked()
    try talked.submit("a")
    try talked.submit("b")
    try talked.hear(.failed(reason: "no server", hint: nil))
    let decision = try talked.ground.run(
      .agent(Ground.one, Self.agent, .restart(RunID("r_2"), columns: nil, rows: nil, force: false)))
    #expect(decision.effects.map(\.word) == ["start r_2", "submit p_b to a_x"])
  }

  @Test("A restart by force interrupts what is under way, and hands over what waits")
  func forcedRestart() throws {
    var talked = try Talked()
    try talked.submit("a")
    try talked.submit("b")
    let decision = try talked.ground.run(
      .agent(Ground.one, Self.agent, .restart(RunID("r_2"), columns: nil, rows: nil, force: true)))
    #expect(decision.effects.map(\.word) == ["stop r_x", "start r_2", "submit p_b to a_x"])
    #expect(try talked.states("a", "b") == [.interrupted, .dispatching])
  }

  @Test(
    "An idle conversation is ended without force; one that works or has a queue is busy, and by force interrupted"
  )
  func ending() throws {
    var talked = try Talked()
    let end = Command.session(Ground.one, .end(force: false))
    try talked.submit("a")
    try talked.submit("b")
    #expect(try refusal { try end.decide(in: talked.ground.world) }.kind == .busy)
    try talked.hear(Self.done, turn: "a")
    try talked.ground.run(.session(Ground.one, .end(force: true)))
    #expect(try talked.states("a", "b") == [.completed, .interrupted])
    var idle = try Talked()
    #expect(try idle.ground.run(end).effects.map(\.word) == ["stop r_x", "forget a_x"])
  }

  @Test("The queue has an end, and a terminal agent takes no prompts")
  func bounds() throws {
    var talked = try Talked()
    for number in 0...Talk.longestQueue { try talked.submit("\(number)") }
    #expect(try refusal { try talked.submit("more") }.kind == .overloaded)
    var terminal = try Ground.session(agents: ["t"])
    let submit = Command.agent(
      Ground.one, AgentID("a_t"), .talk(.submit(PromptID("p"), text: "x", RunID("r"))))
    #expect(try refusal { try terminal.run(submit) }.kind == .notSupported)
  }
}
