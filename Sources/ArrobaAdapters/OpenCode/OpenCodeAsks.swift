internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaProvider

/// A call that answers an ask. It goes to the directory of the session that asked: with another one it is not found.
struct OpenCodeReply: Sendable, Equatable {
  enum Answer: Sendable, Equatable {
    /// "once", "always" or "reject".
    case permission(String, message: String?)
    /// The labels that were chosen, for each question.
    case answers([[String]])
    case rejectQuestions
  }

  var request: String
  var directory: String?
  var answer: Answer
}

/// The asks of one conversation, its children's included: each opened once and settled once, whatever is reported later.
struct OpenCodeAsks {
  private struct Request {
    var session: String
    var directory: String?
    var turn: PromptID?
    var openedMs: Int
    /// One for a permission; one for each question, which are answered together.
    var asks: [Ask]
    var answers: [String: AskAnswer] = [:]
    /// Our answer is under way; its echo is no news.
    var isAnswered = false
  }

  typealias Said = OpenCodeItems.Said

  private var requests: [String: Request] = [:]
  private var order: [String] = []
  /// Requests that are settled. An abort leaves them listed, and a late answer is reported as if it mattered.
  private var settled: Set<String> = []

  private(set) var said: [Said] = []
  private(set) var replies: [OpenCodeReply] = []

  mutating func takeSaid() -> [Said] {
    defer { said = [] }
    return said
  }

  mutating func takeReplies() -> [OpenCodeReply] {
    defer { replies = [] }
    return replies
  }

  /// The title of the first ask that waits; nil where none does.
  var waitingFor: String? {
    for id in order {
      guard let request = requests[id], !request.isAnswered else { continue }
      if let ask = request.asks.first(where: { request.answers[$0.key] == nil }) { return ask.title }
    }
    return nil
  }

  var isEmpty: Bool { requests.isEmpty }

  // MARK: opening

  mutating func open(
    _ permission: OpenCodePermission, tool: (key: String, input: JSON)?, directory: String?,
    owner: OpenCodeItems.Owner, nowMs: Int
  ) {
    guard requests[permission.id] == nil, !settled.contains(permission.id) else { return }
    var ask = OpenCodeAskWords.ask(permission, input: tool?.input)
    ask.item = tool?.key
    ask.subagent = owner.subagent
    add(permission.id, permission.session, [ask], directory, owner.turn, nowMs)
  }

  mutating func open(
    _ questions: OpenCodeQuestions, tool: (key: String, input: JSON)?, directory: String?,
    owner: OpenCodeItems.Owner, nowMs: Int
  ) {
    guard requests[questions.id] == nil, !settled.contains(questions.id) else { return }
    let asks = questions.questions.enumerated().map { index, question in
      var ask = OpenCodeAskWords.ask(question, key: "\(questions.id)/\(index + 1)")
      ask.item = tool?.key
      ask.subagent = owner.subagent
      return ask
    }
    guard !asks.isEmpty else { return }
    add(questions.id, questions.session, asks, directory, owner.turn, nowMs)
  }

  private mutating func add(
    _ id: String, _ session: String, _ asks: [Ask], _ directory: String?, _ turn: PromptID?, _ nowMs: Int
  ) {
    requests[id] = Request(session: session, directory: directory, turn: turn, openedMs: nowMs, asks: asks)
    order.append(id)
    for ask in asks { say(.askOpened(ask), turn) }
  }

  // MARK: settling

  /// Our answer. A request with several questions is answered when the last one is.
  mutating func answer(_ key: String, with answer: AskAnswer) {
    let id = key.split(separator: "/").first.map(String.init) ?? key
    guard var request = requests[id], !request.isAnswered, request.answers[key] == nil,
      let ask = request.asks.first(where: { $0.key == key })
    else { return }
    request.answers[key] = answer
    let isDenied = ask.isDenied(by: answer)
    switch ask.kind {
    case .permission:
      let choice = answer.choices.first ?? OpenCodeAskWords.reject
      request.isAnswered = true
      let note = choice == OpenCodeAskWords.reject ? answer.text.flatMap { $0.isEmpty ? nil : $0 } : nil
      reply(id, request, .permission(choice, message: note))
    case .question where isDenied:
      request.isAnswered = true
      reply(id, request, .rejectQuestions)
      for other in request.asks where request.answers[other.key] == nil {
        say(
          .askWithdrawn(key: other.key, reason: "another question of the same call was dismissed"),
          request.turn)
      }
    case .question:
      guard request.answers.count == request.asks.count else { break }
      request.isAnswered = true
      let labels = request.asks.map { OpenCodeAskWords.labels(request.answers[$0.key], of: $0) }
      reply(id, request, .answers(labels))
    }
    requests[id] = request
  }

  private mutating func reply(_ id: String, _ request: Request, _ answer: OpenCodeReply.Answer) {
    replies.append(OpenCodeReply(request: id, directory: request.directory, answer: answer))
  }

  /// The server says that it was answered: by us, in another client, or by what was allowed always.
  mutating func wasAnswered(_ id: String, choice: String?) {
    guard let request = settle(id), !request.isAnswered else { return }
    for ask in request.asks { say(.askAnswered(key: ask.key, choice: choice), request.turn) }
  }

  /// Our answer did not find it any more: settled elsewhere, which comes to the same.
  mutating func wasNotFound(_ id: String) { wasAnswered(id, choice: nil) }

  /// What is open in these sessions waits no more, and is told so to the server, where it would stay listed for ever.
  mutating func withdraw(where isOver: (String) -> Bool, reason: String) {
    for id in order {
      guard let request = requests[id], isOver(request.session) else { continue }
      _ = settle(id)
      guard !request.isAnswered else { continue }
      let isQuestion = request.asks.first?.kind == .question
      reply(id, request, isQuestion ? .rejectQuestions : .permission(OpenCodeAskWords.reject, message: nil))
      for ask in request.asks where request.answers[ask.key] == nil {
        say(.askWithdrawn(key: ask.key, reason: reason), request.turn)
      }
    }
  }

  /// A request of a turn that is over, and that was never opened here.
  mutating func rejectLeftover(_ id: String, directory: String?, isQuestion: Bool) {
    guard requests[id] == nil, settled.insert(id).inserted else { return }
    let answer: OpenCodeReply.Answer =
      isQuestion ? .rejectQuestions : .permission(OpenCodeAskWords.reject, message: nil)
    replies.append(OpenCodeReply(request: id, directory: directory, answer: answer))
  }

  /// The server has gone, and what it asked with it: nobody is left to tell.
  mutating func vanish(reason: String) {
    withdraw(where: { _ in true }, reason: reason)
    replies = []
  }

  /// What of these a look at the server shows. `listed` was asked for at `askedAtMs`: what opened later may be missing.
  mutating func reconcile(_ kind: Ask.Kind, listed: Set<String>, askedAtMs: Int) {
    for id in order {
      guard let request = requests[id], request.asks.first?.kind == kind, !listed.contains(id),
        request.openedMs < askedAtMs
      else { continue }
      wasAnswered(id, choice: nil)
    }
  }

  func isSettled(_ id: String) -> Bool { settled.contains(id) }

  private mutating func settle(_ id: String) -> Request? {
    settled.insert(id)
    order.removeAll { $0 == id }
    return requests.removeValue(forKey: id)
  }

  private mutating func say(_ what: ProviderSignal.What, _ turn: PromptID?) {
    said.append(Said(turn: turn, what: what))
  }
}
