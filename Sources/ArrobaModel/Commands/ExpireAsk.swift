/// An ask whose time is up, turned into facts. It was open too long if it is open at `now` and its deadline lies behind
/// that, however late somebody looks: the daemon may have been down when it passed.
extension Agent {
  /// Whoever was first has settled it: an ask that is not open, or not due, comes to nothing.
  func expire(_ wanted: AskID, _ rule: AskRule, at now: Instant, in session: Session) -> Decision {
    guard session.isOpen, let talk, let record = talk.openAsks.first(where: { $0.id == wanted }),
      let deadlineMs = rule.deadlineMs, let due = rule.due(openedAt: record.openedAt), now >= due
    else { return Decision(isDurable: false) }
    var plan = TalkPlan(self, in: session.id)
    let denial = record.ask.denial.map { AskAnswer(choices: [$0.id]) }
    // What somebody typed in the agent's own client is no prompt of ours, and can only be told no.
    let prompt = record.prompt.flatMap { id in talk.active.flatMap { $0.id == id ? $0 : nil } }
    if let denial, rule.onDeadline == .deny || prompt == nil {
      plan.expire(record, AskExpiry(onDeadline: .deny, deadlineMs: deadlineMs, answer: denial))
      plan.act(.answer(session.id, id, key: record.ask.key, denial))
    } else {
      plan.expire(record, AskExpiry(onDeadline: .fail, deadlineMs: deadlineMs, answer: nil))
      if let prompt {
        if prompt.state != .cancelling { plan.add(.prompt(prompt.id, .cancelling)) }
        plan.act(.cancel(session.id, id, prompt.id, force: false))
      }
    }
    if talk.openAsks.count == 1, activity.state == .waiting { plan.become(.working, of: self) }
    return plan.decision()
  }
}

extension TalkPlan {
  fileprivate mutating func expire(_ record: AskRecord, _ expiry: AskExpiry) {
    add(.ask(record.id, prompt: record.prompt, .expired(expiry)))
  }
}
