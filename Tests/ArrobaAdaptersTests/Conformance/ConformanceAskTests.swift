import ArrobaLoop
import ArrobaModel
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// Asks: opened once, answered once, and never left behind.
@Suite(.timeLimit(.minutes(2))) @LoopActor
struct ConformanceAskTests {
  @Test("A permission that is given lets the tool go on", arguments: Contestants.allCases)
  func allowed(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.permission))
      let ask = try await witness.ask("p_1")
      #expect(ask.kind == .permission && ask.title == "run echo once")
      _ = try await witness.wait { $0.what == .activity(.waiting, reason: "run echo once") }
      witness.answer(ask, try #require(ask.choices.first { $0.effect == .allowOnce }).id)
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      #expect(witness.heard.transcript(of: "p_1").contains("bash echo once completed"))
    }
  }

  @Test(
    "A permission that is denied ends the turn as cancelled; denied with a note, the agent goes on",
    arguments: Contestants.allCases)
  func denied(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.permission))
      let ask = try await witness.ask("p_1")
      let deny = try #require(ask.choices.first { $0.effect == .deny }).id
      witness.answer(ask, deny)
      #expect(try await witness.end(of: "p_1").outcome == .cancelled)
      #expect(witness.heard.transcript(of: "p_1").contains("bash echo once failed"))
      witness.submit("p_2", contestant.prompt(.permission))
      witness.answer(try await witness.ask("p_2"), deny, note: "use another one")
      #expect(try await witness.end(of: "p_2").outcome == .completed)
      let tool = witness.heard.items(of: "p_2").lazy.compactMap(\.tool).first
      #expect(tool?.output.contains("use another one") == true)
    }
  }

  @Test("What was allowed for always is not asked again", arguments: Contestants.allCases)
  func always(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.permission))
      let ask = try await witness.ask("p_1")
      witness.answer(ask, try #require(ask.choices.first { $0.effect == .allowAlways }).id)
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      witness.submit("p_2", contestant.prompt(.permission))
      #expect(try await witness.end(of: "p_2").outcome == .completed)
      #expect(witness.heard.asks(of: "p_2").isEmpty)
    }
  }

  @Test("Two asks at once are answered in any order", arguments: Contestants.allCases)
  func twoAsks(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.twoPermissions))
      let asks = try await witness.asks("p_1", count: 2)
      for ask in asks.reversed() {
        witness.answer(ask, try #require(ask.choices.first { $0.effect == .allowOnce }).id)
      }
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      #expect(witness.heard.items(of: "p_1").count { $0.tool?.status == .completed } == 2)
    }
  }

  @Test("A denied one of two takes the other with it, and that is told", arguments: Contestants.allCases)
  func oneDenied(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.twoPermissions))
      let asks = try await witness.asks("p_1", count: 2)
      witness.answer(asks[0], try #require(asks[0].choices.first { $0.effect == .deny }).id)
      #expect(try await witness.end(of: "p_1").outcome == .cancelled)
      let isSettled = witness.heard.signals.contains {
        switch $0.what {
        case .askAnswered(asks[1].key, _), .askWithdrawn(asks[1].key, _): true
        default: false
        }
      }
      #expect(isSettled)
    }
  }

  @Test(
    "A question is answered by a choice, or in words where it takes them", arguments: Contestants.allCases)
  func question(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.question))
      let ask = try await witness.ask("p_1")
      #expect(ask.kind == .question && ask.title == "Which color?" && ask.takesText && !ask.takesSeveral)
      witness.answer(ask, try #require(ask.choices.first { $0.label == "Blue" }).id)
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      #expect(witness.heard.items(of: "p_1").first?.tool?.output.contains("Blue") == true)
      witness.submit("p_2", contestant.prompt(.question))
      let again = try await witness.ask("p_2")
      witness.answer(again, note: "a pale green")
      #expect(try await witness.end(of: "p_2").outcome == .completed)
      #expect(witness.heard.items(of: "p_2").first?.tool?.output.contains("a pale green") == true)
    }
  }

  @Test(
    "Questions that come together are answered one by one, several choices where they are taken",
    arguments: Contestants.allCases)
  func questions(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.twoQuestions))
      let asks = try await witness.asks("p_1", count: 2)
      #expect(asks[1].takesSeveral)
      let both = asks[1].choices.filter { $0.effect == .option }.map(\.id)
      witness.heardAnswers(asks[1], both)
      witness.answer(asks[0], try #require(asks[0].choices.first).id)
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      #expect(witness.heard.items(of: "p_1").first?.tool?.output.contains("Small, Large") == true)
    }
  }

  @Test("A question that is dismissed ends the turn as cancelled", arguments: Contestants.allCases)
  func dismissed(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.question))
      let ask = try await witness.ask("p_1")
      witness.answer(ask, try #require(ask.choices.first { $0.effect == .deny }).id)
      #expect(try await witness.end(of: "p_1").outcome == .cancelled)
    }
  }

  @Test(
    "What an agent within the agent asks says who asks, and the answer reaches it",
    arguments: Contestants.allCases)
  func child(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.childPermission))
      let ask = try await witness.ask("p_1")
      #expect(ask.subagent == "general")
      witness.answer(ask, try #require(ask.choices.first { $0.effect == .allowOnce }).id)
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      let within = witness.heard.items(of: "p_1").filter { $0.subagent != nil }
      #expect(
        within.contains { $0.tool?.status == .completed } && within.allSatisfy { $0.subagent == "general" })
    }
  }

  @Test("An answer to what was never asked, and a second one, are let be", arguments: Contestants.allCases)
  func stray(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.conversation?.answer("never", with: AskAnswer(choices: ["once"]))
      witness.submit("p_1", contestant.prompt(.permission))
      let ask = try await witness.ask("p_1")
      witness.answer(ask, try #require(ask.choices.first { $0.effect == .allowOnce }).id)
      witness.answer(ask, try #require(ask.choices.first { $0.effect == .deny }).id)
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      witness.answer(ask, try #require(ask.choices.first { $0.effect == .deny }).id)
      witness.submit("p_2", contestant.prompt(.plain))
      #expect(try await witness.end(of: "p_2").outcome == .completed)
    }
  }
}

extension Witness {
  /// An answer of several choices.
  fileprivate func heardAnswers(_ ask: Ask, _ choices: [String]) {
    note(answered: ask.key)
    conversation?.answer(ask.key, with: AskAnswer(choices: choices))
  }
}
