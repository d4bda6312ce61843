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

  private let firstDelayMs: Int
  private var delayMs: Int
  private var deaths: [Int] = []

  package init(firstDelayMs: Int) {
    self.firstDelayMs = firstDelayMs
    delayMs = firstDelayMs
  }

  /// Decides after an end that was not asked for.
  ///
  /// `wasKilled`: it had taken over and was then ended by SIGKILL. No fault of a program does that; somebody did (or
  /// the kernel, for want of memory), so it counts for nothing, and only a pause keeps it from spinning.
  package mutating func afterDeath(livedMs: Int, wasKilled: Bool, nowMs: Int) -> Verdict {
    if livedMs >= Self.longEnoughMs {
      delayMs = firstDelayMs
      return .startAfter(ms: 0)
    }
    guard !wasKilled else { return .startAfter(ms: firstDelayMs) }
    deaths.removeAll { nowMs - $0 >= Self.withinMs }
    deaths.append(nowMs)
    guard deaths.count < Self.mostDeaths else { return .giveUp }
    defer { delayMs = min(2 * delayMs, Self.longestDelayMs) }
    return .startAfter(ms: delayMs)
  }

  /// Somebody asked for another attempt: what was before does not count.
  package mutating func startAfresh() {
    deaths = []
    delayMs = firstDelayMs
  }
}
