internal import ArrobaLoop
package import ArrobaModel
internal import ArrobaWire

/// What comes from the world and not from a client: it enters by the same door, and is not turned away.
extension Kernel {
  /// Something that the world reports, as a command like any other.
  package func report(_ signal: RunSignal, of agent: AgentID, in session: SessionID) {
    Loop.shared.task { [self] in
      do throws(Refusal) {
        _ = try await submit(
          .agent(session, agent, .absorb(signal)), from: Origin(by: nil, command: nil, fingerprint: nil))
      } catch {
        retry(signal, of: agent, in: session, after: error)
      }
    }
  }

  /// What could not be recorded for want of space is true all the same, and reported again until it is. Where session
  /// or agent are gone meanwhile nobody is left whom it concerns. There is a handful of such reports for each run.
  private func retry(_ signal: RunSignal, of agent: AgentID, in session: SessionID, after refusal: Refusal) {
    switch refusal.kind {
    case .storageFull, .storageFailed, .overloaded:
      guard signal.mustBeKnown else { return }
      Loop.shared.after(Self.retryMs) { [weak self] in self?.report(signal, of: agent, in: session) }
    default: return
    }
  }

  private static let retryMs = 1000

  /// The time of an ask may be up. Whether it is, is decided when its turn comes.
  func expire(_ ask: AskDeadlines.Place) {
    Loop.shared.task { [self] in
      let command = AgentCommand.expire(ask.ask, deadlines.rule, at: surroundings.now())
      do throws(Refusal) {
        _ = try await submit(
          .agent(ask.session, ask.agent, command), from: Origin(by: nil, command: nil, fingerprint: nil))
        // Still open only where the clock was set back meanwhile.
        guard world.session(ask.session)?.isOpen ?? false else { return deadlines.forget(ask.ask) }
        deadlines.lookAgain(at: ask.ask)
      } catch {
        switch error.kind {
        case .storageFull, .storageFailed, .overloaded: deadlines.lookAgain(at: ask.ask)
        default: deadlines.forget(ask.ask)  // session or agent are gone
        }
      }
    }
  }

  /// Something that a provider says. In the order in which it was said.
  func hear(_ signal: ProviderSignal, of agent: AgentID, in session: SessionID) {
    Loop.shared.task { [self] in
      let fresh = FreshIDs(item: ItemID.mint(), ask: AskID.mint())
      do throws(Refusal) {
        _ = try await submit(
          .agent(session, agent, .hear(signal, fresh)), from: Origin(by: nil, command: nil, fingerprint: nil))
      } catch {
        switch error.kind {
        case .storageFull, .storageFailed, .overloaded:
          guard signal.mustBeKnown else { return }
          Loop.shared.after(Self.retryMs) { [weak self] in self?.hear(signal, of: agent, in: session) }
        default: return  // session or agent are gone
        }
      }
    }
  }
}

extension ProviderSignal {
  /// Whether the state would stay wrong without it.
  fileprivate var mustBeKnown: Bool {
    switch what {
    case .opened, .accepted, .itemCompleted, .askOpened, .askAnswered, .askWithdrawn, .turnEnded, .failed:
      true
    case .itemStarted, .itemDelta, .itemDropped, .usage, .activity, .retrying, .notice, .unrecognised: false
    }
  }
}
