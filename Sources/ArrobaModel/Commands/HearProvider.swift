/// Ids for what a signal may bring into being, made before it is decided.
package struct FreshIDs: Sendable, Equatable {
  package let item: ItemID
  package let ask: AskID

  package init(item: ItemID, ask: AskID) {
    self.item = item
    self.ask = ask
  }
}

/// What a provider says, turned into facts.
extension Agent {
  /// A signal of another run, or of another turn than the active one, settles nothing and records nothing.
  func hear(_ signal: ProviderSignal, _ fresh: FreshIDs, in session: Session) -> Decision {
    guard let talk, let run, run.id == signal.run, run.isLive else { return Decision(isDurable: false) }
    if let turn = signal.turn, turn != talk.active?.id { return Decision(isDurable: false) }
    var plan = TalkPlan(self, in: session.id)
    let turn = signal.turn
    var isDurable = false
    switch signal.what {
    case .opened(let conversation, let version, let model):
      isDurable = conversation != talk.conversation
      plan.add(.runOpened(run.id, conversation: conversation, version: version, model: model))
      if talk.active == nil { plan.become(.idle, of: self) }
    case .accepted(let mark):
      guard let turn else { break }
      plan.add(.prompt(turn, .started(mark: mark)))
      plan.become(.working, of: self)
    case .itemStarted, .itemDelta, .itemCompleted, .itemDropped:
      hearItem(signal.what, turn, fresh, talk, &plan)
    case .askOpened(let ask):
      hear(ask, turn, fresh, talk, &plan)
      isDurable = true
    case .askAnswered(let key, let choice):
      guard let open = talk.openAsks.first(where: { $0.ask.key == key }) else { break }
      let answer = AskAnswer(choices: choice.map { [$0] } ?? [])
      plan.add(.ask(open.id, prompt: open.prompt, .answered(answer)))
      if talk.openAsks.count == 1 { plan.become(.working, of: self) }
    case .askWithdrawn(let key, let reason):
      guard let open = talk.openAsks.first(where: { $0.ask.key == key }) else { break }
      plan.add(.ask(open.id, prompt: open.prompt, .withdrawn(reason: reason)))
      if talk.openAsks.count == 1, talk.active != nil { plan.become(.working, of: self) }
    case .usage(let usage): if let turn, talk.active?.usage != usage { plan.add(.usage(turn, usage)) }
    case .activity(.idle, let reason):
      // A prompt that is on its way to it is work; and a mere "idle" does not take back why the last turn ended.
      guard talk.active == nil, activity.state != .idle || reason != nil else { break }
      plan.become(.idle, reason, of: self)
    case .activity(let state, let reason):
      // However busy its provider is, an open ask waits for a person.
      if state == .working, !talk.openAsks.isEmpty { break }
      plan.become(state, reason, of: self)
    case .retrying(let attempt, let nextAt, let reason):
      let next = nextAt.map { ", next attempt at \($0.text)" } ?? ""
      plan.become(.working, "attempt \(attempt) failed: \(reason)\(next)", of: self)
    case .turnEnded(let end):
      guard let turn else { break }
      isDurable = true
      hear(end, of: turn, talk, &plan)
    case .notice(let text): plan.add(.notice(text))
    case .failed(let reason, let hint, let end):
      isDurable = true
      let words = hint.map { "\(reason) (\($0))" } ?? reason
      if let active = talk.active {
        let outcome: TurnEnd.Outcome =
          active.state == .dispatching ? .failed(.notAccepted) : .interrupted
        plan.settle(
          active.id, end ?? TurnEnd(outcome, reason: words, proof: "the conversation failed"), talk)
      }
      plan.add(.runEnded(run.id, exit: nil, reason: words))
      plan.become(.failed, words, of: self)
      // What was handed over and not sent yet is not sent behind our back.
      plan.act(.stop(run.id))
    case .unrecognised(let kind):
      plan.add(.notice("the provider said something that is not known here: \(kind)"))
    }
    return plan.decision(isDurable: isDurable)
  }

  private func hearItem(
    _ what: ProviderSignal.What, _ turn: PromptID?, _ fresh: FreshIDs, _ talk: Talk, _ plan: inout TalkPlan
  ) {
    switch what {
    case .itemStarted(let item):
      // Said again from its beginning after a restart, and known as it stays: its end says whether that is news.
      guard talk.items[item.key]?.fingerprint == nil else { return }
      let id = talk.items[item.key]?.id ?? fresh.item
      plan.add(.item(id, prompt: turn, .started(item)))
    case .itemDelta(let key, let text):
      guard let known = talk.items[key], known.fingerprint == nil, !text.isEmpty else { return }
      plan.add(.item(known.id, prompt: turn, .delta(text)))
    case .itemCompleted(let item):
      let known = talk.items[item.key]
      // Said again after a reconnection or a restart.
      guard known?.fingerprint == nil || known?.fingerprint != item.fingerprint else { return }
      plan.add(.item(known?.id ?? fresh.item, prompt: turn, .completed(item)))
    case .itemDropped(let key):
      guard let known = talk.items[key] else { return }
      plan.add(.item(known.id, prompt: turn, .dropped(key: key)))
    default: return  // not about an item
    }
  }

  private func hear(
    _ ask: Ask, _ turn: PromptID?, _ fresh: FreshIDs, _ talk: Talk, _ plan: inout TalkPlan
  ) {
    guard let known = talk.asks.last(where: { $0.ask.key == ask.key }) else {
      plan.add(.ask(fresh.ask, prompt: turn, .opened(ask)))
      plan.become(.waiting, ask.title, of: self)
      return
    }
    switch known.state {
    case .open, .withdrawn: return
    // The daemon died between recording the answer and giving it, or the provider did not get it.
    case .answered(let answer, let by, _):
      if by != nil { plan.act(.answer(plan.session, id, key: ask.key, answer)) }
    case .expired(let expiry, _):
      if let answer = expiry.answer { plan.act(.answer(plan.session, id, key: ask.key, answer)) }
    }
  }

  private func hear(_ end: TurnEnd, of turn: PromptID, _ talk: Talk, _ plan: inout TalkPlan) {
    plan.settle(turn, end, talk)
    plan.sendNext(startingRun: nil)
    guard plan.talk.queued.isEmpty else { return }  // the next one was sent
    switch end.outcome {
    case .completed, .cancelled: plan.become(.idle, of: self)
    case .failed, .interrupted: plan.become(.idle, "\(end.state.rawValue): \(end.reason ?? "")", of: self)
    }
  }

  /// What ends with the run of an agent that is talked to: what waits for an answer, and the turn that is under way.
  func endTalk(_ reason: String, queueToo: Bool, in session: SessionID) -> [Event] {
    guard let talk else { return [] }
    var plan = TalkPlan(self, in: session)
    if let active = talk.active {
      plan.settle(active.id, TurnEnd(.interrupted, reason: reason, proof: "it was stopped"), talk)
    }
    if queueToo {
      for prompt in talk.queued { plan.add(.prompt(prompt.id, .ended(.beforeSending(reason)))) }
    }
    return plan.events
  }
}

extension TalkPlan {
  /// Says what an agent does, if it is news.
  mutating func become(_ state: Activity.State, _ reason: String? = nil, of agent: Agent) {
    guard agent.activity.state != state || agent.activity.reason != reason else { return }
    add(.activity(state, reason: reason, source: .provider))
  }

  /// The turn has ended, and nothing that it asked waits any more.
  mutating func settle(_ turn: PromptID, _ end: TurnEnd, _ before: Talk) {
    for ask in before.openAsks {
      add(.ask(ask.id, prompt: ask.prompt, .withdrawn(reason: "the turn has ended")))
    }
    add(.prompt(turn, .ended(end)))
    talk.prompts.removeAll { $0.id == turn }
  }
}
