internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// Verbs about what agents ask.
extension Context {
  func asks(_ target: Target?, all: Bool) throws -> Int32 {
    var params = JSON.record(["all": all ? true : nil])
    if let target { params = adding(["all": all ? true : nil], to: session(target)) }
    if let agent = target?.agent { params = adding(["agent": .string(agent)], to: params) }
    let result = try client.ask("ask.list", params)
    let asks = result["asks"]?.array ?? []
    if output.isJSON {
      output.json(result)
    } else if output.isQuiet {
      for ask in asks { output.line(Clean.line(ask["id"]?.string ?? "?")) }
    } else if asks.isEmpty {
      output.note("nobody asks anything")
    } else {
      let names = try references()
      let text = PromptText(nowMs: Clock.wallMs())
      for ask in asks {
        let session = ask["session"]?.string ?? "?"
        let agent = ask["agent"]?.string ?? "?"
        let name = "\(names.sessions[session] ?? session)/\(names.agents[agent] ?? agent)"
        for line in text.ask(ask, name: name) { output.line(line) }
      }
    }
    return ExitCode.done
  }

  /// How sessions and their agents are called, by id.
  private func references() throws -> (sessions: [String: String], agents: [String: String]) {
    let sessions = try client.ask("session.list", [:])["sessions"]?.array ?? []
    var names: [String: String] = [:]
    for (session, name) in zip(sessions, Names.references(of: sessions)) {
      if let id = session["id"]?.string { names[id] = name }
    }
    return (names, Self.names(of: sessions))
  }

  func answer(_ name: String, choice: String, note: String?) throws -> Int32 {
    // What is settled is not listed; the daemon then says who was first.
    let open = try client.ask("ask.list", [:])["asks"]?.array?.compactMap { OpenAsk($0) } ?? []
    let exact = open.first { $0.id == name }
    let like = open.filter { $0.id.hasPrefix(name) }
    let ask = exact ?? (like.count == 1 ? like.first : nil)
    var params =
      try ask?.answer(choice, note: note) ?? .record(["choice": .string(choice), "note": .text(note)])
    params = adding(["ask": .string(ask?.id ?? name)], to: params)
    return try say(client.command("ask.answer", params)) { settled in
      let words = ask?.words(of: settled["answer"] ?? .null) ?? choice
      return "answered \(settled["id"]?.string ?? name): \(words)"
    }
  }
}
