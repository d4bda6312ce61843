internal import ArrobaJSON
internal import ArrobaWire

extension Command {
  /// What this command comes to in that state. Pure: no clock, no files, no waiting.
  package func decide(in world: World) throws(Refusal) -> Decision {
    switch self {
    case .create(let id, let alias, let workspace, let agents):
      if let alias { try world.requireFree(alias, in: workspace, for: nil) }
      try Session.requireRoom(for: agents, beside: [])
      var decision = Decision(answer: .session(id))
      decision.events.append(.session(id, .created(alias: alias, workspace: workspace)))
      decision.add(agents, to: id)
      return decision
    case .session(let id, let command):
      let session = try world.require(id)
      return try session.decide(command, in: world)
    case .agent(let id, let agent, let command):
      let session = try world.require(id)
      guard let agent = session.agent(agent) else { throw Refusal.noAgent(agent.text, in: session) }
      return try agent.decide(command, in: session)
    }
  }
}

extension World {
  func require(_ id: SessionID) throws(Refusal) -> Session {
    guard let session = session(id) else { throw Refusal.noSession(id.text) }
    return session
  }

  /// Open sessions of one workspace have different aliases; ended ones have given theirs back.
  func requireFree(_ alias: String, in workspace: String, for id: SessionID?) throws(Refusal) {
    let holder = inOrder.first {
      $0.isOpen && $0.alias == alias && $0.workspace == workspace && $0.id != id
    }
    guard let holder else { return }
    throw Refusal(
      kind: .aliasConflict, message: "the alias '\(alias)' is taken by \(holder.id) in \(workspace)",
      details: ["alias": .string(alias), "session": .string(holder.id.text)])
  }
}

extension Session {
  /// There is a place for each new agent, and its alias is nobody's: of those that are there and of the new ones.
  static func requireRoom(for new: [NewAgent], beside present: [Agent]) throws(Refusal) {
    guard present.count + new.count <= mostAgents else {
      throw Refusal(
        kind: .agentLimit,
        message: "a session has at most \(mostAgents) agents: \(present.count) are there, "
          + "\(new.count) more were asked for",
        hint: "arroba agent rm, or another session")
    }
    var taken = present.map { ($0.spec.alias, $0.id) }
    for agent in new {
      if let alias = agent.spec.alias { try requireFree(alias, among: taken) }
      taken.append((agent.spec.alias, agent.id))
    }
  }

  private var live: [Decision.Stopped] {
    agents.compactMap { agent in
      agent.run.flatMap { $0.isLive ? Decision.Stopped(agent: agent.id, run: $0.id) : nil }
    }
  }

  func requireOpen() throws(Refusal) {
    guard isOpen else {
      throw Refusal(
        kind: .sessionEnded, message: "the session \(alias ?? id.text) has ended",
        hint: "arroba new makes another one", details: ["session": .string(id.text)])
    }
  }

  fileprivate func decide(_ command: SessionCommand, in world: World) throws(Refusal) -> Decision {
    switch command {
    case .rename(let alias):
      try requireOpen()
      if let alias { try world.requireFree(alias, in: workspace, for: id) }
      return Decision(events: [.session(id, .renamed(alias: alias))], answer: .session(id))
    case .end(let force):
      try requireOpen()
      var decision = try stopAll(force: force, verb: "end")
      decision.events.append(.session(id, .ended))
      return decision
    case .delete(let force):
      var decision = try stopAll(force: force, verb: "rm")
      decision.events.append(.session(id, .deleted))
      return decision
    case .spawn(let new):
      try requireOpen()
      try Self.requireRoom(for: new, beside: agents)
      var decision = Decision(answer: .agents(id, new.map(\.id)))
      decision.add(new, to: id)
      return decision
    case .focus(let agent):
      try requireOpen()
      guard self.agent(agent) != nil else { throw Refusal.noAgent(agent.text, in: self) }
      return Decision(events: [.agent(id, agent, .focused)], answer: .agent(id, agent))
    case .cycle:
      try requireOpen()
      guard let next = next(after: focused) else { throw Refusal.noAgent(nil, in: self) }
      return Decision(events: [.agent(id, next, .focused)], answer: .agent(id, next))
    }
  }

  private func next(after focused: AgentID?) -> AgentID? {
    guard let index = agents.firstIndex(where: { $0.id == focused }) else { return agents.first?.id }
    return agents[(index + 1) % agents.count].id
  }

  /// The programs end as an effect; what the log says at once is that this was asked for and decided.
  private func stopAll(force: Bool, verb: String) throws(Refusal) -> Decision {
    let live = self.live
    let busy = agents.filter(\.isBusy)
    guard busy.isEmpty || force else {
      let names = busy.map { $0.spec.alias ?? $0.id.text }
      throw Refusal(
        kind: .busy, message: "still running in \(alias ?? id.text): \(names.joined(separator: ", "))",
        hint: "arroba \(verb) --force stops it", details: ["session": .string(id.text)])
    }
    var decision = Decision(answer: .stopped(id, nil, live))
    for agent in agents {
      decision.events += agent.endTalk("the session was ended", queueToo: true, in: id)
    }
    for stopped in live {
      decision.events.append(
        .agent(id, stopped.agent, .runEnded(stopped.run, exit: nil, reason: "stopped: the session was ended"))
      )
      decision.events.append(
        .agent(id, stopped.agent, .activity(.stopped, reason: "the session was ended", source: .process)))
      decision.effects.append(.stop(stopped.run))
    }
    decision.effects += agents.map { .forget($0.id) }
    return decision
  }

  static func requireFree(_ alias: String, among agents: [(alias: String?, id: AgentID)]) throws(Refusal) {
    guard let holder = agents.first(where: { $0.alias == alias })?.id else { return }
    throw Refusal(
      kind: .aliasConflict, message: "the alias '\(alias)' is taken by \(holder) in this session",
      details: ["alias": .string(alias), "agent": .string(holder.text)])
  }
}

extension Agent {
  /// Whether ending it loses something: a program that runs; of a conversation, a prompt that is under way or waits, or
  /// work that goes on without one. A conversation at rest can be resumed and loses nothing.
  package var isBusy: Bool {
    guard let talk else { return isLive }
    return !talk.prompts.isEmpty || isLive && (activity.state == .working || !talk.openAsks.isEmpty)
  }

  fileprivate func decide(_ command: AgentCommand, in session: Session) throws(Refusal) -> Decision {
    switch command {
    case .rename(let alias):
      try session.requireOpen()
      let others = session.agents.filter { $0.id != id }.map { ($0.spec.alias, $0.id) }
      if let alias { try Session.requireFree(alias, among: others) }
      return Decision(
        events: [.agent(session.id, id, .renamed(alias: alias))], answer: .agent(session.id, id))
    case .delete(let force): return try decideDelete(force: force, in: session)
    case .restart(let new, let columns, let rows, let force):
      return try decideRestart(as: new, columns: columns, rows: rows, force: force, in: session)
    case .absorb(let signal): return absorb(signal, in: session)
    case .talk(let command): return try decide(command, in: session)
    case .expire(let ask, let rule, let now): return expire(ask, rule, at: now, in: session)
    case .hear(let signal, let fresh): return hear(signal, fresh, in: session)
    }
  }

  /// One that still runs is stopped before: what it works on is `interrupted`, what waits goes to the new run.
  private func decideRestart(
    as new: RunID, columns: UInt16?, rows: UInt16?, force: Bool, in session: Session
  ) throws(Refusal) -> Decision {
    try session.requireOpen()
    guard force || !isLive else {
      throw Refusal(
        kind: .busy, message: "\(spec.alias ?? id.text) is still running",
        hint: "arroba agent restart --force stops it first; arroba agent spawn makes another")
    }
    var spec = self.spec
    if let columns, let rows { (spec.columns, spec.rows) = (columns, rows) }
    var decision = Decision(answer: .agent(session.id, id))
    if let run, run.isLive {
      let reason = "the agent was restarted"
      decision.events += endTalk(reason, queueToo: false, in: session.id)
      decision.events.append(
        .agent(session.id, id, .runEnded(run.id, exit: nil, reason: "stopped: \(reason)")))
      decision.effects.append(.stop(run.id))
    }
    if spec != self.spec {
      decision.events.append(.agent(session.id, id, .resized(columns: spec.columns, rows: spec.rows)))
    }
    decision.start(NewAgent(id: id, run: new, spec: spec), in: session.id)
    if let next = talk?.queued.first {
      decision.events.append(.agent(session.id, id, .prompt(next.id, .dispatched(new))))
      decision.effects.append(.submit(session.id, id, next.id, text: next.text))
    }
    return decision
  }

  private func decideDelete(force: Bool, in session: Session) throws(Refusal) -> Decision {
    guard force || !isBusy else {
      throw Refusal(
        kind: .busy,
        message: "\(spec.alias ?? id.text) is \(isLive ? "still running" : "left with prompts that wait")",
        hint: "arroba agent rm --force stops it")
    }
    var decision = Decision(answer: .stopped(session.id, id, []))
    decision.events += endTalk("the agent was deleted", queueToo: true, in: session.id)
    if let run, run.isLive {
      decision.answer = .stopped(session.id, id, [Decision.Stopped(agent: id, run: run.id)])
      decision.events.append(
        .agent(session.id, id, .runEnded(run.id, exit: nil, reason: "stopped: the agent was deleted")))
      decision.effects.append(.stop(run.id))
    }
    decision.events.append(.agent(session.id, id, .deleted))
    decision.effects.append(.forget(id))
    return decision
  }

  private func absorb(_ signal: RunSignal, in session: Session) -> Decision {
    var decision = Decision(isDurable: false)
    func add(_ event: AgentEvent) { decision.events.append(.agent(session.id, id, event)) }
    switch signal {
    case .started(let id, let process):
      guard run?.id == id, isLive else { return decision }
      add(.runStarted(id, process))
      add(.activity(.working, reason: nil, source: .process))
    case .failedToStart(let id, let reason):
      guard run?.id == id, isLive else { return decision }
      decision.events += endTalk(reason, queueToo: false, in: session.id)
      add(.runEnded(id, exit: nil, reason: reason))
      add(.activity(.failed, reason: reason, source: .process))
    case .exited(let id, let exit):
      guard run?.id == id, isLive else { return decision }
      decision.isDurable = true
      decision.events += endTalk(exit.words, queueToo: false, in: session.id)
      add(.runEnded(id, exit: exit, reason: nil))
      add(.exited(id, exit))
      add(.activity(.stopped, reason: exit.words, source: .process))
    case .lost(let id, let reason):
      guard run?.id == id, isLive else { return decision }
      decision.isDurable = true
      decision.events += endTalk(reason, queueToo: false, in: session.id)
      add(.runEnded(id, exit: nil, reason: reason))
      add(.activity(.stopped, reason: reason, source: .process))
    case .resized(let columns, let rows):
      guard (columns, rows) != (spec.columns, spec.rows) else { return decision }
      add(.resized(columns: columns, rows: rows))
    case .activity(let state, let reason, let source):
      guard isLive, (state, reason, source) != (activity.state, activity.reason, activity.source) else {
        return decision
      }
      add(.activity(state, reason: reason, source: source))
    case .notice(let text): add(.notice(text))
    }
    return decision
  }
}

extension Decision {
  /// New agents of a session; the last one has the focus.
  fileprivate mutating func add(_ agents: [NewAgent], to session: SessionID) {
    for agent in agents {
      events.append(.agent(session, agent.id, .spawned(agent.spec)))
      start(agent, in: session)
    }
    if let last = agents.last, agents.count > 0 { events.append(.agent(session, last.id, .focused)) }
  }

  fileprivate mutating func start(_ agent: NewAgent, in session: SessionID) {
    events.append(.agent(session, agent.id, .runStarting(agent.run)))
    events.append(.agent(session, agent.id, .activity(.starting, reason: nil, source: .process)))
    effects.append(.start(session, agent))
  }
}
