internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaWire

/// Verbs about agents.
extension Context {
  func spawn(_ target: Target, _ birth: Birth, count: Int?) throws -> Int32 {
    let agent = adding(
      ["alias": .text(birth.alias), "count": .number(count)], to: agent(birth))
    var params = session(target).object ?? JSONObject()
    for member in agent.object?.members ?? [] { params[member.key] = member.value }
    let result = try client.command("agent.spawn", .object(params))
    var code = ExitCode.done
    if output.isJSON { output.json(result) }
    // Each item has its own result: what could be made was made, and the rest says why not.
    for item in result["agents"]?.array ?? [] {
      if let error = item["error"] {
        let failure = Failure(ClientError.refused(WireError(json: error), json: error))
        code = failure.exitCode
        if !output.isJSON { output.fail(failure) }
      } else if !output.isJSON {
        output.line(Clean.line(item["id"]?.string ?? "?"))
      }
    }
    return code
  }

  func agents(_ target: Target) throws -> Int32 {
    let result = try client.ask("agent.list", session(target))
    let agents = result["agents"]?.array ?? []
    if output.isJSON {
      output.json(result)
    } else if output.isQuiet {
      for agent in agents { output.line(Clean.line(agent["id"]?.string ?? "?")) }
    } else {
      output.lines(text.agents(agents))
    }
    return ExitCode.done
  }

  /// A command that answers with the agent as it is then.
  func change(_ method: String, _ params: JSON, _ done: String) throws -> Int32 {
    try say(client.command(method, params)) { agent in
      "\(done) \(agent["alias"]?.string ?? agent["id"]?.string ?? "?")"
    }
  }

  func stopAgent(_ target: Target, force: Bool) throws -> Int32 {
    let params = adding(["force": force ? true : nil], to: reference(target))
    let result = try confirmed(force) { try client.command("agent.delete", params) }
    return say(result) { "removed \($0["agent"]?.string ?? "?")" }
  }
}
