import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Talking over crashes", .journey)
struct TalkCrashJourneys {
  /// Kills the daemon, and goes on with the next one. The client has missed nothing.
  private static func crash(_ talk: ScriptedTalk) throws {
    try talk.daemon.killDaemon()
    try talk.comeBack()
  }

  @Test("Killed while a prompt waits: it is sent when its turn comes")
  func queued() throws {
    try withTalk { talk in
      let first = try talk.submit("[[gate go]]").words("id")
      try talk.event("item.started", of: first)
      let second = try talk.submit("second").words("id")
      try Self.crash(talk)
      #expect(try talk.state(second) == "queued")
      try talk.open("go")
      #expect(try talk.end(of: first) == "completed" && talk.end(of: second) == "completed")
      #expect(
        try talk.transcript() == [
          "prompt [[gate go]]", "text Waiting for go. Going on.", "prompt second", "text You said: second",
        ])
    }
  }

  @Test("Killed while a prompt is on its way: it is interrupted if it did not arrive, and never sent twice")
  func dispatching() throws {
    try withTalk { talk in
      // The conversation is there already, so that nothing but the prompt is on its way.
      #expect(try talk.end(of: talk.submit("first").words("id")) == "completed")
      let id = try talk.submit("[[late go]]").words("id")
      let next = try talk.submit("next").words("id")
      try talk.event("prompt.dispatched", of: id)
      #expect(try talk.state(id) == "dispatching")
      try Self.crash(talk)
      #expect(try talk.end(of: id) == "interrupted")
      try talk.open("go")
      #expect(try talk.end(of: next) == "completed")
      #expect(
        try talk.transcript().filter { $0.hasPrefix("text") } == [
          "text You said: first", "text You said: next",
        ])
    }
  }

  @Test("Killed before the conversation is open: the prompt is interrupted, and the next one opens it")
  func opening() throws {
    try withTalk(.init(environment: ["ARROBA_SCRIPTED_FAULT": "slow 1500"])) { talk in
      let id = try talk.submit("first").words("id")
      let next = try talk.submit("next").words("id")
      try talk.event("prompt.dispatched", of: id)
      try Self.crash(talk)
      #expect(try talk.end(of: id) == "interrupted")
      #expect(try talk.end(of: next) == "completed")
    }
  }

  @Test(
    "Killed in the middle of a text: the turn goes on without the daemon, and its end is found",
    arguments: ["[[gate go]]", "[[tool-hold go]]"])
  func running(text: String) throws {
    try withTalk { talk in
      let id = try talk.submit(text).words("id")
      let begun = try talk.event("item.started", of: id)
      let server = try talk.serverPid()
      try Self.crash(talk)
      #expect(try talk.state(id) == "running")
      try talk.open("go")
      #expect(try talk.end(of: id) == "completed")
      #expect(try talk.serverPid() == server)
      // The same item, not another one beside it.
      let items = try talk.history().filter { $0["prompt"]?.string == id && $0["type"] != "prompt" }
      #expect(items.contains { $0["id"] == begun["data"]?["item"] })
      #expect(Set(items.map { $0["id"] ?? .null }).count == items.count)
      #expect(try talk.end(of: talk.submit("next").words("id")) == "completed")
    }
  }

  @Test(
    "The turn ends while no daemon is there: the next one settles it by what it came to",
    arguments: [("completed", "[[gate go]]"), ("failed", "[[gate go]] [[401]]")])
  func endedMeanwhile(state: String, text: String) throws {
    try withTalk { talk in
      let id = try talk.submit(text).words("id")
      let next = try talk.submit("next").words("id")
      try talk.event("item.started", of: id)
      let server = try talk.serverPid()
      // Stopped, so that the server has time to end the turn before anybody looks.
      Processes.stop(server)
      let pid = try talk.daemon.daemonPid()
      Processes.end(pid)
      try talk.open("go")
      Processes.proceed(server)
      try Processes.awaitEnd(of: pid)
      try talk.comeBack()
      #expect(try talk.end(of: id) == state)
      #expect(try talk.end(of: next) == "completed")
    }
  }

  @Test("Killed while a prompt is being cancelled: it ends as cancelled")
  func cancelling() throws {
    try withTalk { talk in
      let id = try talk.submit("[[hold]] [[stubborn go]]").words("id")
      try talk.event("item.started", of: id)
      try talk.client.request("prompt.cancel", ["session": .string(talk.session)])
      try Self.crash(talk)
      #expect(try talk.state(id) == "cancelling")
      try talk.open("go")
      #expect(try talk.end(of: id) == "cancelled")
      #expect(try talk.end(of: talk.submit("next").words("id")) == "completed")
    }
  }

  @Test(
    "Killed while an ask is open: it is still the same ask, and its answer reaches the agent",
    arguments: ["[[tool-ask]]", "[[question]]", "[[child-ask]]", "[[two-asks]]"])
  func asking(text: String) throws {
    try withTalk { talk in
      let id = try talk.submit(text).words("id")
      let count = text == "[[two-asks]]" ? 2 : 1
      let asks = try (1...count).map { try talk.ask(of: id, number: $0).words("ask") }
      try Self.crash(talk)
      let open = try talk.client.request("ask.list", ["session": .string(talk.session)]).list("asks")
      #expect(try open.map { try $0.words("id") } == asks)
      for ask in asks {
        try talk.client.request(
          "ask.answer", ["ask": .string(ask), "choice": text == "[[question]]" ? "1" : "approve"])
      }
      #expect(try talk.end(of: id) == "completed")
      #expect(talk.story(of: id).count { $0 == "ask.opened" } == count)
    }
  }

  @Test("Killed right behind an answer: the agent gets it all the same")
  func answered() throws {
    try withTalk { talk in
      for _ in 0..<3 {
        let id = try talk.submit("[[tool-ask]]").words("id")
        let ask = try talk.ask(of: id).words("ask")
        let pid = try talk.daemon.daemonPid()
        try talk.client.request("ask.answer", ["ask": .string(ask), "choice": "approve"])
        Processes.end(pid)
        try Processes.awaitEnd(of: pid)
        try talk.comeBack()
        #expect(try talk.end(of: id) == "completed")
      }
    }
  }

  @Test("Killed right behind every answer to a submission: each prompt is answered once")
  func submitted() throws {
    try withTalk { talk in
      var ids: [String] = []
      for number in 0..<5 {
        let pid = try talk.daemon.daemonPid()
        ids.append(try talk.submit("[[gate go]] \(number)", command: "k\(number)").words("id"))
        Processes.end(pid)
        try Processes.awaitEnd(of: pid)
        try talk.comeBack()
        #expect(try talk.submit("[[gate go]] \(number)", command: "k\(number)").words("id") == ids[number])
      }
      try talk.open("go")
      // One that was on its way when the daemon died is interrupted, and the next one takes its place.
      let ends = try ids.map { try talk.end(of: $0) }
      #expect(ends.allSatisfy { $0 == "completed" || $0 == "interrupted" }, "\(ends)")
      let items = try talk.history()
      #expect(items.count { $0["type"] == "prompt" } == 5)
      for (id, end) in zip(ids, ends) where end == "completed" {
        let texts = items.filter { $0["prompt"]?.string == id && $0["type"] == "text" }.map {
          $0["text"] ?? .null
        }
        #expect(
          !texts.isEmpty && Set(texts).count == texts.count,
          "\(id) \(ends) \(talk.seen.map(\.shown).joined(separator: "\n"))")
      }
    }
  }

  @Test(
    "The server is killed in the middle of a turn: the prompt is interrupted, the queue goes on",
    arguments: ["[[hold]]", "[[tool-hold]]", "[[tool-ask]]", "[[child-ask]]", "[[429]]"])
  func serverKilled(text: String) throws {
    try withTalk { talk in
      #expect(try talk.end(of: talk.submit("first").words("id")) == "completed")
      let conversation = try talk.client.request("agent.get", ["session": .string(talk.session)])
        .words("talk.conversation")
      let id = try talk.submit(text).words("id")
      let next = try talk.submit("next").words("id")
      try talk.event(text.contains("ask") ? "ask.opened" : "prompt.started", of: id)
      Processes.end(try talk.serverPid())
      #expect(try talk.end(of: id) == "interrupted" && talk.end(of: next) == "completed")
      #expect(try talk.prompt(id).words("proof") == "server gone")
      let agent = try talk.client.request("agent.get", ["session": .string(talk.session)])
      #expect(try agent.words("talk.conversation") == conversation && agent.number("talk.asks") == 0)
    }
  }

  @Test("Server and daemon are killed at once: the prompt is interrupted, and the queue goes on")
  func bothKilled() throws {
    try withTalk { talk in
      let id = try talk.submit("[[hold]]").words("id")
      let next = try talk.submit("next").words("id")
      try talk.event("item.started", of: id)
      // It must not get to see the server's end, or it would send the next prompt before its own.
      let (daemon, server) = (try talk.daemon.daemonPid(), try talk.serverPid())
      Processes.stop(daemon)
      Processes.end(server)
      Processes.end(daemon)
      try Processes.awaitEnd(of: daemon)
      try talk.comeBack()
      #expect(try talk.end(of: id) == "interrupted")
      // The run may have failed with it; then the next prompt goes out with a new run, first things first.
      if try talk.state(next) == "queued" { try talk.submit("last") }
      #expect(try talk.end(of: next) == "completed")
    }
  }

  @Test("A daemon that restarts on purpose hands the turn over; one that stops ends the server")
  func restart() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let talk = try ScriptedTalk(daemon)
    let id = try talk.submit("[[gate go]]").words("id")
    try talk.event("item.started", of: id)
    let server = try talk.serverPid()
    let pid = try daemon.daemonPid()
    try talk.client.request("daemon.shutdown", ["mode": "restart"])
    try Processes.awaitEnd(of: pid)
    try talk.comeBack()
    #expect(Processes.lives(server))
    try talk.open("go")
    #expect(try talk.end(of: id) == "completed")
    try daemon.stop()
    try Processes.awaitEnd(of: server)
  }

  @Test("The supervisor is killed: its server is ended by the next start, and the conversation goes on there")
  func supervisorKilled() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let talk = try ScriptedTalk(daemon)
    let id = try talk.submit("[[hold]]").words("id")
    let queued = try talk.submit("queued").words("id")
    try talk.event("item.started", of: id)
    let server = try talk.serverPid()
    let proper = try daemon.daemonPid()
    try daemon.killSupervisor()
    try Processes.awaitEnd(of: proper)
    let next = DaemonUnderTest(in: daemon.house)
    try next.start()
    try talk.comeBack()
    #expect(try talk.end(of: id) == "interrupted")
    #expect(try talk.end(of: queued) == "completed")
    try Processes.awaitEnd(of: server)
    try next.stop()
  }

  @Test("A server that cannot start fails the prompt and keeps the queue; when it can, the queue goes on")
  func cannotStart() throws {
    let daemon = DaemonUnderTest()
    try daemon.start(.init(environment: ["ARROBA_SCRIPTED_FAULT": "exit 3"]))
    let talk = try ScriptedTalk(daemon)
    try talk.event("run.ended")
    let first = try talk.submit("first").words("id")
    #expect(try talk.end(of: first) == "failed")
    #expect(try talk.prompt(first).words("failure") == "not_accepted")
    #expect(try talk.prompt(first).words("reason").contains("told to fail"))
    let agent = try talk.client.request("agent.get", ["session": .string(talk.session)])
    #expect(try agent.words("activity.state") == "failed")
    try daemon.stop()
    let next = DaemonUnderTest(in: daemon.house)
    try next.start()
    try talk.comeBack()
    #expect(try talk.end(of: talk.submit("second").words("id")) == "completed")
    try next.stop()
  }
}
