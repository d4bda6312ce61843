internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaWire

/// A prompt that is sent and looked after until it has ended: `send --wait`, `send --follow`, `run`.
final class FollowedTurn {
  enum Outcome {
    case ended(Piece.End)
    case timeUp
    case signalled(ClientSignals.Signal)
  }

  private let context: Context
  private let sending: Sending
  private let link: TalkLink
  private let agent: String
  private let session: String
  private var conversation: Conversation
  private var prompt: String?
  /// What came before the daemon said which prompt is ours.
  private var early: [JSON] = []
  private var sent = 0
  /// Whether standard output stands within a line.
  private var isInLine = false
  private var wasDenied = false
  /// The ask because of which the prompt was given up.
  private var failedBy: OpenAsk?
  /// Answers to asks that are on their way.
  private var denials: [Int: OpenAsk] = [:]
  private(set) var end: Piece.End?

  init(_ context: Context, agent: JSON, _ sending: Sending) throws(ClientError) {
    guard let session = agent["session"]?.string, let id = agent["id"]?.string else {
      throw .malformed("the daemon told of an agent without a session or an id")
    }
    self.context = context
    self.sending = sending
    self.session = session
    self.agent = id
    conversation = Conversation(session: ["id": .string(session), "agents": [agent]])
    link = TalkLink(try context.client.connection(), client: context.client, session: session)
    context.client.disconnect()
  }

  /// Sends it, and answers the exit code once it has ended.
  func run(_ text: String) throws -> Int32 {
    switch try follow(text, signals: nil) {
    case .ended(let end): return try finish(end)
    case .timeUp: throw late
    case .signalled(let signal): return signal.exitCode
    }
  }

  var late: Failure {
    let seconds = Double(sending.timeoutMs ?? 0) / 1000
    return Failure(
      "the prompt has not ended within \(seconds.formatted) s and goes on", hint: "arroba stop cancels it",
      kind: "timeout", exitCode: ExitCode.timeout)
  }

  func follow(_ text: String, signals: ClientSignals?) throws -> Outcome {
    let deadline = sending.timeoutMs.map { Clock.monotonicMs() + $0 }
    sent = link.command(
      "prompt.submit",
      ["session": .string(session), "agent": .string(agent), "text": .string(text)])
    while end == nil {
      switch link.next(until: deadline, signals) {
      case .timeUp: return .timeUp
      case .signalled(let signal): if signal.isAnEnd { return .signalled(signal) }
      case .arrivals(let arrivals): for arrival in arrivals where end == nil { try heed(arrival) }
      }
      context.output.flush()
    }
    return end.map { .ended($0) } ?? .timeUp
  }

  private func heed(_ arrival: TalkLink.Arrival) throws {
    switch arrival {
    case .failed(let error): throw error
    case .back: break
    case .gap:
      // What is missing may have been the end.
      if let prompt { _ = link.ask("prompt.get", ["prompt": .string(prompt)]) }
    case .answer(sent, let result): try begin(try result.get())
    case .answer(let number, let result): try heedAnswer(number, result)
    case .event(let event):
      if prompt == nil { early.append(event) } else { hear(event) }
    }
  }

  private func begin(_ answer: JSON) throws {
    prompt = answer["id"]?.string
    if sending.patience == .wait, !context.output.isJSON { context.output.line(Clean.line(prompt ?? "?")) }
    if let place = answer["position"]?.int, place > 0 {
      context.output.note("queued at \(place)")
      // What the agent asks already holds ours up too.
      link.ask("ask.list", ["session": .string(session), "agent": .string(agent)])
    }
    for event in early { hear(event) }
    early = []
  }

  private func heedAnswer(_ number: Int, _ result: Result<JSON, ClientError>) throws {
    if let ask = denials.removeValue(forKey: number) {
      guard case .failure(let error) = result else { return }
      // Somebody else was first; or it cannot be denied, and then only giving up is left.
      if case .refused(let reason, _) = error, reason.kind == .askAlreadyAnswered { return }
      giveUp(because: ask)
      return
    }
    guard case .success(let answer) = result else { return }
    if let asks = answer["asks"]?.array {
      for piece in conversation.take(asks: asks) { tell(piece, isOurs: false) }
      return
    }
    guard answer["id"]?.string == prompt, let state = answer["state"]?.string,
      ["completed", "cancelled", "failed", "interrupted"].contains(state)
    else { return }
    end = Piece.End(
      prompt: prompt ?? "", text: "", state: state, reason: answer["reason"]?.string,
      failure: answer["failure"]?.string, wasSent: true, usage: answer["usage"])
  }

  private func hear(_ event: JSON) {
    let isOurs = event["prompt"]?.string == prompt
    if isOurs, sending.patience == .follow, context.output.isJSON { context.output.json(event) }
    for piece in conversation.apply(event) { tell(piece, isOurs: isOurs) }
  }

  private func tell(_ piece: Piece, isOurs: Bool) {
    switch piece.what {
    case .ended(let ended):
      guard isOurs else { return }
      breakLine()
      end = ended
    case .ask(let ask):
      if isOurs, let rule = sending.onAsk { decide(ask, rule) } else { sayHowToAnswer(ask) }
    case .answered(let ask, let words, _, let isDenial):
      if isOurs && isDenial { wasDenied = true }
      remark(TalkText.answered(ask, words: words))
    case .expired(let ask, let words):
      // Nobody was there to say yes, which comes to a no.
      if isOurs { wasDenied = true }
      remark(TalkText.answered(ask, words: words))
    case .withdrawn(let ask, let reason): remark(TalkText.withdrawn(ask, reason: reason))
    default: if isOurs { show(piece.what) }
    }
  }

  private func decide(_ ask: OpenAsk, _ rule: Sending.OnAsk) {
    switch rule {
    case .deny:
      let params: JSON = ["ask": .string(ask.id), "choice": "deny"]
      denials[link.command("ask.answer", params)] = ask
    case .fail: giveUp(because: ask)
    }
  }

  private func giveUp(because ask: OpenAsk) {
    guard failedBy == nil, let prompt else { return }
    failedBy = ask
    link.command("prompt.cancel", ["prompt": .string(prompt)])
  }

  private func sayHowToAnswer(_ ask: OpenAsk) {
    var lines = TalkText.ask(ask)
    lines[0] = "waiting for an answer:"
    lines.insert(TalkText.ask(ask)[0], at: 1)
    remark(lines.joined(separator: "\n") + "\n  answer with: \(TalkText.howToAnswer(ask))")
  }

  // MARK: the answer as it comes

  private func show(_ what: Piece.What) {
    guard sending.patience == .follow, !context.output.isJSON else { return }
    switch what {
    case .words(_, .answer, let text, _):
      let clean = Clean.text(text)
      context.output.raw(Array(clean.utf8))
      isInLine = clean.last.map { $0 != "\n" } ?? isInLine
    case .anew:
      breakLine()
      remark("the answer begins anew:")
    case .closed: breakLine()
    case .tool(let tool, let subagent): remark(TalkText.call(tool, subagent: subagent))
    case .remark(let text): remark(Clean.line(text))
    case .error(let text): remark("error: \(Clean.lines(text).joined(separator: "\n"))")
    case .words, .prompt, .queued, .ask, .answered, .expired, .withdrawn, .ended: break
    }
  }

  private func breakLine() {
    guard isInLine else { return }
    isInLine = false
    context.output.line("")
  }

  /// A remark stands on lines of its own also where it shares a terminal, a pipe or a file with the answer.
  private func remark(_ text: String) {
    if context.seat.mixesStreams { breakLine() }
    context.output.note(text)
  }

  // MARK: the end

  /// The exit code of an end (cli.md), after what there is to say of it.
  func finish(_ end: Piece.End) throws -> Int32 {
    if context.output.isJSON {
      if sending.patience == .wait {
        context.output.json(try context.client.ask("prompt.get", ["prompt": .string(end.prompt)]))
      }
      return code(end)
    }
    if let failedBy {
      throw Failure(
        "the agent asks, and nobody is to be asked: \(failedBy.title)",
        hint: "--on-ask says what is done then",
        kind: "denied", exitCode: ExitCode.denied)
    }
    guard code(end) != ExitCode.done else {
      if let words = TalkText.end(end) { context.output.note(words) }
      return ExitCode.done
    }
    throw Failure(
      TalkText.end(end) ?? end.state, kind: code(end) == ExitCode.denied ? "denied" : end.state,
      exitCode: code(end))
  }

  private func code(_ end: Piece.End) -> Int32 {
    failedBy == nil ? ExitCode.of(end, wasDenied: wasDenied) : ExitCode.denied
  }
}

extension ClientSignals.Signal {
  /// Whether it asks the process to end.
  var isAnEnd: Bool {
    switch self {
    case .hangUp, .interrupt, .quit, .terminate: true
    case .resume, .suspend, .windowChanged: false
    }
  }
}

extension Double {
  /// Without a fraction where there is none.
  fileprivate var formatted: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}
