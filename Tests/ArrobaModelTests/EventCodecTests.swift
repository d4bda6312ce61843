import ArrobaJSON
import ArrobaModel
import Testing

@Suite struct EventCodecTests {
  private static let session = SessionID("s_1")
  private static let agent = AgentID("a_1")

  private static let secretive: AgentSpec = {
    var spec = AgentSpec(provider: "terminal", directory: "/w/é", columns: 65535, rows: 1)
    spec.alias = "web"
    spec.model = "m"
    spec.effort = "high"
    spec.arguments = ["sh", "-c", "echo \"x\"\n", ""]
    spec.executable = "/bin/sh"
    spec.environment = [
      AgentSpec.Variable(name: "TOKEN", value: "hunter-2"), AgentSpec.Variable(name: "EMPTY", value: ""),
      AgentSpec.Variable(name: "TOKEN", value: "hunter-3"),
    ]
    return spec
  }()

  private static let agentEvents: [AgentEvent] =
    [
      .spawned(secretive), .spawned(AgentSpec(provider: "scripted", directory: "", columns: 80, rows: 24)),
      .renamed(alias: "x"), .renamed(alias: nil), .focused, .resized(columns: 1, rows: 65535),
      .exited(RunID("r_1"), .code(255)), .exited(RunID("r_1"), .signal(9)), .deleted,
      .runStarting(RunID("r_1")), .runStarted(RunID("r_1"), Run.Process(pid: 1, startTicks: 0, boot: "")),
      .runStarted(RunID("r_1"), Run.Process(pid: 4_194_304, startTicks: .max, boot: "b")),
      .runParked(RunID("r_1")), .runEnded(RunID("r_1"), exit: .code(0), reason: nil),
      .runEnded(RunID("r_1"), exit: nil, reason: "lost"), .runEnded(RunID("r_1"), exit: nil, reason: nil),
      .runEnded(RunID("r_1"), exit: .signal(15), reason: "stopped"), .notice("words\nand more"), .notice(""),
    ]
    + talkEvents
    + Activity.State.allCases.flatMap { state in
      Activity.Source.allCases.map { .activity(state, reason: state == .failed ? "r" : nil, source: $0) }
    }

  private static let talkEvents: [AgentEvent] = {
    let (prompt, item, ask) = (PromptID("p_1"), ItemID("i_1"), AskID("q_1"))
    let call = ToolCall(
      name: "bash", title: "ls", input: ["command": "ls"], output: "a\nb", status: .failed, exitCode: 2,
      startedAt: Instant(ms: 1_795_579_506_789), endedAt: Instant(ms: 1_795_579_506_999))
    let whole = Item(key: "prt_1", kind: .tool, text: "", tool: call, subagent: "explore")
    let question = Ask(
      key: "que_1", kind: .question, title: "which?", detail: "of two",
      choices: [
        Ask.Choice(id: "a", label: "A", hint: "the first", effect: .option),
        Ask.Choice(id: "no", label: "none", effect: .deny),
      ], takesSeveral: true, takesText: true, item: "prt_1", subagent: "explore")
    let ends: [TurnEnd] =
      [
        TurnEnd(.completed, proof: "idle"), TurnEnd(.cancelled, reason: "asked to", proof: "aborted"),
        TurnEnd(.interrupted, reason: "gone", proof: "exit"),
      ] + TurnFailure.allCases.map { TurnEnd(.failed($0), reason: "words", proof: "seen") }
    let asks: [AskEvent] =
      [
        .opened(question), .withdrawn(reason: "over"),
        .expired(
          AskExpiry(onDeadline: .deny, deadlineMs: 1000, answer: AskAnswer(choices: ["no"]))),
        .expired(AskExpiry(onDeadline: .fail, deadlineMs: 1000, answer: nil)),
      ]
      + [AskAnswer(choices: ["a", "no"], text: "because"), AskAnswer(choices: [], text: "words")].map {
        .answered($0)
      }
    let items: [ItemEvent] = [
      .started(Item(key: "k", kind: .text)), .started(whole), .completed(whole), .delta("é\n"),
      .dropped(key: "k"),
    ]
    let prompts: [PromptEvent] =
      [
        .submitted(text: "do\nit"), .edited(text: "do"), .moved(position: 3), .dispatched(RunID("r_1")),
        .started(mark: nil), .started(mark: "msg"), .cancelling,
      ] + ends.map { .ended($0) }
    return prompts.map { .prompt(prompt, $0) }
      + items.flatMap { event in [prompt, nil].map { .item(item, prompt: $0, event) } }
      + asks.flatMap { event in [prompt, nil].map { .ask(ask, prompt: $0, event) } }
      + [
        .usage(
          prompt,
          Usage(input: 1, output: 2, reasoning: 3, cacheRead: 4, cacheWrite: 5, costMicros: 6, context: 7)),
        .usage(prompt, Usage()),
        .runOpened(RunID("r_1"), conversation: "ses_1", version: "1.18.34", model: "a/b"),
        .runOpened(RunID("r_1"), conversation: "ses_1", version: nil, model: nil),
      ]
  }()

  private static let spawnedEvent = Event.agent(session, agent, .spawned(secretive))

  private static let events: [Event] =
    [
      .session(session, .created(alias: "a", workspace: "/w")),
      .session(session, .created(alias: nil, workspace: "")),
      .session(session, .renamed(alias: "b")), .session(session, .renamed(alias: nil)),
      .session(session, .ended),
      .session(session, .deleted), .daemon(.started(version: "0.1.0", pid: 7, boot: "b")),
      .daemon(.stopping(reason: "asked to")), .daemon(.answered),
    ] + agentEvents.map { .agent(session, agent, $0) }

  private func roundTrip(_ record: RecordedEvent, _ receipt: CommandReceipt? = nil) throws -> (
    RecordedEvent, CommandReceipt?
  ) {
    try EventCodec.payload(of: record, receipt: receipt).withUnsafeBufferPointer {
      try EventCodec.read($0, seq: record.seq)
    }
  }

  private func text(_ payload: [UInt8]) -> String { String(decoding: payload, as: UTF8.self) }

  @Test("Each event is read as it was written, with who caused it and when")
  func roundTrips() throws {
    for (index, event) in Self.events.enumerated() {
      for (by, command) in [(nil, nil), ("c_1", "01J"), (nil, "x")] as [(String?, String?)] {
        let record = RecordedEvent(
          seq: UInt64(index), at: Instant(ms: 1_795_579_506_789 + index), event: event, by: by,
          command: command)
        let (read, receipt) = try roundTrip(record)
        #expect(read == record)
        #expect(receipt == nil)
      }
    }
  }

  @Test("The kinds are those that clients were promised")
  func kinds() {
    let kinds: Set = [
      "session.created", "session.renamed", "session.ended", "session.deleted", "agent.spawned",
      "agent.renamed",
      "agent.focused", "agent.activity", "agent.resized", "agent.exited", "agent.deleted", "run.starting",
      "run.started", "run.parked", "run.ended", "notice", "prompt.submitted", "prompt.dispatched",
      "prompt.started",
      "prompt.edited", "prompt.moved", "prompt.cancelling", "prompt.completed", "prompt.cancelled",
      "prompt.failed",
      "prompt.interrupted", "item.started", "item.delta", "item.completed", "ask.opened", "ask.answered",
      "ask.expired", "ask.withdrawn", "usage.recorded", "daemon.started", "daemon.stopping",
      "command.answered",
    ]
    #expect(Set(Self.events.map(\.kind)) == kinds)
  }

  @Test("A receipt travels with its event, and with its event only")
  func receipts() throws {
    let receipt = CommandReceipt(command: "c-1", fingerprint: "f00", answer: ["session": ["id": "s_1"]])
    for event in [Self.events[0], Self.spawnedEvent] {
      let record = RecordedEvent(seq: 3, at: Instant(ms: 5), event: event, by: "c_9", command: "c-1")
      let (read, found) = try roundTrip(record, receipt)
      #expect(read == record)
      #expect(found == receipt)
    }
  }

  @Test("Values of variables and receipts never leave: the public part has the names and nothing more")
  func secrets() throws {
    let receipt = CommandReceipt(command: "c-1", fingerprint: "finger-1", answer: "answer-1")
    for event in Self.events {
      let record = RecordedEvent(seq: 1, at: Instant(ms: 0), event: event, by: "c_1", command: "c-1")
      for payload in [
        EventCodec.payload(of: record, receipt: receipt), EventCodec.payload(of: record, receipt: nil),
      ] {
        let shown = text(EventCodec.publicPart(of: payload))
        for secret in ["hunter", "finger-1", "answer-1", "private", "receipt"] {
          #expect(!shown.contains(secret), "\(secret) in \(shown)")
        }
        #expect(shown.contains("\"kind\":\"\(event.kind)\""))
      }
    }
    let spawned = EventCodec.payload(
      of: RecordedEvent(seq: 1, at: Instant(ms: 0), event: Self.spawnedEvent), receipt: nil)
    #expect(text(spawned).contains("hunter-2"))
    #expect(text(EventCodec.publicPart(of: spawned)).contains(#""envNames":["TOKEN","EMPTY","TOKEN"]"#))
  }

  @Test("A payload with nothing private is its own public part, byte for byte")
  func nothingPrivate() {
    let payload = EventCodec.payload(
      of: RecordedEvent(seq: 1, at: Instant(ms: 0), event: .session(Self.session, .ended), by: "c"),
      receipt: nil)
    #expect(EventCodec.publicPart(of: payload) == payload)
    #expect(
      text(payload)
        == #"{"at":"1970-01-01T00:00:00.000Z","kind":"session.ended","session":"s_1","by":"c","data":{}}"#)
  }

  @Test("Of a payload that says it is private and cannot be read, nothing goes out")
  func damagedPrivate() {
    for text in [#"{"private":"#, #"{"private":{"env":{"T":"hunter"}},"#, #"{"private":1} x"#] {
      #expect(EventCodec.publicPart(of: Array(text.utf8)) == Array("{}".utf8))
    }
  }

  @Test(
    "A kind, or data, of a later version is kept as it is and comes back byte for byte",
    arguments: [
      #"{"at":"2026-11-25T04:05:06.789Z","kind":"prompt.submitted","session":"s_1","agent":"a_1","data":{"text":"x","n":[1,2.5,null]}}"#,
      #"{"at":"2026-11-25T04:05:06.789Z","kind":"machine.joined","data":{}}"#,
      #"{"at":"2026-11-25T04:05:06.789Z","kind":"relay.up","agent":"a_1","data":[]}"#,
      #"{"at":"2026-11-25T04:05:06.789Z","kind":"agent.activity","session":"s_1","agent":"a_1","by":"c_1","command":"x","data":{"state":"dreaming","source":"process"}}"#,
      #"{"at":"2026-11-25T04:05:06.789Z","kind":"agent.resized","session":"s_1","agent":"a_1","data":{"cols":70000,"rows":2}}"#,
      #"{"at":"2026-11-25T04:05:06.789Z","kind":"run.started","session":"s_1","agent":"a_1","data":{"run":"r_1"}}"#,
      #"{"at":"2026-11-25T04:05:06.789Z","kind":"session.created","session":"s_1","data":{}}"#,
      #"{"at":"2026-11-25T04:05:06.789Z","kind":"agent.focused","session":"s_1","data":{}}"#,
    ])
  func unknown(text: String) throws {
    let (record, _) = try Array(text.utf8).withUnsafeBufferPointer { try EventCodec.read($0, seq: 4) }
    guard case .unknown = record.event else {
      Issue.record("taken for \(record.event)")
      return
    }
    #expect(self.text(EventCodec.payload(of: record, receipt: nil)) == text)
    var world = World()
    world.apply(record)
    #expect(world.sessions.isEmpty && world.seq == 4)
  }

  @Test("Members that a later version added do not keep an event from being read")
  func laterMembers() throws {
    let later =
      #"{"at":"2026-11-25T04:05:06.789Z","kind":"session.renamed","session":"s_1","prompt":"p","data":{"alias":"n","why":1}}"#
    let (record, _) = try Array(later.utf8).withUnsafeBufferPointer { try EventCodec.read($0, seq: 1) }
    #expect(record.event == .session(Self.session, .renamed(alias: "n")))
  }

  @Test(
    "What has no kind, no time, or is no JSON is malformed",
    arguments: [
      "", "{", "[]", "{}", #"{"kind":"session.ended"}"#, #"{"at":"2026-11-25T04:05:06.789Z"}"#,
      #"{"at":"yesterday","kind":"session.ended"}"#, #"{"at":5,"kind":"session.ended"}"#,
    ])
  func malformed(text: String) {
    #expect(throws: (any Error).self) {
      try Array(text.utf8).withUnsafeBufferPointer { try EventCodec.read($0, seq: 1) }
    }
  }
}
