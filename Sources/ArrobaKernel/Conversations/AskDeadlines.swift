package import ArrobaLoop
package import ArrobaModel

/// Looks when the time of an ask is up, and says so; what comes of it is decided elsewhere.
///
/// An ask is opened at an instant of the wall's clock, which goes on while the machine sleeps and may be set; a timer does
/// neither. So the clock is looked at whenever a timer is through, and now and then in between.
@LoopActor
package final class AskDeadlines {
  struct Place: Sendable {
    let session: SessionID
    let agent: AgentID
    let ask: AskID
  }

  private struct Watched {
    let place: Place
    let openedAt: Instant
    var timer: LoopTimer?
  }

  /// By which asks are due.
  package private(set) var rule = AskRule()
  private var watched: [AskID: Watched] = [:]
  private let now: @Sendable () -> Instant

  /// Where it is decided upon; set once by the kernel.
  var expire: (@LoopActor (Place) -> Void)?

  /// How late a deadline may be noticed after a sleep of the machine.
  private static let longestNapMs = 30_000
  /// After a disk that took nothing.
  private static let retryMs = 1000

  nonisolated init(now: @escaping @Sendable () -> Instant) { self.now = now }

  /// From now on that rule holds, for asks that are open already too: at a start also for those whose time was up while
  /// no daemon was there.
  package func follow(_ rule: AskRule, in world: World) {
    self.rule = rule
    for entry in watched.values { entry.timer?.cancel() }
    watched = [:]
    guard rule.deadlineMs != nil else { return }
    for (session, agent, talk) in world.talks where session.isOpen {
      for record in talk.openAsks { watch(record, of: agent.id, in: session.id) }
    }
  }

  /// What was recorded: asks that open are watched from then on, and those that are settled no more.
  func note(_ events: [Event], in world: World) {
    guard rule.deadlineMs != nil else { return }
    for case .agent(let session, let agent, .ask(let ask, _, let event)) in events {
      switch event {
      case .opened:
        let asks = world.agent(agent, in: session)?.talk?.openAsks
        if let record = asks?.first(where: { $0.id == ask }) { watch(record, of: agent, in: session) }
      case .answered, .expired, .withdrawn: forget(ask)
      }
    }
  }

  private func watch(_ record: AskRecord, of agent: AgentID, in session: SessionID) {
    let place = Place(session: session, agent: agent, ask: record.id)
    watched[record.id] = Watched(place: place, openedAt: record.openedAt, timer: nil)
    look(at: record.id)
  }

  /// It is settled, or nobody is left whom it concerns.
  func forget(_ ask: AskID) { watched.removeValue(forKey: ask)?.timer?.cancel() }

  /// Its time was not up after all, or it could not be recorded that it was, which is as true in a moment. One that is
  /// settled is not watched any more.
  func lookAgain(at ask: AskID) { look(at: ask, notBefore: Self.retryMs) }

  private func look(at ask: AskID, notBefore pauseMs: Int = 0) {
    guard let entry = watched[ask], let due = rule.due(openedAt: entry.openedAt) else { return }
    let left = due.ms - now().ms
    let nap = min(max(left, pauseMs), Self.longestNapMs)
    watched[ask]?.timer = Loop.shared.after(max(0, nap)) { [weak self] in
      guard let self else { return }
      if now() >= due { expire?(entry.place) } else { look(at: ask) }
    }
  }
}
