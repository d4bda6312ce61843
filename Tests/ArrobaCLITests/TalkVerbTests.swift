import ArrobaJSON
import ArrobaTestSupport
import ArrobaWire
import Testing

@testable import ArrobaCLI

@Suite("Verbs about conversations")
struct TalkVerbTests {
  private func run(
    _ arguments: [String], _ handlers: [String: FakeDaemon.Handler]
  ) throws -> (ToolRun, [FakeDaemon.Request]) {
    let daemon = try FakeDaemon(handlers)
    defer { daemon.end() }
    let run = ToolRun(arguments, in: daemon.house)
    return (run, daemon.requests)
  }

  @Test("stop cancels the active prompt")
  func stop() throws {
    let (run, asked) = try run(
      ["stop", "build", "-f"], ["prompt.cancel": { _, _ in .result(TalkSample.prompt(state: "cancelling")) }])
    #expect(run == ToolRun(out: "cancelling p_111111\n"))
    #expect(asked[0].params["session"] == "build" && asked[0].params["force"] == true)
  }

  @Test("The queue is a table, ids alone with -q, the protocol's object with --json")
  func list() throws {
    let prompts: JSON = [
      "prompts": [
        TalkSample.prompt("p_1", state: "running"),
        TalkSample.prompt("p_2", state: "queued", position: 1, text: "a\nb\u{1B}"),
      ], "asOf": 9,
    ]
    let handlers: [String: FakeDaemon.Handler] = [
      "session.get": { _, _ in .result(TalkSample.whole([TalkSample.voice(alias: "coder")])) },
      "prompt.list": { _, _ in .result(prompts) },
    ]
    let (table, asked) = try run(["queue", "build"], handlers)
    let lines = table.out.split(separator: "\n")
    #expect(lines[0] == "ID   AGENT  STATE     AGE  TEXT" || lines[0].hasPrefix("ID   AGENT  STATE"))
    #expect(lines[1].hasPrefix("p_1  coder  running ") && lines[1].hasSuffix("  go"))
    #expect(lines[2].hasPrefix("p_2  coder  queued 1 ") && lines[2].hasSuffix("  a b\u{FFFD}"))
    #expect(asked[1].params["session"] == "s_abcdefghij" && asked[1].params["agent"] == nil)
    #expect(try run(["-q", "queue"], handlers).0 == ToolRun(out: "p_1\np_2\n"))
    #expect(try run(["--json", "queue"], handlers).0 == ToolRun(out: prompts.encodedText + "\n"))
  }

  @Test("Prompts that wait are edited, moved and removed by id")
  func queue() throws {
    let moved = TalkSample.prompt("p_2", state: "queued", position: 1)
    let handlers: [String: FakeDaemon.Handler] = [
      "queue.edit": { _, _ in .result(moved) }, "queue.move": { _, _ in .result(moved) },
      "queue.remove": { _, _ in .result(moved) },
      "queue.clear": { _, _ in .result(["prompts": [moved, moved]]) },
    ]
    for (words, out, params) in [
      (["queue", "edit", "p_2", "x", "y"], "edited p_2\n", ["prompt": "p_2", "text": "x y"]),
      (["queue", "move", "p_2", "1"], "p_2 is at 1\n", ["prompt": "p_2", "position": 1]),
      (["queue", "rm", "p_2"], "removed p_2\n", ["prompt": "p_2"]),
      (["queue", "build/a", "clear"], "removed 2 prompts\n", ["session": "build", "agent": "a"]),
    ] as [([String], String, JSON)] {
      let (run, asked) = try run(words, handlers)
      #expect(run == ToolRun(out: out))
      for member in params.object?.members ?? [] { #expect(asked[0].params[member.key] == member.value) }
    }
  }

  @Test("Asks are shown with their choices and how to answer them")
  func asks() throws {
    let handlers: [String: FakeDaemon.Handler] = [
      "ask.list": { _, _ in .result(["asks": [TalkSample.ask()], "asOf": 9]) },
      "session.list": { _, _ in .result(["sessions": [TalkSample.whole()]]) },
    ]
    let (run, asked) = try run(["asks"], handlers)
    let lines = run.out.split(separator: "\n").map(String.init)
    #expect(lines[0].hasPrefix("q_2222  build/a_klmn · "))
    #expect(
      lines[1...4] == ["  ? run du -sh .", "    1 allow once", "    2 always allow – du *", "    3 deny"])
    #expect(
      lines[5] == "    arroba approve q_2222, arroba deny q_2222 [NOTE], or arroba answer q_2222 NUMBER")
    #expect(asked[0].params["session"] == nil && asked[0].params["workspace"] == nil)
    let nobody = try self.run(["asks", "build"], ["ask.list": { _, _ in .result(["asks": []]) }])
    #expect(nobody.0 == ToolRun(error: "nobody asks anything\n") && nobody.1[0].params["session"] == "build")
  }

  @Test("An answer is a number, an id, a label, or approve and deny")
  func answer() throws {
    let answered: JSON = {
      var object = TalkSample.ask().object ?? JSONObject()
      object["state"] = "answered"
      object["answer"] = ["choices": ["reject"], "note": "no"]
      return .object(object)
    }()
    for (words, choice, note) in [
      (["answer", "q_2", "3", "no"], "reject", "no"), (["deny", "q_222222", "no"], "reject", "no"),
      (["answer", "q_2", "allow once"], "once", nil), (["approve", "q_2"], "approve", nil),
      // What may be meant as a choice the daemon refuses, and says what is offered.
      (["answer", "q_2", "perhaps"], "perhaps", nil),
    ] as [([String], JSON, JSON?)] {
      let (run, asked) = try run(
        words,
        [
          "ask.list": { _, _ in .result(["asks": [TalkSample.ask()]]) },
          "ask.answer": { _, _ in .result(answered) },
        ])
      #expect(run == ToolRun(out: "answered q_222222: deny: no\n"))
      #expect(asked[1].params["ask"] == "q_222222" && asked[1].params["choice"] == choice)
      #expect(asked[1].params["note"] == note)
    }
    let (run, asked) = try run(
      ["answer", "q_2", "9"], ["ask.list": { _, _ in .result(["asks": [TalkSample.ask()]]) }])
    #expect(run == ToolRun(error: "arroba: there is no choice 9: they are 1 to 3\n", code: 2))
    #expect(asked.count == 1)
  }

  private static let items: JSON = [
    [
      "id": "p_1", "type": "prompt", "text": "one\nmore", "prompt": "p_1", "state": "failed",
      "reason": "no login", "agent": "a_klmnopqrst", "seq": 3,
    ],
    ["id": "i_1", "type": "reasoning", "text": "hm", "agent": "a_klmnopqrst", "seq": 4],
    ["id": "i_2", "type": "text", "text": "Hi\u{1B}[2J\r\n\tyou\n", "agent": "a_klmnopqrst", "seq": 5],
    [
      "id": "i_3", "type": "tool", "text": "", "tool": TalkSample.tool(output: "a\nb", exit: 2),
      "agent": "a_klmnopqrst", "seq": 6,
    ],
    ["id": "i_4", "type": "error", "text": "oh", "agent": "a_klmnopqrst", "seq": 7],
  ]

  @Test("A history is read as it was said, with what became of each prompt")
  func history() throws {
    let (run, asked) = try run(
      ["history", "build", "-n", "5"],
      [
        "session.get": { _, _ in .result(TalkSample.whole()) },
        "session.history": { _, _ in .result(["items": Self.items, "next": 3, "asOf": 9]) },
      ])
    #expect(
      run.out == """
        > one
          more
        hm
        Hi\u{FFFD}[2J
            you
        [bash] du -sh . → exit 2: b (340 ms)
        error: oh
        failed: no login

        """)
    #expect(asked[1].params["limit"] == 5 && run.error == "" && run.code == 0)
  }

  private static let middle: JSON = [
    ["id": "i_8", "type": "text", "text": "half", "agent": "a_klmnopqrst", "prompt": "p_111111", "seq": 8]
  ]

  @Test("Of a prompt that began before the page it is told how it ended; of one that is forgotten, nothing")
  func middle() throws {
    let failed = TalkSample.prompt(state: "failed", position: nil)
    func said(_ answer: @escaping FakeDaemon.Handler) throws -> ToolRun {
      try run(
        ["history", "build", "-n", "1"],
        [
          "session.get": { _, _ in .result(TalkSample.whole()) },
          "session.history": { _, _ in .result(["items": Self.middle, "next": 8, "asOf": 9]) },
          "prompt.get": answer,
        ]
      ).0
    }
    #expect(try said { _, _ in .result(failed) } == ToolRun(out: "half\nfailed\n"))
    #expect(
      try said { _, _ in .error(WireError(kind: .promptNotFound, message: "no")) } == ToolRun(out: "half\n"))
  }

  @Test("More items than a page has are asked for page by page, and with --json are one object")
  func pages() throws {
    let (run, asked) = try run(
      ["--json", "history", "-n", "600"],
      [
        "session.get": { _, _ in .result(TalkSample.whole()) },
        "session.history": { params, _ in
          params["before"] == nil
            ? .result(["items": Self.items, "next": 3, "asOf": 9])
            : .result([
              "items": [["id": "i_0", "type": "text", "text": "first", "seq": 1]], "next": nil, "asOf": 9,
            ])
        },
      ])
    let answer = try JSONReader.read(Array(run.out.utf8))
    #expect(answer["items"]?.array?.count == 6 && answer["next"] == .null && answer["asOf"] == 9)
    #expect(asked.dropFirst().map { $0.params["limit"] } == [500, 500])
  }

  @Test("Of several agents each line says whose it is")
  func gutter() throws {
    let (run, _) = try run(
      ["history"],
      [
        "session.get": { _, _ in
          .result(TalkSample.whole([TalkSample.voice(alias: "me"), TalkSample.voice("a_2", alias: "other")]))
        },
        "session.history": { _, _ in
          .result([
            "items": [
              ["type": "text", "text": "a\nb", "agent": "a_klmnopqrst"],
              ["type": "text", "text": "c", "agent": "a_2"],
            ], "next": nil, "asOf": 9,
          ])
        },
      ])
    #expect(run.out == "me    | a\nme    | b\nother | c\n")
  }

  @Test("A follower of a history reads what is completed, as the history will have it")
  func follow() throws {
    let events = [
      TalkSample.event(10, "prompt.submitted", ["text": "go"], by: "c_9"),
      TalkSample.event(11, "prompt.dispatched"),
      TalkSample.event(12, "item.started", ["item": "i_5", "key": "k", "type": "text", "text": "D"]),
      TalkSample.event(13, "item.completed", ["item": "i_5", "key": "k", "type": "text", "text": "Done"]),
      TalkSample.event(14, "prompt.failed", ["reason": "late"]),
    ]
    let handlers: [String: FakeDaemon.Handler] = [
      "session.get": { _, _ in .result(TalkSample.whole()) },
      "session.history": { _, _ in .result(["items": [], "next": nil, "asOf": 9]) },
      "events.subscribe": { _, _ in
        .lines([TalkSample.subscribed] + events.map(TalkSample.line) + ["enough"])
      },
    ]
    let (run, asked) = try run(["history", "-f"], handlers)
    #expect(run.out == "> go\nDone\nfailed: late\n" && run.error.contains("is not JSON"))
    #expect(asked.last?.params["after"] == ["log": "l_1", "seq": 9])
    let json = try self.run(["--json", "history", "-f"], handlers).0.out.split(separator: "\n")
    let item = try JSONReader.read(Array((json.last ?? "").utf8))
    #expect(json.count == 2)
    #expect(
      item == [
        "id": "i_5", "key": "k", "type": "text", "text": "Done", "prompt": "p_111111",
        "agent": "a_klmnopqrst", "seq": 13, "at": .string(Sample.at),
      ])
  }

  @Test("An agent that is talked to is idle or done when nothing is under way and nothing waits")
  func wait() throws {
    let busy = TalkSample.voice(active: "p_1")
    let waiting = TalkSample.voice(state: "waiting", active: "p_1", asks: 1)
    #expect(!Context.isReached(.done, by: busy) && !Context.isReached(.idle, by: busy))
    #expect(!Context.isReached(.idle, by: TalkSample.voice(queued: 1)))
    #expect(Context.isReached(.waiting, by: waiting) && !Context.isReached(.waiting, by: busy))
    for state in ["idle", "failed", "stopped"] {
      #expect(Context.isReached(.done, by: TalkSample.voice(state: state)))
    }
    #expect(Context.isReached(.idle, by: TalkSample.voice()))
    #expect(!Context.isReached(.done, by: TalkSample.voice(state: "starting")))
  }
}
