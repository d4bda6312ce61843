internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// One call of a tool, and the request that it may wait for.
struct ToolRun {
  var part: JSONObject
  let input: JSON
  let startedMs: Int
  var request: AskDesk.Request?
  /// What an abort makes of it, where that is not the usual.
  var whenAborted: JSONObject?

  var id: JSON { part["id"] ?? "" }
  var callID: JSON { part["callID"] ?? "" }
}

/// Tools: called, asked for, carried out. Nothing is ever run, read or written.
extension Performance {
  // MARK: the parts

  /// A call whose arguments are complete.
  func beginCall(_ tool: String, _ input: JSON, running: JSONObject = [:]) -> ToolRun {
    openMessage()
    let part = newPart([
      "type": "tool", "tool": .string(tool), "callID": .string("call_\(Identifiers.next("c"))"),
      "state": ["status": "pending", "input": [:], "raw": ""],
    ])
    tell(part: part)
    outputTokens += 1
    let run = ToolRun(part: part, input: input, startedMs: Clock.wallMs())
    openCalls.append(run)
    tellCall(run, "running", running)
    return run
  }

  func tellCall(_ run: ToolRun, _ status: String, _ more: JSONObject, isOver: Bool = false) {
    var state: JSONObject = ["status": .string(status), "input": run.input]
    for member in more.members { state[member.key] = member.value }
    state["time"] = .record([
      "start": .int(run.startedMs), "end": isOver ? .int(Clock.wallMs()) : nil,
    ])
    var part = run.part
    part["state"] = .object(state)
    tell(part: part)
  }

  private func endCall(_ run: ToolRun, _ status: String, _ more: JSONObject) {
    openCalls.removeAll { $0.id == run.id }
    toolResults += 1
    tellCall(run, status, more, isOver: true)
  }

  /// An abort leaves no call open.
  func closeCalls() {
    for run in openCalls {
      if let state = run.whenAborted {
        endCall(run, "completed", state)
      } else {
        let words = run.part["tool"] == "task" ? "Task cancelled" : "Tool execution aborted"
        endCall(run, "error", ["error": .string(words), "metadata": ["interrupted": true]])
      }
    }
  }

  private func toolNote(_ run: ToolRun) -> JSON {
    ["messageID": run.part["messageID"] ?? "", "callID": run.callID]
  }

  // MARK: commands

  /// Calls of one step, side by side. What each says is scripted.
  func runCommands(_ commands: [String], asks: Bool, status: Int = 0) async throws(Ending) {
    openText(as: "text")
    add("I will use a tool.")
    var open: [ToolRun] = []
    for command in commands {
      var run = beginCall("bash", ["command": .string(command)])
      if asks { run.request = askFor(command, run) }
      open.append(run)
    }
    closeText()
    var rejection: String?
    while !open.isEmpty {
      let ready = open.filter { $0.request.map { $0.outcome != nil } ?? true }
      open.removeAll { run in ready.contains { $0.id == run.id } }
      for run in ready { rejection = finishCommand(run, status) ?? rejection }
      guard ready.isEmpty else { continue }
      let waiting = open
      try await wait { wakeup in for run in waiting { run.request?.onOutcome = { wakeup.wake() } } }
    }
    closeMessage(finish: "tool-calls")
    if let rejection { throw .rejected(rejection) }
  }

  private func askFor(_ command: String, _ run: ToolRun) -> AskDesk.Request? {
    let program = command.split(separator: " ").first.map(String.init) ?? command
    return server.desk.askPermission(
      "bash", patterns: [command], always: ["\(program) *"], metadata: ["command": .string(command)],
      tool: toolNote(run), in: session, directory)
  }

  /// The words of a rejection, where it is one that ends the turn.
  private func finishCommand(_ run: ToolRun, _ status: Int) -> String? {
    if case .rejected(let message) = run.request?.outcome { return reject(run, message) }
    let command = run.input["command"]?.string ?? ""
    let output = Self.output(of: command)
    tellCall(run, "running", ["metadata": ["output": ""]])
    tellCall(run, "running", ["metadata": ["output": .string(output)]])
    endCall(
      run, "completed",
      [
        "output": .string(output), "title": .string(command),
        "metadata": ["output": .string(output), "exit": .int(status), "truncated": false],
      ])
    return nil
  }

  private func reject(_ run: ToolRun, _ message: String?) -> String? {
    var words = "The user rejected permission to use this specific tool call"
    words += message.map { " with the following feedback: \($0)" } ?? "."
    endCall(run, "error", ["error": .string(words)])
    return message == nil ? words : nil
  }

  /// "echo" says what it is given; anything else says what it would be.
  private static func output(of command: String) -> String {
    command.hasPrefix("echo ") ? "\(command.dropFirst(5))\n" : "(scripted: \(command) was not run)\n"
  }

  /// A command that goes on until the file is there, or until it is stopped.
  func holdCommand(until file: String) async throws(Ending) {
    let command = file.isEmpty ? "sleep infinity" : "wait-for \(file)"
    let run = beginCall("bash", ["command": .string(command)])
    tellCall(run, "running", ["metadata": ["output": "begin\n"]])
    let note = "begin\n\n\n<shell_metadata>\nUser aborted the command\n</shell_metadata>"
    if let index = openCalls.firstIndex(where: { $0.id == run.id }) {
      openCalls[index].whenAborted = [
        "output": .string(note), "title": .string(command),
        "metadata": ["output": "begin\n", "exit": .null, "truncated": false],
      ]
    }
    try await gate(file)
    endCall(
      run, "completed",
      [
        "output": "begin\nend\n", "title": .string(command),
        "metadata": ["output": "begin\nend\n", "exit": 0, "truncated": false],
      ])
    closeMessage(finish: "tool-calls")
  }

  // MARK: edits, questions, agents

  func edit(_ file: String) async throws(Ending) {
    let path = "\(directory)/\(file)"
    let diff = "--- \(path)\n+++ \(path)\n@@ -1,1 +1,1 @@\n-old line\n+new line\n"
    let run = beginCall(
      "edit", ["filePath": .string(path), "oldString": "old line", "newString": "new line"])
    let request = server.desk.askPermission(
      "edit", patterns: [file], always: ["*"], metadata: ["filepath": .string(path), "diff": .string(diff)],
      tool: toolNote(run), in: session, directory)
    try await settle(request)
    if case .rejected(let message)? = request?.outcome {
      let words = reject(run, message)
      closeMessage(finish: "tool-calls")
      if let words { throw .rejected(words) }
      return
    }
    endCall(
      run, "completed",
      [
        "output": "Edit applied successfully.", "title": .string(file),
        "metadata": ["diff": .string(diff), "truncated": false],
      ])
    closeMessage(finish: "tool-calls")
  }

  private func settle(_ request: AskDesk.Request?) async throws(Ending) {
    guard let request, request.outcome == nil else { return }
    try await wait { wakeup in request.onOutcome = { wakeup.wake() } }
  }

  func question(_ questions: [JSON]) async throws(Ending) {
    let run = beginCall("question", ["questions": .array(questions)])
    let request = server.desk.ask(.array(questions), tool: toolNote(run), in: session, directory)
    try await settle(request)
    guard case .answered(let answers)? = request.outcome else {
      let words = "The user dismissed this question"
      endCall(run, "error", ["error": .string(words)])
      closeMessage(finish: "tool-calls")
      throw .rejected(words)
    }
    let pairs = zip(questions, answers).map { question, answer in
      "\"\(question["question"]?.string ?? "")\"=\"\(answer.joined(separator: ", "))\""
    }
    let lists = JSON.array(answers.map { .array($0.map { .string($0) }) })
    endCall(
      run, "completed",
      [
        "output": .string("User has answered your questions: \(pairs.joined(separator: ", "))."),
        "title": .string("Asked \(questions.count) question\(questions.count == 1 ? "" : "s")"),
        "metadata": ["answers": lists, "truncated": false],
      ])
    closeMessage(finish: "tool-calls")
  }

  /// An agent within the agent: a session of its own, with this one as its parent.
  func delegate(_ text: String) async throws(Ending) {
    let title = "Scripted child"
    let input: JSON = [
      "description": .string(title), "prompt": .string(text), "subagent_type": "general",
    ]
    let id = server.createSession(in: directory, parent: session, title: "\(title) (@general subagent)")
    let metadata: JSON = ["parentSessionId": .string(session), "sessionId": .string(id), "model": model]
    let running: JSONObject = ["title": .string(title), "metadata": metadata]
    let run = beginCall("task", input, running: running)
    let performance = server.perform(text, in: id, directory: directory, agent: "general", model: model)
    child = performance
    try await wait { wakeup in performance.whenOver { wakeup.wake() } }
    child = nil
    switch performance.outcome {
    case .completed(let said):
      let output = "<task id=\"\(id)\" state=\"completed\">\n<task_result>\n\(said)\n</task_result>\n</task>"
      endCall(
        run, "completed", ["output": .string(output), "title": .string(title), "metadata": metadata])
    case .rejected(let reason), .failed(let reason):
      endCall(
        run, "error",
        ["error": .string("Subagent failed (task_id: \(id)): \(reason)"), "metadata": metadata])
    case .aborted, nil:
      endCall(run, "error", ["error": "Task cancelled", "metadata": metadata])
    }
    closeMessage(finish: "tool-calls")
  }
}
