internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// What the commands behind a slash do: each is a method of the protocol.
extension TalkSession {
  func perform(_ line: Slash.Line) throws(Misuse) {
    let words = line.words
    switch line.command.name {
    case "stop": stop(force: words.contains("--force"))
    case "queue": try performQueue(words)
    case "approve", "deny": try answer(line)
    case "session": try performSession(words)
    case "agent": try performAgent(words)
    case "view":
      guard let view = words.first.flatMap({ View(rawValue: $0) }) else {
        return remark("the view is \(self.view.rawValue)")
      }
      setView(view)
      remark("the view is \(view.rawValue)")
    case "model": try performModel(words)
    case "provider": listProviders()
    case "history": try performHistory(words)
    case "screen": showScreen()
    case "attach": leave(.attach(Target(session: conversation?.session, agent: conversation?.focused)))
    case "health": query("daemon.health", [:]) { FactsText.rows($0) }
    case "help": show(try Slash.help(on: words.first))
    default: leave(.left)
    }
  }

  /// Asks, and shows a table of the answer.
  private func query(_ method: String, _ params: JSON, rows: @escaping (JSON) -> [[Cell]]) {
    ask(method, params) { [unowned self] result in
      switch result {
      case .success(let answer): show(Table.lines(rows(answer), usesColour: false))
      case .failure(let error): tell(Failure(error))
      }
    }
  }

  private func stop(force: Bool) {
    command("prompt.cancel", context.adding(["force": force ? true : nil], to: reference))
  }

  private func answer(_ line: Slash.Line) throws(Misuse) {
    // The first word may name the ask; else the one that is open is meant, and all of it is the note.
    let named = line.words.first.flatMap { $0.hasPrefix("q_") ? conversation?.ask(named: $0) : nil }
    if named == nil, let word = line.words.first, word.hasPrefix("q_") {
      throw Misuse("no ask '\(word)' is open here", hint: "arroba asks lists all")
    }
    guard let ask = named ?? openAsk else { throw Misuse("nothing is asked") }
    let note = named == nil ? line.rest : line.words.dropFirst().joined(separator: " ")
    command(
      "ask.answer",
      .record([
        "ask": .string(ask.id), "choice": .string(line.command.name),
        "note": note.isEmpty ? nil : .string(note),
      ]))
  }

  // MARK: the queue

  private func performQueue(_ words: [String]) throws(Misuse) {
    let rest = words.dropFirst(2)
    switch (words.first ?? "ls", words.count) {
    case ("ls", _): listQueue()
    case ("edit", 3...):
      let text = rest.joined(separator: " ")
      command("queue.edit", ["prompt": .string(words[1]), "text": .string(text)]) { [unowned self] prompt in
        remark("edited \(prompt["id"]?.string ?? words[1])")
      }
    case ("move", 3):
      guard let position = Int(words[2]), position >= 1 else {
        throw Misuse("'\(words[2])' is no place in a queue", hint: "places count from 1")
      }
      command("queue.move", ["prompt": .string(words[1]), "position": .int(position)]) {
        [unowned self] moved in
        remark("\(moved["id"]?.string ?? words[1]) is at \(moved["position"]?.int ?? position)")
      }
    case ("rm", 2): command("queue.remove", ["prompt": .string(words[1])])
    case ("clear", 1): command("queue.clear", reference)
    default: throw Misuse("/queue \(words[0]) needs other words", hint: "/queue \(Self.usage(of: "queue"))")
    }
  }

  private static func usage(of name: String) -> String {
    Slash.commands.first { $0.name == name }?.synopsis ?? ""
  }

  private func listQueue() {
    guard let conversation else { return }
    let names = Dictionary(
      conversation.voices.map { ($0.id, conversation.name(of: $0.id)) },
      uniquingKeysWith: { first, _ in first })
    query("prompt.list", ["session": .string(conversation.session)]) { answer in
      let prompts = answer["prompts"]?.array ?? []
      return prompts.isEmpty
        ? [[Cell("nothing is under way, and nothing waits")]]
        : PromptText(nowMs: Clock.wallMs()).prompts(prompts, names: names)
    }
  }

  // MARK: sessions

  private func performSession(_ words: [String]) throws(Misuse) {
    switch (words.first, words.count) {
    case ("create", 1...2): createSession(alias: words.dropFirst().first)
    case ("attach", 2): open(words[1], agent: nil)
    case ("delete", 1...3): deleteSession(words.dropFirst())
    case ("list", 1), (nil, 0): listSessions()
    case ("rename", 2):
      let params: JSON = [
        "session": .string(conversation?.session ?? ""), "alias": Context.alias(words[1]),
      ]
      command("session.rename", params) { [unowned self] session in
        remark("renamed to \(Names.reference(of: session))")
      }
    default:
      throw Misuse("/session \(words[0]) takes other words", hint: "/session \(Self.usage(of: "session"))")
    }
  }

  /// New agents are of the kind that is talked to here.
  private var provider: String? {
    (focused?.isTalkedTo == true ? focused : conversation?.voices.first { $0.isTalkedTo })?.provider
  }

  private func createSession(alias: String?) {
    var birth = Birth()
    birth.provider = provider
    let params = JSON.record([
      "workspace": .string(context.workspace), "alias": .text(alias), "agents": [context.agent(birth)],
    ])
    command("session.create", params) { [unowned self] session in
      if let id = session["id"]?.string { open(id, agent: nil) }
    }
  }

  private func deleteSession(_ words: ArraySlice<String>) {
    let force = words.contains("--force")
    let name = words.first { $0 != "--force" }
    let current = conversation?.session ?? ""
    let params = context.adding(["force": force ? true : nil], to: context.named(name ?? current))
    command("session.delete", params) { [unowned self] result in
      remark("removed \(result["session"]?.string ?? "it")")
      if result["session"]?.string == current { leave(.left) }
    }
  }

  private func listSessions() {
    let text = context.text
    query("session.list", ["workspace": .string(context.workspace)]) { answer in
      text.list(answer["sessions"]?.array ?? [], withAgents: false)
    }
  }

  // MARK: agents

  private func performAgent(_ words: [String]) throws(Misuse) {
    let session = JSON.string(conversation?.session ?? "")
    switch (words.first, words.count) {
    case ("spawn", 1...3): spawn(Array(words.dropFirst()))
    case ("delete", 1...3):
      let force = words.contains("--force")
      let name = words.dropFirst().first { $0 != "--force" } ?? conversation?.focused
      command(
        "agent.delete",
        .record(["session": session, "agent": .text(name), "force": force ? true : nil]))
    case ("focus", 2): command("agent.focus", ["session": session, "agent": .string(words[1])])
    case ("list", 1), (nil, 0):
      let text = context.text
      query("agent.list", ["session": session]) { text.agents($0["agents"]?.array ?? []) }
    case ("cycle", 1): cycle()
    default: throw Misuse("/agent \(words[0]) takes other words", hint: "/agent \(Self.usage(of: "agent"))")
    }
  }

  func cycle() {
    guard let conversation else { return }
    guard conversation.voices.count > 1 else {
      return remark("there is one agent: /agent spawn makes another")
    }
    command("agent.cycle", ["session": .string(conversation.session)])
  }

  /// `[alias] [model]`, or how many.
  private func spawn(_ words: [String]) {
    let count = words.count == 1 ? words.first.flatMap { Int($0) } : nil
    var birth = Birth()
    birth.provider = provider
    birth.model = words.count > 1 ? words[1] : nil
    let params = context.adding(
      [
        "session": .string(conversation?.session ?? ""), "count": .number(count),
        "alias": .text(count == nil ? words.first : nil),
      ], to: context.agent(birth))
    command("agent.spawn", params) { [unowned self] result in
      for item in result["agents"]?.array ?? [] {
        if let message = item["error"]?["message"]?.string { remark(message) }
      }
    }
  }

  private func performModel(_ words: [String]) throws(Misuse) {
    guard words.isEmpty else {
      throw Misuse("an agent's model is chosen when it is made", hint: "/agent spawn ALIAS \(words[0])")
    }
    remark(focused?.model.map { "the model is \($0)" } ?? "the provider chooses the model")
  }

  private func listProviders() {
    query("provider.list", [:]) { ProviderText.rows($0["providers"]?.array ?? []) }
  }

  // MARK: looking

  private func performHistory(_ words: [String]) throws(Misuse) {
    let count = words.first.map { Int($0) ?? 0 } ?? 50
    guard words.count <= 1, 1...500 ~= count else {
      throw Misuse("'\(words.joined(separator: " "))' is no number of items", hint: "/history [N], 1 to 500")
    }
    ask("session.history", context.adding(["limit": .int(count)], to: reference)) { [unowned self] result in
      switch result {
      case .success(let page):
        let items = page["items"]?.array ?? []
        withPrompts(before: items) { [unowned self] in showItems(items, earlier: $0) }
      case .failure(let error): tell(Failure(error))
      }
    }
  }

  private func showScreen() {
    query("terminal.screen", context.adding(["format": "text"], to: reference)) { answer in
      let rows = (answer["text"]?.array ?? []).map { $0.string ?? "" }
      return rows.prefix((rows.lastIndex { !$0.isEmpty } ?? -1) + 1).map { [Cell($0)] }
    }
  }

  // MARK: completion

  /// What can be named here; sessions are asked for first where the line needs them.
  func names(for text: String, then: @escaping (Completion.Names) -> Void) {
    var names = Completion.Names()
    if let conversation {
      names.agents = conversation.voices.map { conversation.name(of: $0.id) }
      names.prompts = conversation.voices.flatMap(\.queue)
      names.asks = conversation.voices.flatMap(\.asks).map(\.id)
    }
    guard Completion.needsSessions(text) else { return then(names) }
    ask("session.list", ["workspace": .string(context.workspace)]) { result in
      if case .success(let answer) = result {
        names.sessions = Names.references(of: answer["sessions"]?.array ?? [])
      }
      then(names)
    }
  }
}
