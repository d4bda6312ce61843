internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaWire

extension Exchange {
  func spawnAgents(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let session = try await session(params)
    let agents = try await newAgents(params, directory: session.workspace)
    return try await submit(.session(session.id, .spawn(agents)), origin)
  }

  /// The agents that one description asks for: `count` of them, all alike but for their aliases.
  func newAgents(_ params: Params, directory: String) async throws(WireError) -> [NewAgent] {
    let count = try params.number("count", in: 1...Session.mostAgents) ?? 1
    let spec = try spec(params, directory: directory)
    guard let provider = server.providers.provider(named: spec.provider) else {
      let known = server.providers.providers.map(\.name).joined(separator: ", ")
      throw WireError(
        kind: .providerNotFound, message: "no provider '\(Words.quoted(spec.provider))'",
        hint: "this daemon has: \(known)", details: ["provider": .string(Words.quoted(spec.provider))])
    }
    var complete = try await server.workers.run { () throws(WireError) in try provider.complete(spec) }
    complete.isTalkedTo = provider is any ConversationProvider
    return (1...count).map { number in
      var numbered = complete
      if number > 1 { numbered.alias = complete.alias.map { "\($0)-\(number)" } }
      return NewAgent(id: AgentID.mint(), run: RunID.mint(), spec: numbered)
    }
  }

  private func spec(_ params: Params, directory: String) throws(WireError) -> AgentSpec {
    let arguments = try params.texts("argv", atMost: 4096)
    let isTerminal = arguments?.isEmpty == false
    guard let provider = try params.text("provider") ?? (isTerminal ? "terminal" : nil) else {
      throw Params.invalid("provider", expected: "a provider's name", got: nil)
    }
    if let worktree = params["worktree"], worktree != .bool(false) {
      throw WireError(
        kind: .notSupported, message: "this version makes no git worktrees",
        hint: "git worktree add, and give its path as directory")
    }
    let size = try params.size() ?? (columns: 80, rows: 24)
    var spec = AgentSpec(
      provider: provider, directory: try params.text("directory").map(Workspaces.atHome) ?? directory,
      columns: size.columns,
      rows: size.rows)
    spec.alias = try params.text("alias").map { name throws(WireError) in try Alias.normalised(name) }
    spec.model = try params.text("model", atMost: 256)
    spec.effort = try params.text("effort", atMost: 64)
    spec.arguments = arguments ?? []
    spec.environment = try environment(params)
    return spec
  }

  private func environment(_ params: Params) throws(WireError) -> [AgentSpec.Variable] {
    guard let value = params["env"] else { return [] }
    guard let object = value.object, object.members.count <= 512 else {
      throw Params.invalid("env", expected: "an object of at most 512 names and values", got: value)
    }
    var variables: [AgentSpec.Variable] = []
    for member in object.members {
      guard !member.key.isEmpty, !member.key.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") })
      else {
        // What stands behind it may be meant as the value.
        throw Params.invalid("env", expected: "names without '='", got: .string(member.key))
      }
      // The value may be a secret: it is not repeated in the error.
      guard let text = member.value.string, !text.utf8.contains(0) else {
        let kind = member.value.kindName
        throw WireError(
          code: WireError.invalidParams, kind: nil,
          message: "env.\(Words.quoted(member.key)): a string without zero bytes is expected, \(kind) came",
          details: ["field": .string("env.\(Words.quoted(member.key))")])
      }
      variables.append(AgentSpec.Variable(name: member.key, value: text))
    }
    return variables
  }

  func focusAgent(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    _ = try params.requiredText("agent")
    let (session, agent) = try await agent(params)
    return try await submit(.session(session.id, .focus(agent.id)), origin)
  }

  func cycleAgent(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let session = try await session(params)
    return try await submit(.session(session.id, .cycle), origin)
  }

  func renameAgent(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let (session, agent) = try await agent(params)
    let alias = try newAlias(params)
    return try await submit(.agent(session.id, agent.id, .rename(alias: alias)), origin)
  }

  func deleteAgent(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let (session, agent) = try await agent(params)
    return try await submit(.agent(session.id, agent.id, .delete(force: try params.flag("force"))), origin)
  }

  func restartAgent(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let (session, agent) = try await agent(params)
    let size = try params.size()
    let restart = AgentCommand.restart(
      RunID.mint(), columns: size?.columns, rows: size?.rows, force: try params.flag("force"))
    return try await submit(.agent(session.id, agent.id, restart), origin)
  }

  func listAgents(_ params: Params) async throws(WireError) -> JSON {
    let session = try await session(params)
    return [
      "agents": .array(session.agents.map { kernel.view($0.id, of: session.id, in: world) }),
      "focused": .text(session.focused?.text) ?? .null, "asOf": .int(Int(kernel.ledger.head)),
    ]
  }

  func getAgent(_ params: Params) async throws(WireError) -> JSON {
    let (session, agent) = try await agent(params)
    return kernel.view(agent.id, of: session.id, in: world)
  }

  func listProviders() async throws(WireError) -> JSON {
    let providers = server.providers.providers
    let found = try await server.workers.run { () throws(WireError) in
      providers.map { ($0.name, $0.availability()) }
    }
    return [
      "providers": .array(
        found.map { name, availability in availability.json(of: name) })
    ]
  }
}
