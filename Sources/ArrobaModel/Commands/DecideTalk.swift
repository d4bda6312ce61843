internal import ArrobaJSON
internal import ArrobaWire

/// What clients may ask of an agent that is talked to: prompts, the queue, answers.
extension Agent {
  func decide(_ command: TalkCommand, in session: Session) throws(Refusal) -> Decision {
    try session.requireOpen()
    guard let talk else {
      throw Refusal(
        kind: .notSupported, message: "\(name) is a program on a terminal and takes no prompts",
        hint: "arroba type \(session.alias ?? session.id.text)/\(name) TEXT Enter",
        details: ["agent": .string(id.text)])
    }
    switch command {
    case .submit(let prompt, let text, let run):
      guard talk.queued.count < Talk.longestQueue else {
        throw Refusal(
          kind: .overloaded, message: "\(Talk.longestQueue) prompts wait for \(name) already",
          hint: "arroba queue clear, or wait")
      }
      var plan = TalkPlan(self, in: session.id)
      plan.add(.prompt(prompt, .submitted(text: text)))
      plan.talk.prompts.append(Prompt(id: prompt, text: text, by: nil, at: Instant(ms: 0), source: 0))
      plan.sendNext(startingRun: run)
      return plan.decision(answer: .prompt(session.id, id, prompt))
    case .edit(let prompt, let text):
      _ = try queued(prompt, in: talk)
      return changing(prompt, .edited(text: text), in: session)
    case .move(let prompt, let position):
      _ = try queued(prompt, in: talk)
      let place = min(max(1, position), talk.queued.count)
      return changing(prompt, .moved(position: place), in: session)
    case .remove(let prompt):
      _ = try queued(prompt, in: talk)
      return changing(prompt, .ended(.beforeSending("taken from the queue")), in: session)
    case .clear:
      var decision = Decision(answer: .prompts(session.id, id, talk.queued.map(\.id)))
      decision.events = talk.queued.map {
        .agent(session.id, id, .prompt($0.id, .ended(.beforeSending("the queue was cleared"))))
      }
      return decision
    case .cancel(let prompt, let force): return try cancel(prompt, force: force, talk, in: session)
    case .answer(let ask, let answer): return try decideAnswer(ask, answer, talk, in: session)
    }
  }

  private var name: String { spec.alias ?? id.text }

  private func changing(_ prompt: PromptID, _ event: PromptEvent, in session: Session) -> Decision {
    Decision(
      events: [.agent(session.id, id, .prompt(prompt, event))], answer: .prompt(session.id, id, prompt))
  }

  private func found(_ prompt: PromptID, in talk: Talk) throws(Refusal) -> Prompt {
    guard let found = talk.prompt(prompt) else {
      throw Refusal(
        kind: .promptNotFound, message: "\(name) has no prompt \(prompt)", hint: "arroba queue",
        details: ["prompt": .string(prompt.text)])
    }
    return found
  }

  private func queued(_ prompt: PromptID, in talk: Talk) throws(Refusal) -> Prompt {
    let prompt = try found(prompt, in: talk)
    if prompt.state == .queued { return prompt }
    guard prompt.state.isActive else { throw notActive(prompt) }
    throw Refusal(
      kind: .busy, message: "the prompt \(prompt.id) is with the provider already",
      hint: "arroba stop cancels it", details: ["prompt": .string(prompt.id.text)])
  }

  private func notActive(_ prompt: Prompt) -> Refusal {
    Refusal(
      kind: .promptNotActive, message: "the prompt \(prompt.id) has ended: \(prompt.state.rawValue)",
      details: ["prompt": .string(prompt.id.text), "state": .string(prompt.state.rawValue)])
  }

  /// nil: the active one.
  private func cancel(
    _ wanted: PromptID?, force: Bool, _ talk: Talk, in session: Session
  ) throws(Refusal) -> Decision {
    guard let wanted = wanted ?? talk.active?.id else {
      throw Refusal(
        kind: .promptNotActive, message: "\(name) works on nothing", details: ["agent": .string(id.text)])
    }
    let prompt = try found(wanted, in: talk)
    switch prompt.state {
    case .queued: return changing(wanted, .ended(.beforeSending("cancelled")), in: session)
    case .dispatching, .running, .cancelling:
      var decision = Decision(answer: .prompt(session.id, id, wanted))
      if prompt.state != .cancelling {
        decision.events.append(.agent(session.id, id, .prompt(wanted, .cancelling)))
      }
      decision.effects.append(.cancel(session.id, id, wanted, force: force))
      return decision
    case .completed, .cancelled, .failed, .interrupted: throw notActive(prompt)
    }
  }

  private func decideAnswer(
    _ wanted: AskID, _ answer: AskAnswer, _ talk: Talk, in session: Session
  ) throws(Refusal) -> Decision {
    guard let record = talk.asks.first(where: { $0.id == wanted }) else {
      throw Refusal(
        kind: .askNotFound, message: "\(name) has no ask \(wanted)", hint: "arroba asks",
        details: ["ask": .string(wanted.text)])
    }
    switch record.state {
    case .open: break
    case .answered(let earlier, let by, let at):
      let who = by.map { "by \($0)" } ?? "by the provider itself"
      throw Refusal(
        kind: .askAlreadyAnswered, message: "\(wanted) was answered \(who) at \(at.text)",
        details: [
          "ask": .string(wanted.text), "answeredBy": .text(by) ?? .null, "answeredAt": .string(at.text),
          "answer": earlier.json,
        ])
    case .expired(let expiry, let at):
      throw Refusal(
        kind: .askAlreadyAnswered,
        message: "nobody answered \(wanted) in time: at \(at.text) \(expiry.words)",
        details: [
          "ask": .string(wanted.text), "expiredAt": .string(at.text),
          "onDeadline": .string(expiry.onDeadline.rawValue), "answer": expiry.answer?.json ?? .null,
        ])
    case .withdrawn(let reason, let at):
      throw Refusal(
        kind: .askAlreadyAnswered, message: "\(wanted) waits no more: \(reason)",
        details: ["ask": .string(wanted.text), "withdrawnAt": .string(at.text), "reason": .string(reason)])
    }
    try Self.check(answer, of: record.ask)
    var decision = Decision(
      events: [.agent(session.id, id, .ask(wanted, prompt: record.prompt, .answered(answer)))],
      effects: [.answer(session.id, id, key: record.ask.key, answer)], answer: .ask(session.id, id, wanted))
    if talk.openAsks.count == 1, activity.state == .waiting {
      decision.events.append(.agent(session.id, id, .activity(.working, reason: nil, source: .provider)))
    }
    return decision
  }

  private static func check(_ answer: AskAnswer, of ask: Ask) throws(Refusal) {
    func wrong(_ words: String) -> Refusal {
      let choices = ask.choices.map(\.id).joined(separator: ", ")
      return Refusal(
        code: Refusal.invalidParams, kind: nil, message: "choice: \(words)",
        hint: choices.isEmpty ? nil : "one of: \(choices)", details: ["field": "choice"])
    }
    // It was typed, so it is not repeated.
    guard answer.choices.allSatisfy({ ask.choice($0) != nil }) else { throw wrong("that is not offered") }
    guard answer.choices.count <= 1 || ask.takesSeveral else { throw wrong("one is expected, several came") }
    guard !answer.choices.isEmpty || (ask.takesText && answer.text != nil) else {
      throw wrong(ask.takesText ? "a choice or a note is expected" : "a choice is expected, none came")
    }
  }
}

extension TurnEnd {
  static func beforeSending(_ reason: String) -> TurnEnd {
    TurnEnd(.cancelled, reason: reason, proof: "it was never sent")
  }
}

/// Events and effects as they are put together, and the conversation as it will be after them.
struct TalkPlan {
  private let agent: Agent
  let session: SessionID
  var talk: Talk
  private(set) var events: [Event] = []
  private(set) var effects: [Decision.Effect] = []

  init(_ agent: Agent, in session: SessionID) {
    self.agent = agent
    self.session = session
    talk = agent.talk ?? Talk()
  }

  mutating func add(_ event: AgentEvent) { events.append(.agent(session, agent.id, event)) }
  mutating func act(_ effect: Decision.Effect) { effects.append(effect) }

  /// Hands the first prompt that waits to the provider, if none is with it. Starts the run where there is none and an
  /// id for one is given.
  mutating func sendNext(startingRun new: RunID?) {
    guard talk.active == nil, let next = talk.queued.first else { return }
    let run: RunID
    if let living = agent.run, living.isLive {
      run = living.id
    } else if let new {
      run = new
      add(.runStarting(new))
      add(.activity(.starting, reason: nil, source: .process))
      act(.start(session, NewAgent(id: agent.id, run: new, spec: agent.spec)))
    } else {
      return
    }
    add(.prompt(next.id, .dispatched(run)))
    // At once, so that nobody who waits for it to be idle sees it idle in between.
    if agent.isLive, agent.activity.state != .starting { become(.working, of: agent) }
    act(.submit(session, agent.id, next.id, text: next.text))
  }

  func decision(answer: Decision.Answer = .nothing, isDurable: Bool = true) -> Decision {
    Decision(events: events, effects: effects, answer: answer, isDurable: isDurable)
  }
}
