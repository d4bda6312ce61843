internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaProvider

/// The asks of one conversation with Claude Code: each opened once and settled once. Permissions, questions and plans come
/// by the same request, and are answered by a response to it.
struct ClaudeAsks {
  private struct Request {
    let tool: String
    let toolUse: String?
    let input: JSON
    let asks: [Ask]
    /// What each choice that allows for longer is answered with.
    let updates: [String: JSON]
    var answers: [String: AskAnswer] = [:]
  }

  private static let dismissal = "The user dismissed the question."
  private static let denial = "The user does not want this tool to be used now."

  private var requests: [String: Request] = [:]
  private var order: [String] = []
  /// Requests that are settled; a late one of the same name is not opened again.
  private var settled: Set<String> = []
  private(set) var said: [ProviderSignal.What] = []
  private(set) var replies: [JSON] = []

  mutating func takeSaid() -> [ProviderSignal.What] {
    defer { said = [] }
    return said
  }

  mutating func takeReplies() -> [JSON] {
    defer { replies = [] }
    return replies
  }

  var isEmpty: Bool { requests.isEmpty }

  /// The title of the first ask that waits; nil where none does.
  var waitingFor: String? {
    for id in order {
      guard let request = requests[id] else { continue }
      if let ask = request.asks.first(where: { request.answers[$0.key] == nil }) { return ask.title }
    }
    return nil
  }

  // MARK: opening

  /// A `can_use_tool` request. `call` is the call that it is about, as the model made it.
  mutating func open(_ id: String, _ request: JSON, call: JSON?, subagent: String?) {
    guard requests[id] == nil, !settled.contains(id) else { return }
    let tool = request["tool_name"]?.string ?? "a tool"
    let input = request["input"] ?? .object(JSONObject())
    let suggestions = request["permission_suggestions"]?.array ?? []
    var (asks, updates) = ClaudeAskWords.asks(
      id, tool: tool, input: input, call: call, suggestions: suggestions,
      reason: request["decision_reason"]?.string)
    for index in asks.indices {
      asks[index].item = request["tool_use_id"]?.string
      asks[index].subagent = subagent
    }
    requests[id] = Request(
      tool: tool, toolUse: request["tool_use_id"]?.string, input: input, asks: asks, updates: updates)
    order.append(id)
    for ask in asks { said.append(.askOpened(ask)) }
  }

  // MARK: settling

  /// Our answer; whether it stops the turn. Several questions are answered when the last one is.
  mutating func answer(_ key: String, with answer: AskAnswer) -> Bool {
    let id = key.split(separator: "#").first.map(String.init) ?? key
    guard var request = requests[id], request.answers[key] == nil,
      let ask = request.asks.first(where: { $0.key == key })
    else { return false }
    request.answers[key] = answer
    requests[id] = request
    if ask.isDenied(by: answer) {
      deny(id, request, note: answer.text.flatMap { $0.isEmpty ? nil : $0 })
      return answer.text?.isEmpty ?? true
    }
    if ask.kind == .question {
      guard request.answers.count == request.asks.count else { return false }
      allow(id, request, input: ClaudeAskWords.answered(request.input, request.asks, request.answers))
    } else {
      allow(id, request, input: request.input, update: answer.choices.first.flatMap { request.updates[$0] })
    }
    return false
  }

  private mutating func allow(_ id: String, _ request: Request, input: JSON, update: JSON? = nil) {
    settle(id)
    reply(
      id,
      JSON.record([
        "behavior": "allow", "updatedInput": input, "updatedPermissions": update.map { .array([$0]) },
      ]))
  }

  /// Without a note the turn stops; with one the agent reads it and goes on.
  private mutating func deny(_ id: String, _ request: Request, note: String?) {
    settle(id)
    for ask in request.asks where request.answers[ask.key] == nil {
      said.append(.askWithdrawn(key: ask.key, reason: "another question of the same call was dismissed"))
    }
    let words = note ?? (request.asks.first?.kind == .question ? Self.dismissal : Self.denial)
    reply(
      id,
      JSON.record(["behavior": "deny", "message": .string(words), "interrupt": note == nil ? true : nil]))
  }

  private mutating func reply(_ id: String, _ response: JSON) {
    replies.append([
      "type": "control_response",
      "response": ["subtype": "success", "request_id": .string(id), "response": response],
    ])
  }

  private mutating func settle(_ id: String) {
    settled.insert(id)
    requests[id] = nil
    order.removeAll { $0 == id }
  }

  /// The tool was used, or was not: whoever said so, the question is settled.
  mutating func toolHasEnded(_ toolUse: String) {
    for id in order where requests[id]?.toolUse == toolUse {
      let asks = requests[id]?.asks ?? []
      let answers = requests[id]?.answers ?? [:]
      settle(id)
      for ask in asks where answers[ask.key] == nil { said.append(.askAnswered(key: ask.key, choice: nil)) }
    }
  }

  mutating func withdraw(_ id: String? = nil, reason: String) {
    for one in order where id == nil || one == id {
      guard let request = requests[one] else { continue }
      settle(one)
      for ask in request.asks where request.answers[ask.key] == nil {
        said.append(.askWithdrawn(key: ask.key, reason: reason))
      }
    }
  }
}
