import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import Testing

/// The daemon dies between two steps of a prompt: something is recorded and not done yet, or done and not recorded. The
/// other side is stopped meanwhile, so that it is that and nothing else.
@Suite("Killed between recording and doing", .journey)
struct HandOverJourneys {
  /// Stops the server, does `body`, kills the daemon and lets the server go on.
  private static func withServerStopped(_ talk: ScriptedTalk, _ body: () throws -> Void) throws {
    let server = try talk.serverPid()
    let pid = try talk.daemon.daemonPid()
    Processes.stop(server)
    defer { Processes.proceed(server) }
    try body()
    Processes.end(pid)
    try Processes.awaitEnd(of: pid)
  }

  private static func texts(_ talk: ScriptedTalk) throws -> [String] {
    try talk.transcript().filter { $0.hasPrefix("text") }
  }

  @Test("A prompt that was recorded as sent and is still on its way is never sent twice")
  func dispatched() throws {
    try withTalk { talk in
      #expect(try talk.end(of: talk.submit("first").words("id")) == "completed")
      var id = ""
      var next = ""
      try Self.withServerStopped(talk) {
        id = try talk.submit("second").words("id")
        next = try talk.submit("third").words("id")
        try talk.event("prompt.dispatched", of: id)
      }
      try talk.comeBack()
      // By what the server says: whether it arrived before its sender died is for the system to decide.
      let end = try talk.end(of: id)
      #expect(end == "completed" || end == "interrupted")
      #expect(try talk.end(of: next) == "completed")
      let texts = try Self.texts(talk)
      #expect(texts.count { $0 == "text You said: second" } <= 1 && texts.last == "text You said: third")
      #expect(end == "interrupted" || texts.contains("text You said: second"))
    }
  }

  @Test(
    "An answer that was recorded and not delivered is delivered by the next daemon",
    arguments: ["[[tool-ask]]", "[[question]]", "[[child-ask]]"])
  func answered(text: String) throws {
    try withTalk { talk in
      let id = try talk.submit(text).words("id")
      let ask = try talk.ask(of: id).words("ask")
      let choice: JSON = text == "[[question]]" ? "1" : "approve"
      try Self.withServerStopped(talk) {
        try talk.client.request("ask.answer", ["ask": .string(ask), "choice": choice])
      }
      try talk.comeBack()
      #expect(try talk.end(of: id) == "completed")
      #expect(talk.story(of: id).filter { $0.hasPrefix("ask.") } == ["ask.opened", "ask.answered"])
    }
  }

  @Test("A no with a note that was recorded and not delivered is the no that the agent hears")
  func denied() throws {
    try withTalk { talk in
      let id = try talk.submit("[[tool-ask]]").words("id")
      let ask = try talk.ask(of: id).words("ask")
      try Self.withServerStopped(talk) {
        try talk.client.request(
          "ask.answer", ["ask": .string(ask), "choice": "deny", "note": "only on Sundays"])
      }
      try talk.comeBack()
      #expect(try talk.end(of: id) == "completed")
      let tool = try talk.history().last { $0["prompt"]?.string == id && $0["tool"] != nil }
      #expect(try tool?.words("tool.output").contains("only on Sundays") == true)
    }
  }

  @Test(
    "A cancel that was recorded and not delivered is carried out by the next daemon",
    arguments: ["[[late go]]", "[[hold]]", "[[tool-hold]]", "[[tool-ask]]", "[[question]]", "[[child-ask]]"])
  func cancelling(text: String) throws {
    try withTalk { talk in
      let id = try talk.submit(text).words("id")
      let next = try talk.submit("next").words("id")
      let asks = text.contains("ask") || text.contains("question")
      let isLate = text.hasPrefix("[[late")
      if isLate {
        try talk.event("agent.activity") { $0["data"]?["state"] == "working" }
      } else {
        try talk.event(asks ? "ask.opened" : "item.started", of: id)
      }
      try Self.withServerStopped(talk) {
        let answer = try talk.client.request("prompt.cancel", ["prompt": .string(id)])
        #expect(try answer.words("state") == "cancelling")
      }
      try talk.comeBack()
      if isLate { try talk.open("go") }
      #expect(try talk.end(of: id) == "cancelled")
      #expect(try talk.end(of: next) == "completed")
      let open = try talk.client.request("ask.list", ["session": .string(talk.session)]).list("asks")
      #expect(open.isEmpty)
    }
  }

  @Test(
    "A turn whose end was said to a daemon that did not record it is settled by what it came to",
    arguments: [("completed", "[[gate go]]"), ("failed", "[[gate go]] [[401]]")])
  func ended(state: String, text: String) throws {
    try withTalk { talk in
      let id = try talk.submit(text).words("id")
      let next = try talk.submit("next").words("id")
      try talk.event("item.started", of: id)
      let pid = try talk.daemon.daemonPid()
      // It hears, and does not get to listen.
      Processes.stop(pid)
      try talk.open("go")
      let journal = "\(talk.daemon.state)/scripted/data/journal.ndjson"
      try Deadline.until("the end of the turn") {
        let lines = String(decoding: try Files.read(journal, atMost: 1 << 20), as: UTF8.self)
        return lines.contains(#""finish":"stop""#) || lines.contains(#""statusCode":401"#)
      }
      Processes.end(pid)
      try Processes.awaitEnd(of: pid)
      try talk.comeBack()
      #expect(try talk.end(of: id) == state && talk.end(of: next) == "completed")
      #expect(try talk.history().count { $0["type"] == "prompt" } == 2)
    }
  }

  @Test(
    "An ask that opened while the daemon was stopped, and was answered by nobody, is asked by the next one")
  func opened() throws {
    try withTalk { talk in
      let id = try talk.submit("[[gate go]] [[tool-ask]]").words("id")
      try talk.event("item.started", of: id)
      let pid = try talk.daemon.daemonPid()
      Processes.stop(pid)
      try talk.open("go")
      Processes.end(pid)
      try Processes.awaitEnd(of: pid)
      try talk.comeBack()
      let ask = try talk.ask(of: id).words("ask")
      try talk.client.request("ask.answer", ["ask": .string(ask), "choice": "approve"])
      #expect(try talk.end(of: id) == "completed")
    }
  }

  @Test("Agents in every state at once go on after each of several kills, each as if it were alone")
  func everyState() throws {
    let texts = [
      "[[gate go]]", "[[tool-ask]]", "[[tool-hold go]]", "[[hold]] [[stubborn go]]", "[[question]]",
    ]
    try withTalk(agents: texts.count) { talk in
      let ids = try texts.enumerated().map { try talk.submit($1, to: $0).words("id") }
      let queued = try texts.indices.map { try talk.submit("next \($0)", to: $0).words("id") }
      for (index, id) in ids.enumerated() {
        try talk.event([1, 4].contains(index) ? "ask.opened" : "item.started", of: id)
      }
      try talk.client.request("prompt.cancel", ["prompt": .string(ids[3])])
      for _ in 0..<3 {
        try talk.daemon.killDaemon()
        try talk.comeBack()
      }
      #expect(try queued.allSatisfy { try talk.state($0) == "queued" })
      try talk.open("go")
      for (index, choice) in [(1, "approve"), (4, "1")] {
        let ask = try talk.ask(of: ids[index]).words("ask")
        try talk.client.request("ask.answer", ["ask": .string(ask), "choice": .string(choice)])
      }
      let ends = try ids.map { try talk.end(of: $0) }
      #expect(ends == ["completed", "completed", "completed", "cancelled", "completed"])
      for id in queued { #expect(try talk.end(of: id) == "completed") }
    }
  }
}
