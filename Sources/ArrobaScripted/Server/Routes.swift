internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// Which call does what. The root routes only; like OpenCode, it answers any other path with a web page.
@LoopActor
final class Routes {
  private let server: ScriptedServer
  private let password: String?
  private let user: String
  private let fault: StartFault
  /// Sessions that have lost a prompt already.
  private var haveLost: Set<String> = []

  init(_ server: ScriptedServer, user: String, password: String?, fault: StartFault) {
    self.server = server
    self.user = user
    self.password = password
    self.fault = fault
  }

  func take(_ request: Request, from peer: Peer) {
    guard isAllowed(request) else {
      return peer.answer(401, type: nil, [], headers: "WWW-Authenticate: Basic realm=\"Secure Area\"\r\n")
    }
    let route = Self.route(of: request)
    if case .html(let version) = fault { return answerAsAnother(route, version, peer) }
    let id = request.steps.count > 1 ? request.steps[1] : ""
    switch route {
    case "GET /global/health":
      peer.answer(["healthy": true, "version": .string(server.toldVersion)])
    case "GET /global/event": server.bus.add(peer, directory: nil)
    case "GET /event": server.bus.add(peer, directory: directory(of: request))
    case "POST /global/dispose":
      peer.answer(true)
      server.dispose(nil)
    case "POST /instance/dispose":
      peer.answer(true)
      server.dispose(directory(of: request))
    case "GET /session/status": peer.answer(server.statuses(in: directory(of: request)))
    case "GET /session":
      peer.answer(.array(server.store.sessions(in: request.query["directory"].map { canonical($0) })))
    case "POST /session": createSession(request, peer)
    case "GET /permission": peer.answer(.array(server.desk.list(.permission, in: directory(of: request))))
    case "GET /question": peer.answer(.array(server.desk.list(.question, in: directory(of: request))))
    case "POST /permission/:id/reply", "POST /question/:id/reply", "POST /question/:id/reject":
      reply(id, request, peer)
    case "POST /session/:id/abort": server.abort(id) { peer.answer(true) }
    case let route where route.contains("/session/:id"): takeSession(route, id, request, peer)
    default: peer.answerWebPage()
    }
  }

  private static func route(of request: Request) -> String {
    var steps = request.steps
    if steps.count > 1, ["session", "permission", "question"].contains(steps[0]), steps[1] != "status" {
      steps[1] = ":id"
    }
    return "\(request.method) /\(steps.joined(separator: "/"))"
  }

  private func isAllowed(_ request: Request) -> Bool {
    guard let password else { return true }
    let word = Base64.encode(Array("\(user):\(password)".utf8))
    return request.headers["authorization"] == "Basic \(word)" || request.query["auth_token"] == word
  }

  private func answerAsAnother(_ route: String, _ version: String?, _ peer: Peer) {
    guard let version, route == "GET /api/info" else { return peer.answerWebPage() }
    peer.answer(["version": .string(version), "pid": .int(Int(ThisProcess.pid))])
  }

  private func directory(of request: Request) -> String {
    canonical(request.directory ?? Files.currentDirectory)
  }

  private func canonical(_ path: String) -> String { Files.canonical(path) ?? path }

  // MARK: sessions

  private func createSession(_ request: Request, _ peer: Peer) {
    guard let body = request.json, case .object = body else {
      return peer.answer(["_tag": "BadRequest"], status: 400)
    }
    let id = server.createSession(
      in: directory(of: request), parent: body["parentID"]?.string, title: body["title"]?.string)
    peer.answer(server.store.session(id) ?? .null)
  }

  private func takeSession(_ route: String, _ id: String, _ request: Request, _ peer: Peer) {
    guard let session = server.store.session(id) else {
      let words = "Session not found: \(id)"
      return peer.answer(["name": "NotFoundError", "data": ["message": .string(words)]], status: 404)
    }
    switch route {
    case "GET /session/:id": peer.answer(session)
    case "PATCH /session/:id":
      if let title = request.json?["title"]?.string { server.rename(id, to: title) }
      peer.answer(server.store.session(id) ?? .null)
    case "DELETE /session/:id":
      server.remove(id)
      peer.answer(true)
    case "GET /session/:id/children": peer.answer(.array(server.store.children(of: id)))
    case "GET /session/:id/message":
      let all = server.store.messages(of: id)
      let limit = request.query["limit"].flatMap { Int($0) } ?? all.count
      peer.answer(.array(all.suffix(max(0, limit)).map(\.json)))
    case "POST /session/:id/prompt_async": takePrompt(id, request, peer)
    default: peer.answerWebPage()
    }
  }

  // MARK: prompts

  private func takePrompt(_ id: String, _ request: Request, _ peer: Peer) {
    guard let body = request.json, let parts = body["parts"]?.array else {
      return peer.answer(["_tag": "BadRequest"], status: 400)
    }
    let text = parts.lazy.compactMap { $0["text"]?.string }.first ?? ""
    let script = Script(text)
    if script.scene("html") != nil { return peer.answerWebPage() }
    if let refusal = script.scene("refuse") {
      let words: JSON = ["name": "UnknownError", "data": ["message": "refused: scripted"]]
      return peer.answer(words, status: refusal.number(0, otherwise: 500))
    }
    if script.scene("lost") != nil, haveLost.insert(id).inserted { return peer.answer(204, type: nil, []) }
    let body204: @LoopActor @Sendable () -> Void = { [self] in
      server.perform(
        text, in: id, directory: server.directory(of: id), agent: body["agent"]?.string ?? "build",
        model: body["model"] ?? ["providerID": "scripted", "modelID": "scripted"])
      peer.answer(204, type: nil, [])
    }
    guard let late = script.scene("late") else { return body204() }
    let gate = Gate(late.argument, in: server.directory(of: id), opened: body204)
    peer.onGone = { gate.cancel() }
  }

  // MARK: asks

  private func reply(_ id: String, _ request: Request, _ peer: Peer) {
    let outcome: AskDesk.Outcome? =
      switch (request.steps.first, request.steps.last) {
      case ("question", "reject"): .dismissed
      case ("question", _):
        request.json?["answers"]?.array.map { lists in
          .answered(lists.map { ($0.array ?? []).compactMap(\.string) })
        }
      default: Self.permission(request.json)
      }
    guard let outcome else { return peer.answer(["_tag": "BadRequest"], status: 400) }
    // By the request's directory, not the session's (recorded).
    guard server.desk.reply(id, in: directory(of: request), with: outcome) else {
      let kind = request.steps.first == "question" ? "Question" : "Permission"
      let words = "\(kind) request not found: \(id)"
      return peer.answer(
        ["_tag": .string("\(kind)NotFoundError"), "requestID": .string(id), "message": .string(words)],
        status: 404)
    }
    peer.answer(true)
  }

  private static func permission(_ body: JSON?) -> AskDesk.Outcome? {
    switch body?["reply"]?.string {
    case "once": .once
    case "always": .always
    case "reject": .rejected(message: body?["message"]?.string)
    default: nil
    }
  }
}
