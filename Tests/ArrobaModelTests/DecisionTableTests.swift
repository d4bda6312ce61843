import ArrobaModel
import ArrobaWire
import Testing

/// Each command in each state: what is recorded, what is done, or why not.
@Suite struct DecisionTableTests {
  enum State: String, CaseIterable {
    /// An open session without agents; one whose agent's program is starting, runs, is parked, or has ended; a session
    /// that has ended; none at all.
    case empty, starting, running, parked, over, closed, missing
  }

  private static let agent = AgentID("a_x")
  private static let run = RunID("r_x")

  private static func ground(_ state: State) throws -> Ground {
    if state == .missing { return Ground() }
    var ground = try Ground.session(alias: "team", agents: state == .empty ? [] : ["x"])
    func signal(_ signal: RunSignal) throws { try ground.run(.agent(Ground.one, agent, .absorb(signal))) }
    switch state {
    case .missing, .empty, .starting: break
    case .running: try signal(.started(run, Ground.process))
    case .parked:
      try signal(.started(run, Ground.process))
      ground.apply(.agent(Ground.one, agent, .runParked(run)))
    case .over: try signal(.exited(run, .code(0)))
    case .closed:
      try signal(.exited(run, .code(0)))
      try ground.run(.session(Ground.one, .end(force: false)))
    }
    return ground
  }

  /// Events, then effects behind a bar; or the refusal's kind behind an exclamation mark.
  private static func outcome(_ command: Command, in state: State) throws -> String {
    do {
      let decision = try command.decide(in: ground(state).world)
      return (decision.events.map(\.kind) + ["|"] + decision.effects.map(\.word)).joined(separator: " ")
    } catch let refusal as Refusal {
      return "!" + (refusal.kind?.rawValue ?? "no kind")
    }
  }

  struct Row: CustomTestStringConvertible {
    let name: String
    let command: Command
    let outcomes: [State: String]
    var testDescription: String { name }

    /// `all` holds where nothing else is said.
    init(_ name: String, _ command: Command, _ all: String, _ others: [State: String]) {
      self.name = name
      self.command = command
      outcomes = Dictionary(uniqueKeysWithValues: State.allCases.map { ($0, others[$0] ?? all) })
    }

    static func session(_ name: String, _ command: SessionCommand, _ all: String, _ others: [State: String])
      -> Row
    {
      Row(
        name, .session(Ground.one, command), all,
        others.merging([.missing: "!session_not_found"]) { a, _ in a })
    }

    static func agent(_ name: String, _ command: AgentCommand, _ all: String, _ others: [State: String])
      -> Row
    {
      let nobody: [State: String] = [.missing: "!session_not_found", .empty: "!agent_not_found"]
      return Row(
        name, .agent(Ground.one, DecisionTableTests.agent, command), all, others.merging(nobody) { a, _ in a }
      )
    }
  }

  private static let ended = "run.ended agent.activity"
  private static let sessionRows: [Row] = [
    .session("rename", .rename(alias: "b"), "session.renamed |", [.closed: "!session_ended"]),
    .session("take the alias away", .rename(alias: nil), "session.renamed |", [.closed: "!session_ended"]),
    .session(
      "rename to what it is", .rename(alias: "team"), "session.renamed |", [.closed: "!session_ended"]),
    .session(
      "end", .end(force: false), "!busy",
      [.empty: "session.ended |", .over: "session.ended | forget a_x", .closed: "!session_ended"]),
    .session(
      "end by force", .end(force: true), "\(ended) session.ended | stop r_x forget a_x",
      [.empty: "session.ended |", .over: "session.ended | forget a_x", .closed: "!session_ended"]),
    .session(
      "delete", .delete(force: false), "!busy",
      [
        .empty: "session.deleted |", .over: "session.deleted | forget a_x",
        .closed: "session.deleted | forget a_x",
      ]),
    .session(
      "delete by force", .delete(force: true), "\(ended) session.deleted | stop r_x forget a_x",
      [
        .empty: "session.deleted |", .over: "session.deleted | forget a_x",
        .closed: "session.deleted | forget a_x",
      ]),
    .session(
      "spawn", .spawn([Ground.newAgent("y")]),
      "agent.spawned run.starting agent.activity agent.focused | start r_y", [.closed: "!session_ended"]),
    .session("spawn nobody", .spawn([]), "|", [.closed: "!session_ended"]),
    .session(
      "spawn a namesake", .spawn([Ground.newAgent("y", alias: "x")]), "!alias_conflict",
      [
        .empty: "agent.spawned run.starting agent.activity agent.focused | start r_y",
        .closed: "!session_ended",
      ]),
    .session(
      "focus", .focus(agent), "agent.focused |", [.empty: "!agent_not_found", .closed: "!session_ended"]),
    .session("focus nobody", .focus(AgentID("a_no")), "!agent_not_found", [.closed: "!session_ended"]),
    .session("cycle", .cycle, "agent.focused |", [.empty: "!agent_not_found", .closed: "!session_ended"]),
  ]

  private static let agentRows: [Row] = [
    .agent("rename the agent", .rename(alias: "z"), "agent.renamed |", [.closed: "!session_ended"]),
    .agent(
      "delete the agent", .delete(force: false), "!busy",
      [.over: "agent.deleted | forget a_x", .closed: "agent.deleted | forget a_x"]),
    .agent(
      "delete the agent by force", .delete(force: true), "run.ended agent.deleted | stop r_x forget a_x",
      [.over: "agent.deleted | forget a_x", .closed: "agent.deleted | forget a_x"]),
    .agent(
      "restart", .restart(RunID("r_2"), columns: nil, rows: nil, force: false), "!busy",
      [.over: "run.starting agent.activity | start r_2", .closed: "!session_ended"]),
    .agent(
      "restart in another size", .restart(RunID("r_2"), columns: 100, rows: 30, force: false), "!busy",
      [.over: "agent.resized run.starting agent.activity | start r_2", .closed: "!session_ended"]),
    .agent(
      "restart by force", .restart(RunID("r_2"), columns: nil, rows: nil, force: true),
      "run.ended run.starting agent.activity | stop r_x start r_2",
      [.over: "run.starting agent.activity | start r_2", .closed: "!session_ended"]),
    .agent(
      "restart in the same size", .restart(RunID("r_2"), columns: 80, rows: 24, force: false), "!busy",
      [.over: "run.starting agent.activity | start r_2", .closed: "!session_ended"]),
  ]

  private static let signalRows: [Row] = [
    .agent(
      "hear that it started", .absorb(.started(run, Ground.process)), "run.started agent.activity |",
      [.over: "|", .closed: "|"]),
    .agent(
      "hear that it could not start", .absorb(.failedToStart(run, reason: "no")), "\(ended) |",
      [.over: "|", .closed: "|"]),
    .agent(
      "hear that it exited", .absorb(.exited(run, .code(1))), "run.ended agent.exited agent.activity |",
      [.over: "|", .closed: "|"]),
    .agent(
      "hear that it is lost", .absorb(.lost(run, reason: "r")), "\(ended) |", [.over: "|", .closed: "|"]),
    .agent("hear a new size", .absorb(.resized(columns: 90, rows: 24)), "agent.resized |", [:]),
    .agent("hear the same size", .absorb(.resized(columns: 80, rows: 24)), "|", [:]),
    .agent(
      "hear that it waits", .absorb(.activity(.waiting, reason: nil, source: .terminal)), "agent.activity |",
      [.over: "|", .closed: "|"]),
    .agent("hear a notice", .absorb(.notice("n")), "notice |", [:]),
    .agent("hear of another run's start", .absorb(.started(RunID("r_0"), Ground.process)), "|", [:]),
    .agent("hear of another run's failure", .absorb(.failedToStart(RunID("r_0"), reason: "")), "|", [:]),
    .agent("hear of another run's exit", .absorb(.exited(RunID("r_0"), .signal(9))), "|", [:]),
    .agent("hear of another run's loss", .absorb(.lost(RunID("r_0"), reason: "")), "|", [:]),
  ]

  @Test(
    "A command in each state is decided as the table says", arguments: sessionRows + agentRows + signalRows)
  func table(row: Row) throws {
    for state in State.allCases {
      #expect(try Self.outcome(row.command, in: state) == row.outcomes[state], "\(row.name) when \(state)")
    }
  }
}
