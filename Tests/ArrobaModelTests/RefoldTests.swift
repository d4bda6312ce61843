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
    let met: Set<ErrorKind> = [.busy, .agentNotFound, .sessionNotFound, .sessionEnded, .aliasConflict]
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
    ground.apply(event)
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
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: return .rename(alias: anyAlias())
    case 1: return .delete(force: generator.oneIn(3))
    case 2, 3, 4:
      let size: (UInt16?, UInt16?) = generator.pick([(nil, nil), (100, 30), (80, nil)])
      return .restart(RunID(mint("r_")), columns: size.0, rows: size.1)
    default: return .absorb(anySignal(agent))
    }
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
