internal import ArrobaModel
internal import ArrobaProvider

/// Reading the stream of events.
extension OpenCodeTranslator {
  /// An event of the conversation's session or of one of its children.
  mutating func take(_ event: OpenCodeEvent, at now: OpenCodeMoment) {
    guard let session = event.session else { return takeOther(event) }
    if case .session(let info) = event.what { addChild(info) }
    guard knows(session) else { return }
    isPolling = false
    turn?.lastEventMs = now.ms
    turn?.saidSilent = false
    switch event.what {
    case .session, .connected, .heartbeat, .disposed, .ignored: break
    case .sessionDeleted: if session == root { wasDeleted() }
    case .status(let status): take(status, of: session, at: now)
    case .idle: if session == root { becameIdle(at: now) }
    case .failure(let error): take(error, of: session)
    case .compacted: break
    case .message(let message): take(message, at: now)
    case .messageRemoved: break
    case .part(let part): take(part, at: now)
    case .partDelta(let part, let text): items.takeDelta(text, of: part)
    case .partRemoved(let part): items.remove(part)
    case .permissionAsked(let permission):
      expectActivity()
      asks.open(
        permission, tool: items.tool(ofCall: permission.callID), directory: event.directory,
        owner: askOwner(session), nowMs: now.ms)
    case .permissionReplied(let id, let reply):
      if session == root, reply == OpenCodeAskWords.reject { turn?.wasDenied = true }
      asks.wasAnswered(id, choice: reply)
    case .questionAsked(let questions):
      expectActivity()
      asks.open(
        questions, tool: items.tool(ofCall: questions.callID), directory: event.directory,
        owner: askOwner(session), nowMs: now.ms)
    case .questionReplied(let id): asks.wasAnswered(id, choice: nil)
    case .questionRejected(let id):
      if session == root { turn?.wasDenied = true }
      asks.wasAnswered(id, choice: nil)
    case .unknown(let type): sayUnrecognised(type)
    }
    drain()
    watchTurn(at: now)
    updateActivity()
  }

  private mutating func takeOther(_ event: OpenCodeEvent) {
    if case .unknown(let type) = event.what { sayUnrecognised(type) }
  }

  /// An ask where nothing is known to run: what a look shows decides whether it is one.
  private mutating func expectActivity() {
    if turn == nil && !isBusy { want(.look) }
  }

  private func askOwner(_ session: String) -> OpenCodeItems.Owner {
    OpenCodeItems.Owner(turn: runningTurn, subagent: label(of: session))
  }

  // MARK: messages

  mutating func take(_ message: OpenCodeMessage, at now: OpenCodeMoment) {
    note(message)
    guard message.role == .assistant else { return }
    let isUnwanted = turn.map { $0.stop != nil } ?? mustAbortAnswer
    if isUnwanted, !message.isFinal, message.session == root, lastAnswer[root] != message.id {
      // Now there is something to be aborted; or the abort came before that, and the answer begins all the same.
      turn?.abortDueMs = nil
      mustAbortAnswer = false
      want(.abort(leavesFirst))
    }
    lastAnswer[message.session] = message.id
    if message.session == root, let id = runningTurn, messages[message.id]?.turn == id {
      turn?.take(message, nowMs: now.ms)
    }
    count(message)
  }

  mutating func take(_ part: OpenCodePart, at now: OpenCodeMoment, missed: Bool = false) {
    if case .unknown(let type) = part.content { sayUnrecognised("part \(type)") }
    guard let message = messages[part.message] else {
      // Its message was in a stretch that we missed; whose it is decides what the part means.
      if !missed { want(.look) }
      return
    }
    if message.role == .user {
      if part.session == root { takePrompt(part, message, at: now) }
      return
    }
    guard !message.isSummary else { return }
    if case .tool(let tool) = part.content, tool.status == .running, turn?.stop != nil, !missed {
      // A call that came after the abort still runs (#33364).
      want(.abort(leavesFirst))
    }
    items.take(part, of: owner(of: part.message, in: part.session), missed: missed)
  }

  /// Part of a prompt: ours, which is thereby taken, or one that came from elsewhere.
  private mutating func takePrompt(_ part: OpenCodePart, _ message: MessageNote, at now: OpenCodeMoment) {
    let owner = OpenCodeItems.Owner(turn: nil, subagent: nil)
    switch part.content {
    case .compaction:
      turn?.wasCompacted = true
      let item = Item(
        key: part.id, kind: .notice, text: "OpenCode shortens the conversation to fit the model's context")
      items.complete(part, item, OpenCodeItems.Owner(turn: runningTurn, subagent: nil))
    case .text(let text):
      guard !text.isSynthetic, !message.isRead else { return }
      messages[part.message]?.isRead = true
      if let turn, turn.phase == .sent, Self.isSame(text.text, turn.request.text) {
        accept(part.message, at: now)
      } else if let turn, turn.wasCompacted, Self.isSame(text.text, turn.request.text) {
        break  // a compaction stores our prompt again, under a new id
      } else {
        items.complete(part, Item(key: part.id, kind: .user, text: Bounded.text(text.text)), owner)
        foreignIdleMs = nil
      }
    case .reasoning, .tool, .file, .bookkeeping, .unknown: break
    }
  }

  static func isSame(_ a: String, _ b: String) -> Bool {
    a == b || a.trimmed == b.trimmed
  }

  /// The prompt is among the session's messages: what comes from now on belongs to the turn.
  mutating func accept(_ mark: String, at now: OpenCodeMoment) {
    guard turn?.phase == .sent, let id = turn?.request.id else { return }
    turn?.phase = .running
    turn?.lastEventMs = now.ms
    turn?.idleMs = nil
    horizon = (mark, messages[mark]?.createdMs ?? 0)
    items.forgetFinished()
    beginCounting()
    drain()
    say(.accepted(mark: mark), of: id)
  }

  // MARK: status

  private mutating func take(_ status: OpenCodeStatus, of session: String, at now: OpenCodeMoment) {
    if session == root { statusToldMs = now.ms }
    switch status {
    case .idle: if session == root { becameIdle(at: now) }
    case .busy: if session == root { becameBusy() }
    case .retry(let attempt, let message, let nextMs):
      if session == root { becameBusy() }
      retries(attempt, message, nextMs, in: session, at: now)
    case .unknown(let type): sayUnrecognised("status \(type)")
    }
  }

  mutating func becameBusy() {
    isBusy = true
    turn?.idleMs = nil
    foreignIdleMs = nil
  }

  /// Counts for a turn only after its prompt was seen: the idle of the turn before may come later than our prompt.
  mutating func becameIdle(at now: OpenCodeMoment) {
    if turn?.phase == .running {
      if turn?.idleMs == nil { turn?.idleMs = now.ms }
    } else if turn == nil, isBusy || !asks.isEmpty, foreignIdleMs == nil {
      foreignIdleMs = now.ms
    }
    isBusy = false
  }

  private mutating func retries(
    _ attempt: Int, _ message: String, _ nextMs: Int?, in session: String, at now: OpenCodeMoment
  ) {
    if let newest = lastAnswer[session] { items.dropUnfinishedText(ofMessage: newest) }
    drain()
    say(
      .retrying(attempt: attempt, nextAt: nextMs.map { Instant(ms: $0) }, reason: message), of: runningTurn)
    guard turn != nil, turn?.stop == nil else { return }
    if attempt <= 1 || turn?.retryingSinceMs == nil { turn?.retryingSinceMs = now.ms }
    let ahead = nextMs.map { $0 - now.wallMs } ?? 0
    let lasting = now.ms - (turn?.retryingSinceMs ?? now.ms)
    guard ahead > OpenCodeLimits.retryAheadMs || lasting > OpenCodeLimits.retryMs else { return }
    let words =
      ahead > OpenCodeLimits.retryAheadMs
      ? "the model's service is to be asked again only in \(ahead / 60_000) minutes: \(message)"
      : "the model's service failed for \(lasting / 60_000) minutes: \(message)"
    turn?.tellToStop(.limit(.rateLimited, words), wallMs: now.wallMs)
    want(.abort(leavesFirst))
  }

  private mutating func take(_ error: OpenCodeError, of session: String) {
    guard session == root else { return }
    if turn != nil {
      // A note, and no end: a context overflow is followed by a compaction, after which the turn goes on.
      if turn?.error == nil { turn?.error = error }
    } else if isBusy, !error.isAbort {
      say(.notice(error.words), of: nil)
    }
  }

  private mutating func wasDeleted() {
    let reason = "the session was deleted in OpenCode"
    items.close(of: runningTurn, because: reason)
    drain()
    // Before the turn's end, which would bring the next one here.
    say(.failed(reason: "the session \(root) was deleted in OpenCode", hint: "start a new agent"), of: nil)
    lose(reason: reason)
  }
}

extension String {
  fileprivate var trimmed: Substring {
    var rest = Substring(self)
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    return rest
  }
}
