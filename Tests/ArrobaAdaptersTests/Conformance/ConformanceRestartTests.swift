import ArrobaLoop
import ArrobaModel
import ArrobaProvider
import ArrobaSystem
import Testing

@testable import ArrobaAdapters

/// Turns over a restart of the daemon, over the death of what runs them, and where that cannot be started.
@Suite(.timeLimit(.minutes(2))) @LoopActor
struct ConformanceRestartTests {
  private static func start(_ contestants: Contestants) async throws -> (any Contestant, Witness, id: String)
  {
    let contestant = contestants.make()
    let witness = Witness(contestant)
    let id = try await witness.opened()
    return (contestant, witness, id)
  }

  private static func finish(_ contestant: any Contestant, _ witness: Witness) async throws {
    witness.submit("p_9", contestant.prompt(.plain))
    let end = try await witness.end(of: "p_9")
    #expect(end.outcome == .completed, "\(end)")
    witness.expectLawful()
    await contestant.stop()
  }

  @Test(
    "A turn that runs over a restart is taken up, and its items are the same ones",
    arguments: Contestants.allCases)
  func running(contestants: Contestants) async throws {
    let (contestant, witness, id) = try await Self.start(contestants)
    let text = contestant.prompt(.heldText)
    witness.submit("p_1", text)
    let mark = try await witness.accepted("p_1")
    try await witness.text("p_1")
    contestant.restart()
    let next = Witness(contestant, resume: id)
    next.settle("p_1", text, mark: mark)
    #expect(try await next.accepted("p_1") == mark)
    try contestant.letGo()
    #expect(try await next.end(of: "p_1").outcome == .completed)
    #expect(next.heard.transcript(of: "p_1").first?.hasSuffix("Going on.") == true)
    let keys = Set(witness.heard.startedKeys(of: "p_1"))
    #expect(!keys.isEmpty && keys.isSubset(of: next.heard.items(of: "p_1").map(\.key)))
    try await Self.finish(contestant, next)
  }

  @Test(
    "A turn that ended while nobody looked is settled by what it came to",
    arguments: Contestants.allCases,
    [(Situation.plain, TurnEnd.Outcome.completed), (.unauthorized, .failed(.authentication))])
  func ended(contestants: Contestants, case: (Situation, TurnEnd.Outcome)) async throws {
    let (contestant, witness, id) = try await Self.start(contestants)
    let (situation, outcome) = `case`
    let text = contestant.prompt(situation)
    witness.submit("p_1", text)
    let mark = try await witness.accepted("p_1")
    _ = try await witness.end(of: "p_1")
    contestant.restart()
    let next = Witness(contestant, resume: id)
    next.settle("p_1", text, mark: mark)
    #expect(try await next.end(of: "p_1").outcome == outcome)
    #expect(next.heard.transcript(of: "p_1") == witness.heard.transcript(of: "p_1"))
    try await Self.finish(contestant, next)
  }

  @Test(
    "A turn of which it was never heard that it was taken is found by its text",
    arguments: Contestants.allCases)
  func unheard(contestants: Contestants) async throws {
    let (contestant, witness, id) = try await Self.start(contestants)
    let text = contestant.prompt(.heldText)
    witness.submit("p_1", text)
    try await witness.text("p_1")
    contestant.restart()
    let next = Witness(contestant, resume: id)
    next.settle("p_1", text, mark: nil)
    try contestant.letGo()
    #expect(try await next.end(of: "p_1").outcome == .completed)
    try await Self.finish(contestant, next)
  }

  @Test(
    "A turn that never reached the provider is interrupted, and not sent again",
    arguments: Contestants.allCases)
  func neverSent(contestants: Contestants) async throws {
    let (contestant, witness, id) = try await Self.start(contestants)
    witness.submit("p_0", contestant.prompt(.plain))
    _ = try await witness.end(of: "p_0")
    contestant.restart()
    let next = Witness(contestant, resume: id)
    next.settle("p_1", "never sent", mark: nil)
    #expect(try await next.end(of: "p_1").outcome == .interrupted)
    try await Self.finish(contestant, next)
  }

  @Test(
    "An ask that is open over a restart is asked again by the same key, and answered",
    arguments: Contestants.allCases, [Situation.permission, .question, .childPermission])
  func asking(contestants: Contestants, situation: Situation) async throws {
    let (contestant, witness, id) = try await Self.start(contestants)
    let text = contestant.prompt(situation)
    witness.submit("p_1", text)
    let before = try await witness.ask("p_1")
    let mark = try await witness.accepted("p_1")
    contestant.restart()
    let next = Witness(contestant, resume: id)
    next.settle("p_1", text, mark: mark)
    let ask = try await next.ask("p_1")
    #expect(ask.key == before.key && ask.choices == before.choices)
    next.answer(ask, try #require(ask.choices.first).id)
    #expect(try await next.end(of: "p_1").outcome == .completed)
    try await Self.finish(contestant, next)
  }

  @Test("A turn that was being cancelled over a restart ends as cancelled", arguments: Contestants.allCases)
  func cancelling(contestants: Contestants) async throws {
    let (contestant, witness, id) = try await Self.start(contestants)
    let text = contestant.prompt(.stubborn)
    witness.submit("p_1", text)
    let mark = try await witness.accepted("p_1")
    try await witness.text("p_1")
    witness.cancel("p_1")
    contestant.restart()
    let next = Witness(contestant, resume: id)
    next.settle("p_1", text, mark: mark, cancelledAt: Instant(ms: Clock.wallMs()))
    _ = try await next.accepted("p_1")
    try contestant.letGo()
    let end = try await next.end(of: "p_1")
    #expect(end.outcome == .cancelled, "\(end)")
    try await Self.finish(contestant, next)
  }

  @Test(
    "A server that dies in the middle interrupts the turn and withdraws its asks; the conversation goes on",
    arguments: Contestants.allCases, [Situation.heldText, .heldTool, .permission, .lastingFailure])
  func killed(contestants: Contestants, situation: Situation) async throws {
    let (contestant, witness, id) = try await Self.start(contestants)
    witness.submit("p_0", contestant.prompt(.plain))
    _ = try await witness.end(of: "p_0")
    witness.submit("p_1", contestant.prompt(situation))
    switch situation {
    case .permission: _ = try await witness.ask("p_1")
    case .lastingFailure:
      _ = try await witness.wait { if case .retrying = $0.what { true } else { false } }
    default: try await witness.text("p_1")
    }
    contestant.killServer()
    #expect(try await witness.end(of: "p_1").outcome == .interrupted)
    try await Self.finish(contestant, witness)
    #expect(try await witness.opened() == id)
  }

  @Test("Killed over a restart of the daemon, a turn is interrupted", arguments: Contestants.allCases)
  func killedBetween(contestants: Contestants) async throws {
    let (contestant, witness, id) = try await Self.start(contestants)
    let text = contestant.prompt(.heldText)
    witness.submit("p_1", text)
    let mark = try await witness.accepted("p_1")
    try await witness.text("p_1")
    contestant.restart()
    contestant.killServer()
    let next = Witness(contestant, resume: id)
    next.settle("p_1", text, mark: mark)
    #expect(try await next.end(of: "p_1").outcome == .interrupted)
    next.expectLawful()
    // It failed, or found another server in time; who resumes it goes on.
    let hasFailed = next.heard.hasFailed
    try await Self.finish(
      contestant, hasFailed ? Witness(contestant, run: "r_2", resume: id, lastMark: mark) : next)
  }

  @Test(
    "A conversation that the provider does not know any more fails, and says so",
    arguments: Contestants.allCases)
  func unknown(contestants: Contestants) async throws {
    let (contestant, _, _) = try await Self.start(contestants)
    let witness = Witness(contestant, run: "r_2", resume: "ses_gone")
    witness.submit("p_1", contestant.prompt(.plain))
    #expect(try await witness.end(of: "p_1").outcome == .failed(.notAccepted))
    witness.expectLawful()
    await contestant.stop()
  }

  @Test(
    "A server that does not start as it should fails the turn, in words, and nothing of it stays",
    arguments: [
      "exit 3": "ended with status 3 before it was ready", "version 1.17.0": "1.17.0 is too old",
      "html": "is no OpenCode server", "generation": "speaks another protocol",
      "deaf": "does not listen",
    ])
  func start(fault: String, words: String) async throws {
    let contestant = Contestants.scripted.make(environment: ["ARROBA_SCRIPTED_FAULT": fault])
    let witness = Witness(contestant)
    witness.submit("p_1", contestant.prompt(.plain))
    let end = try await witness.end(of: "p_1")
    #expect(end.outcome == .failed(.notAccepted) && end.reason?.contains(words) == true, "\(end)")
    witness.expectLawful()
    await contestant.stop()
  }

  @Test("A server that is slow to start is waited for")
  func slow() async throws {
    let contestant = Contestants.scripted.make(environment: ["ARROBA_SCRIPTED_FAULT": "slow 700"])
    let witness = Witness(contestant)
    witness.submit("p_1", contestant.prompt(.plain))
    #expect(try await witness.end(of: "p_1").outcome == .completed)
    try await Self.finish(contestant, witness)
  }
}

extension Hearing {
  fileprivate var hasFailed: Bool {
    signals.contains { if case .failed = $0.what { true } else { false } }
  }

  fileprivate func startedKeys(of turn: String) -> [String] {
    signals.compactMap { signal in
      guard signal.turn?.text == turn, case .itemStarted(let item) = signal.what else { return nil }
      return item.key
    }
  }
}
