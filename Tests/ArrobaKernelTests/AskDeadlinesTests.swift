import ArrobaLoop
import ArrobaModel
import Testing

@testable import ArrobaKernel

/// Which asks are said to be due, by a clock of the test's own.
@LoopActor
@Suite struct AskDeadlinesTests {
  private final class Clock: @unchecked Sendable {  // of the loop only
    var ms = 1_000_000
  }

  private final class Heard {
    private(set) var asks: [String] = []
    private var waiting: (count: Int, turn: CheckedContinuation<Void, Never>)?

    func add(_ ask: String) {
      asks.append(ask)
      guard let waiting, asks.count >= waiting.count else { return }
      self.waiting = nil
      waiting.turn.resume()
    }

    func wait(for count: Int) async {
      await withCheckedContinuation { turn in
        if asks.count >= count { turn.resume() } else { waiting = (count, turn) }
      }
    }
  }

  private let clock = Clock()
  private let heard = Heard()
  private let deadlines: AskDeadlines
  private static let session = SessionID("s_1")
  private static let agent = AgentID("a_1")

  init() {
    let clock = clock
    let heard = heard
    deadlines = AskDeadlines(now: { Instant(ms: clock.ms) })
    deadlines.expire = { heard.add($0.ask.text) }
  }

  private static func opened(_ name: String) -> Event {
    .agent(
      session, agent,
      .ask(
        AskID(name), prompt: nil,
        .opened(
          Ask(
            key: name, kind: .permission, title: "t", choices: []))))
  }

  /// A world in which those asks were opened at those times.
  private static func world(_ asks: [(String, Int)]) -> World {
    var world = World()
    var spec = AgentSpec(provider: "scripted", directory: "/w", columns: 80, rows: 24)
    spec.isTalkedTo = true
    let first: [Event] = [
      .session(session, .created(alias: nil, workspace: "/w")), .agent(session, agent, .spawned(spec)),
    ]
    for event in first { world.apply(RecordedEvent(seq: 1, at: Instant(ms: 0), event: event)) }
    for (name, ms) in asks { world.apply(RecordedEvent(seq: 1, at: Instant(ms: ms), event: opened(name))) }
    return world
  }

  @Test("At a start the asks whose time was up meanwhile are due at once, and only those")
  func start() async {
    let world = Self.world([("q_old", 900_000), ("q_new", 999_000), ("q_older", 800_000)])
    deadlines.follow(AskRule(deadlineMs: 60_000), in: world)
    await heard.wait(for: 2)
    #expect(Set(heard.asks) == ["q_old", "q_older"])
    // The clock moves on (the machine slept), and somebody looks.
    clock.ms += 60_000
    deadlines.forget(AskID("q_old"))
    deadlines.forget(AskID("q_older"))
    deadlines.lookAgain(at: AskID("q_new"))
    await heard.wait(for: 3)
    #expect(heard.asks.last == "q_new")
  }

  @Test("Without a deadline nothing is due; with a new rule asks that are open already are")
  func newRule() async {
    let world = Self.world([("q_1", 0)])
    deadlines.follow(AskRule(), in: world)
    deadlines.note([Self.opened("q_1")], in: world)
    deadlines.follow(AskRule(deadlineMs: 1000), in: world)
    await heard.wait(for: 1)
    #expect(heard.asks == ["q_1"])
  }

  @Test("An ask that opens is watched, and one that is settled is not")
  func events() async {
    let rule = AskRule(deadlineMs: 1000)
    deadlines.follow(rule, in: World())
    let world = Self.world([("q_1", 0), ("q_2", 0), ("q_3", 0)])
    deadlines.note(["q_1", "q_2", "q_3"].map { Self.opened($0) }, in: world)
    let settled: [(String, AskEvent)] = [
      ("q_1", .answered(AskAnswer(choices: ["x"]))), ("q_2", .withdrawn(reason: "r")),
    ]
    deadlines.note(
      settled.map { .agent(Self.session, Self.agent, .ask(AskID($0.0), prompt: nil, $0.1)) }, in: world)
    await heard.wait(for: 1)
    #expect(heard.asks == ["q_3"])
  }

  @Test("What could not be recorded is said again, until it is")
  func again() async {
    deadlines.follow(AskRule(deadlineMs: 1000), in: Self.world([("q_1", 0)]))
    await heard.wait(for: 1)
    deadlines.lookAgain(at: AskID("q_1"))
    await heard.wait(for: 2)
    deadlines.forget(AskID("q_1"))
    deadlines.lookAgain(at: AskID("q_1"))
    #expect(heard.asks == ["q_1", "q_1"])
  }
}
