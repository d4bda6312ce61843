internal import ArrobaSystem

/// The user's side as an attached client writes to it: never waiting, never losing a byte.
final class ScreenWriter {
  /// A pipe that is ready takes as much without blocking (PIPE_BUF); a terminal that we share takes little more.
  private static let blockingPiece = 4096
  /// Pieces from here on are written without being copied first.
  private static let largePiece = 8 << 10

  /// As it was given to us, shared with others.
  private let shared: Int32
  /// Our own opening of the terminal, which does not block; nil: the shared descriptor, asked before each write.
  private let own: Descriptor?
  private var queue = ByteQueue()
  /// The other side is gone; what would be written is dropped.
  private(set) var isBroken = false

  /// The terminal as nobody else has it open; nil where output is none, or may not be opened anew.
  var terminal: Int32? { isBroken ? nil : own?.raw }
  var number: Int32 { own?.raw ?? shared }
  var waiting: Int { queue.count }

  init(to number: Int32) {
    shared = number
    own = Terminals.isTerminal(number) ? Terminals.reopened(number) : nil
  }

  func write(_ bytes: UnsafeRawBufferPointer) {
    guard !isBroken else { return }
    var rest = bytes
    if queue.isEmpty && bytes.count >= Self.largePiece {
      guard case .moved(let count) = judged(put(bytes)) else { return queue.append(rest) }
      rest = UnsafeRawBufferPointer(rebasing: bytes[count...])
    }
    queue.append(rest)
  }

  func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }

  func write(_ text: String) {
    guard !isBroken else { return }
    queue.append(text.utf8)
  }

  /// Writes what waits as far as the terminal takes it.
  func flush() {
    if let stop = queue.drain({ put($0) }) { _ = judged(stop) }
  }

  private func judged(_ outcome: Transfer) -> Transfer {
    switch outcome {
    case .moved, .wouldBlock: break
    case .ended, .failed:
      isBroken = true
      queue.removeAll()
    }
    return outcome
  }

  private func put(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    if let own { return own.write(bytes) }
    guard PollSet.waitWritable(shared, timeoutMs: 0) else { return .wouldBlock }
    let piece = UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.blockingPiece))
    return StandardStreams.write(piece, to: shared)
  }
}
