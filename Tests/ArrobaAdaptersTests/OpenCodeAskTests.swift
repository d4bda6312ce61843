import ArrobaJSON
import ArrobaModel
import ArrobaSupervision
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// Permissions and questions: the rules of GOTCHAS 4 and 5, each by its number.
@Suite struct OpenCodeAskTests {
  private func running() -> TurnUnderTest {
    var turn = TurnUnderTest()
    turn.begin()
    turn.prompt()
    turn.busy()
    turn.answer()
    return turn
  }

  private func answer(_ turn: inout TurnUnderTest, _ key: String, _ choice: String, _ text: String? = nil) {
    turn.change { translator, _ in translator.answer(key, with: AskAnswer(choices: [choice], text: text)) }
  }

  @Test("An ask may come before its tool, after it, or without one (recorded 30 : 5, and doom_loop)")
  func order() {
    var before = running()
    before.take(.permissionAsked(TurnUnderTest.permission()))
    #expect(before.asks.map(\.title) == ["run ls -l"])
    #expect(before.asks.first?.item == nil)
    var after = running()
    after.take(.part(TurnUnderTest.tool(.running)))
    after.take(.permissionAsked(TurnUnderTest.permission()))
    #expect(after.asks.first?.item == "prt_tool")
    var without = running()
    without.take(
      .permissionAsked(
        OpenCodePermission(
          id: "per_2", session: TurnUnderTest.root, permission: "doom_loop", patterns: ["bash"],
          always: ["bash"],
          metadata: ["tool": "bash"], callID: nil)))
    #expect(without.asks.first?.title == "go on, though bash was called with the same input again and again")
  }

  @Test("A command that the ask does not name is taken from its tool (1.14.48, 1.2.27: metadata is empty)")
  func command() {
    var turn = running()
    turn.take(.part(TurnUnderTest.tool(.running)))
    turn.take(.permissionAsked(TurnUnderTest.permission(metadata: [:])))
    #expect(turn.asks.first?.title == "run ls -l")
  }

  @Test(
    "Every kind of ask reads well, and can be denied (#16367: an ask that nobody handles hangs the server)")
  func words() {
    func title(_ kind: String, _ metadata: JSON, _ patterns: [String]) -> String {
      OpenCodeAskWords.ask(
        OpenCodePermission(
          id: "per_1", session: "ses_1", permission: kind, patterns: patterns, always: [], metadata: metadata,
          callID: nil), input: nil
      ).title
    }
    #expect(title("edit", ["filepath": "/work/a.txt", "diff": "@@"], ["a.txt"]) == "edit /work/a.txt")
    #expect(title("external_directory", [:], ["/etc/*"]) == "reach outside of the project: /etc/*")
    #expect(title("webfetch", [:], ["https://example.org"]) == "webfetch https://example.org")
    #expect(title("brand_new", [:], []) == "brand_new")
    #expect(title("bash", [:], ["ls", "cat"]) == "run ls, cat")
    let ask = OpenCodeAskWords.ask(TurnUnderTest.permission(metadata: ["command": "ls\nrm -r x"]), input: nil)
    #expect(ask.title == "run ls …")
    #expect(ask.detail == "ls\nrm -r x")
    #expect(ask.choices.map(\.effect) == [.allowOnce, .allowAlways, .deny])
    #expect(ask.choices[1].hint == "ls *")
  }

  @Test("An answer goes to the directory of the session that asked: with another one it is not found")
  func directory() {
    var turn = running()
    turn.take(.permissionAsked(TurnUnderTest.permission()))
    answer(&turn, "per_1", "once")
    #expect(
      turn.replies == [
        OpenCodeReply(request: "per_1", directory: "/work", answer: .permission("once", message: nil))
      ])
    // The first answer counts.
    answer(&turn, "per_1", "reject")
    #expect(turn.replies.count == 1)
    // Its echo is no news.
    turn.take(.permissionReplied(id: "per_1", reply: "once"))
    #expect(!turn.whats.contains(.askAnswered(key: "per_1", choice: "once")))
  }

  @Test("A note goes with a denial: then the agent reads it and goes on")
  func note() {
    var turn = running()
    turn.take(.permissionAsked(TurnUnderTest.permission()))
    answer(&turn, "per_1", "reject", "use rg")
    #expect(turn.replies.map(\.answer) == [.permission("reject", message: "use rg")])
  }

  @Test(
    "Two tools of one step ask at the same time; the server answers the rest of a denial or an always itself")
  func several() {
    var turn = running()
    turn.take(.permissionAsked(TurnUnderTest.permission("per_1")))
    turn.take(.permissionAsked(TurnUnderTest.permission("per_2", call: "call_2")))
    answer(&turn, "per_1", "reject")
    turn.take(.permissionReplied(id: "per_1", reply: "reject"))
    turn.take(.permissionReplied(id: "per_2", reply: "reject"))
    #expect(
      turn.whats.filter { if case .askAnswered = $0 { true } else { false } } == [
        .askAnswered(key: "per_2", choice: "reject")
      ])
  }

  @Test(
    "An answer in the native client settles the ask, and a late one of ours is let be (a second answer is 404)"
  )
  func elsewhere() {
    var turn = running()
    turn.take(.permissionAsked(TurnUnderTest.permission()))
    turn.take(.permissionReplied(id: "per_1", reply: "always"))
    #expect(turn.whats.contains(.askAnswered(key: "per_1", choice: "always")))
    answer(&turn, "per_1", "reject")
    #expect(turn.replies.isEmpty)
    var late = running()
    late.take(.permissionAsked(TurnUnderTest.permission()))
    answer(&late, "per_1", "once")
    late.change { translator, _ in translator.wasNotFound("per_1") }
    #expect(late.asks.count == 1)
    #expect(late.translator.asks.isEmpty)
  }

  @Test("Settled is settled: no late event and no look opens an ask again (assistant-ui #7608)")
  func final() {
    var turn = running()
    turn.take(.permissionAsked(TurnUnderTest.permission()))
    turn.take(.permissionReplied(id: "per_1", reply: "once"))
    turn.take(.permissionAsked(TurnUnderTest.permission()))
    turn.look?.permissions = [TurnUnderTest.permission()]
    turn.change { translator, now in
      var look = OpenCodeLook(askedMs: now.ms + 1)
      look.permissions = [TurnUnderTest.permission()]
      translator.apply(look, at: now)
    }
    #expect(turn.asks.count == 1)
  }

  @Test(
    "What is still asked when a turn ends is withdrawn, and rejected at the server, where it would stay listed"
  )
  func leftover() {
    var turn = running()
    turn.take(.permissionAsked(TurnUnderTest.permission()))
    turn.change { $0.cancel(PromptID("p_1"), force: false, at: $1) }
    turn.answer(error: OpenCodeError(name: "MessageAbortedError", message: "Aborted", statusCode: nil))
    turn.idle()
    turn.pass(300)
    #expect(turn.ends.map(\.outcome) == [.cancelled])
    #expect(turn.whats.contains(.askWithdrawn(key: "per_1", reason: "the turn is over")))
    #expect(turn.replies.map(\.answer) == [.permission("reject", message: nil)])
    // The late answer is reported as if it mattered.
    turn.take(.permissionReplied(id: "per_1", reply: "reject"))
    #expect(turn.whats.filter { if case .askAnswered = $0 { true } else { false } }.isEmpty)
  }

  @Test("A look after the end opens no ask of it, and rejects those that nobody had heard of")
  func unheard() {
    var turn = running()
    turn.answer(finish: "stop", isComplete: true)
    turn.idle()
    turn.pass(300)
    turn.change { translator, now in
      var look = OpenCodeLook(askedMs: now.ms)
      look.permissions = [TurnUnderTest.permission("per_9")]
      look.directory = "/work"
      translator.apply(look, at: now)
    }
    #expect(turn.asks.isEmpty)
    #expect(turn.replies.map(\.request) == ["per_9"])
  }

  @Test("A look opens asks that no event told of, and settles those that it misses (#44747)")
  func looked() {
    var turn = running()
    turn.take(.permissionAsked(TurnUnderTest.permission("per_1")))
    turn.ms += 10
    turn.change { translator, now in
      var look = OpenCodeLook(askedMs: now.ms)
      look.permissions = [TurnUnderTest.permission("per_2")]
      translator.apply(look, at: now)
    }
    #expect(turn.asks.map(\.key) == ["per_1", "per_2"])
    #expect(turn.whats.contains(.askAnswered(key: "per_1", choice: nil)))
    // What opened after the look was asked for is not missed by it.
    turn.take(.permissionAsked(TurnUnderTest.permission("per_3")))
    turn.change { translator, now in
      var look = OpenCodeLook(askedMs: now.ms - 5)
      look.permissions = [TurnUnderTest.permission("per_2")]
      translator.apply(look, at: now)
    }
    #expect(!turn.whats.contains(.askAnswered(key: "per_3", choice: nil)))
  }

  @Test(
    "Asks of an agent within an agent are the conversation's, however deep (GOTCHAS 10.7, #36868, #13715)")
  func deep() {
    var turn = running()
    turn.take(
      .session(OpenCodeSession(id: "ses_a", parent: TurnUnderTest.root, agent: "explore")), of: "ses_a")
    turn.take(.session(OpenCodeSession(id: "ses_b", parent: "ses_a", agent: "explore")), of: "ses_b")
    turn.take(.permissionAsked(TurnUnderTest.permission(session: "ses_b")), of: "ses_b")
    #expect(turn.asks.map(\.subagent) == ["explore 2"])
    #expect(turn.signals.last?.turn == PromptID("p_1"))
    #expect(turn.translator.leavesFirst == ["ses_b", "ses_a", TurnUnderTest.root])
  }

  @Test("A session that stands only beside the tool is read as well (orca #17766)")
  func oddPlace() {
    let json: JSON = ["id": "per_1", "permission": "bash", "tool": ["sessionID": "ses_1", "callID": "c"]]
    #expect(OpenCodePermission(json)?.session == "ses_1")
  }

  private static let questions = OpenCodeQuestions(
    id: "que_1", session: TurnUnderTest.root,
    questions: [
      OpenCodeQuestions.Question(
        text: "Which color?", header: nil, options: [("Red", "a red one"), ("Blue", nil)], takesSeveral: true,
        takesText: true),
      OpenCodeQuestions.Question(
        text: "Which size?", header: nil, options: [("Small", nil)], takesSeveral: false, takesText: false),
    ], callID: nil)

  @Test("Questions that are put together are asked one by one, and answered together")
  func questions() {
    var turn = running()
    turn.take(.questionAsked(Self.questions))
    #expect(turn.asks.map(\.key) == ["que_1/1", "que_1/2"])
    turn.change { translator, _ in
      translator.answer("que_1/2", with: AskAnswer(choices: ["1"]))
      translator.answer("que_1/1", with: AskAnswer(choices: ["1", "2"], text: "and green"))
    }
    #expect(turn.replies.map(\.answer) == [.answers([["Red", "Blue", "and green"], ["Small"]])])
  }

  @Test("Dismissing one question dismisses all that were put with it")
  func dismissed() {
    var turn = running()
    turn.take(.questionAsked(Self.questions))
    answer(&turn, "que_1/1", "dismiss")
    #expect(turn.replies.map(\.answer) == [.rejectQuestions])
    #expect(
      turn.whats.contains(
        .askWithdrawn(key: "que_1/2", reason: "another question of the same call was dismissed")))
  }

  @Test("A command that starts after the abort is aborted again (#33364)")
  func lateTool() {
    var turn = running()
    turn.change { $0.cancel(PromptID("p_1"), force: false, at: $1) }
    #expect(turn.wishes.count { $0 == .abort([TurnUnderTest.root]) } == 1)
    turn.take(.part(TurnUnderTest.tool(.running)))
    #expect(turn.wishes.count { $0 == .abort([TurnUnderTest.root]) } == 2)
  }

  @Test("What an agent waits for is what it is doing")
  func activity() {
    var turn = running()
    turn.take(.permissionAsked(TurnUnderTest.permission()))
    #expect(turn.whats.last == .activity(.waiting, reason: "run ls -l"))
    answer(&turn, "per_1", "once")
    #expect(turn.whats.last == .activity(.working, reason: nil))
  }
}
