import ArrobaModel
import ArrobaSupervision
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// When a turn is taken, and when it is over: the rules of GOTCHAS 2 and 3, each by its number.
@Suite struct OpenCodeTurnTests {
  private static let abort = OpenCodeError(name: "MessageAbortedError", message: "Aborted", statusCode: nil)

  // MARK: the end

  @Test(
    "The end is idle, then a final answer, then a while without another one (GOTCHAS 10.6, #40882, PR #16945: idle pairs)"
  )
  func settling() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.busy()
    turn.answer()
    // The first pair of an abort comes before the message is final.
    turn.idle()
    turn.pass(299)
    #expect(turn.ends.isEmpty)
    turn.answer(error: Self.abort)
    turn.idle()
    turn.pass(299)
    #expect(turn.ends.isEmpty)
    turn.pass(1)
    #expect(turn.ends.map(\.outcome) == [.interrupted])
    // A third pair belongs to nobody (1.2.27).
    turn.idle()
    turn.pass(5000)
    #expect(turn.ends.count == 1)
  }

  @Test("An idle that another step follows at once is no end")
  func goesOn() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.answer(finish: "tool-calls", isComplete: true)
    turn.idle()
    turn.pass(200)
    turn.busy()
    turn.pass(5000)
    #expect(turn.ends.isEmpty)
    turn.answer("msg_2", finish: "stop", isComplete: true)
    turn.idle()
    turn.pass(300)
    #expect(turn.ends.map(\.outcome) == [.completed])
  }

  @Test(
    "An idle before our prompt was seen ends nothing (#26866, #26635; recorded: the old turn's idle comes late)"
  )
  func oldIdle() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.idle()
    turn.pass(400)
    #expect(turn.ends.isEmpty)
    turn.prompt()
    turn.busy()
    turn.answer(finish: "stop", isComplete: true)
    turn.idle()
    turn.pass(300)
    #expect(turn.ends.count == 1)
  }

  @Test("A child's idle comes while its parent is busy, and ends nothing")
  func childIdle() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.answer(finish: "tool-calls", isComplete: true)
    turn.take(.session(OpenCodeSession(id: "ses_child", parent: TurnUnderTest.root)), of: "ses_child")
    turn.idle("ses_child")
    turn.pass(5000)
    #expect(turn.ends.isEmpty)
  }

  @Test("An idle session whose answer is not final is looked up, and believed on the second look (#43093)")
  func unfinished() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.busy()
    turn.answer()
    turn.look?.messages = [
      OpenCodeStoredMessage(info: TurnUnderTest.message("msg_user", .user, createdMs: 1), parts: []),
      OpenCodeStoredMessage(info: TurnUnderTest.message("msg_answer", .assistant, createdMs: 2), parts: []),
    ]
    turn.idle()
    turn.pass(1999)
    #expect(turn.looks == 0)
    turn.pass(2000)
    #expect(turn.looks >= 1)
    #expect(turn.ends.map(\.proof) == ["idle, answer unfinished"])
    #expect(turn.ends.first?.outcome == .interrupted)
  }

  @Test("A session that says busy for good after its answer was complete is over after 10 s (#35472)")
  func busyForGood() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.busy()
    turn.answer(finish: "stop", isComplete: true, output: 5)
    turn.look?.statuses = [TurnUnderTest.root: .busy]
    turn.look?.messages = [
      OpenCodeStoredMessage(
        info: TurnUnderTest.message(
          "msg_answer", .assistant, createdMs: 2, finish: "stop", isComplete: true, output: 5),
        parts: [])
    ]
    turn.busy()
    turn.pass(9999)
    #expect(turn.ends.isEmpty)
    turn.pass(2000)
    #expect(turn.ends.map(\.proof) == ["answer final, finish stop"])
    // With tool calls it may be that busy is true.
    var other = TurnUnderTest()
    other.begin()
    other.prompt()
    other.answer(finish: "tool-calls", isComplete: true)
    other.look?.statuses = [TurnUnderTest.root: .busy]
    other.pass(60_000)
    #expect(other.ends.isEmpty)
  }

  @Test("An error is a note until idle: a context overflow is followed by a compaction, and the turn goes on")
  func errorIsNoEnd() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.busy()
    turn.take(.failure(OpenCodeError(name: "ContextOverflowError", message: "too long", statusCode: nil)))
    turn.answer(finish: nil, isComplete: true)
    turn.pass(20_000)
    #expect(turn.ends.isEmpty)
    turn.answer("msg_2", finish: "stop", isComplete: true)
    turn.idle()
    turn.pass(300)
    #expect(turn.ends.map(\.outcome) == [.completed])
  }

  // MARK: the prompt

  @Test(
    "A prompt is accepted when its text stands among the session's messages, not when the server says 204 (#38092)"
  )
  func accepted() {
    var turn = TurnUnderTest()
    turn.begin()
    #expect(!turn.whats.contains(.accepted(mark: "msg_user")))
    turn.prompt("another one's", id: "msg_other")
    #expect(!turn.whats.contains(.accepted(mark: "msg_other")))
    turn.prompt()
    #expect(turn.whats.contains(.accepted(mark: "msg_user")))
  }

  @Test("A late report of an old prompt is no new one")
  func latePrompt() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.answer(finish: "stop", isComplete: true)
    turn.idle()
    turn.pass(300)
    let before = turn.signals.count
    turn.take(.message(TurnUnderTest.message("msg_user", .user, createdMs: 1)))
    turn.take(.part(TurnUnderTest.text("hello", "prt_msg_user", of: "msg_user")))
    #expect(turn.signals.count == before)
  }

  @Test("A prompt that was taken and lost is sent once more, and then given up (#22925, #12860)")
  func lost() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.pass(4999)
    #expect(turn.looks == 0)
    turn.pass(60_000)
    #expect(turn.wishes.count { $0 == .resend } == 1)
    #expect(turn.ends.map(\.reason) == ["OpenCode took the prompt twice and lost it both times"])
  }

  @Test(
    "A session error without any message ends a turn after 10 s, with its words (#45610: an unknown agent)")
  func errorWithoutMessage() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.take(.failure(OpenCodeError(name: "UnknownError", message: "Agent not found", statusCode: nil)))
    turn.take(.failure(OpenCodeError(name: "UnknownError", message: "with a stack trace", statusCode: nil)))
    turn.pass(9999)
    #expect(turn.ends.isEmpty)
    turn.pass(6000)
    #expect(turn.ends.map(\.reason) == ["Agent not found"])
    #expect(!turn.wishes.contains(.resend))
  }

  @Test("Where no events come, looks take the prompt, show the answer and end the turn (#46733, #33737)")
  func noEvents() {
    var turn = TurnUnderTest()
    turn.begin()
    let prompt = OpenCodeStoredMessage(
      info: TurnUnderTest.message("msg_user", .user, createdMs: 1),
      parts: [TurnUnderTest.text("hello", "prt_user", of: "msg_user")])
    turn.look?.messages = [prompt]
    turn.look?.statuses = [TurnUnderTest.root: .busy]
    turn.pass(6000)
    #expect(turn.whats.contains(.accepted(mark: "msg_user")))
    turn.look?.messages = [
      prompt,
      OpenCodeStoredMessage(
        info: TurnUnderTest.message("msg_answer", .assistant, createdMs: 2, finish: "stop", isComplete: true),
        parts: [TurnUnderTest.text("the answer", "prt_answer", of: "msg_answer", isEnded: true)]),
    ]
    turn.look?.statuses = [:]
    turn.pass(2000)
    #expect(turn.ends.map(\.outcome) == [.completed])
    #expect(turn.texts["prt_answer"] == "the answer")
  }

  // MARK: limits of our own

  @Test("Retries end when they last too long, and the turn has failed of them (GOTCHAS 10.9, #21960, #42874)")
  func retries() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.busy()
    turn.answer()
    for attempt in 1...70 {
      turn.take(.status(.retry(attempt: attempt, message: "overloaded", nextMs: turn.now.wallMs + 10_000)))
      if turn.wishes.contains(.abort([TurnUnderTest.root])) { break }
      turn.pass(10_000)
    }
    #expect(turn.ms > 600_000 && turn.ms < 620_000)
    turn.answer(finish: nil, isComplete: true)
    turn.idle()
    turn.pass(300)
    #expect(turn.ends.map(\.outcome) == [.failed(.rateLimited)])
    #expect(turn.ends.first?.reason == "the model's service failed for 10 minutes: overloaded")
  }

  @Test("A retry that is far away is not waited for (#39790, PR #47641: retry-after of hours is obeyed)")
  func farRetry() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.busy()
    turn.take(.status(.retry(attempt: 1, message: "limit", nextMs: turn.now.wallMs + 300_000)))
    #expect(!turn.wishes.contains(.abort([TurnUnderTest.root])))
    turn.take(.status(.retry(attempt: 2, message: "limit", nextMs: turn.now.wallMs + 3_600_000)))
    #expect(turn.wishes.contains(.abort([TurnUnderTest.root])))
  }

  @Test("Silence of ten minutes is told once, and ends nothing (#36739)")
  func silence() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.busy()
    turn.answer()
    turn.look?.statuses = [TurnUnderTest.root: .busy]
    turn.pass(599_000)
    let notices = { (turn: TurnUnderTest) in turn.whats.count { if case .notice = $0 { true } else { false } }
    }
    #expect(notices(turn) == 0)
    turn.pass(100_000)
    #expect(notices(turn) == 1)
    turn.pass(600_000)
    #expect(notices(turn) == 1)
    #expect(turn.ends.isEmpty)
  }

  @Test("Whatever is said of the turn before never settles this one")
  func otherTurn() {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.answer(finish: "stop", isComplete: true)
    turn.idle()
    turn.pass(300)
    turn.begin("p_2", text: "second")
    // Late reports of the first turn.
    turn.answer(finish: "stop", isComplete: true)
    turn.take(.part(TurnUnderTest.text("late words", "prt_late", of: "msg_answer", isEnded: true)))
    turn.prompt("second", id: "msg_second")
    turn.busy()
    turn.pass(1000)
    #expect(turn.ends.count == 1)
    let late = turn.signals.first {
      if case .itemCompleted(let item) = $0.what { item.key == "prt_late" } else { false }
    }
    #expect(late?.turn == PromptID("p_1"))
  }
}
