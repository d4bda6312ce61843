internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaWire

/// Prompts, the queue, and asks.
extension Exchange {
  func submitPrompt(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let text = try promptText(params)
    if let files = try params.list("attachments", atMost: 64), !files.isEmpty {
      throw WireError(
        kind: .notSupported, message: "this version sends no attachments",
        hint: "name the file in the text: the agent can read it")
    }
    let (session, agent) = try await agent(params)
    return try await submit(
      .agent(session.id, agent.id, .talk(.submit(PromptID.mint(), text: text, RunID.mint()))), origin)
  }

  private func promptText(_ params: Params) throws(WireError) -> String {
    let text = try params.requiredText("text", atMost: Prompt.longest)
    guard !text.utf8.allSatisfy({ $0 == 32 || (9...13).contains($0) }) else {
      throw Params.invalid("text", expected: "a text that is not empty", got: .string(text))
    }
    return text
  }

  func getPrompt(_ params: Params) throws(WireError) -> JSON {
    let place = try world.prompt(named: try params.requiredText("prompt", atMost: 64))
    return kernel.view(place.thing.id, of: place.agent.id, in: place.session.id, world)
  }

  /// Of an agent, of a session's agents, or of all: those that are active or wait, with `all` also those that ended.
  func listPrompts(_ params: Params) async throws(WireError) -> JSON {
    let all = try params.flag("all")
    let prompts = try await talks(params).flatMap { session, agent, talk in
      ((all ? talk.settled : []) + talk.prompts).map {
        $0.json(session: session.id, agent: agent.id, position: talk.position(of: $0.id))
      }
    }
    return ["prompts": .array(prompts), "asOf": .int(Int(kernel.ledger.head))]
  }

  func cancelPrompt(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let force = try params.flag("force")
    if let name = try params.text("prompt", atMost: 64) {
      let place = try world.prompt(named: name)
      let cancel = TalkCommand.cancel(place.thing.id, force: force)
      return try await submit(.agent(place.session.id, place.agent.id, .talk(cancel)), origin)
    }
    let (session, agent) = try await agent(params)
    return try await submit(.agent(session.id, agent.id, .talk(.cancel(nil, force: force))), origin)
  }

  func editPrompt(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let text = try promptText(params)
    return try await change(params, origin) { .edit($0, text: text) }
  }

  func movePrompt(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    guard let position = try params.number("position", in: 1...Talk.longestQueue) else {
      throw Params.invalid("position", expected: "a place in the queue, from 1 on", got: nil)
    }
    return try await change(params, origin) { .move($0, position: position) }
  }

  func removePrompt(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    try await change(params, origin) { .remove($0) }
  }

  private func change(
    _ params: Params, _ origin: Kernel.Origin, _ command: (PromptID) -> TalkCommand
  ) async throws(WireError) -> JSON {
    let place = try world.prompt(named: try params.requiredText("prompt", atMost: 64))
    return try await submit(
      .agent(place.session.id, place.agent.id, .talk(command(place.thing.id))), origin)
  }

  func clearQueue(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let (session, agent) = try await agent(params)
    return try await submit(.agent(session.id, agent.id, .talk(.clear)), origin)
  }

  // MARK: asks

  /// The open ones of an agent, of a session or of all; with `all` also those that are settled.
  func listAsks(_ params: Params) async throws(WireError) -> JSON {
    let all = try params.flag("all")
    let asks = try await talks(params).flatMap { session, agent, talk in
      (all ? talk.asks : talk.openAsks).map {
        $0.json(session: session.id, agent: agent.id, rule: kernel.deadlines.rule)
      }
    }
    return ["asks": .array(asks), "asOf": .int(Int(kernel.ledger.head))]
  }

  func answerAsk(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let place = try world.ask(named: try params.requiredText("ask", atMost: 64))
    let note = try params.text("note", atMost: 64 << 10)
    var choices: [String] = []
    switch params["choice"] {
    case nil: break
    case .string(let choice)?: choices = [choice]
    case .array?: choices = try params.texts("choice", atMost: 64) ?? []
    case let other?:
      throw Params.invalid("choice", expected: "a choice's id, or an array of them", got: other)
    }
    let answer = AskAnswer(choices: choices.map { place.thing.ask.resolve($0) }, text: note)
    return try await submit(
      .agent(place.session.id, place.agent.id, .talk(.answer(place.thing.id, answer))), origin)
  }

  /// The conversations that the request is about: an agent's, a session's, or all of the open sessions.
  func talks(_ params: Params) async throws(WireError) -> [(Session, Agent, Talk)] {
    guard params["session"] != nil || params["agent"] != nil else {
      let workspace = try await workspace(params)
      return world.talks.filter { session, _, _ in
        session.isOpen && (workspace == nil || session.workspace == workspace)
      }
    }
    let session = try await session(params)
    guard let name = try params.text("agent") else {
      return session.agents.compactMap { agent in agent.talk.map { (session, agent, $0) } }
    }
    let agent = try world.agent(named: name, in: session)
    return agent.talk.map { [(session, agent, $0)] } ?? []
  }
}

extension Ask {
  /// "approve" and "deny" are what they come to, whatever the provider calls its choices.
  func resolve(_ choice: String) -> String {
    guard self.choice(choice) == nil else { return choice }
    switch choice {
    case "approve": return choices.first { $0.effect == .allowOnce }?.id ?? choice
    case "deny": return denial?.id ?? choice
    default: return choices.first { $0.label == choice }?.id ?? choice
    }
  }
}
