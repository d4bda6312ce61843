import ArrobaModel
import ArrobaWire

/// A session with one agent that is talked to, in each state that a conversation can be in.
struct TalkGround {
  enum State: String, CaseIterable {
    /// Not opened yet; open, and nothing to do; a prompt on its way, taken, being cancelled; one that asks; one with
    /// another behind it; a conversation that failed, with a prompt that waits; a session that has ended.
    case starting, idle, dispatching, running, cancelling, asking, queued, failed, closed
  }

  static let agent = AgentID("a_x")
  static let run = RunID("r_x")
  static let first = PromptID("p_1")
  static let second = PromptID("p_2")
  static let ask = AskID("q_1")

  private(set) var ground = Ground()

  init() throws {
    var spec = AgentSpec(provider: "scripted", directory: "/w", columns: 80, rows: 24)
    spec.alias = "x"
    spec.isTalkedTo = true
    let new = NewAgent(id: Self.agent, run: Self.run, spec: spec)
    try ground.run(.create(Ground.one, alias: "team", workspace: "/w", agents: [new]))
  }

  init(_ state: State) throws {
    try self.init()
    if state == .starting { return }
    try hear(.opened(conversation: "c", version: nil, model: nil))
    if state == .idle || state == .closed {
      if state == .closed { try ground.run(.session(Ground.one, .end(force: false))) }
      return
    }
    try submit(Self.first)
    if state == .dispatching { return }
    if state == .failed {
      try submit(Self.second)
      try hear(.failed(reason: "gone", hint: nil))
      return
    }
    try hear(.accepted(mark: "m"), of: Self.first)
    switch state {
    case .cancelling: try command(.cancel(nil, force: false))
    case .asking: try hear(.askOpened(Self.permission), of: Self.first)
    case .queued: try submit(Self.second)
    case .starting, .idle, .dispatching, .running, .failed, .closed: break
    }
  }

  static let permission = Ask(
    key: "k", kind: .permission, title: "run it",
    choices: [
      Ask.Choice(id: "once", label: "allow once", effect: .allowOnce),
      Ask.Choice(id: "reject", label: "deny", effect: .deny),
    ])

  static let done = TurnEnd(.completed, proof: "idle")

  // MARK: what is done to it

  static func talk(_ command: TalkCommand) -> Command { .agent(Ground.one, agent, .talk(command)) }

  static func signal(
    _ what: ProviderSignal.What, of turn: PromptID? = nil, run: RunID = run, ask: AskID = ask
  ) -> Command {
    .agent(
      Ground.one, agent,
      .hear(ProviderSignal(run: run, turn: turn, what), FreshIDs(item: ItemID("i_1"), ask: ask)))
  }

  @discardableResult
  mutating func command(_ command: TalkCommand) throws -> Decision { try ground.run(Self.talk(command)) }

  @discardableResult
  mutating func hear(
    _ what: ProviderSignal.What, of turn: PromptID? = nil, run: RunID = run, ask: AskID = ask
  ) throws -> Decision { try ground.run(Self.signal(what, of: turn, run: run, ask: ask)) }

  @discardableResult
  mutating func run(_ command: Command) throws -> Decision { try ground.run(command) }

  @discardableResult
  mutating func submit(_ prompt: PromptID) throws -> Decision {
    try command(.submit(prompt, text: "do \(prompt.text)", RunID("r_new")))
  }

  // MARK: what became of it

  func agent() throws -> Agent {
    guard let agent = ground.world.agent(Self.agent, in: Ground.one) else {
      throw Ground.Missing(what: Self.agent.text)
    }
    return agent
  }

  func talk() throws -> Talk { try agent().talk ?? Talk() }

  /// Events, then effects behind a bar; or the refusal's kind behind an exclamation mark.
  func outcome(_ command: Command) -> String {
    do throws(Refusal) {
      let decision = try command.decide(in: ground.world)
      return (decision.events.map(\.kind) + ["|"] + decision.effects.map(\.word)).joined(separator: " ")
    } catch {
      return "!" + (error.kind?.rawValue ?? "no kind")
    }
  }
}
