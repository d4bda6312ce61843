internal import ArrobaHTTP
internal import ArrobaModel
internal import ArrobaProvider

/// A turn's life: begun, stopped, watched, ended. What ends it is a rule over what is known, asked again at each event and
/// at each deadline.
extension OpenCodeTranslator {
  // MARK: what is asked for

  /// A prompt that is being posted now. The session must be idle: one that comes while it is busy may never be answered.
  mutating func begin(_ request: TurnRequest, at now: OpenCodeMoment) {
    precondition(turn == nil, "one turn at a time")
    turn = OpenCodeTurn(request, nowMs: now.ms)
    mustAbortAnswer = false
    foreignIdleMs = nil
    forgetOldMessages()
    updateActivity()
  }

  /// The server has answered the post.
  mutating func acknowledge() { turn?.isAcknowledged = true }

  /// The server did not take the prompt, or could not be asked.
  mutating func refuse(_ failure: TurnFailure, _ words: String, proof: String) {
    guard turn != nil else { return }
    finish(TurnEnd(.failed(failure), reason: words, proof: proof))
    updateActivity()
  }

  /// The post of the prompt was answered so.
  mutating func refused(_ failure: OpenCodeAnswer.Failure) {
    // Taken all the same: the answer was lost, not the prompt.
    if turn?.phase == .running { return }
    switch failure {
    case .unreachable(.closed): break  // the server's end says more
    case .unreachable: acknowledge()  // a look tells whether it was stored
    case .notFound:
      refuse(.notAccepted, "OpenCode has the session no more", proof: "status 404")
    case .refused(let status, _):
      refuse(.invalidRequest, failure.words, proof: "status \(status)")
    case .notJSON: refuse(.notAccepted, failure.words, proof: "a web page")
    }
  }

  /// Stops the turn. Whether there is something to be aborted at the server.
  mutating func cancel(_ id: PromptID, force: Bool, at now: OpenCodeMoment) {
    guard turn?.request.id == id else { return }
    turn?.tellToStop(.asked, wallMs: now.wallMs)
    // An abort while OpenCode still loads the model is kept as the loading's result: every later prompt in that directory
    // fails with "All fibers interrupted" (1.18.34, 2026-11-25).
    if turn?.newest == nil {
      turn?.abortDueMs = now.ms + OpenCodeLimits.unansweredMs
      mustAbortAnswer = force
    } else {
      want(.abort(leavesFirst))
    }
    guard force else { return }
    finish(
      TurnEnd(
        .interrupted, reason: "ended by force, before OpenCode had confirmed that it stopped", proof: "forced"
      ))
    updateActivity()
  }

  /// It was told to stop and has not, for longer than we wait.
  mutating func giveUpStopping() {
    finish(
      TurnEnd(
        .interrupted, reason: "OpenCode did not stop when it was told to, and may still be working",
        proof: "abort not confirmed"))
    updateActivity()
  }

  /// An answer of ours came too late: settled elsewhere.
  mutating func wasNotFound(_ request: String) {
    asks.wasNotFound(request)
    drain()
    updateActivity()
  }

  mutating func answer(_ ask: String, with answer: AskAnswer) {
    asks.answer(ask, with: answer)
    drain()
    updateActivity()
  }

  /// Events were missed, or may have been.
  mutating func streamWasLost() {
    items.tear()
    want(.look)
  }

  /// The server has ended: nothing that it did goes on.
  mutating func lose(reason: String) {
    isBusy = false
    foreignIdleMs = nil
    items.tear()
    asks.vanish(reason: reason)
    drain()
    // Its end was heard before the server's, and only not settled yet.
    if let turn, turn.phase == .running, turn.idleMs != nil, turn.isSettleable { conclude(seen: "idle") }
    switch turn?.stop {
    // Who was told to stop, and has ended, has stopped.
    case .asked?: finish(TurnEnd(.cancelled, reason: "cancelled; \(reason)", proof: "abort, server gone"))
    case .limit(let failure, let words)?:
      finish(TurnEnd(.failed(failure), reason: words, proof: "abort, server gone"))
    case nil: finish(TurnEnd(.interrupted, reason: reason, proof: "server gone"))
    }
    items.close(of: nil, because: reason)
    drain()
    updateActivity()
  }

  // MARK: the end

  mutating func finish(_ end: TurnEnd) {
    guard let id = turn?.request.id else { return }
    items.close(of: id, because: end.reason ?? "the turn is over")
    let tree = Set(leavesFirst)
    asks.withdraw(where: { tree.contains($0) }, reason: "the turn is over")
    drain()
    horizon = newest ?? horizon
    turn = nil
    say(.turnEnded(end), of: id)
  }

  /// What is known of messages before the horizon serves nobody any more. An answer's late parts still find their owner.
  private mutating func forgetOldMessages() {
    guard messages.count > 1000 else { return }
    let kept = Set(lastAnswer.values)
    messages = messages.filter { kept.contains($0.key) || $0.key == newest?.id || $0.key == horizon?.id }
  }

  // MARK: watching

  /// When `watchTurn` is to be asked next, if nothing comes before.
  var nextDeadlineMs: Int? {
    guard let turn else { return foreignIdleMs.map { $0 + OpenCodeLimits.settleMs } }
    var deadlines =
      [turn.lastEventMs + OpenCodeLimits.quietMs, turn.lookedMs + OpenCodeLimits.quietMs].max().map { [$0] }
      ?? []
    if isPolling { deadlines.append(turn.lookedMs + OpenCodeLimits.pollMs) }
    if let due = turn.abortDueMs { deadlines.append(due) }
    switch turn.phase {
    case .sent:
      deadlines.append(max(turn.sentMs + OpenCodeLimits.acceptMs, turn.lookedMs + OpenCodeLimits.acceptMs))
    case .running:
      if let idle = turn.idleMs {
        if turn.isSettleable {
          deadlines.append(max(idle, turn.finalMs ?? idle) + OpenCodeLimits.settleMs)
        } else {
          deadlines.append(max(idle + OpenCodeLimits.unfinishedMs, turn.lookedMs + OpenCodeLimits.pollMs))
        }
      } else if turn.hasConcluded, let final = turn.finalMs {
        deadlines.append(max(final + OpenCodeLimits.busyAfterEndMs, turn.lookedMs + OpenCodeLimits.pollMs))
      }
    }
    return deadlines.min()
  }

  /// A deadline has come.
  mutating func tick(at now: OpenCodeMoment) {
    watchTurn(at: now)
    updateActivity()
  }

  mutating func watchTurn(at now: OpenCodeMoment) {
    guard let turn else { return settleForeign(at: now) }
    if let due = turn.abortDueMs, now.ms >= due {
      self.turn?.abortDueMs = nil
      want(.abort(leavesFirst))
    }
    if turn.phase == .running, let idle = turn.idleMs, turn.isSettleable {
      if now.ms >= max(idle, turn.finalMs ?? idle) + OpenCodeLimits.settleMs { return conclude(seen: "idle") }
    } else if mustLook(turn, now.ms) {
      self.turn?.lookedMs = now.ms
      want(.look)
    }
    if now.ms >= turn.lastEventMs + OpenCodeLimits.silentMs, !turn.saidSilent, asks.isEmpty {
      self.turn?.saidSilent = true
      let minutes = OpenCodeLimits.silentMs / 60_000
      say(
        .notice("OpenCode has said nothing for \(minutes) minutes; `arroba stop` ends the turn"),
        of: turn.request.id)
    }
  }

  private func mustLook(_ turn: OpenCodeTurn, _ nowMs: Int) -> Bool {
    let sinceLook = nowMs - turn.lookedMs
    if isPolling, sinceLook >= OpenCodeLimits.pollMs { return true }
    switch turn.phase {
    case .sent:
      if nowMs >= turn.sentMs + OpenCodeLimits.acceptMs { return sinceLook >= OpenCodeLimits.acceptMs }
    case .running:
      if let idle = turn.idleMs {
        return nowMs >= idle + OpenCodeLimits.unfinishedMs && sinceLook >= OpenCodeLimits.pollMs
      }
      if turn.hasConcluded, let final = turn.finalMs, nowMs >= final + OpenCodeLimits.busyAfterEndMs {
        return sinceLook >= OpenCodeLimits.pollMs
      }
    }
    return nowMs >= turn.lastEventMs + OpenCodeLimits.quietMs && sinceLook >= OpenCodeLimits.quietMs
  }

  mutating func conclude(seen: String) {
    guard let turn else { return }
    let hasText = turn.newest.map { items.hasText(ofMessage: $0.id) } ?? false
    finish(turn.verdict(seen: seen, hasText: hasText))
  }

  /// What ran without a turn of ours is over.
  private mutating func settleForeign(at now: OpenCodeMoment) {
    guard let idle = foreignIdleMs, now.ms >= idle + OpenCodeLimits.settleMs else { return }
    foreignIdleMs = nil
    items.close(of: nil, because: "nothing runs any more")
    let tree = Set(leavesFirst)
    asks.withdraw(where: { tree.contains($0) }, reason: "nothing runs any more")
    horizon = newest ?? horizon
    drain()
  }
}
