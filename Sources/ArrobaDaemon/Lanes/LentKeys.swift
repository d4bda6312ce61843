internal import ArrobaLoop
internal import ArrobaTerminal

/// What is typed on a lent terminal: handed on as it comes, but for the keys that detach.
@LoopActor
final class LentKeys {
  enum Heard {
    case typed([UInt8])
    case detached
  }

  /// A terminal sends a key's bytes together; what has not come after this is not coming.
  private static let undecidedMs = 50

  private var matcher: DetachMatcher
  private var timer: LoopTimer?
  private let heard: @LoopActor (Heard) -> Void
  private var hasEnded = false

  init(_ keys: DetachKeys, _ heard: @escaping @LoopActor (Heard) -> Void) {
    matcher = DetachMatcher(keys)
    self.heard = heard
  }

  func take(_ bytes: ArraySlice<UInt8>) { tell(matcher.feed(bytes)) }

  private func tell(_ outcome: DetachMatcher.Outcome) {
    timer?.cancel()
    timer = nil
    if !outcome.forward.isEmpty { heard(.typed(outcome.forward)) }
    guard !hasEnded else { return }
    if outcome.isDetached { return heard(.detached) }
    guard matcher.isUndecided else { return }
    timer = Loop.shared.after(Self.undecidedMs) { [weak self] in
      guard let self, !hasEnded else { return }
      tell(matcher.flush())
    }
  }

  /// Nothing more is told; answers what was held back until more came.
  func end() -> [UInt8] {
    hasEnded = true
    timer?.cancel()
    return matcher.surrender()
  }
}
