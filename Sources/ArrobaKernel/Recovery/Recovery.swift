internal import ArrobaJSON
internal import ArrobaLoop
package import ArrobaModel
package import ArrobaProvider

/// What the log folds to when a daemon starts: the state, and the receipts of the last day.
package struct RecoveredState: Sendable {
  package private(set) var world = World()
  package private(set) var receipts = ReceiptIndex()
  /// Records that are not events, by sequence: kept in the log, folded by nobody.
  package private(set) var unreadable: [UInt64] = []

  package init() {}

  /// Folds one record of the log. The same `apply` as for live events.
  package mutating func fold(_ seq: UInt64, _ payload: UnsafeRawBufferPointer) {
    let bytes = payload.bindMemory(to: UInt8.self)
    guard let (record, receipt) = try? EventCodec.read(bytes, seq: seq) else {
      if unreadable.count < 100 { unreadable.append(seq) }  // enough to find the place
      return
    }
    world.apply(record)
    if let receipt {
      receipts.add(receipt.command, fingerprint: receipt.fingerprint, seq: seq, at: record.at)
    }
  }
}

extension Kernel {
  /// Joins what the log says with what is still there: adopts the programs that an earlier daemon left, and settles
  /// the runs of which nobody saw the end. Before any client is served.
  package func recover(from host: any ChildHost) {
    var children: [String: BornChild] = [:]
    for child in host.takeHandedOver() { children[child.id] = child }
    for session in world.inOrder {
      for agent in session.agents {
        guard let run = agent.run else { continue }
        if agent.talk != nil {
          if run.isLive {
            takeUpNative(of: agent, run: run, from: &children)
            takeUp(agent, run: run)
          }
          continue
        }
        let child = children.removeValue(forKey: run.id.text)
        if let child {
          resume(child, run: run, agent: agent)
        } else if run.isLive {
          lose(run, of: agent)
        }
      }
    }
    // Children of runs that the log does not know: recorded by nobody, so nobody can ask for them.
    for id in children.keys { host.forget(id) }
  }

  private func resume(_ child: BornChild, run: Run, agent: Agent) {
    let new = NewAgent(id: agent.id, run: run.id, spec: agent.spec)
    let activity = run.isLive && run.phase != .starting ? agent.activity : nil
    terminals.adopt(child, session: agent.session, agent: new, activity: activity)
    guard run.isLive else {
      // It was being ended when the daemon died, and may have been told nothing of it.
      if child.exit == nil { terminals.stop(run.id) }
      return
    }
    if run.phase == .starting {
      report(.started(run.id, surroundings.process(child.pid)), of: agent.id, in: agent.session)
    }
    if let exit = child.exit { report(.exited(run.id, exit.modelled), of: agent.id, in: agent.session) }
  }

  /// A turn that an earlier daemon handed over is settled by what the provider says became of it. A conversation in
  /// which nothing is under way is opened when somebody talks to it.
  private func takeUp(_ agent: Agent, run: Run) {
    guard let talk = agent.talk, let active = talk.active else { return }
    let again = NewAgent(id: agent.id, run: run.id, spec: agent.spec)
    conversations.open(again, in: agent.session, as: talk)
    conversations.conversation(of: agent.id, run: run.id)?.settle(
      UnsettledTurn(
        id: active.id, text: active.text, dispatchedAt: active.dispatchedAt ?? surroundings.now(),
        mark: active.mark, cancelledAt: active.cancelledAt,
        wasDenied: talk.asks.contains { $0.prompt == active.id && $0.isDenied }))
  }

  private func lose(_ run: Run, of agent: Agent) {
    var reason = "interrupted: the daemon and its supervisor ended"
    if let process = run.process {
      if process.boot != surroundings.boot {
        reason = "interrupted: the machine was restarted"
      } else if process.startTicks > 0, surroundings.startTicks(process.pid) == process.startTicks {
        // It has lost its terminal and those who kept it; left alone it would run on unseen.
        surroundings.endOrphan(process.pid)
      }
    } else if run.phase == .starting {
      reason = "interrupted: the daemon ended before the program was started"
    }
    report(.lost(run.id, reason: reason), of: agent.id, in: agent.session)
  }
}
