import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Asks", .journey)
struct AskJourneys {
  @Test("An ask is seen by every client, the first answer wins, and the second is told who gave it")
  func twoClients() throws {
    try withTalk { talk in
      let other = try talk.daemon.client("c_other")
      try other.request("events.subscribe", ["after": "now", "session": .string(talk.session)])
      let id = try talk.submit("[[tool-ask echo hi]]").words("id")
      let ask = try talk.ask(of: id)
      let name = try ask.words("ask")
      #expect(try other.event("ask.opened").words("data.ask") == name)
      let listed = try other.request("ask.list").list("asks")
      #expect(try listed.map { try $0.words("id") } == [name])
      #expect(try listed[0].words("title") == "run echo hi" && listed[0].words("state") == "open")
      let agent = try talk.client.request("agent.get", ["session": .string(talk.session)])
      #expect(try agent.words("activity.state") == "waiting" && agent.number("talk.asks") == 1)
      let answered = try other.request("ask.answer", ["ask": .string(name), "choice": "approve"])
      #expect(try answered.words("state") == "answered")
      let late = try talk.client.refusal("ask.answer", ["ask": .string(name), "choice": "deny"])
      #expect(late.kind == .askAlreadyAnswered)
      #expect(late.details["answeredBy"] == "c_other" && late.details["answeredAt"]?.string != nil)
      #expect(late.details["answer"]?["choices"] == ["once"])
      #expect(try talk.event("ask.answered", of: id).words("by") == "c_other")
      #expect(try talk.end(of: id) == "completed")
      #expect(try talk.transcript().contains("bash completed"))
    }
  }

  @Test("Two clients answer at the same time: one of them is told that it was too late")
  func race() throws {
    try withTalk { talk in
      let clients = try (0..<2).map { try talk.daemon.client("c_\($0)") }
      for _ in 0..<5 {
        let id = try talk.submit("[[tool-ask echo hi]]").words("id")
        let name = try talk.ask(of: id).words("ask")
        let sent = try clients.map { try $0.send("ask.answer", ["ask": .string(name), "choice": "approve"]) }
        let results = try zip(clients, sent).map { try $0.result(of: $1) }
        let late = results.compactMap { if case .failure(let error) = $0 { error.kind } else { nil } }
        #expect(late == [.askAlreadyAnswered])
        #expect(try talk.end(of: id) == "completed")
      }
    }
  }

  @Test("A denied permission ends the prompt as cancelled; with a note the agent reads it and goes on")
  func denied() throws {
    try withTalk { talk in
      let first = try talk.submit("[[tool-ask]]").words("id")
      try talk.client.request(
        "ask.answer", ["ask": .string(try talk.ask(of: first).words("ask")), "choice": "deny"])
      #expect(try talk.end(of: first) == "cancelled")
      #expect(try talk.prompt(first).words("reason").contains("denied"))
      let second = try talk.submit("[[tool-ask]]").words("id")
      try talk.client.request(
        "ask.answer",
        [
          "ask": .string(try talk.ask(of: second).words("ask")), "choice": "deny",
          "note": "only on Sundays",
        ])
      #expect(try talk.end(of: second) == "completed")
      let tool = try talk.history().last { $0["prompt"]?.string == second && $0["tool"] != nil }
      #expect(try tool?.words("tool.output").contains("only on Sundays") == true)
    }
  }

  @Test("Asks that come together are answered one by one, in any order, by label or number")
  func several() throws {
    try withTalk { talk in
      let id = try talk.submit("[[questions]]").words("id")
      let first = try talk.ask(of: id)
      let second = try talk.ask(of: id, number: 2)
      #expect(second["takesSeveral"] == true && first["takesText"] == true)
      let wrong = try talk.client.refusal(
        "ask.answer", ["ask": .string(try first.words("ask")), "choice": ["1", "2"]])
      #expect(wrong.code == WireError.invalidParams)
      try talk.client.request(
        "ask.answer", ["ask": .string(try second.words("ask")), "choice": ["1", "2"]])
      try talk.client.request("ask.answer", ["ask": .string(try first.words("ask")), "choice": "Blue"])
      #expect(try talk.end(of: id) == "completed")
      let output = try talk.history().first { $0["tool"] != nil }?.words("tool.output") ?? ""
      #expect(
        output.contains("\"Which color?\"=\"Blue\"") && output.contains("\"Which sizes?\"=\"Small, Large\""))
    }
  }

  @Test("A question is answered in words, where it takes them")
  func words() throws {
    try withTalk { talk in
      let id = try talk.submit("[[question]]").words("id")
      let name = try talk.ask(of: id).words("ask")
      #expect(
        try talk.client.refusal("ask.answer", ["ask": .string(name)]).code == WireError.invalidParams)
      try talk.client.request("ask.answer", ["ask": .string(name), "note": "a pale green"])
      #expect(try talk.end(of: id) == "completed")
      #expect(try talk.history().first { $0["tool"] != nil }?.words("tool.output").contains("pale") == true)
    }
  }

  @Test("What an agent within the agent asks is asked in the conversation of its root")
  func child() throws {
    try withTalk { talk in
      let id = try talk.submit("[[child-ask]]").words("id")
      let ask = try talk.ask(of: id)
      #expect(try ask.words("subagent") == "general")
      try talk.client.request("ask.answer", ["ask": .string(try ask.words("ask")), "choice": "always"])
      #expect(try talk.end(of: id) == "completed")
      #expect(try talk.history().contains { try $0["subagent"] != nil && $0.words("type") == "text" })
      // "always" covers the next one.
      let again = try talk.submit("[[child-ask]]").words("id")
      #expect(try talk.end(of: again) == "completed")
      #expect(talk.story(of: again).filter { $0.hasPrefix("ask.") }.isEmpty)
    }
  }

  @Test("Asks of several agents stand in one list, by agent where that is asked for")
  func several2() throws {
    try withTalk(agents: 3) { talk in
      let ids = try (0..<3).map { try talk.submit("[[tool-ask]]", to: $0).words("id") }
      let asks = try ids.map { try talk.ask(of: $0).words("ask") }
      let all = try talk.client.request("ask.list", ["session": .string(talk.session)]).list("asks")
      #expect(Set(try all.map { try $0.words("id") }) == Set(asks))
      let one = try talk.client.request(
        "ask.list", ["session": .string(talk.session), "agent": .string(talk.agents[1])])
      #expect(try one.list("asks").map { try $0.words("id") } == [asks[1]])
      for ask in asks { try talk.client.request("ask.answer", ["ask": .string(ask), "choice": "approve"]) }
      for id in ids { #expect(try talk.end(of: id) == "completed") }
      let settled = try talk.client.request("ask.list", ["session": .string(talk.session), "all": true])
      #expect(try settled.list("asks").allSatisfy { try $0.words("state") == "answered" })
    }
  }
}
