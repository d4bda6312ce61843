import ArrobaJSON
import ArrobaModel
import Testing

/// What commands leave behind, followed from one to the next.
@Suite struct LifeCycleTests {
  private func agent(_ name: String, in ground: Ground) throws -> Agent {
    guard let agent = ground.world.agent(AgentID("a_\(name)"), in: Ground.one) else {
      throw Ground.Missing(what: name)
    }
    return agent
  }

  private func focused(_ ground: Ground) throws -> String? { try ground.session(Ground.one).focused?.text }

  @Test("A new session's last agent has the focus, and so has the last of those spawned later")
  func newFocus() throws {
    var ground = try Ground.session(agents: ["a", "b"])
    #expect(try focused(ground) == "a_b")
    try ground.run(.session(Ground.one, .spawn([Ground.newAgent("c"), Ground.newAgent("d")])))
    #expect(try focused(ground) == "a_d")
    try ground.run(.session(Ground.one, .spawn([])))
    #expect(try focused(ground) == "a_d")
  }

  @Test("Cycling goes through the agents in order and round again")
  func cycling() throws {
    var ground = try Ground.session(agents: ["a", "b", "c"])
    var seen: [String?] = []
    for _ in 0..<4 {
      try ground.run(.session(Ground.one, .cycle))
      seen.append(try focused(ground))
    }
    #expect(seen == ["a_a", "a_b", "a_c", "a_a"])
    var alone = try Ground.session(agents: ["a"])
    try alone.run(.session(Ground.one, .cycle))
    #expect(try focused(alone) == "a_a")
  }

  @Test("Deleting the focused agent gives the focus to the first one left; deleting another leaves it")
  func deletingFocus() throws {
    var ground = try Ground.session(agents: ["a", "b", "c"])
    try ground.run(.session(Ground.one, .focus(AgentID("a_b"))))
    try ground.run(.agent(Ground.one, AgentID("a_c"), .delete(force: true)))
    #expect(try focused(ground) == "a_b")
    try ground.run(.agent(Ground.one, AgentID("a_b"), .delete(force: true)))
    #expect(try focused(ground) == "a_a")
    try ground.run(.agent(Ground.one, AgentID("a_a"), .delete(force: true)))
    #expect(try focused(ground) == nil)
    try ground.run(.session(Ground.one, .spawn([Ground.newAgent("d")])))
    #expect(try focused(ground) == "a_d")
  }

  @Test("Focus and cycle touch neither run nor activity")
  func focusIsOnlyFocus() throws {
    var ground = try Ground.session(agents: ["a", "b"])
    let before = try ground.session(Ground.one).agents
    try ground.run(.session(Ground.one, .focus(AgentID("a_a"))))
    try ground.run(.session(Ground.one, .cycle))
    #expect(try ground.session(Ground.one).agents == before)
  }

  @Test("A run goes from starting to running to its end, and the agent's activity with it")
  func run() throws {
    var ground = try Ground.session(agents: ["a"])
    let id = AgentID("a_a")
    let run = RunID("r_a")
    #expect(try agent("a", in: ground).run?.phase == .starting)
    #expect(try agent("a", in: ground).activity.state == .starting)
    try ground.run(.agent(Ground.one, id, .absorb(.started(run, Ground.process))))
    #expect(try agent("a", in: ground).run?.process == Ground.process)
    #expect(try agent("a", in: ground).run?.phase == .running)
    #expect(try agent("a", in: ground).activity.state == .working)
    let exit = try ground.run(.agent(Ground.one, id, .absorb(.exited(run, .signal(9)))))
    #expect(exit.isDurable, "an end that was seen is not seen again")
    let after = try agent("a", in: ground)
    #expect(after.run?.phase == .ended && after.run?.exit == .signal(9) && !after.isLive)
    #expect(after.activity.state == .stopped && after.activity.reason == "killed by signal 9")
    #expect(after.run?.endedAt != nil)
  }

  @Test("A program that cannot be started leaves a failed agent with the reason, and may be started again")
  func failure() throws {
    var ground = try Ground.session(agents: ["a"])
    let id = AgentID("a_a")
    try ground.run(.agent(Ground.one, id, .absorb(.failedToStart(RunID("r_a"), reason: "no such file"))))
    #expect(try agent("a", in: ground).activity.state == .failed)
    #expect(try agent("a", in: ground).activity.reason == "no such file")
    #expect(try agent("a", in: ground).run?.reason == "no such file")
    let restart = try ground.run(
      .agent(Ground.one, id, .restart(RunID("r_2"), columns: 132, rows: 50, force: false)))
    guard case .start(let session, let started) = restart.effects.first else {
      Issue.record("nothing was started")
      return
    }
    #expect(session == Ground.one && started.run == RunID("r_2") && started.spec.arguments == ["bash"])
    #expect((started.spec.columns, started.spec.rows) == (132, 50))
    #expect(try agent("a", in: ground).run?.id == RunID("r_2"))
    #expect(try agent("a", in: ground).spec.columns == 132)
  }

  @Test("A late signal of the run before settles nothing of the present one")
  func lateSignals() throws {
    var ground = try Ground.session(agents: ["a"])
    let id = AgentID("a_a")
    try ground.run(.agent(Ground.one, id, .absorb(.lost(RunID("r_a"), reason: "the machine was restarted"))))
    try ground.run(.agent(Ground.one, id, .restart(RunID("r_2"), columns: nil, rows: nil, force: false)))
    let before = ground.world
    let late: [RunSignal] = [
      .started(RunID("r_a"), Ground.process), .failedToStart(RunID("r_a"), reason: "late"),
      .exited(RunID("r_a"), .code(0)), .lost(RunID("r_a"), reason: "late"),
    ]
    for signal in late { try ground.run(.agent(Ground.one, id, .absorb(signal))) }
    #expect(ground.world == before)
    // The fold is as careful as the decision: an event of the old run may have been recorded meanwhile.
    ground.apply(.agent(Ground.one, id, .runEnded(RunID("r_a"), exit: .code(1), reason: nil)))
    ground.apply(.agent(Ground.one, id, .runStarted(RunID("r_a"), Ground.process)))
    ground.apply(.agent(Ground.one, id, .runParked(RunID("r_a"))))
    #expect(try agent("a", in: ground).run?.phase == .starting)
  }

  @Test("A run that has ended stays ended, whatever is recorded about it later")
  func endedRuns() throws {
    var ground = try Ground.session(agents: ["a"])
    let id = AgentID("a_a")
    try ground.run(.agent(Ground.one, id, .absorb(.exited(RunID("r_a"), .code(0)))))
    ground.apply(.agent(Ground.one, id, .runParked(RunID("r_a"))))
    ground.apply(.agent(Ground.one, id, .runStarted(RunID("r_a"), Ground.process)))
    #expect(try agent("a", in: ground).run?.phase == .ended)
  }

  @Test("Ending by force tells what was stopped, once; the exit that comes later changes nothing")
  func ending() throws {
    var ground = try Ground.session(agents: ["a", "b"])
    try ground.run(.agent(Ground.one, AgentID("a_b"), .absorb(.exited(RunID("r_b"), .code(0)))))
    let end = try ground.run(.session(Ground.one, .end(force: true)))
    guard case .stopped(Ground.one, nil, let stopped) = end.answer else {
      Issue.record("the answer is \(end.answer)")
      return
    }
    #expect(stopped.map(\.run) == [RunID("r_a")])
    #expect(try agent("a", in: ground).run?.reason == "stopped: the session was ended")
    #expect(try agent("b", in: ground).run?.exit == .code(0))
    let before = ground.world
    try ground.run(.agent(Ground.one, AgentID("a_a"), .absorb(.exited(RunID("r_a"), .signal(15)))))
    #expect(ground.world == before)
    #expect(try !ground.session(Ground.one).isOpen)
  }

  @Test("Events about what is not there change nothing but the position")
  func orphans() throws {
    var ground = try Ground.session(agents: ["a"])
    try ground.run(.session(Ground.one, .delete(force: true)))
    #expect(ground.world.sessions.isEmpty && ground.world.order.isEmpty)
    let orphans: [Event] = [
      .session(Ground.one, .renamed(alias: "x")), .session(Ground.one, .ended),
      .session(Ground.one, .deleted),
      .agent(Ground.one, AgentID("a_a"), .focused),
      .agent(Ground.one, AgentID("a_a"), .runStarting(RunID("r_9"))),
      .daemon(.stopping(reason: "x")), .unknown(kind: "later.kind", session: "s_one", agent: nil, data: [:]),
    ]
    for event in orphans { ground.apply(event) }
    #expect(ground.world.sessions.isEmpty)
    #expect(ground.world.seq == ground.seq)
  }
}
