internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaWire

/// One request on its way: its parameters, who asks, and what it comes to.
@LoopActor
final class Exchange {
  enum Reply {
    case result(JSON)
    case error(WireError)
    case subscribed(JSON, Subscription)
    case attached(JSON, TerminalLaneClient)
  }

  let lane: ControlLane
  let method: String
  private let json: JSON
  private let place: Turns.Ticket
  private var isPreparing = false

  var connection: Connection { lane.connection }
  var server: Server { connection.server }
  var kernel: Kernel { server.kernel }
  var world: World { kernel.world }

  init(lane: ControlLane, method: String, params: JSON) {
    self.lane = lane
    place = lane.preparing.take()
    self.method = method
    json = params
  }

  func reply() async -> Reply {
    await lane.preparing.wait(for: place)
    isPreparing = true
    defer { prepared() }
    do throws(WireError) {
      let params = try Params(json, of: method)
      guard let change = change(method) else { return try await read(params) }
      let origin = Kernel.Origin(
        by: lane.instance, command: try params.commandID(), fingerprint: params.fingerprint)
      let result = try await kernel.once(origin) { () async throws(WireError) -> JSON in
        try await change(params, origin)
      }
      return .result(result)
    } catch {
      return .error(error)
    }
  }

  /// All is looked up: the next request of this connection may prepare itself. What is submitted right after this
  /// call keeps its place before it.
  func prepared() {
    guard isPreparing else { return }
    isPreparing = false
    lane.preparing.leave()
  }

  func submit(_ command: Command, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    prepared()
    return try await kernel.submit(command, from: origin)
  }

  typealias Change = (Params, Kernel.Origin) async throws(WireError) -> JSON

  /// Methods that change something, and so may carry a command id.
  private func change(_ method: String) -> Change? {
    switch method {
    case "session.create": createSession
    case "session.rename": renameSession
    case "session.end": endSession
    case "session.delete": deleteSession
    case "agent.spawn": spawnAgents
    case "agent.focus": focusAgent
    case "agent.cycle": cycleAgent
    case "agent.rename": renameAgent
    case "agent.delete": deleteAgent
    case "agent.restart": restartAgent
    case "prompt.submit": submitPrompt
    case "prompt.cancel": cancelPrompt
    case "queue.edit": editPrompt
    case "queue.move": movePrompt
    case "queue.remove": removePrompt
    case "queue.clear": clearQueue
    case "ask.answer": answerAsk
    case "config.set": setConfiguration
    case "relay.join": joinRelay
    case "relay.leave": leaveRelay
    case "relay.trust": trustKey
    case "relay.distrust": distrustKey
    case "terminal.input": enterInput
    case "terminal.resize": resizeTerminal
    default: nil
    }
  }

  private func read(_ params: Params) async throws(WireError) -> Reply {
    // Whose client is gone meanwhile, what it only wanted to know is not looked up.
    if lane.isStopped && method != "daemon.shutdown" { return .result(.null) }
    switch method {
    case "session.list": return .result(try await listSessions(params))
    case "session.get": return .result(try await getSession(params))
    case "agent.list": return .result(try await listAgents(params))
    case "agent.get": return .result(try await getAgent(params))
    case "session.history": return .result(try await history(params))
    case "prompt.get": return .result(try getPrompt(params))
    case "prompt.list": return .result(try await listPrompts(params))
    case "ask.list": return .result(try await listAsks(params))
    case "terminal.attach": return try await attach(params)
    case "terminal.screen": return .result(try await screen(params))
    case "events.subscribe": return try await subscribe(params)
    case "events.unsubscribe": return .result(try unsubscribe(params))
    case "provider.list": return .result(try await listProviders())
    case "config.get": return .result(getConfiguration())
    case "relay.status": return .result(try relayStatus())
    case "relay.trusted": return .result(try await trustedKeys())
    case "daemon.shutdown": return .result(try shutdown(params))
    case "hello":
      throw WireError(code: WireError.invalidRequest, kind: nil, message: "hello was said already")
    default:
      throw WireError(
        code: WireError.methodNotFound, kind: nil,
        message: "no method '\(Words.quoted(method))' in protocol \(protocolVersion) of this daemon",
        details: ["method": .string(Words.quoted(method))])
    }
  }

  // MARK: references

  /// The caller's workspace, found by its path; nil where none is given.
  func workspace(_ params: Params) async throws(WireError) -> String? {
    guard let path = try params.text("workspace") else { return nil }
    return try await server.workers.run { () throws(WireError) in try Workspaces.find(path) }
  }

  /// The session that the request names; where it names none, the newest open one of the caller's workspace.
  func session(_ params: Params) async throws(WireError) -> Session {
    let name = try params.text("session")
    if let name, let exact = world.session(SessionID(name)) { return exact }
    let workspace = try await workspace(params)
    if let name { return try world.session(named: name, in: workspace) }
    guard let workspace else {
      throw Params.invalid(
        "session", expected: "a reference, or a workspace to take the newest session of", got: nil)
    }
    guard let newest = world.newestOpen(in: workspace) else {
      throw WireError(
        kind: .sessionNotFound, message: "no session is open in \(workspace)", hint: "arroba new",
        details: ["workspace": .string(workspace)])
    }
    return newest
  }

  func agent(_ params: Params) async throws(WireError) -> (Session, Agent) {
    let session = try await session(params)
    return (session, try world.agent(named: try params.text("agent"), in: session))
  }
}
