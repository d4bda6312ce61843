internal import ArrobaLoop
internal import ArrobaSystem

/// A client's own terminal, lent by it: output goes there without the client, which saves a process to wake for each
/// echo. The client gets it back before it writes there itself.
@LoopActor
final class LentTerminal {
  private let terminal: Descriptor
  private var watch: Watch?
  /// The rest of a repaint that the terminal did not take yet.
  private var unpainted: [UInt8] = []
  private var isFull = false
  /// It has just said that it takes something.
  private var isExpectedToTake = false
  /// It cannot be written to any more: its window was closed.
  private(set) var isBroken = false
  private let drained: @LoopActor () -> Void

  /// A terminal that takes nothing although it said it would is asked again after that: somebody else writes there.
  private static let againMs = 10

  /// nil where it is no terminal, or may not be opened. Opened anew, so that not to block is ours alone and nobody can
  /// take that from us.
  init?(_ passed: Descriptor, drained: @escaping @LoopActor () -> Void) {
    guard Terminals.isTerminal(passed.raw), let own = Terminals.reopened(passed.raw) else { return nil }
    terminal = own
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

  private func watchForRoom() {
    if let watch { return watch.set(.writable) }
    watch = Loop.shared.watch(terminal.raw, for: .writable, urgency: .terminal) { [weak self] _ in
      self?.hasRoom()
    }
  }

  private func hasRoom() {
    isFull = false
    isExpectedToTake = true
    watch?.set([])
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

  func close() {
    isBroken = true
    watch?.cancel()
    watch = nil
    terminal.close()
  }
}
