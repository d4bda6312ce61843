internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaWire

extension Exchange {
  func createSession(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let path = Workspaces.atHome(try params.requiredText("workspace"))
    let alias = try params.text("alias").map { name throws(WireError) in try Alias.normalised(name) }
    let workspace = try await server.workers.run { () throws(WireError) in try Workspaces.find(path) }
    var agents: [NewAgent] = []
    for item in try params.list("agents", atMost: Session.mostAgents) ?? [] {
      agents += try await newAgents(try Params(item, of: method), directory: path)
    }
    return try await submit(
      .create(SessionID.mint(), alias: alias, workspace: workspace, agents: agents), origin)
  }

  func renameSession(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let session = try await session(params)
    let alias = try newAlias(params)
    return try await submit(.session(session.id, .rename(alias: alias)), origin)
  }

  func endSession(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let session = try await session(params)
    return try await submit(.session(session.id, .end(force: try params.flag("force"))), origin)
  }

  func deleteSession(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let session = try await session(params)
    return try await submit(.session(session.id, .delete(force: try params.flag("force"))), origin)
  }

  func listSessions(_ params: Params) async throws(WireError) -> JSON {
    let all = try params.flag("all")
    let workspace = try await workspace(params)
    let sessions = world.inOrder.filter { session in
      (all || session.isOpen) && (workspace == nil || session.workspace == workspace)
    }
    return ["sessions": .array(sessions.map { kernel.view($0) }), "asOf": .int(Int(kernel.ledger.head))]
  }

  func getSession(_ params: Params) async throws(WireError) -> JSON {
    let session = try await session(params)
    guard case .object(var object) = kernel.view(session) else { return .null }
    object["asOf"] = .int(Int(kernel.ledger.head))
    return .object(object)
  }

  /// The alias that a rename gives: null or empty takes the present one away.
  func newAlias(_ params: Params) throws(WireError) -> String? {
    guard params.object["alias"] != nil else {
      throw Params.invalid("alias", expected: "a string, or null for none", got: nil)
    }
    guard let text = try params.text("alias"), !text.isEmpty else { return nil }
    return try Alias.normalised(text)
  }
}
