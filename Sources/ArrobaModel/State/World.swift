/// All durable state: what the events fold to. Live and replayed events take the same way through `apply`.
package struct World: Sendable, Equatable {
  package private(set) var sessions: [SessionID: Session] = [:]
  /// In order of creation.
  package private(set) var order: [SessionID] = []
  /// The last event that was folded.
  package private(set) var seq: UInt64 = 0

  package init() {}

  package func session(_ id: SessionID) -> Session? { sessions[id] }

  package func agent(_ id: AgentID, in session: SessionID) -> Agent? { sessions[session]?.agent(id) }

  package var inOrder: [Session] { order.compactMap { sessions[$0] } }

  /// Takes over a session as it stands in another world.
  package mutating func adopt(_ session: Session) {
    if sessions.updateValue(session, forKey: session.id) == nil { order.append(session.id) }
  }

  /// Events about things that are not (any more) there change nothing: an event that was decided before a deletion
  /// may be recorded after it.
  package mutating func apply(_ record: RecordedEvent) {
    seq = max(seq, record.seq)
    switch record.event {
    case .session(let id, .created(let alias, let workspace)):
      guard sessions[id] == nil else { return }
      sessions[id] = Session(id: id, alias: alias, workspace: workspace, createdAt: record.at)
      order.append(id)
    case .session(let id, .deleted):
      sessions[id] = nil
      order.removeAll { $0 == id }
    case .session(let id, let event):
      guard var session = sessions[id] else { return }
      sessions[id] = nil  // so that the copy is the only one and is changed in place
      session.apply(event, at: record.at)
      sessions[id] = session
    case .agent(let id, let agent, let event):
      guard var session = sessions[id] else { return }
      sessions[id] = nil
      session.apply(event, of: agent, from: record)
      sessions[id] = session
    case .daemon, .unknown: return
    }
  }
}

extension Session {
  fileprivate mutating func apply(_ event: SessionEvent, at: Instant) {
    switch event {
    case .renamed(let alias): self.alias = alias
    case .ended: endedAt = at
    case .created, .deleted: return  // World's own
    }
  }

  fileprivate mutating func apply(_ event: AgentEvent, of id: AgentID, from record: RecordedEvent) {
    let at = record.at
    switch event {
    case .spawned(let spec):
      guard agent(id) == nil else { return }
      let activity = Activity(.starting, since: at, source: .process)
      var agent = Agent(id: id, session: self.id, spec: spec, createdAt: at, activity: activity)
      if spec.isTalkedTo { agent.talk = Talk() }
      agents.append(agent)
      if focused == nil { focused = id }
    case .focused: if agent(id) != nil { focused = id }
    case .deleted:
      agents.removeAll { $0.id == id }
      if focused == id { focused = agents.first?.id }
    case .renamed, .activity, .resized, .exited, .runStarting, .runStarted, .runParked, .runOpened, .runEnded,
      .notice, .prompt, .item, .ask, .usage:
      guard let index = agents.firstIndex(where: { $0.id == id }) else { return }
      agents[index].apply(event, from: record)
    }
  }
}

extension Agent {
  fileprivate mutating func apply(_ event: AgentEvent, from record: RecordedEvent) {
    let at = record.at
    switch event {
    case .renamed(let alias): spec.alias = alias
    case .activity(let state, let reason, let source):
      activity = Activity(state, since: at, reason: reason, source: source)
    case .resized(let columns, let rows):
      spec.columns = columns
      spec.rows = rows
    case .runStarting(let id): run = Run(id: id, phase: .starting, startedAt: at)
    case .runStarted(let id, let process):
      guard run?.id == id, isLive else { return }  // an ended run stays ended
      run?.phase = .running
      run?.process = process
      run?.startedAt = at
    case .runParked(let id): if run?.id == id, isLive { run?.phase = .parked }
    case .runOpened(let id, let conversation, let version, let model):
      talk?.conversation = conversation
      talk?.version = version
      talk?.model = model
      guard run?.id == id, isLive else { return }
      run?.phase = .running
    case .prompt(let id, let event): talk?.apply(event, of: id, from: record)
    case .item(let id, _, let event): talk?.apply(event, of: id, from: record)
    case .ask(let id, let prompt, let event): talk?.apply(event, of: id, prompt: prompt, from: record)
    case .usage(let id, let usage):
      guard let index = talk?.prompts.firstIndex(where: { $0.id == id }) else { return }
      talk?.prompts[index].usage = usage
    case .runEnded(let id, let exit, let reason):
      guard run?.id == id else { return }
      run?.phase = .ended
      run?.endedAt = at
      run?.exit = exit
      run?.reason = reason
    case .exited, .notice: return  // told to those who watch; run.ended has changed the state
    case .spawned, .focused, .deleted: return  // the session's own
    }
  }
}
