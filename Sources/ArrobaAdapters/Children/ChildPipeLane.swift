internal import ArrobaLoop
internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem

/// The daemon's ends of a child on pipes: reads both outputs as they come, and first what the supervisor has read of them.
///
/// Level-triggered, a little at a time, so that a child that floods holds nobody up.
@LoopActor
final class ChildPipeLane: PipeLane {
  /// One output of the child.
  private final class Source {
    let descriptor: Descriptor
    let drained: OutputRing?
    var watch: Watch?
    var isAtEnd = false

    init(_ descriptor: Descriptor, _ drained: OutputRing?) {
      self.descriptor = descriptor
      self.drained = drained
    }
  }

  private static let longestRead = 64 << 10

  /// The supervisor's duplicate of the input has to go as well.
  var onCloseInput: (@LoopActor () -> Void)?
  private var input: Descriptor?
  private var inputWatch: Watch?
  private var writableWaiter: (@LoopActor () -> Void)?
  private let output: Source
  private let error: Source
  private var onEnd: (@LoopActor () -> Void)?
  private var block = [UInt8](repeating: 0, count: ChildPipeLane.longestRead)

  init(_ pipes: ChildPipes) {
    input = pipes.input
    output = Source(pipes.output, pipes.drainedOutput)
    error = Source(pipes.error, pipes.drainedError)
    for descriptor in [pipes.input, pipes.output, pipes.error] { descriptor?.setBlocking(false) }
  }

  /// Dropped without being closed, it would leave watches of which nobody hears: the supervisor has duplicates of the
  /// pipes, so that closing them here alone does not end the watching, and a pipe at its end would keep the loop busy.
  isolated deinit { close() }

  func start(
    onOutput: @escaping @LoopActor ([UInt8]) -> Void, onErrorOutput: @escaping @LoopActor ([UInt8]) -> Void,
    onEnd: @escaping @LoopActor () -> Void
  ) {
    self.onEnd = onEnd
    read(output, onOutput)
    read(error, onErrorOutput)
  }

  var ring: OutputRing? { output.drained }

  func startKept(
    onOutput: @escaping @LoopActor () -> Void, onErrorOutput: @escaping @LoopActor ([UInt8]) -> Void,
    onEnd: @escaping @LoopActor () -> Void
  ) {
    guard let ring = output.drained else { preconditionFailure("a child that is kept has a ring") }
    self.onEnd = onEnd
    _ = ring.recoverCutFill()
    if ring.end > ring.taken { onOutput() }
    read(error, onErrorOutput)
    guard !output.isAtEnd else { return }
    output.watch = Loop.shared.watch(output.descriptor.raw, for: [.readable], urgency: .terminal) {
      [weak self] _ in self?.fill(ring, onOutput)
    }
  }

  /// A few reads in a row; between any two of them the listener takes what came.
  private func fill(_ ring: OutputRing, _ onOutput: @LoopActor () -> Void) {
    for _ in 0..<Self.longestRead / OutputRing.longestFill where !output.isAtEnd {
      var outcome = Transfer.wouldBlock
      let got = ring.fill { room in
        outcome = output.descriptor.read(into: room)
        guard case .moved(let count) = outcome else { return -1 }
        return count
      }
      switch outcome {
      case .moved: onOutput()
      case .wouldBlock: return
      case .ended, .failed: return ended(output)
      }
      if got < OutputRing.longestFill / 2 { return }
    }
  }

  private func read(_ source: Source, _ hear: @escaping @LoopActor ([UInt8]) -> Void) {
    if let ring = source.drained { takeDrained(ring, hear) }
    guard !source.isAtEnd else { return }
    source.watch = Loop.shared.watch(source.descriptor.raw, for: [.readable], urgency: .terminal) {
      [weak self] _ in self?.readOnce(source, hear)
    }
  }

  /// What is taken is counted in the ring, so that a successor of ours does not read it again.
  private func takeDrained(_ ring: OutputRing, _ hear: @LoopActor ([UInt8]) -> Void) {
    _ = ring.recoverCutFill()
    let from = max(ring.taken, ring.start)
    let bytes = ring.withBytes(from: from, atMost: .max) { Array($0) + Array($1) }
    ring.taken = ring.end
    if !bytes.isEmpty { hear(bytes) }
  }

  private func readOnce(_ source: Source, _ hear: @LoopActor ([UInt8]) -> Void) {
    let outcome = block.withUnsafeMutableBytes { source.descriptor.read(into: $0) }
    switch outcome {
    case .moved(let count): hear(Array(block[..<count]))
    case .wouldBlock: break
    case .ended, .failed: ended(source)
    }
  }

  private func ended(_ source: Source) {
    source.isAtEnd = true
    source.watch?.cancel()
    source.watch = nil
    guard output.isAtEnd, error.isAtEnd, let onEnd else { return }
    self.onEnd = nil
    onEnd()
  }

  func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let input, case .moved(let count) = input.write(bytes) else { return 0 }
    return count
  }

  func whenWritable(_ body: @escaping @LoopActor () -> Void) {
    guard let input else { return }
    writableWaiter = body
    guard inputWatch == nil else { return }
    inputWatch = Loop.shared.watch(input.raw, for: [.writable], urgency: .socket) { [weak self] _ in
      self?.isWritable()
    }
  }

  private func isWritable() {
    inputWatch?.cancel()
    inputWatch = nil
    let body = writableWaiter
    writableWaiter = nil
    body?()
  }

  func closeInput() {
    guard let input else { return }
    inputWatch?.cancel()
    inputWatch = nil
    writableWaiter = nil
    input.close()
    self.input = nil
    onCloseInput?()
  }

  func close() {
    onEnd = nil
    for source in [output, error] where !source.isAtEnd {
      source.isAtEnd = true
      source.watch?.cancel()
      source.watch = nil
      source.descriptor.close()
    }
    inputWatch?.cancel()
    inputWatch = nil
    input?.close()
    input = nil
  }
}
