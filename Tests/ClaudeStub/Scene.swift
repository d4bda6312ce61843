import ArrobaJSON
import CPty
import Glibc

/// What a prompt's marks come to, one after another; a prompt without any is said again.
struct Scene {
  private let stub: Stub
  private let text: String
  private var marks: [[String]]

  init(_ stub: Stub, _ text: String) {
    self.stub = stub
    self.text = text
    var rest = text[...]
    marks = []
    while let begin = rest.firstRange(of: "[["), let end = rest[begin.upperBound...].firstRange(of: "]]") {
      marks.append(rest[begin.upperBound..<end.lowerBound].split(separator: " ").map(String.init))
      rest = rest[end.upperBound...]
    }
  }

  func play(_ mark: String) throws {
    for words in marks {
      switch words[0] {
      case "late": try stub.wait { isThere(words[1]) }
      case "stubborn": stub.stubbornUntil = words[1]
      default: break
      }
    }
    stub.wire.say(["type": "command_lifecycle", "command_uuid": .string(mark), "state": "started"])
    stub.system("init", [("model", "stub-1")])
    stub.system("status", [("status", "requesting")])
    for words in marks { try play(words) }
    if marks.allSatisfy({ $0[0] == "late" }) { step("You said: \(marks.isEmpty ? text : "late")") }
    try stub.end()
  }

  private func isThere(_ file: String) -> Bool { access(file, F_OK) == 0 }

  /// One answer of the model's that is a text.
  private func step(_ text: String, parent: String? = nil) {
    stub.startMessage(parent: parent)
    stub.startBlock("text", parent: parent)
    for word in text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
      stub.grow(word.offset == 0 ? String(word.element) : " \(word.element)", parent: parent)
    }
    stub.endBlock("text", text, parent: parent)
    stub.endMessage("end_turn", parent: parent)
  }

  private func play(_ words: [String]) throws {
    let rest = words.dropFirst().joined(separator: " ")
    switch words[0] {
    case "reasoning":
      stub.startMessage()
      stub.startBlock("thinking")
      stub.grow("Let me ", kind: "thinking")
      stub.grow("think.", kind: "thinking")
      stub.endBlock("thinking", "Let me think.")
      stub.startBlock("text")
      stub.grow("Thought.")
      stub.endBlock("text", "Thought.")
      stub.endMessage("end_turn")
    case "storm": step((0..<(Int(rest) ?? 1000)).map { "\($0)" }.joined(separator: " "))
    case "gate", "hold": try hold(words.count > 1 ? words[1] : "never")
    case "tool": try tool(rest.isEmpty ? "echo hello" : rest, asks: false)
    case "tool-ask": try tool(rest, asks: true)
    case "tool-fail": try tool("make", asks: false, result: "Exit code 2\nno target", isError: true)
    case "tool-hold": try tool("wait \(rest)", asks: false, gate: rest)
    case "two-asks": try twoAsks()
    case "question": try question([color])
    case "questions":
      let sizes: JSON = [
        "question": "Which sizes?", "multiSelect": true, "options": [["label": "Small"], ["label": "Large"]],
      ]
      try question([color, sizes])
    case "plan": try plan()
    case "child", "child-ask": try child(asks: words[0] == "child-ask")
    case "401": try fail(401, "Failed to authenticate. API Error: 401")
    case "400": try fail(400, "API Error: 400")
    case "429": try retry(.max, 429)
    case "500":
      try retry(2, 500)
      step("It works again.")
    case "cut-answer":
      stub.startMessage()
      stub.startBlock("text")
      stub.grow("This answer bre")
      stub.stream(["type": "message_stop"])
      try retry(1, nil)
      step("This answer breaks no more.")
    case "unknown":
      stub.wire.say(["type": "session_novelty"])
      stub.wire.say(["type": "system", "subtype": "hologram"])
      step("Strange things are let pass.")
    case "by-itself":
      step("It began by itself.")
    case "exit":
      stub.startMessage()
      stub.startBlock("text")
      stub.grow("It ends in the middle")
      Wire.complain("out of luck")
      exit(9)
    default: break
    }
  }

  private func hold(_ gate: String) throws {
    stub.startMessage()
    stub.startBlock("text")
    stub.grow("Waiting for \(gate).")
    do {
      try stub.wait { isThere(gate) }
    } catch {
      throw error
    }
    stub.grow(" Going on.")
    stub.endBlock("text", "Waiting for \(gate). Going on.")
    stub.endMessage("end_turn")
  }

  private var suggestions: [JSON] {
    [
      [
        "type": "addRules", "behavior": "allow", "destination": "localSettings",
        "rules": [["toolName": "bash", "ruleContent": "echo *"]],
      ]
    ]
  }

  private func newID() -> String { "toolu_\(getpid())_\(UInt32.random(in: 0...(.max)))" }

  private func tool(
    _ command: String, asks: Bool, result: String = "done", isError: Bool = false, gate: String? = nil,
    parent: String? = nil
  ) throws {
    step("I run \(command).", parent: parent)
    let id = newID()
    let input: JSON = ["command": .string(command)]
    stub.startMessage(parent: parent)
    stub.call(id, "bash", input, parent: parent)
    if asks, !stub.allowed.contains("always") {
      let request = stub.ask(id, "bash", input, suggestions: suggestions)
      guard try stub.answer(to: request, call: id, parent: parent) != nil else {
        stub.endMessage("tool_use", parent: parent)
        return step("Then not.", parent: parent)
      }
    }
    if let gate { try stub.wait { isThere(gate) } }
    stub.result(id, result, isError: isError, parent: parent)
    stub.stream(["type": "message_stop"], parent: parent)
    step("That was \(command).", parent: parent)
  }

  private func twoAsks() throws {
    stub.startMessage()
    let calls = ["echo one", "echo two"].map { (newID(), JSON.record(["command": .string($0)])) }
    var requests: [String] = []
    for (id, input) in calls {
      stub.call(id, "bash", input)
      requests.append(stub.ask(id, "bash", input))
    }
    for ((id, _), request) in zip(calls, requests) where try stub.answer(to: request, call: id) != nil {
      stub.result(id, "done")
    }
    stub.endMessage("tool_use")
    step("Both are done.")
  }

  private var color: JSON {
    [
      "question": "Which color?", "header": "Color", "multiSelect": false,
      "options": [["label": "Red", "description": "warm"], ["label": "Blue", "description": "cold"]],
    ]
  }

  private func question(_ questions: [JSON]) throws {
    let id = newID()
    let input: JSON = ["questions": .array(questions)]
    stub.startMessage()
    stub.call(id, "AskUserQuestion", input)
    guard let answered = try stub.answer(to: stub.ask(id, "AskUserQuestion", input), call: id) else {
      stub.endMessage("tool_use")
      return step("No answer.")
    }
    let said = (answered["answers"]?.object?.members ?? []).map {
      "\"\($0.key)\"=\"\($0.value.string ?? "")\""
    }
    stub.result(id, "Your questions have been answered: \(said.joined(separator: " "))")
    stub.endMessage("tool_use")
    step("Thank you.")
  }

  private func plan() throws {
    let id = newID()
    stub.startMessage()
    stub.call(id, "ExitPlanMode", ["plan": "1. this\n2. that"])
    guard try stub.answer(to: stub.ask(id, "ExitPlanMode", [:]), call: id) != nil else {
      stub.endMessage("tool_use")
      return step("I plan on.")
    }
    stub.result(id, "User has approved exiting plan mode.")
    stub.endMessage("tool_use")
    step("I begin.")
  }

  private func child(asks: Bool) throws {
    step("I send somebody.")
    let id = newID()
    stub.startMessage()
    stub.call(id, "task", ["description": "look around", "subagent_type": "general"])
    stub.endMessage("tool_use")
    stub.system("task_started", [("task_id", "t1"), ("tool_use_id", .string(id))])
    if asks { try tool("echo within", asks: true, parent: id) }
    stub.result(id, "It was seen to.")
    step("That is all.")
  }

  private func fail(_ status: Int, _ words: String) throws {
    stub.wire.say([
      "type": "assistant", "error": "unknown",
      "message": [
        "id": "synthetic", "model": "<synthetic>", "content": [["type": "text", "text": .string(words)]],
      ],
    ])
    try stub.end(isError: true, "api_error", status: status, result: words)
  }

  private func retry(_ count: Int, _ status: Int?) throws {
    var attempt = 0
    while attempt < count {
      attempt += 1
      stub.system(
        "api_retry",
        [
          ("attempt", .int(attempt)), ("retry_delay_ms", 20), ("error_status", JSON.number(status) ?? .null),
          ("error", "rate_limit"),
        ])
      var rounds = 0
      try stub.wait {
        rounds += 1
        return rounds > 4
      }
    }
  }
}
