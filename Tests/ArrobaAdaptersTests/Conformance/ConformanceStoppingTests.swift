import ArrobaLoop
import ArrobaModel
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// Turns that are stopped, and conversations that are let go of.
@Suite(.timeLimit(.minutes(2))) @LoopActor
struct ConformanceStoppingTests {
  /// Waits until the turn is where it can be stopped.
  private static func reach(_ situation: Situation, _ witness: Witness) async throws {
    switch situation {
    case .heldPrompt: _ = try await witness.wait { $0.what == .activity(.working, reason: nil) }
    case .permission, .question, .childPermission: _ = try await witness.ask("p_1")
    case .lastingFailure:
      _ = try await witness.wait { if case .retrying = $0.what { true } else { false } }
    default: try await witness.text("p_1")
    }
  }

  @Test(
    "A turn is stopped wherever it is, ends as cancelled, and leaves no ask; the next one is answered (#20250)",
    arguments: Contestants.allCases,
    [
      Situation.heldPrompt, .heldText, .heldTool, .permission, .question, .childPermission, .lastingFailure,
    ])
  func stopping(contestants: Contestants, situation: Situation) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(situation))
      try await Self.reach(situation, witness)
      witness.cancel("p_1")
      // It may be taken only after it was told to stop.
      if situation == .heldPrompt { try contestant.letGo() }
      let end = try await witness.end(of: "p_1")
      #expect(end.outcome == .cancelled, "\(end)")
      witness.submit("p_2", contestant.prompt(.permission))
      let ask = try await witness.ask("p_2")
      #expect(witness.heard.asks(of: "p_2").count == 1)
      witness.answer(ask, try #require(ask.choices.first { $0.effect == .allowOnce }).id)
      #expect(try await witness.end(of: "p_2").outcome == .completed)
    }
  }

  @Test("What was shown of a text that is stopped stays", arguments: Contestants.allCases)
  func kept(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.heldText))
      try await witness.text("p_1")
      witness.cancel("p_1")
      _ = try await witness.end(of: "p_1")
      #expect(witness.heard.transcript(of: "p_1").first?.hasPrefix("text Waiting for") == true)
    }
  }

  @Test("A cancel of a turn that is not under way is let be", arguments: Contestants.allCases)
  func stray(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.cancel("p_9")
      witness.submit("p_1", contestant.prompt(.heldText))
      try await witness.text("p_1")
      witness.cancel("p_9", force: true)
      try contestant.letGo()
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      witness.cancel("p_1")
      witness.submit("p_2", contestant.prompt(.plain))
      #expect(try await witness.end(of: "p_2").outcome == .completed)
    }
  }

  @Test("Cancelled twice, a turn still ends once", arguments: Contestants.allCases)
  func twice(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.heldTool))
      try await witness.text("p_1")
      witness.cancel("p_1")
      witness.cancel("p_1")
      #expect(try await witness.end(of: "p_1").outcome == .cancelled)
      witness.submit("p_2", contestant.prompt(.plain))
      #expect(try await witness.end(of: "p_2").outcome == .completed)
    }
  }

  @Test(
    "By force a turn ends at once, as interrupted; the next one waits until it really has (t3code #8813)",
    arguments: Contestants.allCases)
  func force(contestants: Contestants) async throws {
    try await ConformanceTests.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.stubborn))
      try await witness.text("p_1")
      witness.cancel("p_1")
      witness.cancel("p_1", force: true)
      #expect(try await witness.end(of: "p_1").outcome == .interrupted)
      witness.submit("p_2", contestant.prompt(.plain))
      try contestant.letGo()
      #expect(try await witness.end(of: "p_2").outcome == .completed)
      #expect(witness.heard.transcript(of: "p_2") == ["text You said: hello"])
    }
  }

  @Test(
    "A conversation that is let go of says nothing more, and its turn does not run on unseen",
    arguments: Contestants.allCases)
  func closing(contestants: Contestants) async throws {
    let contestant = contestants.make()
    let witness = Witness(contestant)
    let id = try await witness.opened()
    witness.submit("p_1", contestant.prompt(.heldText))
    try await witness.text("p_1")
    let said = witness.heard.signals.count
    witness.conversation?.close()
    // Would wait for ever for the turn that nobody lets go on.
    let next = Witness(contestant, run: "r_2", resume: id)
    next.submit("p_2", contestant.prompt(.plain))
    #expect(try await next.end(of: "p_2").outcome == .completed)
    #expect(try await next.opened() == id)
    #expect(next.heard.transcript(of: "p_2") == ["text You said: hello"])
    #expect(witness.heard.signals.count == said)
    next.expectLawful()
    await contestant.stop()
  }
}
