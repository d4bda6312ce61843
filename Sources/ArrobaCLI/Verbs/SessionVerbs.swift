internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaWire

/// Verbs about sessions: each asks one method and shows its answer.
extension Context {
  func create(_ birth: Birth, then: Attaching?) throws -> Int32 {
    // With --json the answer is the session, and nobody looks at a screen.
    let verb = output.isJSON ? nil : then.map { AttachVerb(context: self, options: $0) }
    if let verb, BirthParams.isProgram(birth) {
      do { try verb.check() } catch {
        throw Misuse(
          error.message, hint: error.hint.map { "\($0); -d makes a session without attaching" },
          isUnconfirmed: error.isUnconfirmed)
      }
    }
    let session = try client.command(
      "session.create",
      .record([
        "workspace": .string(workspace), "alias": .text(birth.alias),
        "agents": [agent(birth)],
      ]))
    if let verb {
      let made = Target(session: session["id"]?.string, agent: nil)
      guard BirthParams.isProgram(birth) else { return try talk(made) }
      return try verb.run(made, named: Names.reference(of: session))
    }
    if output.isJSON { output.json(session) } else { output.line(Clean.line(session["id"]?.string ?? "?")) }
    return ExitCode.done
  }

  /// The parameters of an agent that is born from where the user is.
  func agent(_ birth: Birth) -> JSON {
    BirthParams.agent(
      birth, in: workspace, environment, size: Seat.standard.size, isAfar: client.road.isRemote)
  }

  func list(all: Bool, agents: Bool) throws -> Int32 {
    let result = try client.ask("session.list", .record(["all": all ? true : nil]))
    let sessions = result["sessions"]?.array ?? []
    if output.isJSON {
      output.json(result)
    } else if output.isQuiet {
      for line in text.references(sessions, withAgents: agents) { output.line(line) }
    } else if sessions.isEmpty {
      output.note("no sessions; arroba new makes one")
    } else {
      output.lines(text.list(sessions, withAgents: agents))
    }
    return ExitCode.done
  }

  func show(_ target: Target) throws -> Int32 {
    let session = try client.ask("session.get", self.session(target))
    guard !output.isJSON else {
      output.json(session)
      return ExitCode.done
    }
    output.lines(text.facts(session))
    if let agents = session["agents"]?.array, !agents.isEmpty {
      output.line("")
      output.lines(text.agents(agents))
    }
    return ExitCode.done
  }

  func rename(_ target: Target, alias: String) throws -> Int32 {
    let params = adding(["alias": Self.alias(alias)], to: session(target))
    return try say(client.command("session.rename", params)) { "renamed to \(Names.reference(of: $0))" }
  }

  /// `session.end` and `session.delete`.
  func stop(_ method: String, _ target: Target, force: Bool) throws -> Int32 {
    let params = adding(["force": force ? true : nil], to: session(target))
    let result = try confirmed(force) { try client.command(method, params) }
    return say(result) { result in
      let count = result["stopped"]?.array?.count ?? 0
      let done = method == "session.end" ? "ended" : "removed"
      let agents = count == 0 ? "" : count == 1 ? ", stopped 1 agent" : ", stopped \(count) agents"
      return "\(done) \(result["session"]?.string ?? "")\(agents)"
    }
  }

  /// What ends something that runs is done only if that was said: a refusal without `--force` has an exit code of its own.
  func confirmed<Result>(_ force: Bool, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch ClientError.refused(let reason, let json)
      where reason.kind == .busy && !force
    {
      throw Failure(unconfirmed: reason, json: json)
    }
  }

  /// The empty alias takes an alias away.
  static func alias(_ text: String) -> JSON { text.isEmpty ? .null : .string(text) }

  /// The answer as JSON, or what it means in a sentence, which quiet leaves out.
  func say(_ result: JSON, _ sentence: (JSON) -> String) -> Int32 {
    if output.isJSON {
      output.json(result)
    } else if !output.isQuiet {
      output.line(Clean.line(sentence(result)))
    }
    return ExitCode.done
  }
}
