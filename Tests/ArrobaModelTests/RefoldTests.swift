import ArrobaJSON
import ArrobaModel
import ArrobaTestSupport
import ArrobaWire
import Testing

/// Live state and replayed state are the same: random commands of a fixed seed, each event encoded, decoded, folded.
@Suite struct RefoldTests {
  @Test("The world that was lived is the world that its events fold to", arguments: [1, 2, 3] as [UInt64])
  func refoldEqualsLive(seed: UInt64) throws {
    var life = RandomLife(seed: seed)
    for _ in 0..<3000 { life.step() }

    var refolded = World()
    for (index, payload) in life.payloads.enumerated() {
      let (record, _) = try payload.withUnsafeBufferPointer {
        try EventCodec.read($0, seq: UInt64(index + 1))
      }
      refolded.apply(record)
    }
    #expect(refolded == life.ground.world)
    // The commands reached what they are meant to reach.
    #expect(life.payloads.count > 2000)
    let met: Set<ErrorKind> = [
      .busy, .agentNotFound, .sessionNotFound, .sessionEnded, .aliasConflict, .notSupported, .promptNotFound,
      .promptNotActive, .askNotFound, .askAlreadyAnswered,
    ]
    #expect(life.refusals == met)
    #expect(life.ground.world.inOrder.contains { !$0.isOpen })
  }

  @Test("Whatever is commanded, the world keeps its promises", arguments: [4, 5] as [UInt64])
  func promises(seed: UInt64) {
    var life = RandomLife(seed: seed)
    for step in 0..<1500 {
      life.step()
      for broken in Self.brokenPromises(of: life.ground.world) { Issue.record("step \(step): \(broken)") }
    }
  }

  private static func brokenPromises(of world: World) -> [String] {
    var broken: [String] = []
    var aliases: Set<String> = []
    for session in world.inOrder {
      let agents = Set(session.agents.map(\.id))
      if agents.count != session.agents.count { broken.append("\(session.id) has an agent twice") }
      if agents.isEmpty != (session.focused == nil) {
        broken.append("\(session.id) has agents and no focus, or not")
      }
      if let focused = session.focused, !agents.contains(focused) {
        broken.append("\(session.id) focuses a ghost")
      }
      if agents.count > Session.mostAgents { broken.append("\(session.id) is too full") }
      let names = session.agents.compactMap(\.spec.alias)
      if Set(names).count != names.count { broken.append("\(session.id) has an agent's alias twice") }
      for agent in session.agents { broken += brokenPromises(of: agent) }
      if !session.isOpen, session.agents.contains(where: \.isLive) {
        broken.append("\(session.id) ended and lives")
      }
      if session.isOpen, let alias = session.alias, !aliases.insert("\(session.workspace) \(alias)").inserted
      {
        broken.append("the alias \(alias) is open twice")
      }
    }
    return broken
  }

  private static func brokenPromises(of agent: Agent) -> [String] {
    guard let talk = agent.talk else { return [] }
    var broken: [String] = []
    if talk.prompts.filter(\.state.isActive).count > 1 { broken.append("\(agent.id) works on two prompts") }
    if talk.prompts.dropFirst().contains(where: { $0.state != .queued }) {
      broken.append("\(agent.id) has an active prompt behind another")
    }
    if talk.prompts.contains(where: \.state.hasEnded) || talk.settled.contains(where: { !$0.state.hasEnded })
    {
      broken.append("\(agent.id) has a prompt in the wrong list")
    }
    if agent.isLive, talk.active == nil, !talk.queued.isEmpty {
      broken.append("\(agent.id) lets a prompt lie")
    }
    if !agent.isLive, talk.active != nil { broken.append("\(agent.id) works without a run") }
    if talk.active == nil, talk.openAsks.contains(where: { $0.prompt != nil }) {
      broken.append("\(agent.id) asks for a turn that has ended")
    }
    for prompt in talk.prompts + talk.settled {
      let states = prompt.steps.map(\.state)
      if Set(states).count != states.count { broken.append("\(prompt.id) was twice in a state: \(states)") }
    }
    return broken
  }
}

/// Commands as clients and the world would send them, many of them wrong.
private struct RandomLife {
  private(set) var ground = Ground()
  private(set) var payloads: [[UInt8]] = []
  private(set) var refusals: Set<ErrorKind> = []
  private var generator: SeededGenerator
  private var made = 0

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func step() {
    let command = anyCommand()
    do {
      let decision = try command.decide(in: ground.world)
      for event in decision.events { record(event, receipt: event == decision.events.last) }
    } catch {
      if let kind = error.kind { refusals.insert(kind) }
    }
    if generator.oneIn(40) { record(strayEvent(), receipt: false) }
  }

  private mutating func record(_ event: Event, receipt: Bool) {
    ground.apply(event, by: "c_1")
    let record = RecordedEvent(
      seq: ground.seq, at: Instant(ms: Int(ground.seq) * 1000), event: event, by: "c_1", command: "x")
    let kept = receipt ? CommandReceipt(command: "x", fingerprint: "f", answer: [1]) : nil
    payloads.append(EventCodec.payload(of: record, receipt: kept))
  }

  private mutating func mint(_ prefix: String) -> String {
    made += 1
    return "\(prefix)\(made)"
  }

  private mutating func anyAlias() -> String? { generator.pick([nil, "a", "b", "c", "d", "e"]) }

  private mutating func newAgents() -> [NewAgent] {
    (0..<Int.random(in: 0...3, using: &generator)).map { _ in
      var spec = AgentSpec(provider: "terminal", directory: "/w", columns: 80, rows: 24)
      spec.alias = anyAlias()
      spec.isTalkedTo = generator.oneIn(2)
      spec.environment = generator.pick([[], [AgentSpec.Variable(name: "K", value: "v \"quoted\"")]])
      return NewAgent(id: AgentID(mint("a_")), run: RunID(mint("r_")), spec: spec)
    }
  }

  private mutating func anyCommand() -> Command {
    let sessions = ground.world.inOrder
    guard !sessions.isEmpty, !generator.oneIn(sessions.count < 12 ? 8 : 60) else {
      let workspace = generator.pick(["/w", "/v"])
      return .create(SessionID(mint("s_")), alias: anyAlias(), workspace: workspace, agents: newAgents())
    }
    let session = generator.pick(sessions)
    if generator.oneIn(50) { return .session(SessionID("s_gone"), .cycle) }
    if session.agents.isEmpty || generator.oneIn(3) {
      return .session(session.id, anySessionCommand(session))
    }
    let agent = generator.pick(session.agents)
    return .agent(session.id, generator.oneIn(30) ? AgentID("a_gone") : agent.id, anyAgentCommand(agent))
  }

  private mutating func anySessionCommand(_ session: Session) -> SessionCommand {
    let force = generator.oneIn(4)
    switch Int.random(in: 0..<12, using: &generator) {
    case 0, 1: return .rename(alias: anyAlias())
    case 2: return .end(force: force)
    case 3: return .delete(force: force)
    case 4, 5, 6, 7: return .spawn(newAgents())
    case 8, 9: return .focus(session.agents.randomElement(using: &generator)?.id ?? AgentID("a_gone"))
    default: return .cycle
    }
  }

  private mutating func anyAgentCommand(_ agent: Agent) -> AgentCommand {
    if let talk = agent.talk, generator.oneIn(10) {
      let rule = AskRule(deadlineMs: 1000, onDeadline: generator.pick([.deny, .fail]))
      let ask = talk.asks.randomElement(using: &generator)?.id ?? AskID("q_none")
      return .expire(ask, rule, at: Instant(ms: Int(ground.seq) * 1000))
    }
    if let talk = agent.talk, !generator.oneIn(6) {
      return generator.oneIn(2)
        ? .talk(anyTalkCommand(talk))
        : .hear(
          anyProviderSignal(agent, talk), FreshIDs(item: ItemID(mint("i_")), ask: AskID(mint("q_"))))
    }
    if generator.oneIn(20) { return .talk(.clear) }
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: return .rename(alias: anyAlias())
    case 1: return .delete(force: generator.oneIn(3))
    case 2, 3, 4:
      let size: (UInt16?, UInt16?) = generator.pick([(nil, nil), (100, 30), (80, nil)])
      return .restart(RunID(mint("r_")), columns: size.0, rows: size.1, force: generator.oneIn(3))
    default: return .absorb(anySignal(agent))
    }
  }

  private mutating func anyTalkCommand(_ talk: Talk) -> TalkCommand {
    let known = (talk.prompts + talk.settled).randomElement(using: &generator)?.id
    let prompt = generator.oneIn(12) ? PromptID("p_gone") : known ?? PromptID("p_none")
    switch Int.random(in: 0..<16, using: &generator) {
    case 0: return .edit(prompt, text: "edited \(made)")
    case 1: return .move(prompt, position: Int.random(in: 1...4, using: &generator))
    case 2: return .remove(prompt)
    case 3: return .clear
    case 4, 5: return .cancel(generator.oneIn(2) ? nil : prompt, force: generator.oneIn(2))
    case 6, 7, 8:
      let ask = talk.asks.randomElement(using: &generator)?.id ?? AskID("q_none")
      return .answer(ask, AskAnswer(choices: [generator.pick(["yes", "no", "maybe"])]))
    default: return .submit(PromptID(mint("p_")), text: "do \(made)", RunID(mint("r_")))
    }
  }

  private mutating func anyProviderSignal(_ agent: Agent, _ talk: Talk) -> ProviderSignal {
    let run = generator.oneIn(12) ? RunID("r_old") : agent.run?.id ?? RunID("r_none")
    let turn = generator.oneIn(12) ? PromptID("p_old") : talk.active?.id
    let key = "k\(Int.random(in: 0..<4, using: &generator))"
    let item = Item(key: key, kind: generator.pick(Item.Kind.allCases), text: "t\(made)")
    let ask = Ask(
      key: mint("per_"), kind: .permission, title: "may I?",
      choices: [
        Ask.Choice(id: "yes", label: "yes", effect: .allowOnce),
        Ask.Choice(id: "no", label: "no", effect: .deny),
      ])
    let known = talk.asks.randomElement(using: &generator)?.ask.key ?? "per_none"
    let end = TurnEnd(
      generator.pick([.completed, .cancelled, .failed(.rateLimited), .interrupted]), reason: "r",
      proof: "seen")
    let what: ProviderSignal.What
    switch Int.random(in: 0..<16, using: &generator) {
    case 0: what = .opened(conversation: "ses_\(made)", version: "1", model: generator.pick([nil, "m"]))
    case 1, 2: what = .accepted(mark: generator.pick([nil, "msg"]))
    case 3, 4: what = .itemStarted(item)
    case 5: what = .itemDelta(key: key, text: "more")
    case 6, 7: what = .itemCompleted(item)
    case 8: what = .itemDropped(key: key)
    case 9, 10: what = .askOpened(ask)
    case 11:
      what =
        generator.oneIn(2) ? .askAnswered(key: known, choice: "yes") : .askWithdrawn(key: known, reason: "r")
    case 12: what = .usage(Usage(input: made, output: 2))
    case 13:
      what =
        generator.oneIn(3)
        ? .failed(reason: "gone", hint: nil) : .retrying(attempt: 2, nextAt: nil, reason: "429")
    default: what = .turnEnded(end)
    }
    return ProviderSignal(run: run, turn: turn, what)
  }

  private mutating func anySignal(_ agent: Agent) -> RunSignal {
    let run = generator.oneIn(5) ? RunID("r_old") : agent.run?.id ?? RunID("r_none")
    switch Int.random(in: 0..<8, using: &generator) {
    case 0, 1: return .started(run, Run.Process(pid: made, startTicks: made * 3, boot: "b"))
    case 2: return .failedToStart(run, reason: "no")
    case 3: return .exited(run, generator.pick([.code(0), .code(3), .signal(9)]))
    case 4: return .lost(run, reason: "gone")
    case 5: return .resized(columns: UInt16.random(in: 1...200, using: &generator), rows: 24)
    case 6:
      let state = generator.pick(Activity.State.allCases)
      return .activity(
        state, reason: generator.pick([nil, "r"]), source: generator.pick(Activity.Source.allCases))
    default: return .notice("n\(made)")
    }
  }

  /// What no command decides: of the daemon, of a later version, of things that are gone.
  private mutating func strayEvent() -> Event {
    let session = ground.world.order.randomElement(using: &generator) ?? SessionID("s_gone")
    let agent = ground.world.session(session)?.agents.first
    return generator.pick([
      .daemon(.started(version: "0.1.0", pid: made, boot: "b")), .daemon(.stopping(reason: "asked")),
      .unknown(kind: "later.kind", session: session.text, agent: nil, data: ["n": .int(made)]),
      .session(SessionID("s_gone"), .renamed(alias: "x")),
      .agent(session, AgentID("a_gone"), .focused),
      .agent(session, agent?.id ?? AgentID("a_gone"), .runParked(agent?.run?.id ?? RunID("r_none"))),
    ])
  }
}
