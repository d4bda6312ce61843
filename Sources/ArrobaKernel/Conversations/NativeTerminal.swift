internal import ArrobaJSON
internal import ArrobaLoop
package import ArrobaModel
internal import ArrobaProvider
internal import ArrobaWire

/// The provider's own client on an agent's conversation, as a terminal of that agent.
extension Kernel {
  /// As long as a provider that is just being started may need until its client has something to show.
  private static let patienceMs = 20_000

  /// The run of the client that belongs to that run of the agent and talks to that place: known by it also after a
  /// restart of the daemon. The place may hold a password, so only a hash of it is shown.
  static func nativeRun(of run: RunID, at place: String) -> RunID {
    RunID(nativePrefix(of: run) + String(StableHash(place).value, radix: 36))
  }

  private static func nativePrefix(of run: RunID) -> String { run.text + ".native." }

  /// Makes sure that the provider's client runs on a terminal of the agent, in that size if it has to be started.
  package func openNative(
    _ agent: AgentID, in session: SessionID, columns: UInt16, rows: UInt16
  ) async throws(Refusal) {
    guard !terminals.isStarting(agent) else { return }  // another client asked first
    let deadline = LoopClock.nowMs() + Self.patienceMs
    while true {
      guard let now = world.agent(agent, in: session), let run = now.run, run.isLive else {
        let reason = world.agent(agent, in: session)?.run?.reason ?? "its conversation has ended"
        throw Refusal(
          kind: .terminalNotAvailable, message: "the agent has no terminal now: \(reason)",
          hint: "arroba agent restart", details: ["agent": .string(agent.text)])
      }
      guard let open = conversation(of: now, run: run, in: session) else { return }
      switch open.nativeClient {
      case .none(let refusal): throw refusal
      case .away(let refusal): guard LoopClock.nowMs() < deadline else { throw refusal }
      case .at(let place):
        let native = Self.nativeRun(of: run.id, at: place)
        if let there = terminals.terminal(of: agent), there.exit == nil {
          if there.run == native { return }
          terminals.dismiss(
            agent, because: "it talked to a server that is no more; another client takes its place")
        }
        let birth = try open.nativeTerminal(for: native, columns: columns, rows: rows)
        var spec = now.spec
        (spec.columns, spec.rows) = (columns, rows)
        terminals.open(
          session: session, agent: NewAgent(id: agent, run: native, spec: spec), birth: birth
        ) { [surroundings] in surroundings.process($0) }
        return
      }
      await nextEvent(untilMs: deadline)
    }
  }

  /// What the client talks to is gone. It would only try again and again, and never find it.
  func endNative(of agent: AgentID, run: RunID, because reason: String) {
    guard let there = terminals.terminal(of: agent), there.exit == nil,
      there.run.text.hasPrefix(Self.nativePrefix(of: run))
    else { return }
    terminals.dismiss(agent, because: "\(reason), and its client with it; arroba attach opens another one")
  }

  private func nextEvent(untilMs deadline: Int) async {
    let waiter = EventWaiter()
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      waiter.turn = done
      waiter.timer = Loop.shared.after(deadline - LoopClock.nowMs()) { waiter.goOn() }
      ledger.follow(waiter) { waiter.goOn() }
    }
    ledger.stopFollowing(waiter)
  }

  /// The client that an earlier daemon left, if it lives.
  func takeUpNative(of agent: Agent, run: Run, from children: inout [String: BornChild]) {
    let prefix = Self.nativePrefix(of: run.id)
    let left = children.keys.filter { $0.hasPrefix(prefix) }.compactMap { children.removeValue(forKey: $0) }
    // One that was dismissed just before the daemon died may be there as well; the next attach replaces either.
    for child in left {
      terminals.adopt(
        child, session: agent.session,
        agent: NewAgent(id: agent.id, run: RunID(child.id), spec: agent.spec))
    }
  }
}

@LoopActor private final class EventWaiter {
  var turn: CheckedContinuation<Void, Never>?
  var timer: LoopTimer?

  func goOn() {
    timer?.cancel()
    turn?.resume()
    turn = nil
  }
}
