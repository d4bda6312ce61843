internal import ArrobaHTTP
internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSystem

/// One agent's conversation: a session of OpenCode's, and the turn that is under way in it. What events mean is the
/// translator's; here is who is asked what, and when.
@LoopActor
final class OpenCodeConversation: Conversation {
  /// What waits for the session to be there, and idle.
  enum Waiting {
    case turn(TurnRequest)
    case settling(UnsettledTurn)
  }

  let opening: ConversationOpening
  let server: OpenCodeServer
  var translator: OpenCodeTranslator?
  /// The session's own; each call goes to it.
  private(set) var directory: String?
  var waiting: Waiting?
  private var isOpening = false
  var isClosed = false
  /// Nobody hears it any more; it stays until its turn has stopped.
  var isLeaving = false
  var deadline: LoopTimer?
  private var isLooking = false
  private var mustLookAgain = false
  /// Set until the first look at a conversation that was there before.
  private var mustAdopt = false
  var ladder: OpenCodeStopping?
  var abortsUnderWay = 0

  init(_ opening: ConversationOpening, server: OpenCodeServer) {
    self.opening = opening
    self.server = server
  }

  /// Nil where nothing can be asked of it.
  var connection: OpenCodeConnection? { server.hasEnded ? nil : server.room.connection }
  var session: String? { translator?.root }

  var now: OpenCodeMoment { OpenCodeMoment(ms: LoopClock.nowMs(), wallMs: Clock.wallMs()) }

  // MARK: opening

  /// Finds or makes the session. Also after the server was lost: a session outlives it.
  func open() {
    guard !isOpening, !isClosed else { return }
    isOpening = true
    server.connect { [weak self] result in
      guard let self, !isClosed else { return }
      switch result {
      case .failure(let trouble): couldNotOpen(trouble)
      case .success(let connection):
        if translator != nil {
          isOpening = false
          serverIsBack()
        } else if let resume = opening.resume {
          resumeSession(resume, connection)
        } else {
          createSession(connection)
        }
      }
    }
  }

  private func createSession(_ connection: OpenCodeConnection) {
    connection.send(OpenCodeCall.createSession(in: opening.spec.directory)) { [weak self] result in
      guard let self, !isClosed else { return }
      switch result.map({ OpenCodeSession($0) }) {
      case .success(let info?): opened(info, connection)
      case .success(nil): couldNotOpen(ProviderTrouble("OpenCode answered without a session"))
      case .failure(let failure):
        couldNotOpen(ProviderTrouble("a session could not be made: \(failure.words)"))
      }
    }
  }

  private func resumeSession(_ id: String, _ connection: OpenCodeConnection) {
    mustAdopt = true
    connection.send(OpenCodeCall.session(id, in: opening.spec.directory)) { [weak self] result in
      guard let self, !isClosed else { return }
      switch result.map({ OpenCodeSession($0) }) {
      case .success(let info?): opened(info, connection)
      case .failure(.notFound):
        couldNotOpen(
          ProviderTrouble("OpenCode has no session \(id) any more", hint: "start a new agent"))
      case .success(nil): couldNotOpen(ProviderTrouble("OpenCode answered without a session"))
      case .failure(let failure):
        couldNotOpen(ProviderTrouble("the session \(id) could not be opened: \(failure.words)"))
      }
    }
  }

  private func opened(_ info: OpenCodeSession, _ connection: OpenCodeConnection) {
    isOpening = false
    guard server.room.add(self, session: info.id) else {
      return couldNotOpen(ProviderTrouble("another agent has the session \(info.id) open already"))
    }
    directory = info.directory ?? opening.spec.directory
    translator = OpenCodeTranslator(run: opening.run, root: info.id)
    say(
      .opened(conversation: info.id, version: "\(connection.version)", model: opening.spec.model), of: nil)
    if connection.version.isUntried {
      say(
        .notice("OpenCode \(connection.version) is later than what Arroba was tried with (1.18)"), of: nil)
    }
    translator?.isPolling = !connection.isStreaming
    if mustAdopt { look() } else { goOn() }
  }

  /// The turn that waits cannot be; what comes later may find things better.
  private func couldNotOpen(_ trouble: ProviderTrouble) {
    isOpening = false
    let words = trouble.hint.map { "\(trouble.reason) (\($0))" } ?? trouble.reason
    let waited = waiting
    waiting = nil
    say(.activity(.failed, reason: trouble.reason), of: nil)
    let end: (turn: PromptID, as: TurnEnd)? =
      switch waited {
      case .turn(let turn): (turn.id, TurnEnd(.failed(.notAccepted), reason: words, proof: "no server"))
      case .settling(let turn):
        (
          turn.id,
          TurnEnd(.interrupted, reason: "its end cannot be looked up: \(words)", proof: "no server")
        )
      case nil: nil
      }
    // First, or the turn's end would bring the next one here.
    say(.failed(reason: trouble.reason, hint: trouble.hint, end: end?.as), of: nil)
    if let end { self.end(end.turn, end.as) }
  }

  private func end(_ turn: PromptID, _ end: TurnEnd) { say(.turnEnded(end), of: turn) }

  func say(_ what: ProviderSignal.What, of turn: PromptID?) {
    guard !isClosed, !isLeaving else { return }
    opening.say(ProviderSignal(run: opening.run, turn: turn, what))
  }

  // MARK: turns

  func submit(_ turn: TurnRequest) {
    guard !isClosed else { return }
    waiting = .turn(turn)
    goOn()
  }

  func settle(_ turn: UnsettledTurn) {
    guard !isClosed else { return }
    waiting = .settling(turn)
    goOn()
  }

  /// Does what waits, if it can be done now.
  func goOn() {
    guard let waiting, !isClosed else { return }
    guard let connection, translator != nil else { return open() }
    guard !mustAdopt else { return look() }
    switch waiting {
    case .settling(let turn):
      self.waiting = nil
      translator?.settle(turn, at: now)
      carryOut()
    case .turn(let turn):
      // A prompt to a busy session may never be answered (#21524): it waits here.
      guard mayBegin else { return }
      connection.whenStreaming { [weak self] in self?.begin(turn, connection) }
    }
  }

  private func begin(_ turn: TurnRequest, _ connection: OpenCodeConnection) {
    guard case .turn(let next) = waiting, next == turn, mayBegin else { return }
    waiting = nil
    translator?.begin(turn, at: now)
    post(turn, connection)
    carryOut()
  }

  private func post(_ turn: TurnRequest, _ connection: OpenCodeConnection) {
    guard let session, let directory else { return }
    let request = OpenCodeCall.prompt(
      turn, model: opening.spec.model, variant: opening.spec.effort, of: session, in: directory)
    connection.send(request) { [weak self] result in
      guard let self, translator?.turn?.request.id == turn.id else { return }
      switch result {
      case .success: translator?.acknowledge()
      // Of a server that is ours its end says more, and comes at once.
      case .failure(.unreachable(.refused)) where server.child == nil:
        translator?.refuse(
          .notAccepted, "OpenCode's server could not be reached: nobody listens at \(connection.base)",
          proof: "connection refused")
      case .failure(let failure): translator?.refused(failure)
      }
      carryOut()
    }
  }

  func cancel(_ turn: PromptID, force: Bool) {
    switch waiting {
    case .turn(let one) where one.id == turn:
      waiting = nil
      end(turn, TurnEnd(.cancelled, reason: "cancelled before it was sent", proof: "not sent"))
      translator?.updateActivity()
    case .settling(let one) where one.id == turn:
      waiting = nil
      end(
        turn, TurnEnd(.interrupted, reason: "cancelled before its end was looked up", proof: "not looked up"))
    default: translator?.cancel(turn, force: force, at: now)
    }
    carryOut()
  }

  func answer(_ ask: String, with answer: AskAnswer) {
    translator?.answer(ask, with: answer)
    carryOut()
  }

  // MARK: what the room tells

  func take(_ event: OpenCodeEvent) { translator?.take(event, at: now) }

  /// The events that came together have all been taken.
  func settleEvents() { carryOut() }

  func apply(_ look: OpenCodeLook) {
    guard !isClosed, translator != nil else { return }
    translator?.apply(look, at: now)
    carryOut()
  }

  func streamOpened() {
    translator?.isPolling = false
    // What came while there was no stream; where nothing was under way only asks and prompts from elsewhere can have.
    translator?.streamWasLost()
    carryOut()
  }

  func streamWasLost() {
    translator?.isPolling = true
    translator?.streamWasLost()
    carryOut()
  }

  func serverWasLost(reason: String) {
    opening.nativeLost(reason)
    translator?.lose(reason: reason)
    translator?.isPolling = false
    isLooking = false
    mustLookAgain = false
    carryOut()
  }

  private func serverIsBack() {
    translator?.isPolling = !(connection?.isStreaming ?? false)
    if mustAdopt { look() } else { goOn() }
  }

  // MARK: what the translator comes to

  func carryOut() {
    guard !isClosed else { return }
    let signals = translator?.takeSignals() ?? []
    if !isLeaving { for signal in signals { opening.say(signal) } }
    for wish in translator?.takeWishes() ?? [] {
      switch wish {
      case .look: look()
      case .resend:
        if let turn = translator?.turn, let connection { post(turn.request, connection) }
      case .abort(let sessions): abort(sessions)
      case .reply(let reply): send(reply, attempt: 1)
      }
    }
    if translator?.turn == nil { endLadder() }
    if isLeaving, translator?.turn == nil { return leave() }
    setDeadline()
    if waiting != nil, !isOpening, connection != nil { goOn() }
    server.room.pollIfNeeded()
    server.recycleIfPossible()
  }

  private func setDeadline() {
    deadline?.cancel()
    guard let due = translator?.nextDeadlineMs, connection != nil else { return }
    deadline = Loop.shared.after(max(1, due - LoopClock.nowMs())) { [weak self] in
      guard let self, !isClosed else { return }
      translator?.tick(at: now)
      carryOut()
    }
  }

  // MARK: looking

  private func look() {
    guard let connection, let session, let directory, !isClosed else { return }
    guard !isLooking else {
      mustLookAgain = !mustAdopt
      return
    }
    isLooking = true
    let isSettling = translator?.turn?.settling != nil
    let children = translator?.turn == nil ? [] : translator?.childIDs ?? []
    OpenCodeLookUp(connection, session: session, directory: directory, children: children).run(
      all: isSettling
    ) { [weak self] look in
      self?.looked(look)
    }
  }

  private func looked(_ look: OpenCodeLook) {
    isLooking = false
    guard !isClosed, connection != nil else { return }
    if mustAdopt {
      guard look.messages != nil else {
        return couldNotOpen(ProviderTrouble("the session's messages could not be read"))
      }
      mustAdopt = false
      translator?.adopt(look, at: now)
      refuseIfElsewhere(look)
    } else {
      translator?.apply(look, at: now)
    }
    if mustLookAgain {
      mustLookAgain = false
      self.look()
    }
    carryOut()
    goOn()
  }

  /// Two servers on one data directory do not see each other's turns, and a prompt to both is answered twice (#32010).
  private func refuseIfElsewhere(_ look: OpenCodeLook) {
    guard case .turn(let turn) = waiting, let session, look.statuses?[session] == nil,
      let newest = look.messages?.last(where: { $0.info.role == .assistant })?.info, !newest.isFinal,
      now.wallMs - newest.createdMs < OpenCodeLimits.elsewhereMs,
      // What a server of ours left when it died.
      opening.lastMark.map({ $0 != look.messages?.last { $0.info.role == .user }?.info.id }) ?? true
    else { return }
    waiting = nil
    end(
      turn.id,
      TurnEnd(
        .failed(.notAccepted),
        reason: "another OpenCode seems to be working on this session; let it finish, or try again later",
        proof: "the newest answer is unfinished, and not on this server"))
  }
}
