import ArrobaLoop
import ArrobaModel
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// What any conversation provider must do with turns, items and asks. Each test ends with all the laws over all that it
/// heard.
@Suite(.timeLimit(.minutes(2))) @LoopActor
struct ConformanceTests {
  /// Runs `body` with an open conversation, and holds what was heard against the laws.
  static func with(
    _ contestants: Contestants, _ body: (any Contestant, Witness) async throws -> Void
  ) async throws {
    let contestant = contestants.make()
    let witness = Witness(contestant)
    do {
      #expect(try await !witness.opened().isEmpty)
      try await body(contestant, witness)
    } catch {
      Issue.record(error)
    }
    witness.expectLawful()
    await contestant.stop()
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let situation: Situation
    let outcome: TurnEnd.Outcome
    /// Of what stays: the beginning of each line.
    let transcript: [String]
    var testDescription: String { situation.rawValue }

    init(_ situation: Situation, _ outcome: TurnEnd.Outcome, _ transcript: [String]) {
      self.situation = situation
      self.outcome = outcome
      self.transcript = transcript
    }
  }

  nonisolated private static let rows = [
    Row(.plain, .completed, ["text "]), Row(.reasoning, .completed, ["reasoning ", "text "]),
    Row(.tool, .completed, ["text ", "bash echo hello completed", "text "]),
    Row(.failingTool, .completed, ["text ", "bash make completed", "text "]),
    Row(.child, .completed, ["text ", "task ", "text "]),
    Row(.unauthorized, .failed(.authentication), []), Row(.invalid, .failed(.invalidRequest), []),
    Row(.passingFailure, .completed, ["text "]), Row(.limitForHours, .failed(.rateLimited), []),
    Row(.brokenOff, .completed, ["text This answer breaks no more."]),
    Row(.endsInNothing, .failed(.serviceFailed), []),
    Row(.cutEvents, .completed, ["text Before the cut.", "text After the cut."]),
    Row(.noEvents, .completed, ["text "]),
    Row(.doubledEvents, .completed, ["text As you", "reasoning ", "text ", "text ", "bash ", "text "]),
    Row(.strangeEvents, .completed, ["text "]), Row(.crash, .interrupted, ["text "]),
  ]

  @Test(
    "A turn ends as what it was, and what stays of it is whole",
    arguments: Contestants.pairs(rows, \.situation))
  func outcomes(pair: (Contestants, Row)) async throws {
    let (contestants, row) = pair
    try await Self.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(row.situation))
      let end = try await witness.end(of: "p_1")
      #expect(end.outcome == row.outcome, "\(end)")
      let lines = witness.heard.transcript(of: "p_1")
      #expect(
        lines.count == row.transcript.count && zip(lines, row.transcript).allSatisfy { $0.hasPrefix($1) },
        "\(lines)")
      // Whatever it was, the next one is answered.
      witness.submit("p_2", contestant.prompt(.plain))
      #expect(try await witness.end(of: "p_2").outcome == .completed)
    }
  }

  @Test(
    "A prompt that is submitted before the conversation is open is answered when it is",
    arguments: Contestants.allCases)
  func early(contestants: Contestants) async throws {
    let contestant = contestants.make()
    let witness = Witness(contestant)
    witness.submit("p_1", contestant.prompt(.plain))
    #expect(try await witness.end(of: "p_1").outcome == .completed)
    #expect(try await !witness.opened().isEmpty)
    witness.expectLawful()
    await contestant.stop()
  }

  @Test("Much text at once comes whole and in order", arguments: Contestants.allCases)
  func storm(contestants: Contestants) async throws {
    try await Self.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.storm))
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      let text = try #require(witness.heard.items(of: "p_1").first?.text)
      let numbers = text.split(separator: " ").compactMap { Int($0) }
      #expect(numbers == Array(0..<20_000))
    }
  }

  @Test("Two conversations work side by side and hear their own", arguments: Contestants.allCases)
  func two(contestants: Contestants) async throws {
    try await Self.with(contestants) { contestant, witness in
      let other = Witness(contestant, run: "r_2")
      other.submit("p_2", contestant.prompt(.heldText))
      try await other.text("p_2")
      witness.submit("p_1", contestant.prompt(.reasoning))
      #expect(try await witness.end(of: "p_1").outcome == .completed)
      #expect(other.heard.ends.isEmpty)
      try contestant.letGo()
      #expect(try await other.end(of: "p_2").outcome == .completed)
      other.expectLawful()
    }
  }

  @Test("What a turn uses is told before it ends", arguments: Contestants.allCases)
  func usage(contestants: Contestants) async throws {
    try await Self.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.tool))
      _ = try await witness.end(of: "p_1")
      let reports = witness.heard.signals.compactMap {
        if case .usage(let usage) = $0.what { usage } else { nil }
      }
      let last = try #require(reports.last)
      // Two steps of the model.
      #expect(reports.count >= 2 && last.input == 200 && last.output > reports[0].output)
      #expect(last.costMicros == last.output && last.context ?? 0 > 100)
    }
  }

  @Test("What nobody knows is told once, by its kind, and stops nothing", arguments: Contestants.allCases)
  func strange(contestants: Contestants) async throws {
    try await Self.with(contestants) { contestant, witness in
      for turn in ["p_1", "p_2"] {
        witness.submit(turn, contestant.prompt(.strangeEvents))
        let end = try await witness.end(of: turn)
        #expect(end.outcome == .completed)
      }
      let kinds = witness.heard.signals.compactMap {
        if case .unrecognised(let kind) = $0.what { kind } else { nil }
      }
      #expect(kinds == contestant.strangers)
    }
  }

  @Test(
    "While the model's service is tried again, that is told with the attempt and the next moment",
    arguments: Contestants.allCases)
  func retrying(contestants: Contestants) async throws {
    try await Self.with(contestants) { contestant, witness in
      witness.submit("p_1", contestant.prompt(.passingFailure))
      _ = try await witness.end(of: "p_1")
      let attempts = witness.heard.signals.compactMap {
        if case .retrying(let attempt, let next, let reason) = $0.what, next != nil, !reason.isEmpty {
          attempt
        } else {
          nil
        }
      }
      #expect(attempts == [1, 2])
    }
  }
}
