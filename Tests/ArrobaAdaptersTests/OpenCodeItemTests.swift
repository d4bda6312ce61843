import ArrobaJSON
import ArrobaModel
import ArrobaSupervision
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// Items out of parts and deltas: the rules of GOTCHAS 1 and 6, each by its number.
@Suite struct OpenCodeItemTests {
  private func running() -> TurnUnderTest {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.busy()
    turn.answer()
    return turn
  }

  /// A look has shown that a text begins, and the stream has said nothing of it.
  private func seenBeforeHeard() -> TurnUnderTest {
    var turn = running()
    turn.look?.messages = [
      OpenCodeStoredMessage(
        info: TurnUnderTest.message("msg_answer", .assistant, createdMs: 2),
        parts: [TurnUnderTest.text("", "prt_1", of: "msg_answer")])
    ]
    turn.look?.statuses = [TurnUnderTest.root: .busy]
    turn.change { translator, _ in translator.streamWasLost() }
    return turn
  }

  private func text(_ text: String, isEnded: Bool = false) -> OpenCodeEvent.What {
    .part(TurnUnderTest.text(text, "prt_1", of: "msg_answer", isEnded: isEnded))
  }

  private func delta(_ text: String) -> OpenCodeEvent.What { .partDelta(part: "prt_1", text: text) }

  @Test("A delta may come before its part, and the full text always wins (#26924)")
  func early() {
    var turn = running()
    turn.take(delta("ear"))
    turn.take(delta("ly"))
    #expect(turn.texts.isEmpty)
    turn.take(text(""))
    #expect(turn.texts["prt_1"] == "early")
    turn.take(delta(" bird"))
    #expect(turn.texts["prt_1"] == "early bird")
    turn.take(text("Early bird!", isEnded: true))
    #expect(turn.texts["prt_1"] == "Early bird!")
  }

  @Test("Where no deltas come, they are made of successive texts (#50285)")
  func noDeltas() {
    var turn = running()
    turn.take(text(""))
    turn.take(text("one"))
    turn.take(text("one two"))
    #expect(turn.whats.contains(.itemDelta(key: "prt_1", text: " two")))
    #expect(turn.texts["prt_1"] == "one two")
  }

  @Test("After a lost stretch nothing is appended until the whole text is there (#916)")
  func torn() {
    var turn = running()
    turn.take(text(""))
    turn.take(delta("one "))
    turn.look = nil
    turn.change { translator, _ in translator.streamWasLost() }
    turn.take(delta("three"))
    #expect(turn.texts["prt_1"] == "one ")
    turn.take(text("one two three", isEnded: true))
    #expect(turn.texts["prt_1"] == "one two three")
  }

  @Test("A text whose beginning was missed is shown when it is whole (its stored form is empty until then)")
  func missed() {
    var turn = seenBeforeHeard()
    turn.take(delta("the rest"))
    #expect(turn.texts["prt_1"] == nil)
    turn.take(text("the beginning and the rest", isEnded: true))
    #expect(turn.texts["prt_1"] == "the beginning and the rest")
  }

  @Test("A text that a look shows before the stream does is told from its beginning all the same")
  func overtaken() {
    var turn = seenBeforeHeard()
    turn.take(text(""))
    turn.take(delta("one "))
    turn.take(delta("two"))
    #expect(turn.texts["prt_1"] == "one two")
  }

  @Test("A text that began before its turn was found again belongs to it when it ends")
  func foundAgain() throws {
    var turn = TurnUnderTest()
    turn.busy()
    turn.prompt()
    turn.answer()
    turn.take(text(""))
    turn.take(delta("half"))
    turn.look?.messages = [
      OpenCodeStoredMessage(
        info: TurnUnderTest.message("msg_user", .user, createdMs: 1),
        parts: [TurnUnderTest.text("hello", "prt_msg_user", of: "msg_user")]),
      OpenCodeStoredMessage(
        info: TurnUnderTest.message("msg_answer", .assistant, createdMs: 2),
        parts: [TurnUnderTest.text("", "prt_1", of: "msg_answer")]),
    ]
    turn.look?.statuses = [TurnUnderTest.root: .busy]
    turn.change { translator, now in
      let unsettled = UnsettledTurn(
        id: PromptID("p_1"), text: "hello", dispatchedAt: Instant(ms: 0), mark: "msg_user", cancelledAt: nil)
      translator.settle(unsettled, at: now)
    }
    turn.take(text("half a text", isEnded: true))
    let end = turn.signals.last {
      if case .itemCompleted(let item) = $0.what { item.key == "prt_1" } else { false }
    }
    #expect(try #require(end).turn == PromptID("p_1"))
  }

  @Test(
    "A turn that was denied something and ended while nobody looked was stopped by that",
    arguments: [true, false])
  func denied(wasDenied: Bool) throws {
    var turn = TurnUnderTest()
    turn.look?.messages = [
      OpenCodeStoredMessage(
        info: TurnUnderTest.message("msg_user", .user, createdMs: 1),
        parts: [TurnUnderTest.text("hello", "prt_msg_user", of: "msg_user")]),
      OpenCodeStoredMessage(
        info: TurnUnderTest.message(
          "msg_answer", .assistant, createdMs: 2, finish: "tool-calls", isComplete: true), parts: []),
    ]
    turn.change { translator, now in
      let unsettled = UnsettledTurn(
        id: PromptID("p_1"), text: "hello", dispatchedAt: Instant(ms: 0), mark: "msg_user", cancelledAt: nil,
        wasDenied: wasDenied)
      translator.settle(unsettled, at: now)
    }
    turn.pass(20_000)
    let ends = turn.signals.compactMap { if case .turnEnded(let end) = $0.what { end } else { nil } }
    #expect(ends.map(\.outcome) == [wasDenied ? .cancelled : .completed])
  }

  @Test("Half an answer before a retry is dropped, or it would be read two, three, four times")
  func retried() {
    var turn = running()
    for attempt in 1...3 {
      let key = "prt_\(attempt)"
      turn.take(.part(TurnUnderTest.text("", key, of: "msg_answer")))
      turn.take(.partDelta(part: key, text: "half"))
      turn.take(.status(.retry(attempt: attempt, message: "cut", nextMs: nil)))
    }
    #expect(turn.texts.isEmpty)
    turn.take(.part(TurnUnderTest.text("whole", "prt_4", of: "msg_answer", isEnded: true)))
    #expect(turn.texts == ["prt_4": "whole"])
    let retries = turn.whats.compactMap { if case .retrying(let attempt, _, _) = $0 { attempt } else { nil } }
    #expect(retries == [1, 2, 3])
  }

  @Test("What is final is not told twice, and not taken back")
  func final() {
    var turn = running()
    turn.take(text("whole", isEnded: true))
    let before = turn.signals.count
    turn.take(text("whole", isEnded: true))
    turn.take(text("who"))
    turn.take(delta("le"))
    #expect(turn.signals.count == before)
  }

  @Test("A part whose message was missed is looked up: whose it is decides what it means")
  func unknownMessage() {
    var turn = running()
    turn.take(.part(TurnUnderTest.text("somebody's words", "prt_x", of: "msg_unknown", isEnded: true)))
    #expect(turn.looks == 1)
    #expect(turn.texts.isEmpty)
  }

  @Test("An answer without text makes no item, and neither does one that only the model is meant to read")
  func empty() {
    var turn = running()
    turn.take(text("", isEnded: true))
    turn.take(
      .part(
        OpenCodePart(
          id: "prt_2", session: TurnUnderTest.root, message: "msg_answer",
          content: .text(OpenCodePart.Text(text: "synthetic", isEnded: true, isSynthetic: true)))))
    #expect(turn.texts.isEmpty)
  }

  @Test("A command's output grows by what is new of it, also when the window that is told moves")
  func output() {
    var turn = running()
    turn.take(.part(TurnUnderTest.tool(.pending)))
    #expect(turn.texts.isEmpty)
    turn.take(.part(TurnUnderTest.tool(.running)))
    turn.take(.part(TurnUnderTest.tool(.running, live: "one\n")))
    turn.take(.part(TurnUnderTest.tool(.running, live: "one\ntwo\n")))
    #expect(
      turn.whats.suffix(2) == [
        .itemDelta(key: "prt_tool", text: "one\n"), .itemDelta(key: "prt_tool", text: "two\n"),
      ])
    let lines = (0..<3000).map { "line \($0)\n" }
    let early = lines[0..<2000].joined()
    let late = lines[500..<2100].joined()
    #expect(OpenCodeTools.news(in: late, after: early) == lines[2000..<2100].joined())
    #expect(OpenCodeTools.news(in: "elsewhere", after: early) == "\n[…]\nelsewhere")
  }

  @Test("A tool that is still running when its turn ends has failed (#37694: a doom_loop leaves them)")
  func openTool() {
    var turn = running()
    turn.take(.part(TurnUnderTest.tool(.running)))
    turn.change { translator, _ in translator.lose(reason: "the server ended") }
    guard
      case .itemCompleted(let item)? = turn.whats.first(where: {
        if case .itemCompleted = $0 { true } else { false }
      })
    else {
      Issue.record("the tool was left open")
      return
    }
    #expect(item.tool?.status == .failed)
    #expect(item.tool?.output == "the server ended")
  }

  @Test("Long texts, inputs and outputs are cut, and say so")
  func bounds() {
    let long = String(repeating: "x", count: 100_000)
    let output = Bounded.output(long)
    #expect(output.utf8.count < 70_000)
    #expect(output.contains("[… 34464 bytes left out]"))
    #expect(Bounded.output("short") == "short")
    let input = Bounded.input(["content": .string(long), "list": [.string("a"), 1]])
    #expect(input["content"]?.string?.hasSuffix("… (95904 bytes more)") == true)
    #expect(input["list"] == [.string("a"), 1])
    #expect(
      Bounded.text(String(repeating: "y", count: Bounded.longestText)).utf8.count
        == Bounded.longestText)
    #expect(
      Bounded.text(String(repeating: "y", count: Bounded.longestText + 1)).utf8.count
        < Bounded.longestText)
  }

  @Test("The copies that double the stream are let pass before they are read")
  func syncCopies() throws {
    func read(_ text: String) -> OpenCodeEvent? {
      Array(text.utf8).withUnsafeBufferPointer { OpenCodeEvent.read($0) }
    }
    #expect(read("{\"directory\":\"/a\",\"payload\":{\"type\":\"sync\",\"syncEvent\": broken") == nil)
    // A real event that only speaks of such a copy is none.
    let text =
      #"{"payload":{"type":"session.idle","properties":{"sessionID":"s","x":"\"payload\":{\"type\":\"sync\""}}}"#
    #expect(read(text)?.what == .idle)
    #expect(read("{\"payload\":{\"id\":\"e\",\"type\":\"sync\"}}") == nil)
    #expect(read("nonsense")?.what == .unknown("no JSON"))
  }
}
