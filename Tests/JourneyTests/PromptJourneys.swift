import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Prompts", .journey)
struct PromptJourneys {
  @Test(
    "A prompt goes from submitted to completed, and its receipt says when it was where, and by what proof")
  func life() throws {
    try withTalk { talk in
      let submitted = try talk.submit("hello")
      let id = try submitted.words("id")
      #expect(try submitted.words("state") == "dispatching" && submitted.number("position") == 0)
      #expect(try submitted.words("by") == "c_test")
      #expect(try talk.end(of: id) == "completed")
      #expect(
        talk.story(of: id) == [
          "prompt.submitted", "prompt.dispatched", "prompt.started", "prompt.completed",
        ])
      let prompt = try talk.prompt(id)
      #expect(
        try prompt.list("states").map { try $0.words("state") } == [
          "queued", "dispatching", "running", "completed",
        ])
      #expect(try prompt.words("proof") == "idle, finish stop" && prompt["position"] == nil)
      #expect(try prompt.number("usage.input") == 100 && prompt.number("usage.context") > 100)
      #expect(try talk.transcript() == ["prompt hello", "text You said: hello"])
      try talk.event("agent.activity") { $0["data"]?["state"] == "idle" }
      let agent = try talk.client.request("agent.get", ["session": .string(talk.session)])
      #expect(try agent.words("talk.version") == "1.18.34" && agent.number("talk.queued") == 0)
      #expect(try agent.words("talk.conversation").hasPrefix("ses_"))
    }
  }

  @Test("What streams is told as it comes, joined, and the item that stays has all of it")
  func streaming() throws {
    try withTalk { talk in
      let id = try talk.submit("[[gate go]]").words("id")
      let begun = try talk.event("item.started", of: id)
      #expect(try begun.words("data.type") == "text" && begun.words("data.text") == "Waiting for go. ")
      try talk.open("go")
      #expect(try talk.end(of: id) == "completed")
      #expect(try talk.streamed(of: id) == "Waiting for go. Going on.")
      #expect(try talk.event("item.completed", of: id).words("data.text") == "Waiting for go. Going on.")
    }
  }

  @Test("Prompts are answered in the order of the queue, one at a time; the agent is never idle in between")
  func order() throws {
    try withTalk { talk in
      let first = try talk.submit("[[gate go]] 0").words("id")
      try talk.event("prompt.started", of: first)
      let others = try (1...4).map { try talk.submit("number \($0)") }
      #expect(try others.map { try $0.number("position") } == [1, 2, 3, 4])
      #expect(try others.allSatisfy { try $0.words("state") == "queued" })
      let ids = try [first] + others.map { try $0.words("id") }
      try talk.open("go")
      for id in ids { #expect(try talk.end(of: id) == "completed") }
      let lives = talk.seen.filter { ($0["kind"]?.string ?? "").hasPrefix("prompt.") }.compactMap { event in
        switch event["kind"]?.string {
        case "prompt.dispatched": "+\(ids.firstIndex(of: event["prompt"]?.string ?? "") ?? -1)"
        case "prompt.completed": "-\(ids.firstIndex(of: event["prompt"]?.string ?? "") ?? -1)"
        default: nil
        }
      }
      #expect(lives == ["+0", "-0", "+1", "-1", "+2", "-2", "+3", "-3", "+4", "-4"])
      let busy = talk.seen.drop { $0["kind"] != "prompt.started" }.prefix {
        !($0["kind"] == "prompt.completed" && $0["prompt"]?.string == ids[4])
      }
      #expect(!busy.contains { $0["kind"] == "agent.activity" && $0["data"]?["state"] == "idle" })
    }
  }

  @Test("What waits can be edited, moved, removed and cleared; what is with the agent cannot")
  func queue() throws {
    try withTalk { talk in
      let active = try talk.submit("[[gate go]]").words("id")
      try talk.event("prompt.started", of: active)
      let ids = try ["a", "b", "c", "d"].map { try talk.submit($0).words("id") }
      try talk.client.request("queue.edit", ["prompt": .string(ids[0]), "text": "a, but better"])
      try talk.client.request("queue.move", ["prompt": .string(ids[3]), "position": 1])
      #expect(try talk.waiting() == ["d", "a, but better", "b", "c"])
      // A prompt is named by a beginning that is its own.
      let removed = try talk.client.request("queue.remove", ["prompt": .string(String(ids[1].dropLast(3)))])
      #expect(try removed.words("state") == "cancelled")
      #expect(try talk.waiting() == ["d", "a, but better", "c"])
      for (method, more) in [
        ("queue.edit", ["text": "x"]), ("queue.move", ["position": 1]), ("queue.remove", [:]),
      ] as [(String, JSON)] {
        var params = more.object ?? JSONObject()
        params["prompt"] = .string(active)
        #expect(try talk.client.refusal(method, .object(params)).kind == .busy, "\(method)")
        params["prompt"] = .string(ids[1])
        #expect(try talk.client.refusal(method, .object(params)).kind == .promptNotActive, "\(method)")
        params["prompt"] = "p_none"
        #expect(try talk.client.refusal(method, .object(params)).kind == .promptNotFound, "\(method)")
      }
      let cleared = try talk.client.request("queue.clear", ["session": .string(talk.session)])
      #expect(try cleared.list("prompts").map { try $0.words("id") } == [ids[3], ids[0], ids[2]])
      #expect(try cleared.list("prompts").allSatisfy { try $0.words("state") == "cancelled" })
      let last = try talk.submit("last").words("id")
      try talk.open("go")
      #expect(try talk.end(of: last) == "completed")
      // What was never sent is not of the conversation.
      #expect(
        try talk.transcript() == [
          "prompt [[gate go]]", "text Waiting for go. Going on.", "prompt last", "text You said: last",
        ])
    }
  }

  @Test("An edited prompt is sent as it was edited")
  func edited() throws {
    try withTalk { talk in
      let active = try talk.submit("[[gate go]]").words("id")
      try talk.event("prompt.started", of: active)
      let id = try talk.submit("one").words("id")
      try talk.client.request("queue.edit", ["prompt": .string(id), "text": "two"])
      try talk.open("go")
      #expect(try talk.end(of: id) == "completed")
      #expect(try talk.transcript().suffix(2) == ["prompt two", "text You said: two"])
    }
  }

  @Test("A submission that is repeated with its command id is one prompt, over a crash as well")
  func once() throws {
    try withTalk { talk in
      let first = try talk.submit("[[gate go]]", command: "k1")
      #expect(try talk.submit("[[gate go]]", command: "k1") == first)
      let queued = try talk.submit("hello", command: "k2")
      let pid = try talk.daemon.daemonPid()
      Processes.end(pid)
      try Processes.awaitEnd(of: pid)
      try talk.comeBack()
      #expect(try talk.submit("hello", command: "k2").words("id") == queued.words("id"))
      let other: JSON = ["session": .string(talk.session), "text": "other", "commandId": "k2"]
      #expect(try talk.client.refusal("prompt.submit", other).kind == .commandConflict)
      try talk.open("go")
      #expect(try talk.end(of: try queued.words("id")) == "completed")
      let all = try talk.client.request("prompt.list", ["session": .string(talk.session), "all": true])
      #expect(try all.list("prompts").count == 2)
    }
  }

  @Test("A prompt of a megabyte reaches the agent whole, in every letter; one more byte is refused")
  func longest() throws {
    try withTalk { talk in
      let limit = 1 << 20
      let text = String(repeating: "ä", count: limit / 2)
      let params: JSON = ["session": .string(talk.session), "text": .string(text + "x")]
      #expect(try talk.client.refusal("prompt.submit", params).code == WireError.invalidParams)
      let id = try talk.submit(text).words("id")
      #expect(try talk.end(of: id) == "completed")
      #expect(try talk.history().last?.words("text") == "You said: \(text)")
    }
  }

  @Test("The history comes in pages without a seam, the latest first")
  func pages() throws {
    try withTalk { talk in
      for number in 0..<12 { try talk.submit("number \(number)") }
      let last = try talk.submit("last").words("id")
      #expect(try talk.end(of: last) == "completed")
      let whole = try talk.history()
      #expect(whole.count == 26)
      var pages: [JSON] = []
      var before = JSON.null
      repeat {
        var params: JSONObject = ["session": .string(talk.session), "limit": 7]
        if before != .null { params["before"] = before }
        let page = try talk.client.request("session.history", .object(params))
        pages = try page.list("items") + pages
        before = try page.at("next")
      } while before != .null
      #expect(pages == whole)
      #expect(try whole.map { try $0.number("seq") } == whole.map { try $0.number("seq") }.sorted())
      #expect(
        try whole.prefix(4).map { try $0.words("text") } == [
          "number 0", "You said: number 0", "number 1", "You said: number 1",
        ])
      let prompts = whole.filter { $0["type"] == "prompt" }
      #expect(prompts.allSatisfy { $0["state"] == "completed" })
    }
  }

  @Test(
    "What the model's service does is told as what it is",
    arguments: [
      ("[[401]]", "failed", "authentication"), ("[[400]]", "failed", "invalid_request"),
      ("[[429 1 7200000]]", "failed", "rate_limited"), ("[[broken]]", "failed", "service_failed"),
      ("[[html]]", "failed", "not_accepted"), ("[[refuse 500]]", "failed", "invalid_request"),
      ("[[500 2 10]]", "completed", nil), ("[[compact]]", "completed", nil), ("[[length]]", "completed", nil),
      ("[[filter]]", "failed", "refused"), ("[[exit]]", "interrupted", nil),
    ])
  func service(text: String, state: String, failure: String?) throws {
    try withTalk { talk in
      let id = try talk.submit(text).words("id")
      let next = try talk.submit("next").words("id")
      #expect(try talk.end(of: id) == state)
      let prompt = try talk.prompt(id)
      #expect(prompt["failure"]?.string == failure)
      #expect(state == "completed" || prompt["reason"]?.string?.isEmpty == false)
      // Whatever it was, the queue moves.
      #expect(try talk.end(of: next) == "completed")
    }
  }

  @Test("A model that does not exist fails the prompt in the provider's words")
  func model() throws {
    try withDaemon { daemon in
      let talk = try ScriptedTalk(daemon, model: "nobody/nothing")
      let id = try talk.submit("hello").words("id")
      #expect(try talk.end(of: id) == "failed")
      #expect(try talk.prompt(id).words("reason") == "Model not found: nobody/nothing.")
    }
  }
}
