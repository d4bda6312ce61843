import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// Asks that nobody answers.
@Suite("Deadlines of asks", .journey)
struct DeadlineJourneys {
  /// The shortest there is.
  private static func configure(_ talk: ScriptedTalk, onDeadline: String) throws {
    try talk.client.request(
      "config.set", ["values": ["asks.deadlineMs": 1000, "asks.onDeadline": .string(onDeadline)]])
  }

  @Test(
    "An ask that nobody answers in time is denied, and the event says that it was the deadline",
    // An agent within the agent that is told no ends by itself, and its root goes on.
    arguments: [("[[tool-ask]]", "cancelled"), ("[[question]]", "cancelled"), ("[[child-ask]]", "completed")])
  func denied(text: String, end: String) throws {
    try withTalk { talk in
      try Self.configure(talk, onDeadline: "deny")
      let id = try talk.submit(text).words("id")
      let ask = try talk.ask(of: id).words("ask")
      let expired = try talk.event("ask.expired", of: id)
      #expect(expired["by"] == nil)
      #expect(try expired.words("data.ask") == ask && expired.words("data.onDeadline") == "deny")
      #expect(try expired.number("data.deadlineMs") == 1000 && !expired.list("data.choices").isEmpty)
      #expect(try talk.end(of: id) == end)
      let late = try talk.client.refusal("ask.answer", ["ask": .string(ask), "choice": "approve"])
      #expect(late.kind == .askAlreadyAnswered && late.details["expiredAt"]?.string != nil)
      #expect(talk.story(of: id).filter { $0.hasPrefix("ask.") } == ["ask.opened", "ask.expired"])
      let listed = try talk.client.request("ask.list", ["session": .string(talk.session), "all": true])
      #expect(try listed.list("asks").last?.words("state") == "expired")
    }
  }

  @Test("Where the rule is to give up, the prompt is cancelled, and the next one goes on")
  func failed() throws {
    try withTalk { talk in
      try Self.configure(talk, onDeadline: "fail")
      let id = try talk.submit("[[two-asks]]").words("id")
      let next = try talk.submit("next").words("id")
      try talk.event("ask.expired", of: id)
      #expect(try talk.end(of: id) == "cancelled" && talk.end(of: next) == "completed")
      #expect(talk.story(of: id).contains("prompt.cancelling"))
    }
  }

  @Test("An answer in time is the first one, and the deadline comes to nothing")
  func answered() throws {
    try withTalk { talk in
      try talk.client.request("config.set", ["values": ["asks.deadlineMs": 600_000]])
      let id = try talk.submit("[[tool-ask]]").words("id")
      let ask = try talk.ask(of: id).words("ask")
      let listed = try talk.client.request("ask.list", ["session": .string(talk.session)]).list("asks")
      #expect(listed.first?["deadlineAt"]?.string != nil)
      try talk.client.request("ask.answer", ["ask": .string(ask), "choice": "approve"])
      // A deadline that lies behind it by now.
      try Self.configure(talk, onDeadline: "deny")
      #expect(try talk.end(of: id) == "completed")
      #expect(talk.story(of: id).filter { $0.hasPrefix("ask.") } == ["ask.opened", "ask.answered"])
    }
  }

  @Test(
    "A deadline that passes while no daemon is there holds at the next start", arguments: ["deny", "fail"])
  func whileDown(rule: String) throws {
    try withTalk { talk in
      let id = try talk.submit("[[tool-ask]]").words("id")
      let opened = try talk.ask(of: id)
      let others = try (0..<2).map { try talk.submit("\($0)").words("id") }
      // Nobody tells the daemon that lives; the next one finds it.
      let file = talk.daemon.house.path("home/.config/arroba/config.json")
      try Files.makeDirectory(talk.daemon.house.path("home/.config/arroba"))
      let text = #"{"asks":{"deadlineMs":1000,"onDeadline":"\#(rule)"}}"#
      try Files.replace(file, with: Array(text.utf8))
      try talk.daemon.killDaemon()
      try talk.comeBack()
      #expect(try talk.event("ask.expired", of: id).words("data.ask") == opened.words("ask"))
      #expect(try talk.end(of: id) == "cancelled")
      for other in others { #expect(try talk.end(of: other) == "completed") }
      #expect(talk.story(of: id).filter { $0.hasPrefix("ask.") } == ["ask.opened", "ask.expired"])
    }
  }

  @Test("Killed right behind the deadline: the agent is told no all the same, and nobody twice")
  func killedBehind() throws {
    try withTalk { talk in
      try Self.configure(talk, onDeadline: "deny")
      let id = try talk.submit("[[tool-ask]]").words("id")
      let pid = try talk.daemon.daemonPid()
      try talk.event("ask.expired", of: id)
      Processes.end(pid)
      try Processes.awaitEnd(of: pid)
      try talk.comeBack()
      #expect(try talk.end(of: id) == "cancelled")
      #expect(talk.story(of: id).filter { $0.hasPrefix("ask.") } == ["ask.opened", "ask.expired"])
      #expect(try talk.end(of: talk.submit("next").words("id")) == "completed")
    }
  }

  @Test("Who waits for a prompt hears of the deadline, and the exit code says that it was denied")
  func headless() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation(alias: "talk")
      try daemon.client().request("config.set", ["values": ["asks.deadlineMs": 1000]])
      let (code, said) = try daemon.arroba(["send", id, "--wait", "--", "[[tool-ask make]]"])
      #expect(code == 5, "\(said)")
      #expect(said.contains("waiting for an answer:\n? run make"))
      #expect(said.contains("? run make → denied: nobody answered within 1.0 s\n"))
      #expect(try daemon.arroba(["asks", "--all"]).output.contains("denied: nobody answered within 1.0 s"))
    }
  }
}
