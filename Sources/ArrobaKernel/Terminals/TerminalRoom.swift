package import ArrobaLoop
package import ArrobaModel
package import ArrobaProvider
internal import ArrobaSupervision

/// The terminals of this daemon, by agent, and the births and deaths of their programs.
@LoopActor
package final class TerminalRoom {
  private let host: any ChildHost
  private let nowMs: @Sendable () -> Int
  private var terminals: [AgentID: Terminal] = [:]
  private var agents: [RunID: (session: SessionID, agent: AgentID)] = [:]
  /// Runs whose program is being ended; they are forgotten when it has.
  private var leaving: Set<RunID> = []
  /// The daemon stops, and every end from now on is its doing.
  private var isEndingAll = false
  /// What is to be born once those runs have ended: two programs of one agent never run side by side.
  private var successors: [RunID: @LoopActor () -> Void] = [:]
  /// Agents whose program has ended and whose terminal is kept, the latest last.
  private var ended: [AgentID] = []
  /// Why an agent's program could not start: known here before it is recorded.
  private var failures: [AgentID: String] = [:]
  private var waiting: [AgentID: [@LoopActor (_ failure: String?) -> Void]] = [:]

  /// Where what happens to runs is reported; set once by the kernel.
  var report: (@LoopActor (SessionID, AgentID, RunSignal) -> Void)?

  /// Bytes of output that are kept for each terminal.
  package static let ringCapacity = 2 << 20

  init(host: any ChildHost, nowMs: @escaping @Sendable () -> Int) {
    self.host = host
    self.nowMs = nowMs
    host.onExit = { [weak self] id, status in self?.exited(RunID(id), status) }
  }

  package func terminal(of agent: AgentID) -> Terminal? { terminals[agent] }
  package var count: Int { terminals.count }
  package var attached: Int { terminals.values.reduce(0) { $0 + $1.attached } }

  // MARK: birth

  func open(
    session: SessionID, agent: NewAgent, birth: ChildBirth, process: @escaping @LoopActor (Int) -> Run.Process
  ) {
    let before = agents.first { $0.value.agent == agent.id && leaving.contains($0.key) }?.key
    close(agent.id)
    failures[agent.id] = nil
    agents[agent.run] = (session, agent.id)
    guard let before else { return bear(birth, session: session, agent: agent, process: process) }
    successors[before] = { [weak self] in
      self?.bear(birth, session: session, agent: agent, process: process)
    }
  }

  private func bear(
    _ birth: ChildBirth, session: SessionID, agent: NewAgent,
    process: @escaping @LoopActor (Int) -> Run.Process
  ) {
    host.spawn(birth) { [weak self] result in
      guard let self else { return }
      switch result {
      case .failure(let failure):
        failures[agent.id] = failure.message
        agents[agent.run] = nil
        leaving.remove(agent.run)
        report?(session, agent.id, .failedToStart(agent.run, reason: failure.message))
        succeed(agent.run)
      case .success(let child):
        adopt(child, session: session, agent: agent)
        report?(session, agent.id, .started(agent.run, process(child.pid)))
        if leaving.contains(agent.run) { end(agent.run) }
      }
      for body in waiting.removeValue(forKey: agent.id) ?? [] { body(failures[agent.id]) }
    }
  }

  /// Takes a child's terminal over: a new one's, or that of one which an earlier daemon left.
  /// `activity`: what was recorded of it before.
  func adopt(_ child: BornChild, session: SessionID, agent: NewAgent, activity: Activity? = nil) {
    agents[agent.run] = (session, agent.id)
    guard let lane = child.terminal else { return }
    let terminal = Terminal(
      session: session, agent: agent.id, run: agent.run, lane: lane, columns: agent.spec.columns,
      rows: agent.spec.rows, nowMs: nowMs)
    terminal.onResize = { [weak self] columns, rows in
      self?.report?(session, agent.id, .resized(columns: columns, rows: rows))
    }
    terminals[agent.id] = terminal
    for cut in terminal.cutWrites() {
      let words =
        "the daemon ended while up to \(cut.unknown) typed bytes were being entered; they may be missing"
      report?(session, agent.id, .notice(words))
    }
    terminal.start()
    if let exit = child.exit { return ended(terminal, exit) }
    guard !agent.spec.isTalkedTo else { return }  // its provider knows better
    terminal.watch(
      program: child.pid, isShell: ShellNames.isInteractive(agent.spec.arguments),
      resuming: activity.map { TerminalVerdict($0.state, $0.reason) }
    ) { [weak self] verdict in
      self?.report?(
        session, agent.id, .activity(verdict.state, reason: verdict.reason, source: .terminal))
    }
  }

  /// Calls `body` once the agent's program has started or has failed to, with the reason; at once where nothing is
  /// awaited. The failure is recorded only after that.
  package func whenStarted(_ agent: AgentID, _ body: @escaping @LoopActor (_ failure: String?) -> Void) {
    let isAwaited = isStarting(agent)
    guard isAwaited else { return body(failures[agent]) }
    waiting[agent, default: []].append(body)
  }

  /// Whether a program of the agent is being born.
  func isStarting(_ agent: AgentID) -> Bool {
    agents.values.contains { $0.agent == agent } && terminals[agent] == nil
  }

  // MARK: death

  private func exited(_ run: RunID, _ status: ExitStatus) {
    guard let (session, agent) = agents[run] else { return }
    agents[run] = nil
    if let terminal = terminals[agent], terminal.run == run { ended(terminal, status) }
    report?(
      session, agent,
      isEndingAll ? .lost(run, reason: Self.stoppedWords) : .exited(run, status.modelled))
    if leaving.remove(run) != nil {
      host.forget(run.text)
      if let terminal = terminals[agent], terminal.run == run { remove(agent) }
    }
    succeed(run)
  }

  private func succeed(_ run: RunID) { successors.removeValue(forKey: run)?() }

  private func ended(_ terminal: Terminal, _ status: ExitStatus) {
    terminal.programEnded(status)
    keepLastScreen(of: terminal)
    // What the program wrote last is read until the terminal closes; a process that it left behind may hold it open.
    Loop.shared.after(Self.lastOutputMs) { [weak terminal] in terminal?.stopWaitingForOutput() }
  }

  /// A program's last output is in the kernel when it ends, and read within a round or two of the loop.
  private static let lastOutputMs = 300

  /// What a program showed last can be looked at after its end; of many that have ended, the latest.
  private func keepLastScreen(of terminal: Terminal) {
    ended.removeAll { $0 == terminal.agent }
    ended.append(terminal.agent)
    guard ended.count > Self.mostEnded else { return }
    let oldest = ended.removeFirst()
    guard let old = terminals[oldest], old.exit != nil else { return }
    host.forget(old.run.text)
    remove(oldest)
  }

  private static let mostEnded = 64

  func stop(_ run: RunID) {
    leaving.insert(run)
    end(run)
  }

  /// Hangs its terminal up, as closing a terminal's window does, and kills what does not go.
  private func end(_ run: RunID) {
    guard agents[run] != nil else { return }
    host.signal(run.text, 1)  // SIGHUP
    host.signal(run.text, 18)  // SIGCONT, for one that was stopped
    Loop.shared.after(Self.patienceMs) { [weak self] in
      guard let self, agents[run] != nil else { return }
      host.signal(run.text, 9)  // SIGKILL
    }
  }

  /// As long as a shell may need to write its history.
  private static let patienceMs = 2000

  /// Nobody will ask for this agent's terminal any more; one whose program is still ending goes with it.
  func forget(_ agent: AgentID) {
    failures[agent] = nil
    guard let terminal = terminals[agent], agents[terminal.run] == nil else { return }
    host.forget(terminal.run.text)
    remove(agent)
  }

  /// A program that is of no use any more: those who look are told why, and it is hung up without being waited for.
  func dismiss(_ agent: AgentID, because reason: String) {
    guard let old = terminals[agent] else { return }
    old.tell(reason)
    old.programEnded(.signal(1))  // SIGHUP
    old.stopWaitingForOutput()
    agents[old.run] = nil
    leaving.remove(old.run)
    close(agent)
  }

  /// Before a new run of the agent: the old terminal and its ring make room.
  private func close(_ agent: AgentID) {
    guard let old = terminals[agent] else { return }
    // One that is still ending is forgotten when it has.
    if agents[old.run] == nil { host.forget(old.run.text) }
    remove(agent)
  }

  private func remove(_ agent: AgentID) {
    terminals.removeValue(forKey: agent)?.close()
  }

  package static let stoppedWords = "interrupted: the daemon was stopped"

  /// Ends all programs; `done` once all have ended or `limitMs` have passed.
  package func endAll(limitMs: Int, _ done: @escaping @LoopActor () -> Void) {
    isEndingAll = true
    for run in agents.keys {
      host.signal(run.text, 1)
      host.signal(run.text, 18)
    }
    let deadline = Loop.shared.after(limitMs, done)
    waitUntilEmpty {
      guard deadline.isPending else { return }
      deadline.cancel()
      done()
    }
  }

  private func waitUntilEmpty(_ done: @escaping @LoopActor () -> Void) {
    guard !agents.isEmpty else { return done() }
    let before = host.onExit
    host.onExit = { [weak self] id, status in
      before?(id, status)
      guard let self, agents.isEmpty else { return }
      done()
    }
  }

  /// Programs that have not ended.
  package var living: [(run: RunID, session: SessionID, agent: AgentID)] {
    agents.map { ($0.key, $0.value.session, $0.value.agent) }
  }
}

extension ExitStatus {
  package var modelled: Run.Exit {
    switch self {
    case .code(let code): .code(code)
    case .signal(let number): .signal(number)
    }
  }
}
