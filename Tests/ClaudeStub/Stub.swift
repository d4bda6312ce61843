import ArrobaJSON
import CPty
import Glibc

/// One conversation: what it hears, and the scenes that it plays.
final class Stub {
  /// The turn is over, by an interrupt or because its end was said.
  struct Over: Error {}

  let wire: Wire
  let session: String
  private let data: String
  private var prompts: [(text: String, mark: String)] = []
  private var answers: [String: JSON] = [:]
  private(set) var isInterrupted = false
  /// An interrupt is not followed before this file is there.
  var stubbornUntil: String?
  private(set) var allowed: Set<String> = []
  private var messages = 0
  private var blocks = 0
  private var used = (input: 0, output: 0)

  init(_ wire: Wire, session: String, data: String) {
    self.wire = wire
    self.session = session
    self.data = data
  }

  func run() -> Never {
    while true {
      if prompts.isEmpty {
        guard let line = wire.next(withinMs: -1) else { exit(0) }
        take(line)
        continue
      }
      let (text, mark) = prompts.removeFirst()
      close(creat("\(data)/\(session)", 0o600))
      isInterrupted = false
      used = (0, 0)
      wire.say(["type": "command_lifecycle", "command_uuid": .string(mark), "state": "queued"])
      do {
        try Scene(self, text).play(mark)
      } catch {
        // Its end has been said.
      }
      stubbornUntil = nil
      wire.say(["type": "command_lifecycle", "command_uuid": .string(mark), "state": "completed"])
    }
  }

  private func take(_ line: JSON) {
    switch line["type"]?.string {
    case "user":
      let content = line["message"]?["content"]
      let text = content?.string ?? content?.array?.last?["text"]?.string ?? ""
      let pictures = content?.array?.count { $0["type"] == "image" } ?? 0
      prompts.append((pictures > 0 ? "\(text) and \(pictures) pictures" : text, line["uuid"]?.string ?? ""))
    case "control_response":
      if let id = line["response"]?["request_id"]?.string {
        answers[id] = line["response"]?["response"] ?? .null
      }
    case "control_request":
      guard let id = line["request_id"], let kind = line["request"]?["subtype"]?.string else { return }
      if kind == "interrupt" { isInterrupted = true }
      let response: JSON =
        kind == "initialize" ? ["claude_code_version": "2.1.330", "pid": .int(Int(getpid()))] : [:]
      wire.say([
        "type": "control_response",
        "response": ["subtype": "success", "request_id": id, "response": response],
      ])
    default: break
    }
  }

  /// Waits until it holds; an interrupt ends the turn.
  func wait(until holds: () -> Bool) throws {
    while !holds() {
      if let line = wire.next(withinMs: 5) { take(line) }
      try followInterrupt()
    }
    try followInterrupt()
  }

  private func followInterrupt() throws {
    guard isInterrupted else { return }
    if let gate = stubbornUntil, access(gate, F_OK) != 0 { return }
    try abort("aborted_streaming")
  }

  func abort(_ reason: String) throws -> Never {
    for id in open { wire.say(["type": "control_cancel_request", "request_id": .string(id)]) }
    open = []
    user([["type": "text", "text": "[Request interrupted by user]"]])
    try end(isError: true, reason, subtype: "error_during_execution", result: nil)
  }

  // MARK: what it says

  private var open: [String] = []

  func system(_ subtype: String, _ more: [(String, JSON)] = []) {
    var object = JSONObject([
      .init(key: "type", value: "system"), .init(key: "subtype", value: .string(subtype)),
    ])
    for (key, value) in more { object[key] = value }
    wire.say(.object(object))
  }

  func stream(_ event: JSON, parent: String? = nil) {
    wire.say(["type": "stream_event", "event": event, "parent_tool_use_id": JSON.text(parent) ?? .null])
  }

  func user(_ content: [JSON], parent: String? = nil) {
    wire.say([
      "type": "user", "message": ["role": "user", "content": .array(content)],
      "parent_tool_use_id": JSON.text(parent) ?? .null,
    ])
  }

  func assistant(_ block: JSON, parent: String? = nil) {
    wire.say([
      "type": "assistant", "parent_tool_use_id": JSON.text(parent) ?? .null,
      "message": ["id": .string("msg_\(getpid())_\(messages)"), "content": [block]],
    ])
  }

  func startMessage(parent: String? = nil) {
    messages += 1
    blocks = 0
    stream(
      [
        "type": "message_start",
        "message": [
          "id": .string("msg_\(getpid())_\(messages)"), "usage": ["input_tokens": 100, "output_tokens": 1],
        ],
      ], parent: parent)
  }

  func endMessage(_ stop: String, parent: String? = nil) {
    used = (used.input + 100, used.output + 7)
    stream(
      ["type": "message_delta", "delta": ["stop_reason": .string(stop)], "usage": ["output_tokens": 7]],
      parent: parent)
    stream(["type": "message_stop"], parent: parent)
  }

  func startBlock(_ kind: String, parent: String? = nil) {
    stream(
      ["type": "content_block_start", "index": .int(blocks), "content_block": ["type": .string(kind)]],
      parent: parent)
  }

  func grow(_ text: String, kind: String = "text", parent: String? = nil) {
    stream(
      [
        "type": "content_block_delta", "index": .int(blocks),
        "delta": ["type": .string("\(kind)_delta"), kind == "text" ? "text" : "thinking": .string(text)],
      ], parent: parent)
  }

  func endBlock(_ kind: String, _ text: String, parent: String? = nil) {
    assistant(["type": .string(kind), kind == "text" ? "text" : "thinking": .string(text)], parent: parent)
    stream(["type": "content_block_stop", "index": .int(blocks)], parent: parent)
    blocks += 1
  }

  func call(_ id: String, _ name: String, _ input: JSON, parent: String? = nil) {
    startBlock("tool_use", parent: parent)
    assistant(["type": "tool_use", "id": .string(id), "name": .string(name), "input": input], parent: parent)
    stream(["type": "content_block_stop", "index": .int(blocks)], parent: parent)
    blocks += 1
  }

  func result(_ id: String, _ text: String, isError: Bool = false, parent: String? = nil) {
    user(
      [
        [
          "type": "tool_result", "tool_use_id": .string(id), "content": .string(text),
          "is_error": .bool(isError),
        ]
      ], parent: parent)
  }

  func ask(_ call: String, _ tool: String, _ input: JSON, suggestions: [JSON] = []) -> String {
    let id = "req-\(call)"
    open.append(id)
    wire.say([
      "type": "control_request", "request_id": .string(id),
      "request": [
        "subtype": "can_use_tool", "tool_name": .string(tool), "input": input, "tool_use_id": .string(call),
        "permission_suggestions": .array(suggestions),
      ],
    ])
    return id
  }

  /// The input with which it may go on; nil where it may not, and then what it was told has been said.
  func answer(to request: String, call: String, parent: String? = nil) throws -> JSON? {
    try wait { answers[request] != nil }
    open.removeAll { $0 == request }
    let answer = answers.removeValue(forKey: request) ?? .null
    if answer["behavior"] == "allow" {
      if answer["updatedPermissions"] != nil { allowed.insert("always") }
      return answer["updatedInput"] ?? .null
    }
    result(call, answer["message"]?.string ?? "no", isError: true, parent: parent)
    if answer["interrupt"] == true { try abort("aborted_tools") }
    return nil
  }

  func end(
    isError: Bool = false, _ terminal: String = "completed", subtype: String = "success", status: Int? = nil,
    result: String? = ""
  ) throws -> Never {
    let cost = Double(used.output) / 1_000_000
    wire.say([
      "is_error": .bool(isError), "subtype": .string(subtype), "result": JSON.text(result) ?? .null,
      "terminal_reason": .string(terminal), "stop_reason": "end_turn", "type": "result",
      "api_error_status": JSON.number(status) ?? .null,
      "usage": ["input_tokens": .int(used.input), "output_tokens": .int(used.output)],
      "model_usage_since_last_result": ["stub": ["costUSD": .double(cost)]],
    ])
    throw Over()
  }
}
