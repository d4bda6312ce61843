internal import ArrobaModel
internal import ArrobaProvider

/// What a look at the server shows of one conversation. Parts of it may be missing, where a call failed.
struct OpenCodeLook: Sendable {
  /// When the first call was made, by our clock. What came by the stream since is newer.
  var askedMs: Int
  /// The session's newest messages, oldest first.
  var messages: [OpenCodeStoredMessage]?
  var children: [OpenCodeSession] = []
  var childMessages: [OpenCodeStoredMessage] = []
  /// A session that is missing is idle.
  var statuses: [String: OpenCodeStatus]?
  var permissions: [OpenCodePermission]?
  var questions: [OpenCodeQuestions]?
  var directory: String?
}

/// Looking takes the place of events that were missed. It says the same again without harm, and what it shows may be
/// older than what the stream has said meanwhile.
extension OpenCodeTranslator {
  /// The first look at a conversation that was there before: what it holds is known already.
  mutating func adopt(_ look: OpenCodeLook, at now: OpenCodeMoment) {
    for child in look.children { addChild(child) }
    for message in look.messages ?? [] {
      note(message.info)
      messages[message.info.id]?.isRead = true
    }
    if let status = look.statuses?[root], status != .idle {
      isBusy = true
      // Somebody else's turn is under way: what it says from here on is told.
      let prompt = look.messages?.last { $0.info.role == .user }
      horizon = prompt.map { ($0.info.id, $0.info.createdMs) }
    } else {
      horizon = newest
    }
    updateActivity()
  }

  /// Takes up a turn that an earlier daemon began; the look finds out what became of it.
  mutating func settle(_ unsettled: UnsettledTurn, at now: OpenCodeMoment) {
    precondition(turn == nil, "one turn at a time")
    var turn = OpenCodeTurn(TurnRequest(id: unsettled.id, text: unsettled.text), nowMs: now.ms)
    turn.settling = unsettled
    turn.isAcknowledged = true
    turn.wasDenied = unsettled.wasDenied
    if let cancelledAt = unsettled.cancelledAt { turn.tellToStop(.asked, wallMs: cancelledAt.ms) }
    self.turn = turn
    if let mark = unsettled.mark, messages[mark] != nil { takeUp(mark, at: now) }
    want(.look)
    updateActivity()
  }

  /// The prompt of a turn that an earlier daemon began has been found. What came after it belongs to the turn.
  private mutating func takeUp(_ mark: String, at now: OpenCodeMoment) {
    guard let id = turn?.request.id, let prompt = messages[mark] else { return }
    messages[mark]?.isRead = true
    accept(mark, at: now)
    for (key, note) in messages where key != mark && note.createdMs >= prompt.createdMs {
      messages[key]?.turn = id
    }
    items.belong(to: id) { messages[$0]?.turn == id }
  }

  mutating func apply(_ look: OpenCodeLook, at now: OpenCodeMoment) {
    // One that was for asks alone says nothing about the turn.
    if look.messages != nil { turn?.lookedMs = now.ms }
    for child in look.children { addChild(child) }
    if let list = look.messages {
      if turn?.phase == .sent { findPrompt(in: list, at: now) }
      for message in afterHorizon(list) { takeStored(message, at: now) }
    }
    let since = horizon?.createdMs ?? 0
    for message in look.childMessages where message.info.createdMs >= since && knows(message.info.session) {
      takeStored(message, at: now)
    }
    drain()
    if let statuses = look.statuses { apply(statuses, askedMs: look.askedMs, at: now) }
    applyAsks(look, at: now)
    drain()
    giveUpIfNeeded(look, at: now)
    watchTurn(at: now)
    updateActivity()
  }

  private func afterHorizon(_ list: [OpenCodeStoredMessage]) -> ArraySlice<OpenCodeStoredMessage> {
    guard let horizon else { return list[...] }
    if let index = list.lastIndex(where: { $0.info.id == horizon.id }) { return list[(index + 1)...] }
    return list.filter { $0.info.createdMs > horizon.createdMs }[...]
  }

  private mutating func takeStored(_ message: OpenCodeStoredMessage, at now: OpenCodeMoment) {
    take(message.info, at: now)
    for part in message.parts { take(part, at: now, missed: true) }
  }

  // MARK: the prompt

  private mutating func findPrompt(in list: [OpenCodeStoredMessage], at now: OpenCodeMoment) {
    guard let turn else { return }
    let candidates = turn.settling == nil ? Array(afterHorizon(list)) : list
    let found = candidates.last { message in
      guard message.info.role == .user else { return false }
      if let settling = turn.settling {
        if let mark = settling.mark { return message.info.id == mark }
        // The clocks are the same machine's; the server stores a prompt a little after it was dispatched.
        return message.info.createdMs >= settling.dispatchedAt.ms - 5000
          && Self.isPrompt(message, turn.request)
      }
      return Self.isPrompt(message, turn.request)
    }
    if let found {
      note(found.info)
      takeUp(found.info.id, at: now)
      // The stream should have told.
      if turn.settling == nil { isPolling = true }
    } else if let settling = turn.settling {
      // The first prompt of a directory is stored seconds after it was posted: it may still be on its way.
      let isYoung = now.wallMs < settling.dispatchedAt.ms + 2 * OpenCodeLimits.acceptMs
      guard settling.mark != nil || !isYoung else { return }
      guard turn.stop == nil else { return conclude(seen: "prompt never stored") }
      finish(
        TurnEnd(
          .interrupted, reason: "the daemon ended before the prompt had reached OpenCode",
          proof: "not among the session's messages"))
    }
  }

  private static func isPrompt(_ message: OpenCodeStoredMessage, _ request: TurnRequest) -> Bool {
    for part in message.parts {
      if case .text(let text) = part.content, !text.isSynthetic { return isSame(text.text, request.text) }
    }
    return false
  }

  // MARK: status and asks

  private mutating func apply(_ statuses: [String: OpenCodeStatus], askedMs: Int, at now: OpenCodeMoment) {
    guard askedMs >= statusToldMs else { return }
    switch statuses[root] ?? .idle {
    case .idle:
      // Asked for before the prompt was posted, it says nothing about its turn.
      if let turn, askedMs < turn.sentMs { return }
      becameIdle(at: now)
    case .busy, .retry: becameBusy()
    case .unknown(let type): sayUnrecognised("status \(type)")
    }
  }

  private mutating func applyAsks(_ look: OpenCodeLook, at now: OpenCodeMoment) {
    if let permissions = look.permissions {
      asks.reconcile(.permission, listed: Set(permissions.map(\.id)), askedAtMs: look.askedMs)
      for permission in permissions where knows(permission.session) {
        guard !isOver else {
          asks.rejectLeftover(permission.id, directory: look.directory, isQuestion: false)
          continue
        }
        asks.open(
          permission, tool: items.tool(ofCall: permission.callID), directory: look.directory,
          owner: owner(ofAskIn: permission.session), nowMs: look.askedMs)
      }
    }
    if let questions = look.questions {
      asks.reconcile(.question, listed: Set(questions.map(\.id)), askedAtMs: look.askedMs)
      for asked in questions where knows(asked.session) {
        guard !isOver else {
          asks.rejectLeftover(asked.id, directory: look.directory, isQuestion: true)
          continue
        }
        asks.open(
          asked, tool: items.tool(ofCall: asked.callID), directory: look.directory,
          owner: owner(ofAskIn: asked.session), nowMs: look.askedMs)
      }
    }
  }

  /// An ask of a turn that has ended is never opened again; an abort leaves it listed.
  private var isOver: Bool { turn == nil && !isBusy && foreignIdleMs == nil }

  private func owner(ofAskIn session: String) -> OpenCodeItems.Owner {
    OpenCodeItems.Owner(turn: runningTurn, subagent: label(of: session))
  }

  // MARK: giving up

  /// What two looks agree about is believed, where events say nothing.
  private mutating func giveUpIfNeeded(_ look: OpenCodeLook, at now: OpenCodeMoment) {
    guard let turn, look.messages != nil else { return }
    switch turn.phase {
    case .sent: resendOrGiveUp(turn, at: now)
    case .running:
      if let idle = turn.idleMs, !turn.isSettleable, look.statuses != nil,
        now.ms >= idle + OpenCodeLimits.unfinishedMs
      {
        conclude(seen: "idle")
      } else if turn.idleMs == nil, turn.hasConcluded, let final = turn.finalMs,
        now.ms >= final + OpenCodeLimits.busyAfterEndMs
      {
        say(
          .notice("OpenCode says that it is still busy, but its answer has been complete for a while"),
          of: turn.request.id)
        conclude(seen: "answer final")
      }
    }
  }

  private mutating func resendOrGiveUp(_ turn: OpenCodeTurn, at now: OpenCodeMoment) {
    guard turn.settling == nil, turn.isAcknowledged, now.ms >= turn.sentMs + OpenCodeLimits.acceptMs else {
      return
    }
    let isPatienceOver = now.ms >= turn.sentMs + 2 * OpenCodeLimits.acceptMs
    if turn.stop != nil {
      if isPatienceOver { conclude(seen: "prompt never stored") }
    } else if let error = turn.error {
      if isPatienceOver { finish(error.end("prompt never stored, session error \(error.name)")) }
    } else if !turn.wasResent {
      self.turn?.wasResent = true
      self.turn?.isAcknowledged = false
      self.turn?.sentMs = now.ms
      want(.resend)
    } else if isPatienceOver {
      finish(
        TurnEnd(
          .failed(.notAccepted), reason: "OpenCode took the prompt twice and lost it both times",
          proof: "prompt never stored"))
    }
  }
}
