internal import ArrobaLoop
internal import ArrobaSystem
internal import ArrobaTerminal

/// A client's own terminal, lent by it: output goes there, and what is typed comes from there, without the client, which
/// saves a process to wake for each key and for each echo. The client gets it back before it writes there itself.
@LoopActor
final class LentTerminal {
  private let terminal: Descriptor
  private var watch: Watch?
  /// The rest of a repaint that the terminal did not take yet.
  private var unpainted: [UInt8] = []
  private var isFull = false
  /// It has just said that it takes something.
  private var isExpectedToTake = false
  private var keys: LentKeys?
  /// What was read last; a terminal gives at most 4095 bytes at once.
  private var block: [UInt8] = []
  private let canRead: Bool
  private var isReading = false
  /// It cannot be written to any more: its window was closed.
  private(set) var isBroken = false
  private let drained: @LoopActor () -> Void

  /// A terminal that takes nothing although it said it would is asked again after that: somebody else writes there.
  private static let againMs = 10

  /// nil where it is no terminal, or may not be opened. Opened anew, so that not to block is ours alone and nobody can
  /// take that from us.
  init?(_ passed: Descriptor, drained: @escaping @LoopActor () -> Void) {
    guard Terminals.isTerminal(passed.raw) else { return nil }
    if let own = Terminals.reopened(passed.raw, forReading: true) {
      (terminal, canRead) = (own, true)
    } else if let own = Terminals.reopened(passed.raw) {
      (terminal, canRead) = (own, false)
    } else {
      return nil
    }
    self.drained = drained
  }

  /// Whether it takes more now.
  var isReady: Bool { !isFull && !isBroken && unpainted.isEmpty }
  /// Whether a repaint has been written in part.
  var isHalfPainted: Bool { !unpainted.isEmpty }

  /// Writes two parts in order; answers how much the terminal took.
  func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
    let count = write(first)
    return count == first.count ? count + write(second) : count
  }

  /// Writes a repaint; what the terminal does not take now follows before anything else.
  func paint(_ bytes: [UInt8]) {
    let count = bytes.withUnsafeBytes { write($0) }
    unpainted = Array(bytes[count...])
  }

  private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    var done = 0
    while done < bytes.count, !isFull, !isBroken {
      switch terminal.write(UnsafeRawBufferPointer(rebasing: bytes[done...])) {
      case .moved(let count): done += count
      case .wouldBlock:
        isFull = true
        if isExpectedToTake, done == 0 { askLater() } else { watchForRoom() }
      case .ended, .failed: isBroken = true
      }
    }
    isExpectedToTake = false
    return done
  }

  private var isWatchingForRoom = false

  private func watchForRoom() {
    isWatchingForRoom = true
    updateWatch()
  }

  private func updateWatch() {
    var interest: Watch.Readiness = isReading ? .readable : []
    if isWatchingForRoom { interest.insert(.writable) }
    if let watch { return watch.set(interest) }
    watch = Loop.shared.watch(terminal.raw, for: interest, urgency: .socket) { [weak self] readiness in
      self?.ready(readiness)
    }
  }

  private func ready(_ readiness: Watch.Readiness) {
    if isReading, !readiness.isDisjoint(with: [.readable, .hungUp]) { read() }
    guard isWatchingForRoom, !isBroken, !readiness.isDisjoint(with: [.writable, .hungUp]) else { return }
    hasRoom()
  }

  private func hasRoom() {
    isFull = false
    isExpectedToTake = true
    isWatchingForRoom = false
    updateWatch()
    if !unpainted.isEmpty {
      let count = unpainted.withUnsafeBytes { write($0) }
      unpainted.removeFirst(count)
    }
    drained()
  }

  private func askLater() {
    Loop.shared.after(Self.againMs) { [weak self] in
      guard let self, !isBroken else { return }
      watchForRoom()
    }
  }

  // MARK: keys

  /// From here on what is typed there is told; false where it cannot be read.
  func readKeys(_ detach: DetachKeys, _ heard: @escaping @LoopActor (LentKeys.Heard) -> Void) -> Bool {
    guard canRead else { return false }
    keys = LentKeys(detach, heard)
    block = [UInt8](repeating: 0, count: 4096)
    isReading = true
    updateWatch()
    return true
  }

  var readsKeys: Bool { keys != nil }

  /// Nothing is read while too much of it waits for the program.
  func pauseKeys(_ isPaused: Bool) {
    guard keys != nil, isReading == isPaused else { return }
    isReading = !isPaused
    updateWatch()
  }

  /// Nothing is read any more; answers what was typed and not told yet.
  func endKeys() -> [UInt8] {
    guard let keys else { return [] }
    self.keys = nil
    isReading = false
    updateWatch()
    return keys.end()
  }

  private func read() {
    switch block.withUnsafeMutableBytes({ terminal.read(into: $0) }) {
    case .moved(let count): keys?.take(block[..<count])
    case .wouldBlock: return
    case .ended, .failed:
      isBroken = true
      drained()
    }
  }

  func close() {
    _ = keys?.end()
    keys = nil
    isBroken = true
    watch?.cancel()
    watch = nil
    terminal.close()
  }
}
