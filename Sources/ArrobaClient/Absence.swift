/// A daemon that is away: since when, and when it is tried for next. At once, then after pauses that double from a
/// fifth of a second to five seconds, each a little off, so that many clients do not come back in step.
package struct Absence: Equatable, Sendable {
  package static let shortestPauseMs = 200
  package static let longestPauseMs = 5000

  package let sinceMs: Int
  package private(set) var tryAtMs: Int
  private var pauseMs = shortestPauseMs
  /// Why the last attempt failed, where that is known.
  package private(set) var reason: String?
  /// The stream before fell silent: the next one must not go the same way.
  package let wasSilent: Bool

  package init(nowMs: Int, wasSilent: Bool = false) {
    sinceMs = nowMs
    tryAtMs = nowMs
    self.wasSilent = wasSilent
  }

  /// An attempt came to nothing. `chance`: 0 to 1, how far off the pause is.
  package mutating func failed(nowMs: Int, because reason: String?, chance: Double = .random(in: 0...1)) {
    let jittered = Double(pauseMs) * (0.75 + chance / 2)
    tryAtMs = nowMs + min(max(Int(jittered), Self.shortestPauseMs), Self.longestPauseMs)
    pauseMs = min(pauseMs * 2, Self.longestPauseMs)
    if let reason { self.reason = reason }
  }

  package func lasts(longerThan patienceMs: Int?, nowMs: Int) -> Bool {
    patienceMs.map { nowMs - sinceMs >= $0 } ?? false
  }
}
