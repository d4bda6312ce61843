import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// The real binaries with the real Claude Code and a scripted model. `scripts/test --live` runs them.
@Suite("Live Claude Code", .journey, .enabled(if: LiveEnvironment.claude.isThere), .serialized)
struct LiveClaudeJourneys {
  private static func withClaude(_ body: (ScriptedTalk) throws -> Void) throws {
    try withDaemon(.init(environment: try LiveEnvironment.claude.variables())) { daemon in
      let talk = try ScriptedTalk(
        daemon, provider: "claude-code", workspace: try LiveEnvironment.claude.project())
      try body(talk)
      // It answers whatever was before.
      #expect(try talk.end(of: talk.submit("hello again").words("id")) == "completed")
      #expect(try talk.transcript().last == "text echo: hello again")
    }
  }

  private static func answer(_ id: String, _ choice: String, in talk: ScriptedTalk) throws -> String {
    let ask = try talk.ask(of: id).words("ask")
    try talk.client.request("ask.answer", ["ask": .string(ask), "choice": .string(choice)])
    return try talk.end(of: id)
  }

  private static func path(_ name: String) throws -> String {
    try "\(LiveEnvironment.claude.project())/\(name)"
  }

  @Test(
    "A prompt is answered; commands run when they are allowed, and not when they are denied; a question is put"
  )
  func conversation() throws {
    try Self.withClaude { talk in
      #expect(try talk.end(of: talk.submit("hello there").words("id")) == "completed")
      #expect(try talk.transcript() == ["prompt hello there", "text echo: hello there"])
      let allowed = try talk.submit("!tool shell touch live-allowed").words("id")
      #expect(try Self.answer(allowed, "once", in: talk) == "completed")
      #expect(try Files.status(Self.path("live-allowed")) != nil)
      let denied = try talk.submit("!tool shell touch live-denied").words("id")
      #expect(try Self.answer(denied, "deny", in: talk) == "cancelled")
      #expect(try Files.status(Self.path("live-denied")) == nil)
      let call =
        #"{"questions": [{"question": "Which colour?", "header": "Colour", "multiSelect": false, "options": [{"label": "Red", "description": "warm"}, {"label": "Blue", "description": "cold"}]}]}"#
      let question = try talk.submit("!call AskUserQuestion \(call)").words("id")
      #expect(try Self.answer(question, "2", in: talk) == "completed")
      #expect(try talk.transcript().last?.contains(#""Which colour?"="Blue""#) == true)
      let plan = try talk.submit(#"!call ExitPlanMode {"plan": "1. do this"}"#).words("id")
      _ = try talk.end(of: plan)
    }
  }

  @Test(
    "A turn is cancelled in its text and in a command; an error of the model's service ends it as what it is")
  func ends() throws {
    try Self.withClaude { talk in
      let text = try talk.submit("@50 !long 400").words("id")
      try talk.event("item.delta", of: text)
      try talk.client.request("prompt.cancel", ["session": .string(talk.session)])
      #expect(try talk.end(of: text) == "cancelled")
      let failed = try talk.submit("!error 401").words("id")
      #expect(try talk.end(of: failed) == "failed")
      #expect(try talk.prompt(failed).words("failure") == "authentication")
    }
  }

  @Test("The daemon is killed in mid turn, and no word is missing or doubled")
  func daemonKilled() throws {
    try Self.withClaude { talk in
      let id = try talk.submit("@20 !long 150").words("id")
      try talk.event("item.delta", of: id)
      try talk.daemon.killDaemon()
      try talk.comeBack()
      #expect(try talk.end(of: id) == "completed")
      let words = (1...150).map { "w\($0)" }.joined(separator: " ")
      let texts = try talk.history().filter { $0["prompt"]?.string == id && $0["type"] == "text" }
      #expect(try texts.map { try $0.words("text").trimmed } == [words])
    }
  }

  @Test("Claude Code is killed in mid turn: the turn is interrupted, and the conversation goes on")
  func agentKilled() throws {
    try Self.withClaude { talk in
      #expect(try talk.end(of: talk.submit("remember this").words("id")) == "completed")
      let id = try talk.submit("@50 !long 400").words("id")
      try talk.event("item.delta", of: id)
      let agents = try Files.list("/proc").compactMap { Int32($0) }.filter { pid in
        // Whoever has gone meanwhile is none of them.
        guard let line = try? Files.read("/proc/\(pid)/cmdline", atMost: 4096) else { return false }
        let isAgent = String(decoding: line, as: UTF8.self).contains("stream-json")
        let socket = try? Processes.environment(of: pid)["ARROBA_SOCKET"]
        return isAgent && socket == talk.daemon.socket
      }
      #expect(agents.count == 1)
      for pid in agents { Processes.end(pid) }
      #expect(try talk.end(of: id) == "interrupted")
    }
  }
}

extension String {
  fileprivate var trimmed: String { split(separator: " ").joined(separator: " ") }
}
