internal import ArrobaJSON
internal import ArrobaLoop

/// What waits for an answer, and what was allowed for always. In memory only: a server that ends forgets both.
@LoopActor
final class AskDesk {
  enum Kind: String {
    case permission, question
  }

  enum Outcome {
    case once
    case always
    case rejected(message: String?)
    case answered([[String]])
    case dismissed
  }

  /// One request. It stays here after an abort, when nobody waits for it any more (recorded).
  @LoopActor
  final class Request {
    let id: String
    let kind: Kind
    let session: String
    let directory: String
    let form: JSON
    fileprivate(set) var outcome: Outcome?
    /// Whoever waits for it.
    var onOutcome: (@LoopActor () -> Void)?

    fileprivate init(_ id: String, _ kind: Kind, _ session: String, _ directory: String, _ form: JSON) {
      self.id = id
      self.kind = kind
      self.session = session
      self.directory = directory
      self.form = form
    }
  }

  private let bus: EventBus
  private var pending: [Request] = []
  /// Patterns that are allowed, by directory.
  private var grants: [String: Set<String>] = [:]

  init(bus: EventBus) { self.bus = bus }

  // MARK: asking

  /// Nil: it was allowed for always before.
  func askPermission(
    _ permission: String, patterns: [String], always: [String], metadata: JSON, tool: JSON?,
    in session: String,
    _ directory: String
  ) -> Request? {
    let keys = always.map { "\(permission) \($0)" }
    if !keys.isEmpty, grants[directory]?.isSuperset(of: keys) ?? false { return nil }
    let id = Identifiers.next("per")
    let form = JSON.record([
      "id": .string(id), "sessionID": .string(session), "permission": .string(permission),
      "patterns": .array(patterns.map { .string($0) }), "metadata": metadata,
      "always": .array(always.map { .string($0) }), "tool": tool,
    ])
    return add(Request(id, .permission, session, directory, form))
  }

  func ask(_ questions: JSON, tool: JSON, in session: String, _ directory: String) -> Request {
    let id = Identifiers.next("que")
    return add(
      Request(
        id, .question, session, directory,
        ["id": .string(id), "sessionID": .string(session), "questions": questions, "tool": tool]))
  }

  private func add(_ request: Request) -> Request {
    pending.append(request)
    bus.tell("\(request.kind.rawValue).asked", request.form, of: request.session, in: request.directory)
    return request
  }

  // MARK: answering

  func list(_ kind: Kind, in directory: String) -> [JSON] {
    pending.filter { $0.kind == kind && $0.directory == directory }.map(\.form)
  }

  /// False where there is no such request in that directory.
  func reply(_ id: String, in directory: String, with outcome: Outcome) -> Bool {
    guard let request = pending.first(where: { $0.id == id && $0.directory == directory }) else {
      return false
    }
    settle(request, outcome)
    switch outcome {
    case .rejected(message: nil):
      // All that the session asks is rejected with it.
      for other in pending where other.kind == .permission && other.session == request.session {
        settle(other, outcome)
      }
    case .always:
      grants[directory, default: []].formUnion(Self.keys(of: request))
      for other in pending
      where other.kind == .permission && other.session == request.session
        && grants[directory]?.isSuperset(of: Self.keys(of: other)) ?? false
      {
        settle(other, .always)
      }
    case .once, .rejected, .answered, .dismissed: break
    }
    return true
  }

  private static func keys(of request: Request) -> [String] {
    let permission = request.form["permission"]?.string ?? ""
    return (request.form["always"]?.array ?? []).compactMap(\.string).map { "\(permission) \($0)" }
  }

  private func settle(_ request: Request, _ outcome: Outcome) {
    pending.removeAll { $0 === request }
    request.outcome = outcome
    var properties: JSONObject = ["sessionID": .string(request.session), "requestID": .string(request.id)]
    let event: String
    switch outcome {
    case .once, .always, .rejected:
      event = "permission.replied"
      properties["reply"] = .string(outcome.word)
    case .answered(let answers):
      event = "question.replied"
      properties["answers"] = .array(answers.map { .array($0.map { .string($0) }) })
    case .dismissed: event = "question.rejected"
    }
    bus.tell(event, .object(properties), of: request.session, in: request.directory)
    let waiter = request.onOutcome
    request.onOutcome = nil
    waiter?()
  }

  /// The instance of that directory ends: what it asked is gone without a word, and so is what was allowed.
  func forget(directory: String?) {
    pending.removeAll { directory == nil || $0.directory == directory }
    if let directory { grants[directory] = nil } else { grants = [:] }
  }
}

extension AskDesk.Outcome {
  fileprivate var word: String {
    switch self {
    case .once: "once"
    case .always: "always"
    case .rejected, .answered, .dismissed: "reject"
    }
  }
}
