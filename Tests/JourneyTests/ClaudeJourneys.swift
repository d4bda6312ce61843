import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// Agents that are processes on pipes, with `claude-stub` in place of Claude Code and the real daemon.
@Suite("Talking to Claude Code", .journey)
struct ClaudeJourneys {
  private func withTalk(_ body: (ScriptedTalk) throws -> Void) throws {
    let house = TemporaryDirectory()
    let manner = DaemonUnderTest.Manner(environment: [
      "ARROBA_CLAUDE_BIN": DaemonUnderTest.beside("claude-stub"), "CLAUDE_STUB_DATA": house.path,
    ])
    try withDaemon(manner) { daemon in try body(ScriptedTalk(daemon, provider: "claude-code")) }
  }

  private func crash(_ talk: ScriptedTalk) throws {
    try talk.daemon.killDaemon()
    try talk.comeBack()
  }

  private func answer(_ ask: JSON, _ choice: String, _ talk: ScriptedTalk) throws {
    try talk.client.request("ask.answer", ["ask": .string(ask.words("ask")), "choice": .string(choice)])
  }

  @Test("Prompts are answered, one after another, and what they use is told")
  func plain() throws {
    try withTalk { talk in
      let first = try talk.submit("hello").words("id")
      let second = try talk.submit("[[reasoning]]").words("id")
      #expect(try talk.end(of: first) == "completed" && talk.end(of: second) == "completed")
      #expect(
        try talk.transcript() == [
          "prompt hello", "text You said: hello", "prompt [[reasoning]]", "reasoning Let me think.",
          "text Thought.",
        ])
    }
  }

  @Test("A tool is allowed, and denied, and allowed for as long as the conversation lasts")
  func permissions() throws {
    try withTalk { talk in
      for (choice, end, tool) in [("once", "completed", "completed"), ("deny", "cancelled", "failed")] {
        let id = try talk.submit("[[tool-ask make]]").words("id")
        try answer(talk.ask(of: id), choice, talk)
        #expect(try talk.end(of: id) == end)
        #expect(try talk.transcript().contains("bash \(tool)"))
      }
      let id = try talk.submit("[[tool-ask make]]").words("id")
      try answer(talk.ask(of: id), "always1", talk)
      #expect(try talk.end(of: id) == "completed")
      let last = try talk.submit("[[tool-ask make]]").words("id")
      #expect(try talk.end(of: last) == "completed")
      #expect(!talk.story(of: last).contains("ask.opened"))
    }
  }

  @Test("A turn is stopped in the middle of a text")
  func cancelled() throws {
    try withTalk { talk in
      let id = try talk.submit("[[hold]]").words("id")
      try talk.event("item.started", of: id)
      try talk.client.request("prompt.cancel", ["session": .string(talk.session)])
      #expect(try talk.end(of: id) == "cancelled")
      #expect(try talk.end(of: talk.submit("hello").words("id")) == "completed")
    }
  }

  @Test(
    "Killed in the middle of a turn: it goes on without the daemon, and nothing is lost or doubled",
    arguments: ["[[gate go]]", "[[tool-hold go]]"])
  func daemonKilled(text: String) throws {
    try withTalk { talk in
      let id = try talk.submit(text).words("id")
      let begun = try talk.event("item.started", of: id)
      try crash(talk)
      #expect(try talk.state(id) == "running")
      try talk.open("go")
      #expect(try talk.end(of: id) == "completed")
      let items = try talk.history().filter { $0["prompt"]?.string == id && $0["type"] != "prompt" }
      #expect(items.contains { $0["id"] == begun["data"]?["item"] })
      #expect(Set(items.map { $0["id"] ?? .null }).count == items.count)
      #expect(items.count == (text.contains("tool") ? 3 : 1))
      #expect(try talk.end(of: talk.submit("hello").words("id")) == "completed")
    }
  }

  @Test("Killed while it asks: the same ask waits afterwards, and its answer reaches it")
  func killedWhileAsking() throws {
    try withTalk { talk in
      let id = try talk.submit("[[tool-ask make]]").words("id")
      let ask = try talk.ask(of: id)
      try crash(talk)
      try answer(ask, "once", talk)
      #expect(try talk.end(of: id) == "completed")
      #expect(talk.story(of: id).filter { $0 == "ask.opened" }.count == 1)
    }
  }

  @Test("Killed while a prompt is on its way: it is not lost and not sent twice")
  func killedWhileDispatching() throws {
    try withTalk { talk in
      #expect(try talk.end(of: talk.submit("first").words("id")) == "completed")
      let id = try talk.submit("[[late go]]").words("id")
      try talk.event("prompt.dispatched", of: id)
      try crash(talk)
      try talk.open("go")
      // Written before the daemon died, or not; in neither case is it said twice.
      let end = try talk.end(of: id)
      #expect(end == "completed" || end == "interrupted")
      let answers = try talk.transcript().filter { $0 == "text You said: late" }
      #expect(answers.count == (end == "completed" ? 1 : 0))
      #expect(try talk.end(of: talk.submit("next").words("id")) == "completed")
    }
  }

  @Test("An agent whose process is killed is interrupted, and goes on in the same conversation")
  func agentKilled() throws {
    try withTalk { talk in
      let id = try talk.submit("[[exit]]").words("id")
      #expect(try talk.end(of: id) == "interrupted")
      #expect(try talk.prompt(id).words("reason").contains("out of luck"))
      #expect(try talk.end(of: talk.submit("hello").words("id")) == "completed")
      #expect(try talk.transcript().suffix(1) == ["text You said: hello"])
    }
  }

  @Test("It is listed with what is missing where there is none")
  func missing() throws {
    let manner = DaemonUnderTest.Manner(environment: ["ARROBA_CLAUDE_BIN": "/no/claude"])
    try withDaemon(manner) { daemon in
      let listed = try daemon.client().request("provider.list", [:]).list("providers")
      let claude = listed.first { $0["name"] == "claude-code" }
      #expect(claude?["available"] == false)
      #expect(
        claude?["reason"]?.string
          == "ARROBA_CLAUDE_BIN names /no/claude, which is not the path of an executable file")
    }
  }
}
