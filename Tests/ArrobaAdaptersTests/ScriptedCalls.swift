import ArrobaJSON
import Synchronization
import ArrobaTestSupport
import Synchronization

/// What the scripted server answers, and what a prompt comes to.
extension ScriptedOpenCode {
  func serve(_ request: LocalServer.Request, _ connection: LocalServer.Connection) {
    let call = Call(
      method: request.method, path: request.path, query: request.query, body: request.text,
      authorization: request.headers["authorization"])
    let manner = manner.withLock { $0 }
    defer {
      // The call counts when it has been dealt with.
      let bells = state.withLock { state in
        state.calls.append(call)
        defer { state.waiters.removeAll { $0.line == call.line } }
        return state.waiters.filter { $0.line == call.line }.map(\.bell)
      }
      for bell in bells { bell.ring() }
    }
    if manner.silent.contains(call.line) { return }
    if let answer = manner.answers[call.line] {
      return connection.answer(answer.body, type: answer.type, status: answer.status)
    }
    let words = call.path.split(separator: "/").map(String.init)
    switch (call.method, words.first, words.count) {
    case ("GET", "global", 2) where words[1] == "health":
      connection.json("{\"healthy\":true,\"version\":\"\(manner.version)\"}")
    case ("GET", "global", 2) where words[1] == "event":
      connection.beginStream()
      state.withLock { $0.streams.append(connection) }
      if manner.heartbeat {
        connection.event("{\"payload\":{\"type\":\"server.connected\",\"properties\":{}}}")
      }
    case ("POST", "global", 2): connection.json("true")
    case ("POST", "session", 1): create(call, connection)
    case ("GET", "session", 2) where words[1] == "status":
      let busy = state.withLock { $0.busy }
      connection.json(
        JSON.object(JSONObject(busy.sorted().map { .init(key: $0, value: ["type": "busy"]) })).encodedText)
    case ("GET", "session", 2): session(words[1], connection)
    case ("GET", "session", 3) where words[2] == "message":
      connection.json(JSON.array(state.withLock { $0.messages[words[1]] ?? [] }).encodedText)
    case ("GET", "session", 3): connection.json("[]")
    case ("GET", "permission", 1):
      connection.json(
        JSON.array(state.withLock { $0.permissions.sorted { $0.key < $1.key }.map(\.value) }).encodedText)
    case ("GET", "question", 1):
      connection.json(
        JSON.array(state.withLock { $0.questions.sorted { $0.key < $1.key }.map(\.value) }).encodedText)
    case ("POST", "permission", 3), ("POST", "question", 3): reply(words, call, connection)
    case ("POST", "session", 3) where words[2] == "prompt_async":
      connection.answer("", type: nil, status: 204)
      prompt(call.json["parts"]?.array?.first?["text"]?.string ?? "", in: words[1])
    case ("POST", "session", 3) where words[2] == "abort":
      connection.json("true")
      abort(words[1])
    default: connection.answer("<html></html>", type: "text/html")
    }
  }

  private func create(_ call: Call, _ connection: LocalServer.Connection) {
    let directory = call.query.split(separator: "=").last.map { Self.decoded(String($0)) } ?? "/"
    let id = state.withLock { state in
      let id = "ses_\(state.next())"
      state.sessions[id] = (directory, nil)
      return id
    }
    connection.json(info(id).encodedText)
    emit("session.created", ["sessionID": .string(id), "info": info(id)])
  }

  private static func decoded(_ text: String) -> String { text.replacing("%2F", with: "/") }

  private func info(_ id: String) -> JSON {
    let session = state.withLock { $0.sessions[id] }
    return .record([
      "id": .string(id), "directory": .text(session?.directory), "parentID": .text(session?.parent),
      "title": "t",
      "agent": session?.parent == nil ? nil : "general",
    ])
  }

  private func session(_ id: String, _ connection: LocalServer.Connection) {
    guard state.withLock({ $0.sessions[id] }) != nil else {
      return connection.json(
        "{\"name\":\"NotFoundError\",\"data\":{\"message\":\"no session\"}}", status: 404)
    }
    connection.json(info(id).encodedText)
  }

  private func reply(_ words: [String], _ call: Call, _ connection: LocalServer.Connection) {
    let (permission, question) = state.withLock { state in
      (state.permissions.removeValue(forKey: words[1]), state.questions.removeValue(forKey: words[1]))
    }
    guard let request = permission ?? question, let session = request["sessionID"]?.string else {
      return connection.json("{\"_tag\":\"PermissionNotFoundError\",\"message\":\"gone\"}", status: 404)
    }
    connection.json("true")
    let choice = call.json["reply"] ?? "once"
    let isDenied = words[2] == "reject" || choice == "reject"
    if permission != nil {
      emit(
        "permission.replied",
        ["sessionID": .string(session), "requestID": .string(words[1]), "reply": choice])
    } else {
      emit(
        isDenied ? "question.rejected" : "question.replied",
        ["sessionID": .string(session), "requestID": .string(words[1])])
    }
    guard let message = running(session) else { return }
    if isDenied {
      self.message("assistant", in: session, id: message, finish: "tool-calls", isComplete: true)
      status(session, "idle")
    } else {
      self.message("assistant", in: session, id: message, finish: "tool-calls", isComplete: true)
      answer("done", in: session)
    }
  }

  /// The answer that is being written, where the session is busy.
  private func running(_ session: String) -> String? {
    state.withLock { state in
      guard state.busy.contains(session) else { return nil }
      let last = state.messages[session]?.last { $0["info"]?["role"]?.string == "assistant" }
      return last?["info"]?["time"]?["completed"] == nil ? last?["info"]?["id"]?.string : nil
    }
  }

  /// Stores a prompt as the recorded server does, and does what its text says.
  func prompt(_ text: String, in session: String) {
    if text.hasPrefix("lost") { return }
    let message = message("user", in: session)
    part(["type": "text", "text": .string(text)], of: message, in: session)
    if text.hasPrefix("unanswered") { return }
    status(session, "busy")
    switch text.split(separator: " ").first {
    case "load": break
    case "hang": _ = self.message("assistant", in: session)
    case "text":
      let answer = self.message("assistant", in: session)
      let part = self.text("", of: answer, in: session, isEnded: false)
      delta("half of", of: part, in: session)
    case "ask":
      let answer = self.message("assistant", in: session)
      part(
        [
          "type": "tool", "callID": "call_1", "tool": "bash",
          "state": ["status": "running", "input": ["command": "ls"], "time": ["start": 5]],
        ],
        of: answer, in: session)
      ask("ls", of: session)
    case "question":
      _ = self.message("assistant", in: session)
      let id = "que_\(state.withLock { $0.next() })"
      let request: JSON = [
        "id": .string(id), "sessionID": .string(session),
        "questions": [
          ["question": "Which color?", "options": [["label": "Red"], ["label": "Blue"]]],
          ["question": "Which size?", "options": [["label": "Small"], ["label": "Large"]]],
        ],
      ]
      state.withLock { $0.questions[id] = request }
      emit("question.asked", request)
    case "fail":
      let answer = self.message("assistant", in: session)
      let error: JSON = ["name": "APIError", "data": ["message": "wrong key", "statusCode": 401]]
      emit("session.error", ["sessionID": .string(session), "error": error])
      status(session, "idle")
      self.message("assistant", in: session, id: answer, isComplete: true, error: error)
      status(session, "idle")
    default: answer("an answer to \(text)", in: session)
    }
  }

  private func abort(_ session: String) {
    guard let message = running(session) else { return status(session, "idle") }
    if state.withLock({ $0.messages[session]?.description.contains("stubborn") ?? false }) { return }
    let error: JSON = ["name": "MessageAbortedError", "data": ["message": "Aborted"]]
    emit("session.error", ["sessionID": .string(session), "error": error])
    status(session, "idle")
    self.message("assistant", in: session, id: message, isComplete: true, error: error)
    status(session, "idle")
  }
}
