internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// A server that speaks OpenCode 1.18 as it was recorded, with an agent that does what its prompts say. It needs no account,
/// no model and no network, and touches nothing but its own directory.
@LoopActor
final class ScriptedServer {
  nonisolated static let version = "1.18.34"

  let store: Store
  let bus = EventBus()
  let desk: AskDesk
  /// What `GET /global/health` tells.
  let toldVersion: String
  private var statuses: [String: (directory: String, status: JSON)] = [:]
  private var performances: [String: Performance] = [:]
  /// Prompts that came while a session was busy: all of them are answered by one answer.
  private var waiting: [String: [String]] = [:]

  init(data: String?, version: String) throws(SystemError) {
    store = try Store(directory: data)
    desk = AskDesk(bus: bus)
    toldVersion = version
  }

  // MARK: sessions

  @discardableResult
  func createSession(in directory: String, parent: String?, title: String?) -> String {
    let id = Identifiers.next("ses")
    let now = JSON.int(Clock.wallMs())
    let info = JSON.record([
      "id": .string(id), "slug": "scripted-session", "projectID": "scripted", "directory": .string(directory),
      "path": "", "parentID": .text(parent), "cost": 0,
      "tokens": ["input": 0, "output": 0, "reasoning": 0, "cache": ["read": 0, "write": 0]],
      "title": .string(title ?? "New session"), "agent": parent == nil ? nil : "general",
      "version": .string(Self.version), "time": ["created": now, "updated": now],
    ])
    store.keep(session: info)
    tellSession(id, "created")
    return id
  }

  func rename(_ id: String, to title: String) {
    guard case .object(var info)? = store.session(id) else { return }
    info["title"] = .string(title)
    store.keep(session: .object(info))
    tellSession(id, "updated")
  }

  /// A turn that is under way goes on, as in OpenCode; its events find nobody who knows the session.
  func remove(_ id: String) {
    tellSession(id, "deleted")
    store.remove(session: id)
  }

  private func tellSession(_ id: String, _ what: String) {
    guard let info = store.session(id) else { return }
    bus.tell(
      "session.\(what)", ["sessionID": .string(id), "info": info], of: id, in: directory(of: id),
      isDurable: true)
  }

  func directory(of id: String) -> String { store.session(id)?["directory"]?.string ?? "/" }

  /// What runs in a directory; a session that is not told of is idle.
  func statuses(in directory: String) -> JSON {
    let running = statuses.filter { $0.value.directory == directory }.sorted { $0.key < $1.key }
    return .object(JSONObject(running.map { JSONObject.Member(key: $0.key, value: $0.value.status) }))
  }

  func set(_ status: JSON, of session: String, in directory: String) {
    statuses[session] = (directory, status)
    bus.tell(
      "session.status", ["sessionID": .string(session), "status": status], of: session, in: directory)
  }

  /// The two events by which a session says that it is idle.
  func tellIdle(_ session: String, in directory: String) {
    statuses[session] = nil
    let id = JSON.string(session)
    bus.tell(
      "session.status", ["sessionID": id, "status": ["type": "idle"]], of: session, in: directory)
    bus.tell("session.idle", ["sessionID": id], of: session, in: directory)
  }

  // MARK: turns

  /// Stores a prompt and answers it, now or after what the session is at.
  @discardableResult
  func perform(_ text: String, in session: String, directory: String, agent: String, model: JSON)
    -> Performance
  {
    let message = storePrompt(
      parts: [["type": "text", "text": .string(text)]], in: session, agent: agent, model: model)
    if store.session(session)?["title"]?.string == "New session" {
      rename(session, to: String(text.prefix(50)))
    }
    if let running = performances[session] {
      waiting[session, default: []].append(message)
      return running
    }
    return begin(Script(text), message, in: session, directory, agent, model)
  }

  private func begin(
    _ script: Script, _ prompt: String, in session: String, _ directory: String, _ agent: String,
    _ model: JSON
  ) -> Performance {
    let performance = Performance(
      server: self, session: session, directory: directory, agent: agent, model: model, prompt: prompt,
      script: script)
    performances[session] = performance
    performance.begin()
    return performance
  }

  /// The id of the message.
  @discardableResult
  func storePrompt(parts: [JSONObject], in session: String, agent: String, model: JSON) -> String {
    let id = Identifiers.next("msg")
    let directory = directory(of: session)
    let info: JSON = [
      "id": .string(id), "role": "user", "sessionID": .string(session),
      "time": ["created": .int(Clock.wallMs())], "agent": .string(agent), "model": model,
    ]
    store.keep(message: info)
    bus.tell(
      "message.updated", ["sessionID": .string(session), "info": info], of: session, in: directory,
      isDurable: true)
    for members in parts {
      var part = members
      part["messageID"] = .string(id)
      part["sessionID"] = .string(session)
      part["id"] = .string(Identifiers.next("prt"))
      store.keep(part: .object(part))
      bus.tell(
        "message.part.updated",
        ["sessionID": .string(session), "part": .object(part), "time": .int(Clock.wallMs())], of: session,
        in: directory, isDurable: true)
    }
    return id
  }

  func promptText(_ message: String, in session: String) -> String {
    let stored = store.messages(of: session).last { $0.info["id"]?.string == message }
    return stored?.parts.lazy.compactMap { $0["text"]?.string }.first ?? ""
  }

  /// A performance is over. What came meanwhile is answered in the same busy period, unless it was aborted: then it stays
  /// unanswered.
  func ended(_ performance: Performance) {
    performances[performance.session] = nil
    let next = waiting.removeValue(forKey: performance.session)?.last
    if let next, case .completed? = performance.outcome {
      let text = promptText(next, in: performance.session)
      _ = begin(
        Script(text), next, in: performance.session, performance.directory, performance.agent,
        performance.model)
    } else {
      tellIdle(performance.session, in: performance.directory)
    }
  }

  /// Answers when it has stopped; also where nothing ran.
  func abort(_ session: String, _ done: @escaping @LoopActor () -> Void) {
    guard let performance = performances[session] else {
      tellIdle(session, in: directory(of: session))
      return done()
    }
    performance.abort(done)
  }

  /// All that runs is aborted and all asks are gone; of one directory, or of all.
  func dispose(_ directory: String?) {
    let running = performances.values.filter { directory == nil || $0.directory == directory }
    for performance in running { performance.abort {} }
    desk.forget(directory: directory)
    let places =
      directory.map { [$0] } ?? Set(store.sessions(in: nil).compactMap { $0["directory"]?.string }).sorted()
    for place in places {
      bus.tell("server.instance.disposed", ["directory": .string(place)], of: nil, in: place)
      bus.end(directory: place)
    }
    if directory == nil { bus.tell("global.disposed", [:], of: nil, in: "global") }
  }
}
