import ArrobaModel
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// What the newest answer of a session says about how its turn ended (GOTCHAS 2, the rule of the recordings).
@Suite struct OpenCodeVerdictTests {
  private static let abort = OpenCodeError(name: "MessageAbortedError", message: "Aborted", statusCode: nil)

  struct Row: Sendable {
    var finish: String?
    var isComplete = true
    var error: OpenCodeError?
    var output = 12
    var isStopped = false
    /// It was begun although the turn had been told to stop.
    var isLate = false
    var wasDenied = false
    var outcome: TurnEnd.Outcome
    var reason: String?
  }

  private static let rows: [Row] = [
    Row(finish: "stop", outcome: .completed),
    Row(
      finish: "stop", isStopped: true, outcome: .completed,
      reason: "the answer was complete before OpenCode could be stopped"),
    // An abort that found nothing to abort: what runs to its end all the same is not what was asked for.
    Row(finish: "stop", isLate: true, outcome: .cancelled, reason: "cancelled"),
    Row(finish: "length", isLate: true, outcome: .cancelled, reason: "cancelled"),
    Row(finish: "unknown", output: 0, isLate: true, outcome: .cancelled, reason: "cancelled"),
    Row(finish: "length", outcome: .completed, reason: "the answer was cut at the model's output limit"),
    // A turn may end with tool calls: a permission was denied.
    Row(
      finish: "tool-calls", wasDenied: true, outcome: .cancelled,
      reason: "stopped because a request of the agent was denied"),
    Row(finish: "tool-calls", outcome: .completed, reason: "OpenCode stopped after a tool call"),
    Row(finish: "tool-calls", isStopped: true, outcome: .cancelled, reason: "cancelled"),
    Row(
      finish: "content-filter", outcome: .failed(.refused),
      reason: "the answer was blocked by the provider's content filter"),
    // "Completed, no error" is no success: an abort while OpenCode waits to try again leaves just that.
    Row(finish: nil, outcome: .interrupted, reason: "the turn was stopped, and not by Arroba"),
    Row(finish: nil, isStopped: true, outcome: .cancelled, reason: "cancelled"),
    Row(
      finish: nil, isComplete: false, outcome: .interrupted,
      reason: "OpenCode stopped working on it and left the answer unfinished"),
    // A broken stream is recorded as a clean end (#37852).
    Row(
      finish: "unknown", output: 0, outcome: .failed(.serviceFailed),
      reason: "the model's answer broke off without a word"),
    Row(finish: "unknown", output: 3, outcome: .completed),
    Row(
      finish: "other", output: 0, outcome: .failed(.serviceFailed),
      reason: "the model's answer broke off without a word"),
    // Aborted by whom? (#17717)
    Row(finish: nil, error: abort, outcome: .interrupted, reason: "the turn was aborted, and not by Arroba"),
    Row(finish: nil, error: abort, isStopped: true, outcome: .cancelled, reason: "cancelled"),
    Row(
      finish: nil, error: OpenCodeError(name: "APIError", message: "wrong key", statusCode: 401),
      outcome: .failed(.authentication), reason: "wrong key"),
    Row(
      finish: nil, error: OpenCodeError(name: "APIError", message: "slow down", statusCode: 429),
      outcome: .failed(.rateLimited), reason: "slow down"),
    Row(
      finish: nil, error: OpenCodeError(name: "APIError", message: "oops", statusCode: 500),
      outcome: .failed(.serviceFailed), reason: "oops"),
    Row(
      finish: nil, error: OpenCodeError(name: "APIError", message: "bad", statusCode: 400),
      outcome: .failed(.invalidRequest), reason: "bad"),
    Row(
      finish: nil, error: OpenCodeError(name: "APIError", message: nil, statusCode: nil),
      outcome: .failed(.serviceFailed), reason: "APIError"),
    Row(
      finish: nil, error: OpenCodeError(name: "ProviderAuthError", message: "log in", statusCode: nil),
      outcome: .failed(.authentication), reason: "log in"),
    Row(
      finish: nil, error: OpenCodeError(name: "ContextOverflowError", message: "too long", statusCode: 400),
      outcome: .failed(.contextTooLong), reason: "too long"),
    Row(
      finish: nil, error: OpenCodeError(name: "SomethingNew", message: "429 rate limit", statusCode: nil),
      outcome: .failed(.other), reason: "429 rate limit"),
  ]

  @Test("The newest answer decides how a turn ended", arguments: rows)
  func verdict(row: Row) {
    var turn = OpenCodeTurn(TurnRequest(id: PromptID("p_1"), text: ""), nowMs: 0)
    if row.isLate { turn.tellToStop(.asked, wallMs: 1) }
    turn.take(
      TurnUnderTest.message(
        "msg_1", .assistant, createdMs: 1, finish: row.finish, isComplete: row.isComplete, error: row.error,
        output: row.output), nowMs: 0)
    if row.isStopped { turn.tellToStop(.asked, wallMs: 1) }
    turn.wasDenied = row.wasDenied
    let end = turn.verdict(seen: "idle", hasText: false)
    #expect(end.outcome == row.outcome)
    #expect(end.reason == row.reason)
  }

  @Test("An answer that was begun before the turn was told to stop, and missed, is none that came after")
  func missed() {
    var turn = OpenCodeTurn(TurnRequest(id: PromptID("p_1"), text: ""), nowMs: 0)
    turn.tellToStop(.asked, wallMs: 10)
    turn.take(
      TurnUnderTest.message("msg_1", .assistant, createdMs: 9, finish: "stop", isComplete: true), nowMs: 0)
    #expect(turn.verdict(seen: "idle", hasText: true).outcome == .completed)
  }

  @Test(
    "A turn that is cancelled before its answer begins is aborted when it does, or when none comes; by force as well"
  )
  func abortWaits() {
    func aborts(_ turn: TurnUnderTest) -> Int { turn.wishes.count { $0 == .abort([TurnUnderTest.root]) } }
    var begun = TurnUnderTest()
    begun.begin()
    begun.change { $0.cancel(PromptID("p_1"), force: false, at: $1) }
    begun.prompt()
    begun.busy()
    #expect(aborts(begun) == 0)
    begun.answer()
    #expect(aborts(begun) == 1)
    var none = TurnUnderTest()
    none.begin()
    none.prompt()
    none.change { $0.cancel(PromptID("p_1"), force: false, at: $1) }
    none.pass(OpenCodeLimits.unansweredMs - 1)
    #expect(aborts(none) == 0)
    none.pass(1)
    #expect(aborts(none) == 1)
    var forced = TurnUnderTest()
    forced.begin()
    forced.change { $0.cancel(PromptID("p_1"), force: true, at: $1) }
    forced.prompt()
    forced.busy()
    #expect(aborts(forced) == 0)
    forced.answer()
    #expect(aborts(forced) == 1)
  }

  @Test("Without an answer, the first error of the session is the reason")
  func noAnswer() {
    var turn = OpenCodeTurn(TurnRequest(id: PromptID("p_1"), text: ""), nowMs: 0)
    #expect(turn.verdict(seen: "idle", hasText: false).outcome == .failed(.notAccepted))
    turn.error = OpenCodeError(name: "UnknownError", message: "Model not found: p/m.", statusCode: nil)
    #expect(turn.verdict(seen: "idle", hasText: false).reason == "Model not found: p/m.")
    turn.tellToStop(.asked, wallMs: 0)
    #expect(turn.verdict(seen: "idle", hasText: false).outcome == .cancelled)
  }

  @Test(
    "The newest answer is that of the latest time, never of the largest id (GOTCHAS 10.4, #42608: ids wrap around)"
  )
  func newest() {
    var turn = OpenCodeTurn(TurnRequest(id: PromptID("p_1"), text: ""), nowMs: 0)
    turn.take(
      TurnUnderTest.message("msg_ff", .assistant, createdMs: 1, finish: "tool-calls", isComplete: true),
      nowMs: 0)
    turn.take(TurnUnderTest.message("msg_00", .assistant, createdMs: 2), nowMs: 0)
    #expect(turn.newest?.id == "msg_00")
    #expect(!turn.isSettleable)
    // A late report of an older message changes nothing.
    turn.take(
      TurnUnderTest.message("msg_ff", .assistant, createdMs: 1, finish: "stop", isComplete: true), nowMs: 0)
    #expect(turn.newest?.id == "msg_00")
  }
}
