import ArrobaModel
import ArrobaWire
import Testing

/// What clients ask of a conversation, and what its provider says, in each state.
@Suite struct TalkTableTests {
  typealias State = TalkGround.State

  struct Row: CustomTestStringConvertible {
    let name: String
    let command: Command
    let outcomes: [State: String]
    var testDescription: String { name }

    /// `all` holds where nothing else is said.
    init(_ name: String, _ command: Command, _ all: String, _ others: [State: String] = [:]) {
      self.name = name
      self.command = command
      outcomes = Dictionary(uniqueKeysWithValues: State.allCases.map { ($0, others[$0] ?? all) })
    }

    static func client(_ name: String, _ command: TalkCommand, _ all: String, _ others: [State: String] = [:])
      -> Row
    {
      Row(name, TalkGround.talk(command), all, others.merging([.closed: "!session_ended"]) { a, _ in a })
    }
  }

  private static let first = TalkGround.first
  private static let second = TalkGround.second
  private static let third = PromptID("p_3")
  private static let sent = "submit p_3 to a_x"
  private static let waits = "prompt.submitted |"

  private static let clients: [Row] = [
    .client(
      "submit", .submit(third, text: "t", RunID("r_new")), waits,
      [
        .starting: "prompt.submitted prompt.dispatched | \(sent)",
        .idle: "prompt.submitted prompt.dispatched agent.activity | \(sent)",
        // The one that waits goes first, in a new run.
        .failed:
          "prompt.submitted run.starting agent.activity prompt.dispatched | start r_new submit p_2 to a_x",
      ]),
    .client(
      "edit the second", .edit(second, text: "t"), "!prompt_not_found",
      [.queued: "prompt.edited |", .failed: "prompt.edited |"]),
    .client(
      "edit the first", .edit(first, text: "t"), "!busy",
      [.starting: "!prompt_not_found", .idle: "!prompt_not_found", .failed: "!prompt_not_active"]),
    .client(
      "move the second", .move(second, position: 7), "!prompt_not_found",
      [.queued: "prompt.moved |", .failed: "prompt.moved |"]),
    .client(
      "remove the second", .remove(second), "!prompt_not_found",
      [.queued: "prompt.cancelled |", .failed: "prompt.cancelled |"]),
    .client(
      "remove the first", .remove(first), "!busy",
      [.starting: "!prompt_not_found", .idle: "!prompt_not_found", .failed: "!prompt_not_active"]),
    .client("clear", .clear, "|", [.queued: "prompt.cancelled |", .failed: "prompt.cancelled |"]),
    .client(
      "cancel", .cancel(nil, force: false), "prompt.cancelling | cancel p_1 of a_x",
      [
        .starting: "!prompt_not_active", .idle: "!prompt_not_active", .failed: "!prompt_not_active",
        .cancelling: "| cancel p_1 of a_x",
      ]),
    .client(
      "cancel by force", .cancel(nil, force: true), "prompt.cancelling | cancel p_1 of a_x by force",
      [
        .starting: "!prompt_not_active", .idle: "!prompt_not_active", .failed: "!prompt_not_active",
        .cancelling: "| cancel p_1 of a_x by force",
      ]),
    .client(
      "cancel the second", .cancel(second, force: false), "!prompt_not_found",
      [.queued: "prompt.cancelled |", .failed: "prompt.cancelled |"]),
    .client(
      "allow", .answer(TalkGround.ask, AskAnswer(choices: ["once"])), "!ask_not_found",
      [.asking: "ask.answered agent.activity | answer k of a_x: once"]),
    .client(
      "answer what is not offered", .answer(TalkGround.ask, AskAnswer(choices: ["never"])), "!ask_not_found",
      [.asking: "!no kind"]),
  ]

  private static func expire(_ rule: AskRule, at ms: Int) -> Command {
    .agent(Ground.one, TalkGround.agent, .expire(TalkGround.ask, rule, at: Instant(ms: ms)))
  }

  /// Long after any ask of the ground was opened.
  private static let late = 1 << 50
  private static let deny = AskRule(deadlineMs: 1000, onDeadline: .deny)
  private static let fail = AskRule(deadlineMs: 1000, onDeadline: .fail)

  private static let deadlines: [Row] = [
    Row(
      "its time is up, and no is the rule", expire(deny, at: late), "|",
      [.asking: "ask.expired agent.activity | answer k of a_x: reject"]),
    Row(
      "its time is up, and giving up is the rule", expire(fail, at: late), "|",
      [.asking: "ask.expired prompt.cancelling agent.activity | cancel p_1 of a_x"]),
    Row("its time is not up", expire(deny, at: 0), "|"),
    Row("asks have no deadline", expire(AskRule(), at: late), "|"),
  ]

  private static let active: Set<State> = [.dispatching, .running, .cancelling, .asking, .queued]

  private static func turn(_ outcome: String, _ others: [State: String] = [:]) -> [State: String] {
    Dictionary(uniqueKeysWithValues: active.map { ($0, others[$0] ?? outcome) })
  }

  private static func signal(_ what: ProviderSignal.What, of turn: PromptID? = nil) -> Command {
    TalkGround.signal(what, of: turn)
  }

  private static let item = Item(key: "t", kind: .text, text: "said")
  private static let failure = TurnEnd(.failed(.rateLimited), reason: "too much", proof: "idle")

  private static let signals: [Row] = [
    Row(
      "hear that it is open", signal(.opened(conversation: "c", version: nil, model: nil)), "run.started |",
      [.starting: "run.started agent.activity |", .failed: "|", .closed: "|"]),
    Row(
      "hear that the prompt is taken", signal(.accepted(mark: "m"), of: first), "|",
      turn(
        "prompt.started |",
        [
          .asking: "prompt.started agent.activity |"
        ])),
    Row("hear an item", signal(.itemCompleted(item), of: first), "|", turn("item.completed |")),
    Row(
      "hear an item of no turn", signal(.itemCompleted(item)), "item.completed |",
      [.failed: "|", .closed: "|"]),
    Row("hear an addition to nothing", signal(.itemDelta(key: "none", text: "x"), of: first), "|"),
    Row(
      "hear an ask", signal(.askOpened(TalkGround.permission), of: first), "|",
      turn("ask.opened agent.activity |", [.asking: "|"])),
    Row(
      "hear that it was answered elsewhere", signal(.askAnswered(key: "k", choice: "once"), of: first), "|",
      [.asking: "ask.answered agent.activity |"]),
    Row(
      "hear that it waits no more", signal(.askWithdrawn(key: "k", reason: "r"), of: first), "|",
      [.asking: "ask.withdrawn agent.activity |"]),
    Row("hear usage", signal(.usage(Usage(input: 1)), of: first), "|", turn("usage.recorded |")),
    Row(
      "hear the turn's end", signal(.turnEnded(TalkGround.done), of: first), "|",
      turn(
        "prompt.completed agent.activity |",
        [
          .asking: "ask.withdrawn prompt.completed agent.activity |",
          .queued: "prompt.completed prompt.dispatched | submit p_2 to a_x",
        ])),
    Row(
      "hear that the turn failed", signal(.turnEnded(failure), of: first), "|",
      turn(
        "prompt.failed agent.activity |",
        [
          .asking: "ask.withdrawn prompt.failed agent.activity |",
          .queued: "prompt.failed prompt.dispatched | submit p_2 to a_x",
        ])),
    Row(
      "hear the end of a turn that is not the active one", signal(.turnEnded(TalkGround.done), of: third), "|"
    ),
    Row(
      "hear that it is idle", signal(.activity(.idle, reason: nil)), "|",
      [.starting: "agent.activity |"]),
    Row(
      "hear that it works", signal(.activity(.working, reason: nil)), "|",
      [
        .starting: "agent.activity |", .idle: "agent.activity |",
      ]),
    Row(
      "hear that it failed", signal(.failed(reason: "gone", hint: nil)),
      "prompt.interrupted run.ended agent.activity | stop r_x",
      [
        .starting: "run.ended agent.activity | stop r_x", .idle: "run.ended agent.activity | stop r_x",
        .dispatching: "prompt.failed run.ended agent.activity | stop r_x",
        .asking: "ask.withdrawn prompt.interrupted run.ended agent.activity | stop r_x", .failed: "|",
        .closed: "|",
      ]),
    Row("hear a notice", signal(.notice("n")), "notice |", [.failed: "|", .closed: "|"]),
  ]

  @Test(
    "In each state a request or a report comes to what its row says", arguments: clients + deadlines + signals
  )
  func table(row: Row) throws {
    for state in State.allCases {
      #expect(try TalkGround(state).outcome(row.command) == row.outcomes[state], "\(state)")
    }
  }

  @Test("Whatever another run says records nothing and does nothing", arguments: State.allCases)
  func otherRun(state: State) throws {
    let all: [ProviderSignal.What] = [
      .opened(conversation: "other", version: nil, model: nil), .accepted(mark: "m"), .itemStarted(Self.item),
      .itemCompleted(Self.item), .askOpened(TalkGround.permission), .askAnswered(key: "k", choice: nil),
      .askWithdrawn(key: "k", reason: "r"), .usage(Usage(input: 1)), .activity(.failed, reason: "r"),
      .turnEnded(TalkGround.done), .notice("n"), .failed(reason: "r", hint: nil), .unrecognised(kind: "u"),
    ]
    let ground = try TalkGround(state)
    for what in all {
      for turn in [nil, Self.first, Self.second] {
        let command = TalkGround.signal(what, of: turn, run: RunID("r_old"))
        #expect(ground.outcome(command) == "|", "\(what)")
      }
    }
  }

  @Test("Whatever is said of a turn that has ended records nothing and does nothing")
  func endedTurn() throws {
    var ground = try TalkGround(.queued)
    try ground.hear(.turnEnded(TalkGround.done), of: Self.first)
    for what: ProviderSignal.What in [
      .accepted(mark: "m"), .itemCompleted(Self.item), .askOpened(TalkGround.permission),
      .turnEnded(Self.failure), .usage(Usage(input: 9)),
    ] {
      #expect(ground.outcome(TalkGround.signal(what, of: Self.first)) == "|", "\(what)")
    }
    #expect(try ground.talk().active?.id == Self.second)
  }
}
