package import ArrobaJSON
package import ArrobaLog
package import ArrobaLoop
package import ArrobaModel
package import ArrobaProvider
internal import ArrobaWire

/// The authority: commands come in by one door, events go out by one log, reads are answered from what they fold to.
@LoopActor
package final class Kernel {
  package let ledger: Ledger
  package let terminals: TerminalRoom
  package let conversations: ConversationRoom
  package let deadlines: AskDeadlines
  private let queue = CommandQueue()
  private let repetitions: Repetitions
  private let providers: ProviderRegistry
  private var isShuttingDown = false

  package struct Surroundings: Sendable {
    package var now: @Sendable () -> Instant
    /// Names the boot of the machine that this is.
    package var boot: String
    /// The start of a process in clock ticks; nil where there is no such process. Reads a small file of /proc.
    package var startTicks: @Sendable (_ pid: Int) -> Int?
    /// Ends a process that lost its supervisor, with its group.
    package var endOrphan: @Sendable (_ pid: Int) -> Void
    /// The daemon's socket, as programs inside an agent are told.
    package var socket: String

    package init(
      now: @escaping @Sendable () -> Instant, boot: String, startTicks: @escaping @Sendable (Int) -> Int?,
      endOrphan: @escaping @Sendable (Int) -> Void, socket: String
    ) {
      self.now = now
      self.boot = boot
      self.startTicks = startTicks
      self.endOrphan = endOrphan
      self.socket = socket
    }

    /// A process as the log knows it; zero ticks for one that has ended already.
    func process(_ pid: Int) -> Run.Process {
      Run.Process(pid: pid, startTicks: startTicks(pid) ?? 0, boot: boot)
    }
  }

  let surroundings: Surroundings

  package init(
    log: EventLog, recovered: RecoveredState, host: any ChildHost, providers: ProviderRegistry,
    surroundings: Surroundings
  ) {
    ledger = Ledger(log: log, world: recovered.world, receipts: recovered.receipts, now: surroundings.now)
    terminals = TerminalRoom(host: host, nowMs: { surroundings.now().ms })
    repetitions = Repetitions(ledger: ledger, now: surroundings.now)
    self.providers = providers
    conversations = ConversationRoom(providers: providers, socket: surroundings.socket)
    self.surroundings = surroundings
    deadlines = AskDeadlines(now: surroundings.now)
    terminals.report = { [weak self] session, agent, signal in self?.report(signal, of: agent, in: session) }
    deadlines.expire = { [weak self] in self?.expire($0) }
    conversations.hear = { [weak self] session, agent, signal in self?.hear(signal, of: agent, in: session) }
    conversations.nativeLost = { [weak self] in self?.endNative(of: $0, run: $1, because: $2) }
  }

  package var world: World { ledger.world }

  /// Commands that may wait for one thing.
  package static let longestCommandLane = CommandQueue.longestLane

  package var load: (lanes: Int, deepest: Int) { queue.load }

  // MARK: commands

  /// Who asks, and how a repetition of the same command is recognised.
  package struct Origin: Sendable {
    package let by: String?
    package let command: String?
    /// Of every request of a client; what the daemon reports by itself has none.
    package let fingerprint: String?

    package init(by: String?, command: String?, fingerprint: String?) {
      self.by = by
      self.command = command
      self.fingerprint = fingerprint
    }
  }

  /// Does `work` unless the same command was carried out before: then its answer is given again. While it is under
  /// way, the repetition waits for the same answer.
  package func once(_ origin: Origin, _ work: () async throws(Refusal) -> JSON) async throws(Refusal) -> JSON
  {
    guard !isShuttingDown else {
      throw Refusal(
        kind: .shuttingDown, message: "the daemon is shutting down", hint: "try again in a moment")
    }
    return try await repetitions.once(origin, work)
  }

  /// Decides, records, applies, acts; in this order, and alone with what it touches. Answers what the command came to.
  package func submit(_ command: Command, from origin: Origin) async throws(Refusal) -> JSON {
    let place = try await queue.enter(command.claims, isBounded: !command.isReport)
    defer { queue.leave(place) }
    let decision = try command.decide(in: world)
    let cause = Ledger.Cause(
      by: origin.by, command: origin.command, fingerprint: origin.fingerprint,
      answer: { [unowned self] in render(decision.answer, in: $0) })  // the kernel outlives its commands
    // Whoever is answered is answered when it is on the disk; what is merely observed need not wait for that.
    let isDurable = decision.isDurable || origin.fingerprint != nil
    try await ledger.record(decision.events, about: command.subject, cause: cause, durable: isDurable)
    let answer = render(decision.answer, in: world)
    deadlines.note(decision.events, in: world)
    for effect in decision.effects { act(effect) }
    return answer
  }

  private func act(_ effect: Decision.Effect) {
    switch effect {
    case .start(let session, let agent): start(agent, in: session)
    case .stop(let run):
      guard let agent = conversations.close(run) else { return terminals.stop(run) }
      // The provider's own client goes with the conversation.
      if let native = terminals.terminal(of: agent), native.exit == nil { terminals.stop(native.run) }
    case .forget(let agent): terminals.forget(agent)
    case .submit(let session, let agent, let prompt, let text):
      converse(agent, in: session) { $0.submit(TurnRequest(id: prompt, text: text)) }
    case .cancel(let session, let agent, let prompt, let force):
      converse(agent, in: session) { $0.cancel(prompt, force: force) }
    case .answer(let session, let agent, let key, let answer):
      converse(agent, in: session) { $0.answer(key, with: answer) }
    }
  }

  private func start(_ agent: NewAgent, in session: SessionID) {
    switch providers.provider(named: agent.spec.provider) {
    case let provider as any TerminalProvider:
      let identity = AgentIdentity(session: session, agent: agent.id, socket: surroundings.socket)
      let birth = provider.birth(of: agent.spec, run: agent.run, identity: identity)
      terminals.open(session: session, agent: agent, birth: birth) { [surroundings] pid in
        surroundings.process(pid)
      }
    case is any ConversationProvider:
      conversations.open(agent, in: session, as: world.agent(agent.id, in: session)?.talk)
    default:
      let reason = "this daemon has no provider \(agent.spec.provider)"
      report(.failedToStart(agent.run, reason: reason), of: agent.id, in: session)
    }
  }

  private func converse(_ id: AgentID, in session: SessionID, _ body: (any Conversation) -> Void) {
    guard let agent = world.agent(id, in: session), let run = agent.run, run.isLive else { return }
    if let open = conversation(of: agent, run: run, in: session) { body(open) }
  }

  /// The agent's conversation, opened again where this daemon has not had to do with it yet.
  func conversation(of agent: Agent, run: Run, in session: SessionID) -> (any Conversation)? {
    if let open = conversations.conversation(of: agent.id, run: run.id) { return open }
    let again = NewAgent(id: agent.id, run: run.id, spec: agent.spec)
    conversations.open(again, in: session, as: agent.talk)
    return conversations.conversation(of: agent.id, run: run.id)
  }

  /// Records something about the daemon itself.
  package func record(_ event: DaemonEvent, durable: Bool) async throws(Refusal) {
    try await ledger.record([.daemon(event)], about: nil, cause: Ledger.Cause(), durable: durable)
  }

  // MARK: answers

  private func render(_ answer: Decision.Answer, in world: World) -> JSON {
    switch answer {
    case .session(let id): world.session(id).map { view($0) } ?? .null
    case .agent(let session, let agent): view(agent, of: session, in: world)
    case .agents(let session, let agents):
      ["agents": .array(agents.map { view($0, of: session, in: world) })]
    case .stopped(let session, let agent, let stopped):
      .record([
        "session": .string(session.text), "agent": .text(agent?.text),
        "stopped": .array(
          stopped.map { ["agent": .string($0.agent.text), "run": .string($0.run.text)] }),
      ])
    case .prompt(let session, let agent, let prompt): view(prompt, of: agent, in: session, world)
    case .prompts(let session, let agent, let prompts):
      ["prompts": .array(prompts.map { view($0, of: agent, in: session, world) })]
    case .ask(let session, let agent, let ask):
      world.agent(agent, in: session)?.talk?.asks.first { $0.id == ask }?.json(
        session: session, agent: agent, rule: deadlines.rule) ?? .null
    case .nothing: [:]
    }
  }

  package func view(_ session: Session) -> JSON {
    session.json { terminals.terminal(of: $0)?.attached ?? 0 }
  }

  package func view(_ agent: AgentID, of session: SessionID, in world: World) -> JSON {
    guard let session = world.session(session), let agent = session.agent(agent) else { return .null }
    return agent.json(
      isFocused: session.focused == agent.id, attached: terminals.terminal(of: agent.id)?.attached ?? 0)
  }

  package func view(_ prompt: PromptID, of agent: AgentID, in session: SessionID, _ world: World) -> JSON {
    guard let talk = world.agent(agent, in: session)?.talk, let found = talk.prompt(prompt) else {
      return .null
    }
    return found.json(session: session, agent: agent, position: talk.position(of: prompt))
  }

  // MARK: the end

  /// No more commands; what is under way is finished by the caller's waiting for the log to close.
  package func beginShutdown() { isShuttingDown = true }
}

extension Command {
  /// The session that it is about, for the excerpt that its answer is rendered from.
  fileprivate var subject: SessionID? {
    switch self {
    case .create(let id, _, _, _): id
    case .session(let id, _): id
    case .agent(let id, _, _): id
    }
  }
}
