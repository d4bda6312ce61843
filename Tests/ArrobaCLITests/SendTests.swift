import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@testable import ArrobaCLI

/// `arroba send` and what else looks after a prompt, against a daemon that the test plays.
@Suite("Sending prompts")
struct SendTests {
  /// A daemon that answers the submission of a prompt and then tells these events.
  private func daemon(
    _ events: [JSON], position: JSON = 0, _ more: [String: FakeDaemon.Handler] = [:]
  ) throws -> FakeDaemon {
    var handlers: [String: FakeDaemon.Handler] = [
      "agent.get": { _, _ in .result(TalkSample.voice()) },
      "events.subscribe": { _, _ in .lines([TalkSample.subscribed]) },
      "prompt.submit": { _, _ in
        // The first event overtakes the answer, as it may.
        .lines(
          events.prefix(1).map(TalkSample.line) + [TalkSample.answer(TalkSample.prompt(position: position))]
            + events.dropFirst().map(TalkSample.line))
      },
    ]
    for (method, handler) in more { handlers[method] = handler }
    return try FakeDaemon(handlers)
  }

  private func item(_ seq: Int, _ kind: String, _ data: JSON) -> JSON {
    var members = data.object ?? JSONObject()
    members["item"] = "i_1"
    return TalkSample.event(seq, "item.\(kind)", .object(members))
  }

  private var answer: [JSON] {
    [
      TalkSample.event(8, "prompt.submitted", ["text": "go"]), TalkSample.event(9, "prompt.dispatched"),
      item(10, "started", ["type": "text", "text": "Hel"]), item(11, "delta", ["text": "lo\u{1B}[2J"]),
      // Another prompt's words are not ours.
      TalkSample.event(12, "item.completed", ["item": "i_9", "type": "text", "text": "no"], prompt: "p_9"),
      item(13, "completed", ["type": "text", "text": "Hello\u{1B}[2J\n"]),
      TalkSample.event(
        14, "item.completed", ["item": "i_2", "type": "tool", "tool": TalkSample.tool(output: "12K .\n")]),
      TalkSample.event(15, "item.completed", ["item": "i_3", "type": "text", "text": "Done"]),
    ]
  }

  private func end(_ state: String = "completed", _ data: JSON = ["proof": "idle"]) -> JSON {
    TalkSample.event(20, "prompt.\(state)", data)
  }

  @Test("A prompt that is sent and left alone prints its id, or itself")
  func plain() throws {
    let daemon = try daemon([])
    defer { daemon.end() }
    #expect(ToolRun(["send", "build", "go on"], in: daemon.house) == ToolRun(out: "p_111111\n"))
    let request = try #require(daemon.requests.last)
    #expect(request.params["session"] == "build" && request.params["text"] == "go on")
    #expect(request.params["commandId"] != nil)
    let json = ToolRun(["--json", "send", "go"], in: daemon.house)
    #expect(json == ToolRun(out: TalkSample.prompt().encodedText + "\n"))
  }

  @Test("Who follows reads the answer on standard output and all else on standard error, harmless both")
  func follow() throws {
    let daemon = try daemon(answer + [end()])
    defer { daemon.end() }
    let run = ToolRun(["send", "--follow", "go"], in: daemon.house)
    #expect(run.out == "Hello\u{FFFD}[2J\nDone\n")
    #expect(run.error == "[bash] du -sh . → 12K . (340 ms)\n" && run.code == 0)
    // Everything about the agent by id: an alias may go to another one meanwhile.
    let submitted = try #require(daemon.requests.first { $0.method == "prompt.submit" }).params
    #expect(submitted["session"] == "s_abcdefghij" && submitted["agent"] == "a_klmnopqrst")
    let subscribed = try #require(daemon.requests.first { $0.method == "events.subscribe" }).params
    #expect(subscribed["after"] == ["log": "l_1", "seq": 7] && subscribed["session"] == "s_abcdefghij")
  }

  @Test(
    "Where both streams are one pipe a remark begins a line of its own; a file that is not there is not found"
  )
  func oneStream() throws {
    let tool = TalkSample.event(
      11, "item.completed", ["item": "i_2", "type": "tool", "tool": TalkSample.tool(output: "12K .\n")])
    let daemon = try daemon([item(10, "started", ["type": "text", "text": "I will"]), tool, end()])
    defer { daemon.end() }
    let pipe = try Pipes.make()
    let apart = ToolRun(["send", "--follow", "go"], in: daemon.house)
    #expect(apart.out == "I will\n")
    let seat = Seat(input: 0, output: pipe.writing.raw, error: pipe.writing.raw)
    let other = try Pipes.make()
    #expect(seat.mixesStreams)
    #expect(!Seat(input: 0, output: pipe.writing.raw, error: other.writing.raw).mixesStreams)
    let missing = ToolRun(["send", "-f", daemon.house.path("no"), "--wait"], in: daemon.house)
    #expect(missing.code == 4 && missing.error.contains("No such file"), "\(missing)")
    #expect(ToolRun(["play", daemon.house.path("no")], in: daemon.house).code == 4)
  }

  @Test("With --json who follows gets the events of the prompt, as they came")
  func events() throws {
    let daemon = try daemon(answer + [end()])
    defer { daemon.end() }
    let run = ToolRun(["--json", "send", "--follow", "go"], in: daemon.house)
    let events = answer.filter { $0["prompt"] == "p_111111" } + [end()]
    #expect(run == ToolRun(out: events.map { $0.encodedText + "\n" }.joined()))
  }

  @Test("Who waits gets the id at once, and with --json the prompt as it ended")
  func wait() throws {
    let ended = TalkSample.prompt(state: "completed", position: nil)
    let daemon = try daemon(answer + [end()], ["prompt.get": { _, _ in .result(ended) }])
    defer { daemon.end() }
    #expect(ToolRun(["send", "--wait", "go"], in: daemon.house) == ToolRun(out: "p_111111\n"))
    #expect(
      ToolRun(["--json", "send", "--wait", "go"], in: daemon.house)
        == ToolRun(out: ended.encodedText + "\n"))
  }

  private static let endings: [(String, JSON, String, Int32)] = [
    ("failed", ["reason": "no login", "failure": "authentication"], "arroba: failed: no login\n", 1),
    ("failed", ["reason": "slow down", "failure": "rate_limited"], "arroba: failed: slow down\n", 75),
    ("cancelled", ["reason": "cancelled"], "arroba: cancelled\n", 130),
    (
      "interrupted", ["reason": "the server died"],
      "arroba: interrupted: the server died; it is not sent again by itself\n", 130
    ),
    ("completed", ["reason": "the answer was cut"], "completed: the answer was cut\n", 0),
  ]

  @Test("What did not go well is said, and the exit code tells it apart", arguments: endings)
  func ends(_ state: String, _ data: JSON, _ error: String, _ code: Int32) throws {
    let daemon = try daemon([end(state, data)])
    defer { daemon.end() }
    let run = ToolRun(["send", "--follow", "go"], in: daemon.house)
    #expect(run == ToolRun(error: error, code: code))
  }

  @Test("A prompt that waits behind others says so, with what holds it up")
  func queued() throws {
    let daemon = try daemon(
      [], position: 2,
      [
        "ask.list": { _, _ in
          .lines([
            TalkSample.answer(["asks": [TalkSample.ask(prompt: "p_9")]]), TalkSample.line(end()),
          ])
        }
      ])
    defer { daemon.end() }
    let run = ToolRun(["send", "--follow", "go"], in: daemon.house)
    #expect(run.error.hasPrefix("queued at 2\nwaiting for an answer:\n? run du -sh .\n"))
  }

  private static let howTo = """
    waiting for an answer:
    ? run du -sh .
      1 allow once
      2 always allow – du *
      3 deny
      answer with: arroba approve q_2222, arroba deny q_2222 [NOTE], or arroba answer q_2222 NUMBER

    """

  @Test("Who waits without a person is told that the agent asks, how to answer, and what was answered")
  func asks() throws {
    let answered = TalkSample.event(12, "ask.answered", ["ask": "q_222222", "choices": ["once"]], by: "c_2")
    let daemon = try daemon([TalkSample.opened(11), answered, end()])
    defer { daemon.end() }
    let run = ToolRun(["send", "--wait", "go"], in: daemon.house)
    #expect(run.out == "p_111111\n" && run.code == 0)
    #expect(run.error == Self.howTo + "? run du -sh . → allow once\n")
  }

  @Test(
    "--on-ask deny answers for the person who is not there; a turn that ends by it was denied: exit code 5")
  func deny() throws {
    let denied = TalkSample.event(12, "ask.answered", ["ask": "q_222222", "choices": ["reject"]], by: "c_1")
    let daemon = try daemon(
      [TalkSample.opened(11)],
      [
        "ask.answer": { _, _ in
          .lines([
            TalkSample.answer(TalkSample.ask()), TalkSample.line(denied),
            TalkSample.line(end("cancelled", ["reason": "denied"])),
          ])
        }
      ])
    defer { daemon.end() }
    let run = ToolRun(["send", "--follow", "--on-ask", "deny", "go"], in: daemon.house)
    #expect(run.error == "? run du -sh . → deny\narroba: cancelled: denied\n" && run.code == 5)
    let answer = try #require(daemon.requests.last).params
    #expect(answer["ask"] == "q_222222" && answer["choice"] == "deny")
  }

  @Test("A deadline that nobody met is a no: it is told, and the exit code is 5")
  func deadline() throws {
    let expired = TalkSample.event(
      12, "ask.expired", ["ask": "q_222222", "onDeadline": "fail", "deadlineMs": 5000])
    let daemon = try daemon([TalkSample.opened(11), expired, end("cancelled", ["reason": "cancelled"])])
    defer { daemon.end() }
    let run = ToolRun(["send", "--wait", "go"], in: daemon.house)
    #expect(run.code == 5)
    #expect(
      run.error.hasSuffix(
        "? run du -sh . → the prompt is cancelled: nobody answered within 5.0 s\narroba: cancelled\n"))
  }

  @Test("--on-ask fail gives the prompt up: exit code 5")
  func fail() throws {
    let daemon = try daemon(
      [TalkSample.opened(11)],
      [
        "prompt.cancel": { _, _ in
          .lines([
            TalkSample.answer(TalkSample.prompt(state: "cancelling")), TalkSample.line(end("cancelled")),
          ])
        }
      ])
    defer { daemon.end() }
    let run = ToolRun(["send", "--wait", "--on-ask", "fail", "go"], in: daemon.house)
    #expect(run.code == 5 && run.error.hasPrefix("arroba: the agent asks, and nobody is to be asked: run du"))
    #expect(daemon.requests.last?.params["prompt"] == "p_111111")
  }

  @Test("When the time is up the prompt goes on: exit code 3")
  func timeout() throws {
    let daemon = try daemon([])
    defer { daemon.end() }
    let run = ToolRun(["send", "--wait", "-t", "0", "go"], in: daemon.house)
    #expect(run.code == 3)
    #expect(
      run.error
        == "arroba: the prompt has not ended within 0 s and goes on\nhint: arroba stop cancels it\n")
  }

  @Test("A daemon that goes away is waited for: the prompt is sent once, and no word is lost or told twice")
  func restart() throws {
    let daemon = try FakeDaemon([
      "agent.get": { _, _ in .result(TalkSample.voice()) },
      "events.subscribe": { params, count in
        guard count > 0 else { return .lines([TalkSample.subscribed]) }
        // Behind what was seen before: and a daemon that repeats itself is not believed.
        return .lines(
          [TalkSample.answer(["subscription": "e_1", "from": 9, "head": 14, "gap": nil])]
            + answer.dropFirst(2).map(TalkSample.line) + [TalkSample.line(end())])
      },
      "prompt.submit": { _, count in
        guard count > 0 else { return .hangUp }
        return .lines(
          [TalkSample.answer(TalkSample.prompt())] + answer.prefix(3).map(TalkSample.line))
      },
    ])
    defer { daemon.end() }
    let run = ToolRun(["send", "--follow", "go"], in: daemon.house)
    #expect(run.out == "Hello\u{FFFD}[2J\nDone\n" && run.code == 0, "\(run)")
    let sent = daemon.requests.filter { $0.method == "prompt.submit" }
    #expect(sent.count == 2 && sent[0].params["commandId"] == sent[1].params["commandId"])
  }

  @Test("Words without quotes whose first is no session hear how to write it")
  func loose() throws {
    let error = WireError(kind: .sessionNotFound, message: "no session matches 'fix'", hint: "arroba ls")
    let daemon = try daemon([], ["prompt.submit": { _, _ in .error(error) }])
    defer { daemon.end() }
    let loose = ToolRun(["send", "fix", "the", "bug"], in: daemon.house)
    #expect(
      loose.error.hasSuffix("hint: put -- before the text where no REF is meant: arroba send -- TEXT…\n"))
    #expect(loose.code == 4)
    #expect(ToolRun(["send", "fix", "it"], in: daemon.house).error.hasSuffix("hint: arroba ls\n"))
  }

  @Test("The text may be in a file or come in; one that is too long is not sent")
  func sources() throws {
    let daemon = try daemon([])
    defer { daemon.end() }
    let path = daemon.house.path("task.md")
    try Files.replace(path, with: Array("one\ntwo\n".utf8))
    #expect(ToolRun(["send", "-f", path], in: daemon.house).code == 0)
    #expect(daemon.requests.last?.params["text"] == "one\ntwo")
    try Files.replace(path, with: [UInt8](repeating: 0x61, count: 1 << 20 + 1))
    #expect(ToolRun(["send", "-f", path], in: daemon.house).code == 2)
    #expect(ToolRun(["send", "-f", path + "x"], in: daemon.house).code == 4)
    let seat = try SeatUnderTest.pipe()
    try seat.typeIntoPipe("from\na pipe\n")
    seat.endKeys()
    #expect(ToolRun(["send", "-"], in: daemon.house, at: seat.seat).code == 0)
    #expect(daemon.requests.last?.params["text"] == "from\na pipe")
  }

  @Test("One shot makes a session, answers, and removes it whatever came of it")
  func run() throws {
    let made = TalkSample.whole()
    for (state, code) in [("completed", Int32(0)), ("failed", 1)] {
      let daemon = try daemon(
        answer + [end(state)],
        [
          "session.create": { _, _ in .result(made) },
          "session.delete": { _, _ in .result(["session": "s_abcdefghij", "stopped": []]) },
        ])
      defer { daemon.end() }
      let run = ToolRun(["run", "-p", "scripted", "--", "go"], in: daemon.house)
      #expect(run.out == "Hello\u{FFFD}[2J\nDone\n" && run.code == code, "\(run)")
      #expect(daemon.methods.first == "session.create" && daemon.methods.last == "session.delete")
      let removed = daemon.requests.last?.params
      #expect(removed?["session"] == "s_abcdefghij" && removed?["force"] == true)
      #expect(daemon.requests[0].params["agents"]?.array?.first?["provider"] == "scripted")
    }
  }
}
