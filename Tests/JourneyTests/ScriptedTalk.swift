import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire

/// A session of agents, scripted ones if nothing else is said, and one client that talks to them and has seen every event of it from the first on.
final class ScriptedTalk {
  let daemon: DaemonUnderTest
  private(set) var client: WireClient
  let session: String
  let agents: [String]
  /// Every event so far, without holes also over crashes.
  private(set) var seen: [JSON] = []

  private let provider: String

  init(
    _ daemon: DaemonUnderTest, agents count: Int = 1, model: String? = nil, provider: String = "scripted",
    workspace: String? = nil
  ) throws {
    self.daemon = daemon
    self.provider = provider
    client = try daemon.client()
    let agent = JSON.record(["provider": .string(provider), "model": .text(model)])
    let made = try client.request(
      "session.create",
      [
        "workspace": .string(workspace ?? daemon.workspace),
        "agents": .array(Array(repeating: agent, count: count)),
      ])
    session = try made.words("id")
    agents = try made.list("agents").map { try $0.words("id") }
    try client.request("events.subscribe", ["after": "start", "session": .string(session)])
  }

  /// After the daemon has died: goes on behind the last event that was seen.
  func comeBack() throws {
    client = try daemon.connect()
    let log = try client.hello().words("log.id")
    let last = try seen.last?.number("seq") ?? 0
    let answer = try client.request(
      "events.subscribe",
      ["after": ["log": .string(log), "seq": .int(last)], "session": .string(session)])
    guard try answer.at("gap") == .null else { throw Silence("a gap behind \(last): \(answer.shown)") }
  }

  // MARK: requests

  /// Answers the prompt as it was answered.
  @discardableResult
  func submit(_ text: String, to agent: Int = 0, command: String? = nil) throws -> JSON {
    try client.request(
      "prompt.submit",
      .record([
        "session": .string(session), "agent": .string(agents[agent]), "text": .string(text),
        "commandId": .text(command),
      ]))
  }

  func prompt(_ id: String) throws -> JSON { try client.request("prompt.get", ["prompt": .string(id)]) }

  func state(_ id: String) throws -> String { try prompt(id).words("state") }

  /// The texts of the prompts that wait, in order.
  func waiting(agent: Int = 0) throws -> [String] {
    try client.request(
      "prompt.list", ["session": .string(session), "agent": .string(agents[agent])]
    ).list("prompts").filter { $0["state"] == "queued" }.map { try $0.words("text") }
  }

  func history(_ more: JSON = [:]) throws -> [JSON] {
    var params: JSONObject = ["session": .string(session), "limit": 500]
    for member in more.members { params[member.key] = member.value }
    return try client.request("session.history", .object(params)).list("items")
  }

  /// "prompt hello", "text You said: hello", "bash completed".
  func transcript() throws -> [String] {
    try history().map { item in
      guard let tool = item["tool"] else { return "\(try item.words("type")) \(try item.words("text"))" }
      return "\(try tool.words("name")) \(try tool.words("status"))"
    }
  }

  /// Lets the scenes that wait for this file go on.
  func open(_ gate: String) throws { try Files.replace("\(daemon.workspace)/\(gate)", with: []) }

  // MARK: events

  /// The first event of that kind that fits, of those that were seen and those that come.
  @discardableResult
  func event(_ kind: String, _ fits: (JSON) -> Bool = { _ in true }) throws -> JSON {
    if let known = seen.first(where: { $0["kind"]?.string == kind && fits($0) }) { return known }
    while true {
      let event = try client.event()
      seen.append(event)
      if event["kind"]?.string == kind, fits(event) { return event }
    }
  }

  @discardableResult
  func event(_ kind: String, of prompt: String) throws -> JSON {
    try event(kind) { $0["prompt"]?.string == prompt }
  }

  /// Waits until a prompt has ended; answers its state.
  func end(of prompt: String) throws -> String {
    let kinds = ["completed", "cancelled", "failed", "interrupted"]
    func isEnd(_ event: JSON) -> Bool {
      event["prompt"]?.string == prompt && kinds.contains { event["kind"]?.string == "prompt.\($0)" }
    }
    while !seen.contains(where: isEnd) { seen.append(try client.event()) }
    let ends = seen.filter(isEnd)
    guard ends.count == 1 else { throw Silence("\(prompt) ended \(ends.count) times") }
    return try String(ends[0].words("kind").dropFirst("prompt.".count))
  }

  /// Waits for an ask of a prompt; answers it as the event tells it.
  func ask(of prompt: String, number: Int = 1) throws -> JSON {
    func asks() -> [JSON] {
      seen.filter { $0["kind"] == "ask.opened" && $0["prompt"]?.string == prompt }
    }
    while asks().count < number { seen.append(try client.event()) }
    return asks()[number - 1]["data"] ?? .null
  }

  /// The kinds of all that was seen of a prompt, items aside.
  func story(of prompt: String) -> [String] {
    seen.filter { $0["prompt"]?.string == prompt }.compactMap { $0["kind"]?.string }
      .filter { $0.hasPrefix("prompt.") || $0.hasPrefix("ask.") }
  }

  /// The text of the first text item of a prompt, put together from its beginning and its additions.
  func streamed(of prompt: String) throws -> String {
    var text = ""
    var item: String?
    for event in seen where event["prompt"]?.string == prompt {
      guard let data = event["data"], let id = data["item"]?.string else { continue }
      switch event["kind"]?.string {
      case "item.started" where item == nil && data["type"] == "text":
        item = id
        text = try data.words("text")
      case "item.delta" where id == item: text += try data.words("text")
      default: break
      }
    }
    return text
  }

  /// The server, as its note names it.
  func serverPid() throws -> Int32 {
    let path = "\(daemon.state)\(provider == "scripted" ? "/scripted" : "")/opencode/server.json"
    return Int32(try JSONReader.read(try Files.read(path, atMost: 64 << 10)).number("pid"))
  }
}

/// Runs `body` with a daemon and a talk in it.
func withTalk(
  agents: Int = 1, _ manner: DaemonUnderTest.Manner = .init(), _ body: (ScriptedTalk) throws -> Void
) throws {
  try withDaemon(manner) { daemon in try body(ScriptedTalk(daemon, agents: agents)) }
}
