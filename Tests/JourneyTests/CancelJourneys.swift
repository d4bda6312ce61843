import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Cancelling", .journey)
struct CancelJourneys {
  /// A prompt's text, and the event after which it is where it is to be cancelled.
  struct Place: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let event: String
    var testDescription: String { name }

    static let all = [
      Place(name: "before it is taken", text: "[[late go]]", event: "agent.activity"),
      Place(name: "in a text", text: "[[hold]]", event: "item.started"),
      Place(name: "in a tool", text: "[[tool-hold]]", event: "item.started"),
      Place(name: "in a permission", text: "[[tool-ask]]", event: "ask.opened"),
      Place(name: "in a question", text: "[[question]]", event: "ask.opened"),
      Place(name: "in an agent within the agent", text: "[[child [[hold]]]]", event: "prompt.started"),
      Place(name: "in the ask of one", text: "[[child-ask]]", event: "ask.opened"),
      Place(name: "in a wait for the model's service", text: "[[429]]", event: "prompt.started"),
    ]
  }

  @Test(
    "A prompt is cancelled wherever it is, its asks are withdrawn, and the next one is answered",
    arguments: Place.all)
  func everywhere(place: Place) throws {
    try withTalk { talk in
      let id = try talk.submit(place.text).words("id")
      let next = try talk.submit("next").words("id")
      // Of a prompt that is not taken nothing is told but that the agent works.
      if place.text.hasPrefix("[[late") {
        try talk.event("agent.activity") { $0["data"]?["state"] == "working" }
      } else {
        try talk.event(place.event, of: id)
      }
      let answer = try talk.client.request("prompt.cancel", ["session": .string(talk.session)])
      #expect(try answer.words("id") == id && answer.words("state") == "cancelling")
      if place.text.hasPrefix("[[late") { try talk.open("go") }
      #expect(try talk.end(of: id) == "cancelled")
      #expect(try talk.end(of: next) == "completed")
      let open = try talk.client.request("ask.list", ["session": .string(talk.session)])
      #expect(try open.list("asks").isEmpty)
      let asks = talk.story(of: id).filter { $0.hasPrefix("ask.") }
      #expect(asks.isEmpty || asks == ["ask.opened", "ask.withdrawn"])
      #expect(try talk.prompt(id)["reason"] == "cancelled")
    }
  }

  @Test("A prompt that waits is cancelled at once; what has ended cannot be")
  func waiting() throws {
    try withTalk { talk in
      let none = try talk.client.refusal("prompt.cancel", ["session": .string(talk.session)])
      #expect(none.kind == .promptNotActive)
      let first = try talk.submit("[[gate go]]").words("id")
      let second = try talk.submit("second").words("id")
      let answer = try talk.client.request("prompt.cancel", ["prompt": .string(second)])
      #expect(try answer.words("state") == "cancelled")
      #expect(try talk.client.refusal("prompt.cancel", ["prompt": .string(second)]).kind == .promptNotActive)
      try talk.open("go")
      #expect(try talk.end(of: first) == "completed")
      #expect(try talk.client.refusal("prompt.cancel", ["prompt": .string(first)]).kind == .promptNotActive)
      #expect(talk.story(of: second) == ["prompt.submitted", "prompt.cancelled"])
    }
  }

  @Test("By force a prompt ends although its provider does not confirm it, and says so")
  func force() throws {
    try withTalk { talk in
      let id = try talk.submit("[[hold]] [[stubborn go]]").words("id")
      try talk.event("item.started", of: id)
      try talk.client.request("prompt.cancel", ["session": .string(talk.session)])
      #expect(try talk.state(id) == "cancelling")
      try talk.client.request("prompt.cancel", ["session": .string(talk.session), "force": true])
      #expect(try talk.end(of: id) == "interrupted")
      let next = try talk.submit("next").words("id")
      try talk.open("go")
      #expect(try talk.end(of: next) == "completed")
    }
  }

  @Test("A session that is ended stops what its agent works on, at the provider as well")
  func ended() throws {
    try withTalk { talk in
      let id = try talk.submit("[[hold]]").words("id")
      let queued = try talk.submit("queued").words("id")
      try talk.event("item.started", of: id)
      let refusal = try talk.client.refusal("session.end", ["session": .string(talk.session)])
      #expect(refusal.kind == .busy)
      try talk.client.request("session.end", ["session": .string(talk.session), "force": true])
      #expect(try talk.end(of: id) == "interrupted" && talk.end(of: queued) == "cancelled")
      // The server's own record: the answer is closed, by an abort.
      let journal = "\(talk.daemon.state)/scripted/data/journal.ndjson"
      try Deadline.until("the abort in \(journal)") {
        String(decoding: try Files.read(journal, atMost: 1 << 20), as: UTF8.self)
          .contains("MessageAbortedError")
      }
      let late: JSON = ["session": .string(talk.session), "text": "late"]
      #expect(try talk.client.refusal("prompt.submit", late).kind == .sessionEnded)
    }
  }

  @Test("An agent with a prompt is deleted by force only, and takes its prompts with it")
  func deleted() throws {
    try withTalk(agents: 2) { talk in
      let id = try talk.submit("[[hold]]", to: 1).words("id")
      try talk.event("item.started", of: id)
      let params: JSON = ["session": .string(talk.session), "agent": .string(talk.agents[1])]
      #expect(try talk.client.refusal("agent.delete", params).kind == .busy)
      var forced = params.object ?? JSONObject()
      forced["force"] = true
      try talk.client.request("agent.delete", .object(forced))
      #expect(try talk.end(of: id) == "interrupted")
      let other = try talk.submit("hello").words("id")
      #expect(try talk.end(of: other) == "completed")
    }
  }

  @Test("A program on a terminal takes no prompts")
  func terminal() throws {
    try withDaemon { daemon in
      let id = try daemon.session("exec sleep 1000").words("id")
      let refusal = try daemon.client().refusal("prompt.submit", ["session": .string(id), "text": "hello"])
      #expect(refusal.kind == .notSupported)
    }
  }
}
