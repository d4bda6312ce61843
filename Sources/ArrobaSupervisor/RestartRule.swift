/// Whether and when a daemon is started again that nobody asked to end. Pure: it is told the times.
package struct RestartRule {
  package enum Verdict: Equatable {
    case startAfter(ms: Int)
    case giveUp
  }

  /// A daemon that lived for longer did not fail at its start; it is started again at once.
  private static let longEnoughMs = 10_000
  private static let longestDelayMs = 5_000
  /// As many quick deaths within that time are a loop, which more attempts do not end.
  package static let mostDeaths = 8
  package static let withinMs = 60_000

  /// A killed daemon that lived for longer was killed by somebody.
  private static let quickKillMs = 5_000
  /// As many quick kills within `withinMs` may be a person's, or a test's; from there on the pauses grow.
  private static let patientKills = 24
  package static let mostKills = 32

  private let firstDelayMs: Int
  private var delayMs: Int
  private var killDelayMs: Int
  private var deaths: [Int] = []
  private var kills: [Int] = []

  package init(firstDelayMs: Int) {
    self.firstDelayMs = firstDelayMs
    delayMs = firstDelayMs
    killDelayMs = firstDelayMs
  }

  /// Decides after an end that was not asked for.
  ///
  /// `wasKilled`: it had taken over and was then ended by SIGKILL. Somebody did that, or the kernel for want of memory:
  /// the two look alike, so much is borne of it, but not for ever.
  package mutating func afterDeath(livedMs: Int, wasKilled: Bool, nowMs: Int) -> Verdict {
    if livedMs >= Self.longEnoughMs {
      delayMs = firstDelayMs
      return .startAfter(ms: 0)
    }
    guard !wasKilled else { return afterKill(livedMs: livedMs, nowMs: nowMs) }
    deaths.removeAll { nowMs - $0 >= Self.withinMs }
    deaths.append(nowMs)
    guard deaths.count < Self.mostDeaths else { return .giveUp }
    defer { delayMs = min(2 * delayMs, Self.longestDelayMs) }
    return .startAfter(ms: delayMs)
  }

  private mutating func afterKill(livedMs: Int, nowMs: Int) -> Verdict {
    kills.removeAll { nowMs - $0 >= Self.withinMs }
    guard livedMs < Self.quickKillMs else { return .startAfter(ms: firstDelayMs) }
    kills.append(nowMs)
    guard kills.count < Self.mostKills else { return .giveUp }
    guard kills.count > Self.patientKills else {
      killDelayMs = firstDelayMs
      return .startAfter(ms: firstDelayMs)
    }
    killDelayMs = min(2 * killDelayMs, Self.longestDelayMs)
    return .startAfter(ms: killDelayMs)
  }

  /// Somebody asked for another attempt: what was before does not count.
  package mutating func startAfresh() {
    deaths = []
    kills = []
    delayMs = firstDelayMs
    killDelayMs = firstDelayMs
  }
}
