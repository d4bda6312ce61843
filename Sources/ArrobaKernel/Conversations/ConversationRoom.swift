package import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider

/// The conversations of this daemon by agent. What they say is joined where it streams, and passed on in order.
@LoopActor
package final class ConversationRoom {
  private struct Seat {
    let run: RunID
    let session: SessionID
    let joiner: DeltaJoiner
    let conversation: any Conversation
  }

  private let providers: ProviderRegistry
  private let socket: String
  private var seats: [AgentID: Seat] = [:]

  /// Where what is said is decided upon; set once by the kernel.
  var hear: (@LoopActor (SessionID, AgentID, ProviderSignal) -> Void)?
  /// What an agent's native client talks to is gone; set once by the kernel.
  var nativeLost: (@LoopActor (AgentID, RunID, _ reason: String) -> Void)?

  nonisolated init(providers: ProviderRegistry, socket: String) {
    self.providers = providers
    self.socket = socket
  }

  package var count: Int { seats.count }

  func conversation(of agent: AgentID, run: RunID) -> (any Conversation)? {
    seats[agent].flatMap { $0.run == run ? $0.conversation : nil }
  }

  /// Opens a new conversation, or the one that the agent has had. Where there is no provider, that is said as its failure.
  func open(_ agent: NewAgent, in session: SessionID, as talk: Talk?) {
    leave(agent.id)
    guard let provider = providers.provider(named: agent.spec.provider) as? any ConversationProvider else {
      let reason = "this daemon has no provider \(agent.spec.provider) that can be talked to"
      hear?(session, agent.id, ProviderSignal(run: agent.run, turn: nil, .failed(reason: reason, hint: nil)))
      return
    }
    let joiner = DeltaJoiner { [weak self] signal in self?.hear?(session, agent.id, signal) }
    let opening = ConversationOpening(
      identity: AgentIdentity(session: session, agent: agent.id, socket: socket), run: agent.run,
      spec: agent.spec, resume: talk?.conversation, lastMark: talk?.lastMark, say: { joiner.take($0) },
      nativeLost: { [weak self] in self?.nativeLost?(agent.id, agent.run, $0) })
    seats[agent.id] = Seat(
      run: agent.run, session: session, joiner: joiner, conversation: provider.open(opening))
  }

  /// Lets go of a run's conversation and says whose it was; nil: it has none here.
  func close(_ run: RunID) -> AgentID? {
    guard let agent = seats.first(where: { $0.value.run == run })?.key else { return nil }
    leave(agent)
    return agent
  }

  private func leave(_ agent: AgentID) {
    guard let seat = seats.removeValue(forKey: agent) else { return }
    seat.joiner.flush()
    seat.conversation.close()
  }

  /// The daemon stops: what the providers started stops too. `done` once they have, or after `limitMs`.
  package func stopAll(limitMs: Int, done: @escaping @LoopActor () -> Void) {
    let started = providers.providers.compactMap { $0 as? any ConversationProvider }
    var waiting = started.count
    guard waiting > 0 else { return done() }
    let deadline = Loop.shared.after(limitMs, done)
    for provider in started {
      provider.stopAll {
        waiting -= 1
        guard waiting == 0, deadline.isPending else { return }
        deadline.cancel()
        done()
      }
    }
  }
}
