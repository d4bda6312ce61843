/// When the events of a recording are due: faster or slower than they came, without long pauses, and not while it
/// stands still. A pure account of times that are given to it.
struct PlayClock {
  private let speed: Double
  private let idleLimitMs: Int?
  /// When the event before was due, and its time in the recording.
  private var last: (dueMs: Double, ms: Int)
  private var pausedMs: Int?

  init(_ playing: Playing, idleLimitMs: Int?, startMs: Int) {
    speed = playing.speed
    self.idleLimitMs = playing.idleLimitMs ?? idleLimitMs
    last = (Double(startMs), 0)
  }

  var isPaused: Bool { pausedMs != nil }

  /// When an event is due that came at `ms`.
  func dueMs(_ ms: Int) -> Int {
    let pause = min(max(0, ms - last.ms), idleLimitMs ?? .max)
    return Int((last.dueMs + Double(pause) / speed).rounded(.up))
  }

  /// The event has been shown, as late as it may be: what follows keeps to the recording's times.
  mutating func pass(_ ms: Int) {
    let pause = min(max(0, ms - last.ms), idleLimitMs ?? .max)
    last = (last.dueMs + Double(pause) / speed, max(ms, last.ms))
  }

  mutating func togglePause(at now: Int) {
    guard let since = pausedMs else {
      pausedMs = now
      return
    }
    last.dueMs += Double(now - since)
    pausedMs = nil
  }

  /// The next event is shown now, though it stands still.
  mutating func step(_ ms: Int, at now: Int) {
    last = (Double(now), ms)
    if pausedMs != nil { pausedMs = now }
  }
}
