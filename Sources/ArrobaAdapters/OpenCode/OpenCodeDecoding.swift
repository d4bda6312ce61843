internal import ArrobaJSON
internal import ArrobaModel

// From JSON to what it means. Tolerant: a value that cannot be made sense of at all is nil, never an error.

extension OpenCodeSession {
  init?(_ json: JSON) {
    guard let id = json["id"]?.string else { return nil }
    self.id = id
    parent = json["parentID"]?.string
    title = json["title"]?.string
    agent = json["agent"]?.string
    directory = json["directory"]?.string
  }
}

extension OpenCodeMessage {
  /// `session` is that of the event, where the message does not name its own.
  init?(_ json: JSON, session: String?) {
    guard let id = json["id"]?.string, let session = json["sessionID"]?.string ?? session else { return nil }
    self.id = id
    self.session = session
    role =
      switch json["role"]?.string {
      case "user": .user
      case "assistant": .assistant
      default: .other
      }
    createdMs = json["time"]?["created"]?.int ?? 0
    completedMs = json["time"]?["completed"]?.int
    finish = json["finish"]?.string
    error = json["error"].flatMap { OpenCodeError($0) }
    usage = Usage(message: json)
    isSummary = json["summary"]?.bool ?? false
    model = Self.model(json)
  }

  private static func model(_ json: JSON) -> String? {
    let source = json["model"] ?? json
    guard let provider = source["providerID"]?.string, let model = source["modelID"]?.string else {
      return nil
    }
    return "\(provider)/\(model)"
  }
}

extension Usage {
  fileprivate init?(message json: JSON) {
    guard let tokens = json["tokens"] else { return nil }
    func count(_ value: JSON?) -> Int { max(0, value?.int ?? 0) }
    self.init(
      input: count(tokens["input"]), output: count(tokens["output"]), reasoning: count(tokens["reasoning"]),
      cacheRead: count(tokens["cache"]?["read"]), cacheWrite: count(tokens["cache"]?["write"]))
    switch json["cost"] {
    case .int(let dollars): costMicros = dollars.multipliedReportingOverflow(by: 1_000_000).partialValue
    case .double(let dollars): costMicros = Int(exactly: (dollars * 1_000_000).rounded())
    default: costMicros = nil
    }
  }
}

extension OpenCodeStoredMessage {
  init?(_ json: JSON, session: String?) {
    guard let info = json["info"].flatMap({ OpenCodeMessage($0, session: session) }) else { return nil }
    self.info = info
    parts = (json["parts"]?.array ?? []).compactMap { OpenCodePart($0, session: info.session) }
  }
}

extension OpenCodePart {
  init?(_ json: JSON, session: String?) {
    guard let id = json["id"]?.string, let message = json["messageID"]?.string,
      let session = json["sessionID"]?.string ?? session
    else { return nil }
    self.id = id
    self.message = message
    self.session = session
    content = Self.content(json)
  }

  private static func content(_ json: JSON) -> Content {
    switch json["type"]?.string {
    case "text": .text(Text(json))
    case "reasoning": .reasoning(Text(json))
    case "tool": OpenCodeTool(json).map { .tool($0) } ?? .unknown("tool")
    case "compaction": .compaction(isAutomatic: json["auto"]?.bool ?? true)
    case "file": .file(name: json["filename"]?.string)
    case "step-start", "step-finish", "snapshot", "patch", "agent", "subtask", "retry": .bookkeeping
    case let other: .unknown(other ?? "nothing")
    }
  }
}

extension OpenCodePart.Text {
  fileprivate init(_ json: JSON) {
    text = json["text"]?.string ?? ""
    isEnded = json["time"]?["end"]?.int != nil
    isSynthetic = json["synthetic"]?.bool ?? json["ignored"]?.bool ?? false
  }
}

extension OpenCodeTool {
  fileprivate init?(_ json: JSON) {
    guard let state = json["state"] else { return nil }
    callID = json["callID"]?.string
    name = json["tool"]?.string ?? "tool"
    status =
      switch state["status"]?.string {
      case "pending": .pending
      case "running": .running
      case "completed": .completed
      case "error": .failed
      default: .unknown
      }
    input = state["input"] ?? .null
    title = state["title"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    output = state["output"]?.string ?? state["error"]?.string
    metadata = state["metadata"] ?? .null
    startedMs = state["time"]?["start"]?.int
    endedMs = state["time"]?["end"]?.int
    unwrapInvalid()
  }

  /// A call that OpenCode could not understand comes as the tool "invalid", completed, with the real one in its input.
  private mutating func unwrapInvalid() {
    guard name == "invalid", let meant = input["tool"]?.string else { return }
    name = meant
    title = nil
    if status == .completed { status = .failed }
    input = .null
  }
}

extension OpenCodePermission {
  init?(_ json: JSON) {
    // Some versions have the session only beside the tool (orca #17766).
    guard let id = json["id"]?.string ?? json["permissionID"]?.string,
      let session = json["sessionID"]?.string ?? json["tool"]?["sessionID"]?.string
    else { return nil }
    self.id = id
    self.session = session
    permission = json["permission"]?.string ?? json["type"]?.string ?? "something"
    patterns = (json["patterns"]?.array ?? []).compactMap(\.string)
    always = (json["always"]?.array ?? []).compactMap(\.string)
    metadata = json["metadata"] ?? .null
    callID = json["tool"]?["callID"]?.string ?? json["callID"]?.string
  }
}

extension OpenCodeQuestions {
  init?(_ json: JSON) {
    guard let id = json["id"]?.string, let session = json["sessionID"]?.string,
      let questions = json["questions"]?.array
    else { return nil }
    self.id = id
    self.session = session
    self.questions = questions.map { Question($0) }
    callID = json["tool"]?["callID"]?.string
  }
}

extension OpenCodeQuestions.Question {
  fileprivate init(_ json: JSON) {
    text = json["question"]?.string ?? json["header"]?.string ?? "?"
    header = json["header"]?.string
    options = (json["options"]?.array ?? []).compactMap { option in
      option["label"]?.string.map { ($0, option["description"]?.string) }
    }
    takesSeveral = json["multiple"]?.bool ?? false
    takesText = json["custom"]?.bool ?? true
  }
}

extension OpenCodeStatus {
  init(_ json: JSON) {
    switch json["type"]?.string {
    case "idle": self = .idle
    case "busy": self = .busy
    case "retry":
      self = .retry(
        attempt: json["attempt"]?.int ?? 1, message: json["message"]?.string ?? "",
        nextMs: json["next"]?.int)
    case let other: self = .unknown(other ?? "nothing")
    }
  }
}

extension OpenCodeError {
  /// Of a message, of a session, or the body of a refused call: those have `_tag` in place of `name`, and no `data`.
  init?(_ json: JSON) {
    guard let name = json["name"]?.string ?? json["_tag"]?.string else { return nil }
    let data = json["data"] ?? json
    self.name = name
    message = data["message"]?.string
    statusCode = data["statusCode"]?.int
  }
}
