package import ArrobaLoop
internal import ArrobaProvider
package import ArrobaSupervision
package import ArrobaSystem

/// The daemon's end of one terminal: reads it into the ring that it shares with the supervisor, writes to it, sizes it.
///
/// Level-triggered. A wake-up reads little while other terminals are busy, so that each has its turn and a key press
/// never waits for a flood; a terminal that is busy alone is read in larger portions, for the sake of throughput.
@LoopActor
package final class PtyLane: TerminalLane {
  private enum Phase {
    case idle
    case reading(Listener)
    /// Everything was read, and the last program has gone; or we have closed it.
    case ended
  }

  private struct Listener {
    let onOutput: @LoopActor () -> Void
    let meanwhile: @LoopActor () -> Void
    let onEnd: @LoopActor () -> Void
  }

  package let ring: OutputRing
  private let primary: Descriptor
  private var phase = Phase.idle
  private var watch: Watch?
  private var writableWaiter: (@LoopActor () -> Void)?
  private var pace = Pace()
  private var isResting = false

  /// Takes over a terminal and the ring that belongs to it. A read that was cut short by a kill is settled here.
  package init(primary: Descriptor, ring: OutputRing) {
    self.primary = primary
    self.ring = ring
    _ = ring.recoverCutFill()
  }

  package func start(
    onOutput: @escaping @LoopActor () -> Void, meanwhile: @escaping @LoopActor () -> Void,
    onEnd: @escaping @LoopActor () -> Void
  ) {
    guard case .idle = phase else { return }
    phase = .reading(Listener(onOutput: onOutput, meanwhile: meanwhile, onEnd: onEnd))
    rewatch()
  }

  package func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    Turns.somebodyTypes()
    guard case .moved(let count) = primary.write(bytes) else { return 0 }
    return count
  }

  package func whenWritable(_ body: @escaping @LoopActor () -> Void) {
    if case .ended = phase { return }
    writableWaiter = body
    rewatch()
  }

  package func resize(columns: UInt16, rows: UInt16) {
    primary.setWindowSize(columns: columns, rows: rows)
    ring.size = (columns, rows)
  }

  package var foregroundGroup: Int? { primary.foregroundGroup.map { Int($0) } }

  package func close() {
    phase = .ended
    stopWatching()
    primary.close()
  }

  // The readiness.

  private var interest: Watch.Readiness {
    var interest: Watch.Readiness = []
    if case .reading = phase, !isResting { interest.insert(.readable) }
    if writableWaiter != nil { interest.insert(.writable) }
    return interest
  }

  private func rewatch() {
    if let watch { return watch.set(interest) }
    watch = Loop.shared.watch(primary.raw, for: interest, urgency: .terminal) { [weak self] readiness in
      self?.isReady(readiness)
    }
  }

  private func stopWatching() {
    watch?.cancel()
    watch = nil
    writableWaiter = nil
  }

  private func isReady(_ readiness: Watch.Readiness) {
    if readiness.contains(.writable), let body = writableWaiter {
      writableWaiter = nil
      watch?.set(interest)
      body()
    }
    guard readiness.contains(.readable) || !readiness.isDisjoint(with: .hungUp) else { return }
    switch phase {
    case .reading(let listener): readBatch(listener)
    // Nobody reads yet, and a terminal without programs is always ready: look again when somebody does.
    case .idle: stopWatching()
    case .ended: break
    }
  }

  /// Lets others have the processor: while it is not read, a program that floods is held up.
  private func rest() {
    isResting = true
    watch?.set(interest)
    Loop.shared.after(1) { [weak self] in
      guard let self else { return }
      isResting = false
      watch?.set(interest)
    }
  }

  private func readBatch(_ listener: Listener) {
    let most = Turns.budget(of: self)
    var budget = most
    var hasRead = false
    var isAtEnd = false
    while budget > 0 {
      var outcome = Transfer.wouldBlock
      var room = 0
      let got = ring.fill { region in
        room = region.count
        outcome = primary.read(into: region)
        guard case .moved(let count) = outcome else { return -1 }
        return count
      }
      if case .ended = outcome { isAtEnd = true }
      if case .failed = outcome { isAtEnd = true }
      guard got > 0 else { break }
      hasRead = true
      budget -= got
      // Much less than there was room for: the terminal is empty, and another read would only say so.
      if got < room / 2 { break }
      if budget > 0 { listener.meanwhile() }
    }
    if hasRead { listener.onOutput() }
    if pace.mustRest(after: most - budget) { rest() }
    // `onOutput` may have closed the lane.
    guard isAtEnd, case .reading = phase else { return }
    phase = .ended
    stopWatching()
    listener.onEnd()
  }
}

/// How much a terminal is read while somebody types: what a program floods is read at a rate that still is more than
/// anybody can look at, and the processor is free for the program that is typed to. Two programs that are always ready to
/// run would let that one wait for a whole slice of theirs, some milliseconds.
@LoopActor
private struct Pace {
  private static let mostPerMs = 4 << 10

  private var ms = 0
  private var read = 0

  mutating func mustRest(after count: Int) -> Bool {
    let now = LoopClock.nowMs()
    if now != ms {
      ms = now
      read = 0
    }
    read += count
    return read >= Self.mostPerMs && Turns.isSomebodyTyping(at: now)
  }
}

/// Who had the last turns on the loop: how a terminal knows whether others are busy.
@LoopActor
private enum Turns {
  private static let beside = 4 << 10
  private static let alone = 64 << 10
  /// Some rounds of the loop with several busy terminals; shorter than anybody notices.
  private static let recentMs = 5

  private static var last: ObjectIdentifier?
  private static var changedMs = 0
  private static var typedMs = 0
  /// Longer than the time between two key presses that repeat.
  private static let typingMs = 50

  static func somebodyTypes() { typedMs = LoopClock.nowMs() }

  static func isSomebodyTyping(at now: Int) -> Bool { now - typedMs < typingMs }

  /// How many bytes the terminal may read in this wake-up.
  static func budget(of lane: PtyLane) -> Int {
    let now = LoopClock.nowMs()
    if last != ObjectIdentifier(lane) {
      last = ObjectIdentifier(lane)
      changedMs = now
    }
    return now - changedMs > recentMs && !isSomebodyTyping(at: now) ? alone : beside
  }
}
