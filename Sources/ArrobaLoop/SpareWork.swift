/// Work that gives way to everything else, the oldest first. It is never put off for ever: beside a flood of events there
/// is no idle round.
@LoopActor
struct SpareWork {
  static let longestMs = 4

  private var waiting: [(sinceMs: Int, body: @LoopActor () -> Void)] = []

  nonisolated init() {}

  var isEmpty: Bool { waiting.isEmpty }

  mutating func add(_ body: @escaping @LoopActor () -> Void, nowMs: Int) { waiting.append((nowMs, body)) }

  /// The one whose turn it is; nil while others are to be served first.
  mutating func take(isIdle: Bool, nowMs: Int) -> (@LoopActor () -> Void)? {
    guard let first = waiting.first, isIdle || nowMs - first.sinceMs >= Self.longestMs else { return nil }
    waiting.removeFirst()
    return first.body
  }
}
