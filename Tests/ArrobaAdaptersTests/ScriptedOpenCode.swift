import ArrobaJSON
import ArrobaTestSupport
import Synchronization

/// A server that speaks as OpenCode 1.18 was recorded to: sessions, prompts, events. What a prompt comes to stands in its
/// text ("plain", "ask", "question", "hang", …); beside that a test may emit any event.
final class ScriptedOpenCode: Sendable {
  struct Call: Sendable, Equatable {
    let method: String
    let path: String
    let query: String
    let body: String
    let authorization: String?

    var line: String { "\(method) \(path)" }
    var json: JSON { (try? JSONReader.read(body.utf8)) ?? .null }  // null for a call without a body
  }

  struct State {
    var calls: [Call] = []
    var streams: [LocalServer.Connection] = []
    var sessions: [String: (directory: String, parent: String?)] = [:]
    var messages: [String: [JSON]] = [:]
    var busy: Set<String> = []
    var permissions: [String: JSON] = [:]
    var questions: [String: JSON] = [:]
    var count = 0
    var clock = 1_795_575_000_000
    var waiters: [(line: String, bell: Mailbox)] = []

    mutating func next() -> Int {
      count += 1
      clock += 10
      return count
    }
  }

  /// What the server does differently from the one that was recorded.
  struct Manner: Sendable {
    var version = "1.18.34"
    /// Answers of these paths in place of the usual ones: status, type, body.
    var answers: [String: (status: Int, type: String?, body: String)] = [:]
    /// Calls that get no answer.
    var silent: Set<String> = []
    var heartbeat = true
  }

  let state = Mutex(State())
  let manner: Mutex<Manner>
  private let server = Mutex<LocalServer?>(nil)

  init(_ manner: Manner = Manner()) throws {
    self.manner = Mutex(manner)
    let server = try LocalServer { [weak self] request, connection in self?.serve(request, connection) }
    self.server.withLock { $0 = server }
  }

  var base: String { server.withLock { $0?.base ?? "" } }
  var calls: [Call] { state.withLock { $0.calls } }
  func calls(_ line: String) -> [Call] { calls.filter { $0.line == line } }
  var streamCount: Int { state.withLock { $0.streams.count } }

  func change(_ body: (inout Manner) -> Void) { manner.withLock { body(&$0) } }

  /// Waits for a call that has not been waited for; those that came before count.
  func call(_ line: String, number: Int = 1) async -> Call {
    while true {
      let bell: Mailbox? = state.withLock { state in
        if state.calls.count(where: { $0.line == line }) >= number { return nil }
        let bell = Mailbox()
        state.waiters.append((line, bell))
        return bell
      }
      guard let bell else { break }
      await bell.wait()
    }
    return calls(line)[number - 1]
  }

  func stop() { server.withLock { $0?.stop() } }

  /// Ends all streams in the middle of a chunk, as a dying server does.
  func cutStreams() {
    let streams = state.withLock { state in
      defer { state.streams = [] }
      return state.streams
    }
    for stream in streams { stream.cut() }
  }

  // MARK: events

  func emit(_ type: String, _ properties: JSON, directory: String? = nil) {
    let number = state.withLock { $0.next() }
    let event: JSON = .record([
      "directory": .text(directory),
      "payload": ["id": .string("evt_\(number)"), "type": .string(type), "properties": properties],
    ])
    emitRaw(event.encodedText)
  }

  func emitRaw(_ text: String) {
    for stream in state.withLock({ $0.streams }) { stream.event(text) }
  }

  func status(_ session: String, _ type: String) {
    state.withLock { if type == "busy" { $0.busy.insert(session) } else { $0.busy.remove(session) } }
    emit("session.status", ["sessionID": .string(session), "status": ["type": .string(type)]])
    if type == "idle" { emit("session.idle", ["sessionID": .string(session)]) }
  }

  /// Stores a message and tells of it; the id.
  @discardableResult
  func message(
    _ role: String, in session: String, id: String? = nil, finish: String? = nil, isComplete: Bool = false,
    error: JSON? = nil, tell: Bool = true
  ) -> String {
    let (id, info): (String, JSON) = state.withLock { state in
      let number = state.next()
      let id = id ?? "msg_\(number)"
      let stored = state.messages[session] ?? []
      let index = stored.firstIndex { $0["info"]?["id"]?.string == id }
      let created = index.flatMap { stored[$0]["info"]?["time"]?["created"]?.int } ?? state.clock
      let info: JSON = .record([
        "id": .string(id), "sessionID": .string(session), "role": .string(role),
        "time": .record(["created": .int(created), "completed": isComplete ? .int(state.clock) : nil]),
        "finish": .text(finish), "error": error, "cost": 0,
        "tokens": role == "user"
          ? nil
          : [
            "input": 100, "output": finish == nil ? 0 : 12, "reasoning": 0, "cache": ["read": 0, "write": 0],
          ],
      ])
      if let index {
        state.messages[session]?[index] = ["info": info, "parts": stored[index]["parts"] ?? []]
      } else {
        state.messages[session] = stored + [["info": info, "parts": []]]
      }
      return (id, info)
    }
    if tell { emit("message.updated", ["sessionID": .string(session), "info": info]) }
    return id
  }

  /// Stores a part and tells of it; `part` has type and content.
  @discardableResult
  func part(_ part: JSON, of message: String, in session: String, id: String? = nil, tell: Bool = true)
    -> String
  {
    let (id, whole): (String, JSON) = state.withLock { state in
      let id = id ?? "prt_\(state.next())"
      var object = part.object ?? JSONObject()
      object["id"] = .string(id)
      object["messageID"] = .string(message)
      object["sessionID"] = .string(session)
      let whole = JSON.object(object)
      if let index = state.messages[session]?.firstIndex(where: { $0["info"]?["id"]?.string == message }),
        let stored = state.messages[session]?[index]
      {
        var parts = stored["parts"]?.array ?? []
        if let place = parts.firstIndex(where: { $0["id"]?.string == id }) {
          parts[place] = whole
        } else {
          parts.append(whole)
        }
        state.messages[session]?[index] = ["info": stored["info"] ?? .null, "parts": .array(parts)]
      }
      return (id, whole)
    }
    if tell { emit("message.part.updated", ["sessionID": .string(session), "part": whole]) }
    return id
  }

  func text(_ text: String, of message: String, in session: String, isEnded: Bool = true, id: String? = nil)
    -> String
  {
    part(
      .record([
        "type": "text", "text": .string(text), "time": isEnded ? ["start": 1, "end": 2] : ["start": 1],
      ]),
      of: message, in: session, id: id)
  }

  func delta(_ text: String, of part: String, in session: String) {
    emit(
      "message.part.delta",
      ["sessionID": .string(session), "partID": .string(part), "field": "text", "delta": .string(text)])
  }

  /// What a normal turn says from its first word to its end.
  func answer(_ text: String, in session: String) {
    let message = message("assistant", in: session)
    let part = self.text("", of: message, in: session, isEnded: false)
    delta(text, of: part, in: session)
    _ = self.text(text, of: message, in: session, id: part)
    self.message("assistant", in: session, id: message, finish: "stop", isComplete: true)
    status(session, "busy")
    status(session, "idle")
  }

  @discardableResult
  func ask(_ command: String, of session: String, call: String = "call_1", directory: String? = nil) -> String
  {
    let id = "per_\(state.withLock { $0.next() })"
    let request: JSON = [
      "id": .string(id), "sessionID": .string(session), "permission": "bash", "patterns": [.string(command)],
      "metadata": ["command": .string(command)], "always": ["x *"], "tool": ["callID": .string(call)],
    ]
    state.withLock { $0.permissions[id] = request }
    emit("permission.asked", request, directory: directory)
    return id
  }

  func addSession(_ id: String, parent: String?, directory: String) {
    state.withLock { $0.sessions[id] = (directory, parent) }
  }

  func list(permission: JSON) {
    state.withLock { $0.permissions[permission["id"]?.string ?? ""] = permission }
  }

  var listed: [String] { state.withLock { $0.permissions.keys.sorted() } }
}
