internal import ArrobaJSON
internal import ArrobaLoop
package import ArrobaModel
internal import ArrobaProvider
internal import ArrobaWire

/// The provider's own client on an agent's conversation, as a terminal of that agent.
extension Kernel {
  /// As long as a provider that is just being started may need until its client has something to show.
  private static let patienceMs = 20_000

  /// The run of the client that belongs to that run of the agent: known by it also after a restart of the daemon.
  static func nativeRun(of run: RunID) -> RunID { RunID(run.text + ".native") }

  /// Makes sure that the provider's client runs on a terminal of the agent, in that size if it has to be started.
  package func openNative(
    _ agent: AgentID, in session: SessionID, columns: UInt16, rows: UInt16
  ) async throws(Refusal) {
    if let there = terminals.terminal(of: agent), there.exit == nil { return }
    guard !terminals.isStarting(agent) else { return }  // another client asked first
    let deadline = LoopClock.nowMs() + Self.patienceMs
    while true {
      guard let now = world.agent(agent, in: session), let run = now.run, run.isLive else {
        let reason = world.agent(agent, in: session)?.run?.reason ?? "its conversation has ended"
        throw Refusal(
          kind: .terminalNotAvailable, message: "the agent has no terminal now: \(reason)",
          hint: "arroba agent restart", details: ["agent": .string(agent.text)])
      }
      do {
        let open = conversation(of: now, run: run, in: session)
        let native = Self.nativeRun(of: run.id)
        guard let birth = try open?.nativeTerminal(for: native, columns: columns, rows: rows) else { return }
        var spec = now.spec
        (spec.columns, spec.rows) = (columns, rows)
        terminals.open(
          session: session, agent: NewAgent(id: agent, run: native, spec: spec), birth: birth
        ) { [surroundings] in surroundings.process($0) }
        return
      } catch {
        guard LoopClock.nowMs() < deadline else { throw error }
      }
      await nextEvent(untilMs: deadline)
    }
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
    let native = Self.nativeRun(of: run.id)
    guard let child = children.removeValue(forKey: native.text) else { return }
    terminals.adopt(
      child, session: agent.session, agent: NewAgent(id: agent.id, run: native, spec: agent.spec))
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
