/// Which verdicts become events: those that last, that say something new, and not more than about one a second.
package struct ActivityPace: Sendable {
  /// What holds for a shorter time was nothing.
  package static let settledMs = 500
  package static let apartMs = 1000

  package private(set) var said: TerminalVerdict
  private var candidate: (verdict: TerminalVerdict, sinceMs: Int)?
  /// Before that nothing is said, unless it is urgent.
  private var freeMs = 0

  package init(said: TerminalVerdict) { self.said = said }

  /// What is to be said now, if anything, and when to ask again. `isUrgent`: somebody may wait for what comes of it, so
  /// that the state before it must not stand.
  package mutating func take(_ verdict: TerminalVerdict, isUrgent: Bool = false, at now: Int) -> (
    say: TerminalVerdict?, againMs: Int?
  ) {
    guard isNews(verdict) else {
      candidate = nil
      return (nil, nil)
    }
    let since = candidate.flatMap { $0.verdict.state == verdict.state ? $0.sinceMs : nil } ?? now
    candidate = (verdict, since)
    let due = max(since + Self.settledMs, freeMs)
    guard isUrgent || now >= due else { return (nil, due) }
    candidate = nil
    said = verdict
    freeMs = max(freeMs, now) + Self.apartMs
    return (verdict, nil)
  }

  /// Why somebody is waited for is worth saying anew; by what a program is seen to work or to rest is not.
  private func isNews(_ verdict: TerminalVerdict) -> Bool {
    verdict.state != said.state || verdict.state == .waiting && verdict.reason != said.reason
  }
}
