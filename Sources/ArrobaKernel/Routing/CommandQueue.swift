internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaWire

/// Lets commands run side by side, except where they touch the same thing; there, in the order of their arrival.
///
/// Deciding, recording and applying take a flush of the disk in between, and no decision may survive that unless
/// nobody else can change what it rests on. A command therefore claims what it reads and changes, and waits until no
/// earlier one has a colliding claim.
@LoopActor
final class CommandQueue {
  enum Key: Hashable {
    /// Which sessions exist, and their aliases.
    case catalog
    case session(SessionID)
    case agent(AgentID)
  }

  enum Access {
    case shared, exclusive
  }

  struct Claim {
    let key: Key
    let access: Access
  }

  /// A place in the queue, given back by `leave`.
  final class Place {
    fileprivate let claims: [Claim]
    fileprivate var turn: CheckedContinuation<Void, Never>?
    fileprivate init(_ claims: [Claim]) { self.claims = claims }
  }

  /// Commands that may wait for one thing. More are turned away, so that a stuck disk does not fill the memory.
  static let longestLane = 128

  private var lanes: [Key: [(place: Place, access: Access)]] = [:]

  nonisolated init() {}

  /// Waits for its turn. `isBounded` is false for what the world reports: that must not be turned away, and there is
  /// at most one such report a child.
  func enter(_ claims: [Claim], isBounded: Bool) async throws(Refusal) -> Place {
    if isBounded, let full = claims.first(where: { (lanes[$0.key]?.count ?? 0) >= Self.longestLane }) {
      throw Refusal(
        kind: .overloaded,
        message: "\(Self.longestLane) commands wait for \(full.key.words) already",
        hint: "try again in a moment")
    }
    let place = Place(claims)
    for claim in claims { lanes[claim.key, default: []].append((place, claim.access)) }
    // Asked within, since the way there may be another turn of the loop.
    await withCheckedContinuation { turn in
      if isRunnable(place) { turn.resume() } else { place.turn = turn }
    }
    return place
  }

  func leave(_ place: Place) {
    for claim in place.claims {
      lanes[claim.key]?.removeAll { $0.place === place }
      if lanes[claim.key]?.isEmpty ?? false { lanes[claim.key] = nil }
    }
    for claim in place.claims { wake(claim.key) }
  }

  private func wake(_ key: Key) {
    for (waiting, access) in lanes[key] ?? [] {
      if let turn = waiting.turn, isRunnable(waiting) {
        waiting.turn = nil
        turn.resume()
      }
      if access == .exclusive { return }
    }
  }

  /// Whether nobody before it in any of its lanes collides with it.
  private func isRunnable(_ place: Place) -> Bool {
    place.claims.allSatisfy { claim in
      for (other, access) in lanes[claim.key] ?? [] {
        if other === place { return true }
        if access == .exclusive || claim.access == .exclusive { return false }
      }
      return false
    }
  }

  /// Commands under way or waiting, for each thing that has any.
  var load: (lanes: Int, deepest: Int) { (lanes.count, lanes.values.map(\.count).max() ?? 0) }
}

extension CommandQueue.Key {
  fileprivate var words: String {
    switch self {
    case .catalog: "the list of sessions"
    case .session(let id): "the session \(id)"
    case .agent(let id): "the agent \(id)"
    }
  }
}

extension Command {
  /// What it reads and changes.
  var claims: [CommandQueue.Claim] {
    switch self {
    case .create: [.init(key: .catalog, access: .exclusive)]
    case .session(let id, let command):
      switch command {
      case .rename, .end, .delete:
        [.init(key: .catalog, access: .exclusive), .init(key: .session(id), access: .exclusive)]
      case .spawn, .focus, .cycle: [.init(key: .session(id), access: .exclusive)]
      }
    case .agent(let id, let agent, let command):
      switch command {
      case .rename, .delete: [.init(key: .session(id), access: .exclusive)]
      case .restart, .absorb, .talk, .expire, .hear:
        [.init(key: .session(id), access: .shared), .init(key: .agent(agent), access: .exclusive)]
      }
    }
  }

  /// Reports of the world are never turned away.
  var isReport: Bool {
    switch self {
    case .agent(_, _, .absorb), .agent(_, _, .expire), .agent(_, _, .hear): true
    case .create, .session, .agent: false
    }
  }
}
