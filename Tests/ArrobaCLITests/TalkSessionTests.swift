import ArrobaJSON
import ArrobaTestSupport
import ArrobaWire
import Testing

@testable import ArrobaCLI

@Suite("A session as somebody talks in it")
struct TalkSessionTests {
  static let two: JSON = TalkSample.whole([
    TalkSample.voice(alias: "coder"), TalkSample.voice("a_2", alias: "critic"),
  ])

  /// A daemon with a session, what was said in it, and the events behind that.
  func daemon(
    _ session: JSON = TalkSample.whole(), prompts: [JSON] = [], asks: [JSON] = [], items: [JSON] = [],
    events: [JSON] = [], more: [String: FakeDaemon.Handler] = [:]
  ) throws -> FakeDaemon {
    var handlers: [String: FakeDaemon.Handler] = [
      "prompt.list": { _, _ in .result(["prompts": .array(prompts), "asOf": 7]) },
      "ask.list": { _, _ in .result(["asks": .array(asks), "asOf": 7]) },
      "session.get": { _, _ in .result(session) },
      "session.history": { _, _ in .result(["items": .array(items), "next": nil, "asOf": 7]) },
      "events.subscribe": { _, _ in .lines([TalkSample.subscribed] + events.map(TalkSample.line)) },
      "prompt.submit": { _, _ in .result(TalkSample.prompt()) },
      "events.unsubscribe": { _, _ in .result([:]) },
    ]
    for (method, handler) in more { handlers[method] = handler }
    return try FakeDaemon(handlers)
  }

  func item(
    _ seq: Int, _ kind: String, _ text: String, agent: String = TalkSample.agent, id: String = "i_1"
  )
    -> JSON
  {
    TalkSample.event(
      seq, "item.\(kind)", ["item": .string(id), "type": "text", "text": .string(text)], agent: agent)
  }

  @Test("What was said before is shown, and what happens is followed from there")
  func past() throws {
    let daemon = try daemon(
      items: [
        [
          "id": "p_0", "type": "prompt", "text": "old", "agent": "a_klmnopqrst", "seq": 3,
          "state": "cancelled",
        ],
        ["id": "i_0", "type": "text", "text": "answer", "agent": "a_klmnopqrst", "seq": 4],
      ], events: [item(8, "completed", "new")])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    try face.wait(for: "new")
    #expect(
      face.texts == ["[build: opencode, m/1; /help helps]", "", "> old", "answer", "cancelled", "new"])
    let subscribed = try #require(daemon.requests.first { $0.method == "events.subscribe" }).params
    #expect(subscribed["after"] == ["log": "l_1", "seq": 7] && subscribed["session"] == "s_abcdefghij")
  }

  @Test("A prompt that failed is shown as that also where it began before what is shown, and by /history")
  func middle() throws {
    let failed = TalkSample.prompt(state: "failed", position: nil)
    let daemon = try daemon(
      items: [
        [
          "id": "i_0", "type": "text", "text": "half", "agent": "a_klmnopqrst", "prompt": "p_111111",
          "seq": 4,
        ]
      ], more: ["prompt.get": { _, _ in .result(failed) }])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    #expect(face.texts == ["[build: opencode, m/1; /help helps]", "half", "failed"])
    face.forget()
    try face.session.enter("/history 1")
    try face.settle()
    #expect(face.texts == ["half", "failed"])
  }

  @Test("A turn under way is told from its beginning, by its events and not by its history")
  func underWay() throws {
    let daemon = try daemon(
      TalkSample.whole([TalkSample.voice(state: "working", active: "p_1", queued: 1)]),
      prompts: [
        TalkSample.prompt("p_1", text: "go"),
        TalkSample.prompt("p_2", state: "queued", position: 1, text: "next"),
      ],
      items: [
        ["id": "i_0", "type": "text", "text": "before", "agent": "a_klmnopqrst", "seq": 2],
        ["id": "p_1", "type": "prompt", "text": "go", "agent": "a_klmnopqrst", "seq": 5, "state": "running"],
        ["id": "i_1", "type": "text", "text": "whole", "agent": "a_klmnopqrst", "seq": 6],
      ],
      events: [
        TalkSample.event(5, "prompt.dispatched", prompt: "p_1"), item(6, "completed", "whole"),
        item(7, "started", "half", id: "i_2"), item(8, "delta", " more\n", id: "i_2"),
      ])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    try face.wait(for: "half more")
    #expect(face.texts.dropFirst() == ["before", "", "> go", "whole", "half more"])
    let subscribed = try #require(daemon.requests.first { $0.method == "events.subscribe" }).params
    #expect(subscribed["after"]?["seq"] == 4)
    #expect(try face.session.focused?.queue == ["p_2"])
  }

  @Test("A turn that began further back than a page is looked for")
  func farBack() throws {
    let daemon = try daemon(
      TalkSample.whole([TalkSample.voice(active: "p_1")]),
      more: [
        "session.history": { params, _ in
          params["before"] == nil
            ? .result([
              "items": [["id": "i_9", "type": "text", "text": "late", "agent": "a_klmnopqrst", "seq": 60]],
              "next": 60, "asOf": 70,
            ])
            : .result([
              "items": [
                ["id": "p_1", "type": "prompt", "text": "go", "agent": "a_klmnopqrst", "seq": 20]
              ], "next": 20, "asOf": 70,
            ])
        }
      ])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    let subscribed = daemon.requests.first { $0.method == "events.subscribe" }
    #expect(subscribed?.params["after"]?["seq"] == 7)
    #expect(daemon.methods.filter { $0 == "session.history" }.count == 2)
  }

  @Test("A line is a prompt to the focused agent; one that the daemon does not take is told with its words")
  func submit() throws {
    let full = WireError(kind: .overloaded, message: "256 prompts wait already", hint: "wait")
    let daemon = try daemon(
      more: ["prompt.submit": { _, count in count == 0 ? .result(TalkSample.prompt()) : .error(full) }])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    try face.session.enter("  two\nlines ")
    try face.session.enter("   ")
    try face.session.enter("again")
    try face.wait(for: "hint: wait")
    let sent = daemon.requests.filter { $0.method == "prompt.submit" }.map(\.params)
    #expect(sent.map { $0["text"] } == ["  two\nlines ", "again"])
    #expect(sent.allSatisfy { $0["agent"] == "a_klmnopqrst" && $0["session"] == "s_abcdefghij" })
    #expect(face.texts.suffix(3) == ["> again", "arroba: 256 prompts wait already", "hint: wait"])
  }

  @Test("A number answers what is asked or is refused, as y and n do; other words are a prompt")
  func answer() throws {
    let daemon = try daemon(
      events: [TalkSample.opened(8)],
      more: ["ask.answer": { _, _ in .result(TalkSample.ask()) }])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    let session = try face.session
    try face.wait("the ask") { session.openAsk != nil }
    session.enter("4")
    session.enter("1,2")
    #expect(
      face.texts.suffix(2) == [
        "arroba: there is no choice 4: they are 1 to 3",
        "arroba: '1,2' is several choices, and one is asked for: they are 1 to 3",
      ])
    session.enter("go on")
    session.enter("3")
    session.enter("y")
    session.enter("/approve")
    session.enter("/deny q_2 not here")
    try face.wait("the answers") { !session.isAsking }
    #expect(daemon.requests.filter { $0.method == "prompt.submit" }.map { $0.params["text"] } == ["go on"])
    let answers = daemon.requests.filter { $0.method == "ask.answer" }.map(\.params)
    #expect(answers.map { $0["choice"] } == ["reject", "approve", "approve", "deny"])
    #expect(answers.map { $0["note"] } == [nil, nil, nil, "not here"])
    // Answered by whoever was first: it is told here too, and waits no more.
    daemon.tell([
      TalkSample.line(
        TalkSample.event(9, "ask.answered", ["ask": "q_222222", "choices": ["once"]], by: "c_9"))
    ])
    try face.wait(for: "? run du -sh . → allow once (elsewhere)")
    #expect(session.openAsk == nil)
    session.enter("/approve")
    #expect(face.texts.last == "arroba: nothing is asked")
  }

  @Test("Without a screen that lives an ask comes as lines, with how to answer it")
  func plainAsk() throws {
    let daemon = try daemon(events: [TalkSample.opened(8)])
    defer { daemon.end() }
    let face = TalkUnderTest(isLive: false)
    try face.open(daemon)
    try face.wait("the ask") { face.texts.contains { $0.contains("arroba approve q_2222") } }
    #expect(face.texts.first == "? run du -sh .")
  }

  @Test("Of several agents the focused one is shown; what another says is kept until it is shown")
  func individual() throws {
    let daemon = try daemon(Self.two, more: ["agent.cycle": { _, _ in .result(Sample.agent()) }])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    let session = try face.session
    face.forget()
    daemon.tell(
      [
        item(8, "started", "hidden half", agent: "a_2", id: "i_2"), item(9, "completed", "seen", id: "i_1"),
        item(10, "started", "growing", id: "i_3"),
      ].map(TalkSample.line))
    try face.wait("the growing row") { !session.growing.isEmpty }
    #expect(face.texts == ["seen"] && session.growing.map(\.text) == ["growing"])
    session.cycle()
    daemon.tell(
      [
        item(11, "completed", "hidden half and whole", agent: "a_2", id: "i_2"),
        TalkSample.event(12, "agent.focused", prompt: nil, agent: "a_2"),
      ].map(TalkSample.line))
    try face.wait(for: "— critic —")
    #expect(face.texts == ["seen", "— critic —", "hidden half and whole"] && session.growing.isEmpty)
    try face.settle()
    #expect(daemon.methods.contains("agent.cycle"))
  }

  @Test("In the split view each line says whose it is, and no line has two agents' words")
  func split() throws {
    let daemon = try daemon(Self.two)
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    let session = try face.session
    session.setColumns(24)
    session.enter("/view split")
    face.forget()
    daemon.tell(
      [
        item(8, "started", "one two three ", id: "i_1"),
        item(9, "started", "ONE TWO", agent: "a_2", id: "i_2"),
        item(10, "delta", "four five\nsix", id: "i_1"),
        item(11, "delta", " THREE\n", agent: "a_2", id: "i_2"),
      ].map(TalkSample.line))
    try face.wait("both") { face.texts.contains { $0.hasPrefix("critic | ONE TWO") } }
    #expect(
      face.texts == ["coder  | one two three", "coder  | four five", "critic | ONE TWO THREE"])
    #expect(session.growing.map { $0.text(usesColour: false) } == ["coder  | six"])
  }

  @Test("Commands are methods of the protocol; what is no command is refused with the nearest")
  func commands() throws {
    let prompt = TalkSample.prompt("p_2", state: "queued", position: 1)
    let daemon = try daemon(
      more: [
        "prompt.cancel": { _, _ in .result(prompt) }, "queue.edit": { _, _ in .result(prompt) },
        "queue.move": { _, _ in .result(prompt) }, "queue.remove": { _, _ in .result(prompt) },
        "queue.clear": { _, _ in .result(["prompts": []]) },
        "agent.spawn": { _, _ in .result(["agents": []]) },
        "agent.delete": { _, _ in .result([:]) }, "session.rename": { _, _ in .result(TalkSample.whole()) },
        "provider.list": { _, _ in
          .result(["providers": [["name": "x", "available": false, "reason": "no x here"]]])
        },
      ])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    let session = try face.session
    let asked: [(String, String, JSON)] = [
      ("/stop --force", "prompt.cancel", ["agent": "a_klmnopqrst", "force": true]),
      ("/queue edit p_2 a b", "queue.edit", ["prompt": "p_2", "text": "a b"]),
      ("/queue move p_2 1", "queue.move", ["prompt": "p_2", "position": 1]),
      ("/queue rm p_2", "queue.remove", ["prompt": "p_2"]),
      ("/queue clear", "queue.clear", ["agent": "a_klmnopqrst"]),
      (
        "/agent spawn critic m/2", "agent.spawn", ["alias": "critic", "model": "m/2", "provider": "opencode"]
      ),
      ("/agent spawn 3", "agent.spawn", ["count": 3]), ("/agent focus x", "agent.focus", ["agent": "x"]),
      ("/agent delete x --force", "agent.delete", ["agent": "x", "force": true]),
      ("/session rename other", "session.rename", ["alias": "other"]), ("/queue", "prompt.list", [:]),
      ("/provider", "provider.list", [:]),
      ("/history 5", "session.history", ["limit": 5, "agent": "a_klmnopqrst"]),
    ]
    for (line, method, params) in asked {
      session.enter(line)
      try face.wait(line) { !session.isAsking }
      let last = try #require(daemon.requests.last { $0.method != "events.subscribe" })
      #expect(last.method == method, "\(line)")
      for member in params.object?.members ?? [] {
        #expect(last.params[member.key] == member.value, "\(line)")
      }
    }
    #expect(face.texts.contains("x     not here  -        no x here"))
    for (line, words) in [
      ("/model", "the model is m/1"), ("/view", "the view is individual"),
      ("/agent cycle", "there is one agent: /agent spawn makes another"),
      ("/sotp", "hint: did you mean /stop?"),
      ("/queue move p_2 x", "hint: places count from 1"), ("/model m/2", "hint: /agent spawn ALIAS m/2"),
    ] {
      session.enter(line)
      #expect(face.texts.last == words)
    }
    session.enter("/exit")
    guard case .left? = session.outcome else { return #expect(Bool(false)) }
  }

  @Test("Another session is turned to, and its events are followed in place of the first one's")
  func turn() throws {
    let daemon = try daemon()
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    let session = try face.session
    session.enter("/session attach other")
    try face.settle()
    try face.settle()
    #expect(daemon.methods.filter { $0 == "events.subscribe" }.count == 2)
    #expect(daemon.requests.filter { $0.method == "session.get" }.last?.params["session"] == "other")
    #expect(daemon.methods.contains("events.unsubscribe"))
    #expect(face.texts.filter { $0.hasPrefix("[build: ") }.count == 2)
  }
}
