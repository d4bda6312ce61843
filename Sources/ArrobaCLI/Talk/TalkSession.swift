internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// Whoever shows a conversation to a person: a terminal, or plain lines.
protocol TalkFace: AnyObject {
  /// Whether what is open (asks, growing rows) is shown as it changes, so that only what is finished comes as lines.
  var isLive: Bool { get }
  func show(_ lines: [ShownLine], _ source: TalkSession.Source)
}

/// A session as somebody talks in it: what is typed becomes requests, what the daemon tells becomes lines. Waits for
/// nothing; a face's loop feeds it.
final class TalkSession {
  enum View: String {
    case individual, split
  }

  enum Source {
    case answer, reasoning, prompt, remark
  }

  enum Outcome {
    /// Somebody left.
    case left
    case failed(Failure)
    /// The agent's own terminal is wanted; the conversation goes on behind it.
    case attach(Target)
  }

  /// Lines of an agent that is not shown, until it is.
  private struct Backlog {
    static let most = 400
    var lines: [ShownLine] = []
    var dropped = 0

    mutating func add(_ more: [ShownLine]) {
      lines += more
      let surplus = lines.count - Self.most
      guard surplus > 0 else { return }
      lines.removeFirst(surplus)
      dropped += surplus
    }
  }

  typealias Continuation = (Result<JSON, ClientError>) -> Void

  let context: Context
  let link: TalkLink
  unowned let face: any TalkFace
  var conversation: Conversation?
  private(set) var view = View.individual
  private(set) var outcome: Outcome?
  private(set) var weaver = Weaver(width: nil)
  private let lines: TalkLines
  private var columns: Int?
  private var backlogs: [String: Backlog] = [:]
  private var continuations: [Int: Continuation] = [:]
  /// Prompts of ours that have not ended, and what became of those that have.
  private var own: Set<String> = []
  private var submitting = 0
  private var endedMeanwhile: Set<String> = []
  private var wasDenied = false
  private(set) var exitCode = ExitCode.done

  init(_ context: Context, link: TalkLink, face: any TalkFace) {
    self.context = context
    self.link = link
    self.face = face
    lines = TalkLines(hasGutter: false, isSpaced: face.isLive)
  }

  var focused: Conversation.Voice? { conversation?.focusedVoice }
  /// Whether something that was typed here is still under way.
  var isBusy: Bool { submitting > 0 || !own.isEmpty || !continuations.isEmpty }

  /// Whether the daemon has not answered everything yet.
  var isAsking: Bool { !continuations.isEmpty }

  func leave(_ outcome: Outcome) { self.outcome = self.outcome ?? outcome }
  /// After an agent's own terminal the conversation goes on.
  func goOn() { outcome = nil }

  // MARK: requests

  func ask(_ method: String, _ params: JSON, then: @escaping Continuation) {
    continuations[link.ask(method, params)] = then
  }

  /// Changes something; a refusal is told, what was done goes to `then`.
  func command(_ method: String, _ params: JSON, then: @escaping (JSON) -> Void = { _ in }) {
    continuations[link.command(method, params)] = { [unowned self] result in
      switch result {
      case .success(let answer): then(answer)
      case .failure(let error): tell(Failure(error))
      }
    }
  }

  /// The parameters that name the focused agent.
  var reference: JSON {
    .record([
      "session": .string(conversation?.session ?? ""), "agent": .text(conversation?.focused),
    ])
  }

  func heed(_ arrival: TalkLink.Arrival) {
    switch arrival {
    case .event(let event): hear(event)
    case .answer(let number, let result): continuations.removeValue(forKey: number)?(result)
    case .gap:
      remark("events are missing; the conversation is read anew")
      if let session = conversation?.session { open(session, agent: nil) }
    case .back: break
    case .failed(let error): leave(.failed(Failure(error)))
    }
  }

  // MARK: what is typed

  func enter(_ text: String) {
    guard !text.trimmed.isEmpty else { return }
    do {
      if let line = try Slash.read(text) { return try perform(line) }
    } catch { return tell(Failure(error)) }
    if !text.contains("\n"), let ask = openAsk {
      do {
        if var params = try ask.answer(text, note: nil)?.object {
          params["ask"] = .string(ask.id)
          return command("ask.answer", .object(params))
        }
      } catch { return tell(Failure(error)) }
    }
    submit(text)
  }

  /// The ask that a number in the line answers: the focused agent's first, with all agents shown anybody's.
  var openAsk: OpenAsk? {
    if let ask = focused?.asks.first { return ask }
    return view == .split ? conversation?.voices.lazy.compactMap(\.asks.first).first : nil
  }

  private func submit(_ text: String) {
    if let focused, !focused.isTalkedTo {
      let name = conversation?.name(of: focused.id) ?? focused.id
      return tell(
        Failure(
          Misuse(
            "\(name) is a program on a terminal and takes no prompts",
            hint: "/attach goes to it, /screen shows it; Ctrl-A is the next agent")))
    }
    submitting += 1
    var params = reference.object ?? JSONObject()
    params["text"] = .string(text)
    continuations[link.command("prompt.submit", .object(params))] = { [unowned self] result in
      submitting -= 1
      switch result {
      case .success(let prompt):
        if let id = prompt["id"]?.string, endedMeanwhile.remove(id) == nil { own.insert(id) }
      case .failure(let error):
        // Which one it was must be seen: others may have been entered since.
        face.show(TalkText.prompt(text).map { ShownLine($0, .faint) }, .remark)
        tell(Failure(error))
      }
      if submitting == 0 { endedMeanwhile = [] }
    }
  }

  /// Cancels what the focused agent works on; false where it works on nothing.
  func cancelTurn() -> Bool {
    guard focused?.active != nil else { return false }
    command("prompt.cancel", reference)
    return true
  }

  // MARK: what is told

  private func hear(_ event: JSON) {
    guard var changed = conversation else { return }
    // So that there is one owner, and a long item's text is not copied with each of its words.
    conversation = nil
    let focus = changed.focused
    let pieces = changed.apply(event)
    conversation = changed
    if ["agent.spawned", "agent.renamed", "agent.deleted"].contains(event["kind"]?.string) { fitWeaver() }
    for piece in pieces { tell(piece) }
    if changed.focused != focus { focusMoved() }
  }

  func tell(_ piece: Piece) {
    guard let conversation else { return }
    switch piece.what {
    case .words(let item, let kind, let text, let subagent):
      let words = weaver.knows(item) ? text : TalkLines.said(text, by: subagent)
      let look = lines.look(kind, piece.agent, in: conversation)
      route(weaver.add(words, to: item, look: look), of: piece.agent, kind == .answer ? .answer : .reasoning)
    case .closed(let item): route(weaver.close(item), of: piece.agent, .answer)
    case .anew(let item):
      route(weaver.restart(item) + lines.piece(piece, in: conversation), of: piece.agent, .answer)
    case .ask(let ask):
      guard !face.isLive else { return }
      let how = ShownLine("  answer with a number, or: \(TalkText.howToAnswer(ask))", .yellow)
      route(lines.piece(piece, in: conversation) + [how], of: piece.agent, .remark)
    case .answered(let ask, let words, let by, let isDenial):
      if isDenial { wasDenied = true }
      let who =
        by == nil ? " (by the provider)" : by == context.client.instance ? "" : " (elsewhere)"
      let told = Piece(piece.agent, .answered(ask, words: words + who, by: by, isDenial: isDenial))
      route(lines.piece(told, in: conversation), of: piece.agent, .remark)
    case .prompt:
      let gap = face.isLive && view == .individual ? [ShownLine("")] : []
      route(gap + lines.piece(piece, in: conversation), of: piece.agent, .prompt)
    case .ended(let end):
      note(end)
      route(lines.piece(piece, in: conversation), of: piece.agent, .remark)
    case .queued, .tool, .expired, .withdrawn, .remark, .error:
      if case .expired = piece.what { wasDenied = true }
      route(lines.piece(piece, in: conversation), of: piece.agent, .remark)
    }
  }

  private func note(_ end: Piece.End) {
    if submitting > 0 { endedMeanwhile.insert(end.prompt) }
    guard own.remove(end.prompt) != nil else { return }
    let code = ExitCode.of(end, wasDenied: wasDenied)
    if code != ExitCode.done { exitCode = code }
    wasDenied = false
  }

  func remark(_ text: String) { face.show([ShownLine(Clean.line(text), .faint)], .remark) }
  func show(_ texts: [String]) { face.show(texts.map { ShownLine($0) }, .remark) }

  func tell(_ failure: Failure) {
    exitCode = failure.exitCode
    var shown = Clean.lines("arroba: \(failure.message)").map { ShownLine($0, .red) }
    if let hint = failure.hint { shown += Clean.lines("hint: \(hint)").map { ShownLine($0, .faint) } }
    face.show(shown, .remark)
  }

  // MARK: who is shown

  func isShown(_ agent: String) -> Bool { view == .split || conversation?.focused == agent }

  func route(_ shown: [ShownLine], of agent: String?, _ source: Source) {
    guard !shown.isEmpty else { return }
    guard let agent else { return face.show(shown, source) }
    guard isShown(agent) else { return backlogs[agent, default: Backlog()].add(shown) }
    face.show(shown.map { withGutter($0, of: agent) }, source)
  }

  func withGutter(_ line: ShownLine, of agent: String) -> ShownLine {
    guard let gutter = gutter(of: agent) else { return line }
    var line = line
    line.gutter = gutter
    return line
  }

  private func gutter(of agent: String) -> ShownLine.Gutter? {
    guard view == .split, let conversation, conversation.voices.count > 1 else { return nil }
    return TalkLines(hasGutter: true).gutter(agent, in: conversation)
  }

  /// The rows that are still growing of those who are shown.
  var growing: [ShownLine] {
    weaver.unfinished.compactMap { item, row in
      guard let agent = conversation?.items[item]?.agent, isShown(agent) else { return nil }
      return withGutter(row, of: agent)
    }
  }

  func setColumns(_ columns: Int?) {
    self.columns = columns
    fitWeaver()
  }

  private func fitWeaver() {
    let widest = conversation?.voices.compactMap { gutter(of: $0.id)?.cells }.max() ?? 0
    weaver.fit(width: columns.map { max(1, $0 - widest) })
  }

  func setView(_ view: View) {
    self.view = view
    fitWeaver()
    if view == .split { for voice in conversation?.voices ?? [] { catchUp(voice.id) } }
  }

  private func focusMoved() {
    guard let conversation, let focused = conversation.focused else { return }
    if conversation.voices.count > 1, face.isLive { remark("— \(conversation.name(of: focused)) —") }
    if view == .individual { catchUp(focused) }
  }

  /// Shows what an agent said while it was not shown.
  private func catchUp(_ agent: String) {
    guard let backlog = backlogs.removeValue(forKey: agent) else { return }
    if backlog.dropped > 0 { remark("(\(backlog.dropped) earlier lines: /history)") }
    face.show(backlog.lines.map { withGutter($0, of: agent) }, .answer)
  }

  /// Turns to another session, of which nothing was told yet.
  func begin(_ conversation: Conversation) {
    self.conversation = conversation
    backlogs = [:]
    weaver = Weaver(width: nil)
    fitWeaver()
  }
}
