internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem
internal import ArrobaWire

/// One agent's conversation: a process of Claude Code's, and the turn that is under way in it. What its lines mean is the
/// translator's; here is when it is started, what it is told, and what becomes of it.
@LoopActor
final class ClaudeConversation: Conversation {
  enum Waiting {
    case turn(TurnRequest)
    case settling(UnsettledTurn)
  }

  enum Stage {
    /// No process: the next turn starts one.
    case none
    case beingBorn
    /// It was told to say what it is.
    case starting(LineChild)
    case open(LineChild)
    /// It was made to end, and has not yet.
    case ending(LineChild)
  }

  /// What an earlier daemon left, until it is known what for.
  private enum Left {
    case child(LineChild)
    case nothing
  }

  /// Longer than the slowest start that was seen (0.7 s, with a cold cache 10 s).
  private static let startMs = 60_000
  /// What was said is not kept for longer than that after a turn: then its end is recorded.
  private static let restMs = 10_000

  let opening: ConversationOpening
  private let installation: ClaudeInstallation
  let children: LineChildren
  var stage = Stage.none
  var translator: ClaudeTranslator
  var waiting: Waiting?
  private var session: String
  /// The conversation exists at Claude Code: it keeps none to which nothing was said.
  var isKept: Bool
  /// It was tried whether it exists after all.
  var hasTriedBoth = false
  private var left: Left?
  var complaint: String?
  var isClosed = false
  private var deadline: LoopTimer?
  var rest: LoopTimer?
  var start: LoopTimer?

  init(_ opening: ConversationOpening, _ installation: ClaudeInstallation, _ children: LineChildren) {
    self.opening = opening
    self.installation = installation
    self.children = children
    translator = ClaudeTranslator(run: opening.run)
    var generator = SystemRandomNumberGenerator()
    session = opening.resume ?? ClaudeCalls.uuid(generator.next(), generator.next())
    isKept = opening.lastMark != nil
  }

  var now: Int { Clock.wallMs() }

  func say(_ what: ProviderSignal.What, of turn: PromptID? = nil) {
    guard !isClosed else { return }
    opening.say(ProviderSignal(run: opening.run, turn: turn, what))
  }

  // MARK: opening

  func open() {
    let child = children.adopt(opening.run)
    if let child, opening.resume != nil {
      left = .child(child)
    } else {
      // One that is there belongs to a conversation that was never recorded: nobody knows its name.
      if let child { children.letGo(child) }
      left = .nothing
    }
    Loop.shared.post { [weak self] in self?.takeUp() }
  }

  /// What there is to settle has been said by now, and before that nothing may be heard.
  private func takeUp() {
    guard let left, !isClosed else { return }
    self.left = nil
    switch left {
    case .nothing:
      if case .settling(let turn) = waiting {
        waiting = nil
        interrupted(turn, "Claude Code ended while no daemon looked", proof: "no process")
      }
      goOn()
    case .child(let child):
      stage = .open(child)
      isKept = true
      say(.opened(conversation: session, version: nil, model: opening.spec.model))
      hearAgain(child)
      carryOut()
    }
  }

  private func interrupted(_ turn: UnsettledTurn, _ reason: String, proof: String) {
    say(.turnEnded(TurnEnd(.interrupted, reason: reason, proof: proof)), of: turn.id)
  }

  /// The stretch since the last prompt once more, and then what comes.
  private func hearAgain(_ child: LineChild) {
    var isSettling = false
    if case .settling(let turn) = waiting {
      waiting = nil
      switch child.sending(of: turn.id.text) {
      case .notSent where turn.mark == nil:
        interrupted(turn, "the daemon ended before it was handed over", proof: "it was not written")
      case let sending:
        isSettling = true
        translator.settle(turn, wasSent: sending == .sent, nowMs: now)
      }
    }
    translator.isCatchingUp = !isSettling
    child.start(hear: { [weak self] in self?.hear($0) }, onEnd: { [weak self] in self?.ended($0) })
    translator.isCatchingUp = false
    if isSettling, child.isCut {
      say(.notice("a part of what was said while no daemon ran could not be kept"))
    }
    // A daemon died in the middle of a line: the next one would not be understood.
    guard !child.isInputWhole else { return }
    complaint = "a daemon was killed while it told it something"
    stop(child)
  }

  /// Starts the process, or goes on without one until there is something to say.
  func launch() {
    guard case .none = stage, !isClosed else { return }
    let executable: String
    switch installation.executable() {
    case .success(let path): executable = path
    case .failure(let trouble): return couldNotOpen(trouble.reason, hint: trouble.hint)
    }
    stage = .beingBorn
    complaint = nil
    let birth = installation.birth(executable, of: opening, session: session, isNew: !isKept)
    children.bear(birth, for: opening.run) { [weak self] result in
      switch result {
      case .failure(let failure):
        self?.stage = .none
        self?.couldNotOpen(failure.message, hint: nil)
      case .success(let child):
        guard let self, !isClosed else { return }
        begin(child)
      }
    }
  }

  private func begin(_ child: LineChild) {
    stage = .starting(child)
    child.start(hear: { [weak self] in self?.hear($0) }, onEnd: { [weak self] in self?.ended($0) })
    tell(ClaudeCalls.initialize, child)
    start = Loop.shared.after(Self.startMs) { [weak self] in
      guard let self, case .starting(let child) = stage else { return }
      complaint = "Claude Code did not say within \(Self.startMs / 1000) s that it is there"
      children.signal(child, Int(SignalNumber.kill))
    }
  }

  func initialized(_ answer: JSON, _ child: LineChild) {
    start?.cancel()
    stage = .open(child)
    say(
      .opened(
        conversation: session, version: answer["claude_code_version"]?.string, model: opening.spec.model))
    goOn()
  }

  /// The turn that waits cannot be; what comes later may find things better.
  func couldNotOpen(_ reason: String, hint: String?) {
    start?.cancel()
    let words = hint.map { "\(reason) (\($0))" } ?? reason
    let waited = waiting
    waiting = nil
    guard case .turn(let turn) = waited else {
      return say(.failed(reason: reason, hint: hint))
    }
    let end = TurnEnd(.failed(.notAccepted), reason: words, proof: "no process")
    // First, or the turn's end would bring the next one here.
    say(.failed(reason: reason, hint: hint, end: end))
    say(.turnEnded(end), of: turn.id)
  }

  // MARK: turns

  func submit(_ turn: TurnRequest) {
    guard !isClosed else { return }
    waiting = .turn(turn)
    goOn()
  }

  func settle(_ turn: UnsettledTurn) {
    guard !isClosed else { return }
    guard left != nil else {
      return interrupted(turn, "its end was not asked for in time", proof: "not seen")
    }
    waiting = .settling(turn)
  }

  /// Does what waits, if it can be done now.
  func goOn() {
    guard left == nil, !isClosed else { return }
    switch stage {
    case .none: launch()
    case .beingBorn, .starting, .ending: break
    case .open(let child):
      guard case .turn(let turn) = waiting, translator.turn == nil else { return }
      waiting = nil
      begin(turn, child)
    }
  }

  private func begin(_ turn: TurnRequest, _ child: LineChild) {
    rest?.cancel()
    child.beginStretch()
    translator.begin(turn.id)
    carryOut()
    let pictures = turn.files.filter { $0.mediaType.hasPrefix("image/") }
    let files = turn.files.filter { !$0.mediaType.hasPrefix("image/") }.map(\.path)
    ClaudePictures.read(pictures) { [weak self] result in
      guard let self, !isClosed, translator.turn?.id == turn.id else { return }
      switch result {
      case .failure(let trouble):
        translator.end(
          TurnEnd(.failed(.notAccepted), reason: trouble.reason, proof: "not sent"), nowMs: now)
      case .success(let pictures):
        let line = ClaudeCalls.prompt(
          turn.text, mark: ClaudeCalls.mark(of: turn.id), pictures: pictures, files: files)
        isKept = true
        tell(line, child, mark: turn.id.text)
      }
      carryOut()
    }
  }

  func cancel(_ turn: PromptID, force: Bool) {
    switch waiting {
    case .turn(let one) where one.id == turn:
      waiting = nil
      say(
        .turnEnded(TurnEnd(.cancelled, reason: "cancelled before it was sent", proof: "not sent")), of: turn)
    case .settling(let one) where one.id == turn:
      waiting = nil
      interrupted(one, "cancelled before its end was looked up", proof: "not looked up")
    default:
      translator.cancel(turn, force: force, nowMs: now)
      carryOut()
    }
  }

  func answer(_ ask: String, with answer: AskAnswer) {
    translator.answer(ask, with: answer)
    carryOut()
  }

  func close() {
    guard !isClosed else { return }
    if translator.turn != nil, case .open(let child) = stage { tell(ClaudeCalls.interrupt(0), child) }
    isClosed = true
    for timer in [deadline, rest, start] { timer?.cancel() }
    switch stage {
    case .starting(let child), .open(let child), .ending(let child): children.letGo(child)
    case .none, .beingBorn: break
    }
    if case .child(let child) = left { children.letGo(child) }
  }

  private var noScreen: Refusal {
    Refusal(
      kind: .terminalNotAvailable,
      message: "Claude Code's own screen cannot be shown beside the conversation",
      hint: "close the agent first; then `claude --resume \(session)` in its directory opens it")
  }

  var nativeClient: NativeClient { .none(noScreen) }

  func nativeTerminal(for run: RunID, columns: UInt16, rows: UInt16) throws(Refusal) -> ChildBirth {
    throw noScreen
  }

  // MARK: what the translator comes to

  func carryOut() {
    guard !isClosed else { return }
    let signals = translator.takeSignals()
    let hasEnded = signals.contains { if case .turnEnded = $0.what { true } else { false } }
    if hasEnded { restSoon() }
    for signal in signals { opening.say(signal) }
    for wish in translator.takeWishes() {
      guard case .open(let child) = stage else { continue }
      switch wish {
      case .send(let line): tell(line, child)
      case .kill: stop(child)
      }
    }
    deadline?.cancel()
    if let due = translator.nextDeadlineMs {
      deadline = Loop.shared.after(max(1, due - now)) { [weak self] in
        guard let self, !isClosed else { return }
        translator.tick(nowMs: now)
        carryOut()
      }
    }
    if hasEnded { goOn() }
  }

  /// What was said in a turn is not needed any more once its end is on the disk.
  private func restSoon() {
    rest?.cancel()
    rest = Loop.shared.after(Self.restMs) { [weak self] in
      guard let self, translator.turn == nil, case .open(let child) = stage else { return }
      child.beginStretch()
    }
  }
}
