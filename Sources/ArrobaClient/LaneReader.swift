package import ArrobaWire

/// Reads the terminal lane as it comes. Output is handed on before its frame is whole: nothing is copied, nothing waits.
package struct LaneReader {
  package enum Item {
    /// Bytes for the screen, a part of an `O` frame.
    case output(UnsafeRawBufferPointer)
    /// A repaint begins: what follows as `output` belongs to it until as many bytes have come.
    case screen(at: UInt64)
    case frame(FrameDecoder.Frame)
  }

  private enum Phase {
    case header
    /// Inside of a payload that is collected: kind and length.
    case collecting(TerminalFrame.Kind, Int)
    case streaming(left: Int, isRepaint: Bool)
  }

  private var phase = Phase.header
  private var held: [UInt8] = []
  /// The offset of the terminal up to which everything has been handed on; nil inside of a repaint, and before the first.
  package private(set) var offset: UInt64?
  private var repaintOffset: UInt64 = 0

  /// `offset`: where the output continues, if it does not begin with a repaint.
  package init(offset: UInt64?) {
    self.offset = offset
  }

  /// The longest payload that is collected; frames of the daemon other than output are small.
  private static let longestCollected = 64 << 10

  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer, _ sink: (Item) -> Void
  ) throws(FrameDecoder.Fault) {
    var position = 0
    while position < bytes.count {
      switch phase {
      case .header:
        take(upTo: TerminalFrame.headerBytes, from: bytes, &position)
        if held.count == TerminalFrame.headerBytes { try begin(sink) }
      case .collecting(let kind, let length):
        take(upTo: length, from: bytes, &position)
        if held.count == length { finish(kind, sink) }
      case .streaming(let left, let isRepaint):
        let count = min(left, bytes.count - position)
        if !isRepaint { offset = offset.map { $0 + UInt64(count) } }
        sink(.output(UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])))
        position += count
        stream(left: left - count, isRepaint: isRepaint)
      }
    }
  }

  private mutating func stream(left: Int, isRepaint: Bool) {
    guard left == 0 else {
      phase = .streaming(left: left, isRepaint: isRepaint)
      return
    }
    if isRepaint { offset = repaintOffset }
    phase = .header
  }

  private mutating func take(upTo wanted: Int, from bytes: UnsafeRawBufferPointer, _ position: inout Int) {
    let count = min(wanted - held.count, bytes.count - position)
    held.append(contentsOf: bytes[position..<(position + count)])
    position += count
  }

  private mutating func begin(_ sink: (Item) -> Void) throws(FrameDecoder.Fault) {
    guard let kind = TerminalFrame.Kind(rawValue: held[0]) else { throw .unknownKind(held[0]) }
    let length = held[1...4].reduce(0) { $0 << 8 | Int($1) }
    held.removeAll(keepingCapacity: true)
    switch kind {
    case .output:
      guard length <= TerminalFrame.longestPayload else { throw .tooLong(length) }
      stream(left: length, isRepaint: false)
    case .screen:
      guard 8...TerminalFrame.longestPayload ~= length else { throw .tooLong(length) }
      offset = nil
      phase = .collecting(kind, 8)
      repaintLength = length - 8
    case .resize, .exit, .notice, .input, .detach, .heartbeat, .lending, .taken:
      guard length <= Self.longestCollected else { throw .tooLong(length) }
      phase = .collecting(kind, length)
      if length == 0 { finish(kind, sink) }
    }
  }

  private var repaintLength = 0

  private mutating func finish(_ kind: TerminalFrame.Kind, _ sink: (Item) -> Void) {
    let payload = held
    held.removeAll(keepingCapacity: true)
    phase = .header
    // The daemon may have written to the user's terminal itself, up to there.
    if kind == .lending, let there = TerminalFrame.offset(of: payload) { offset = there }
    guard kind == .screen else { return sink(.frame(FrameDecoder.Frame(kind: kind, payload: payload))) }
    repaintOffset = TerminalFrame.offset(of: payload) ?? 0
    sink(.screen(at: repaintOffset))
    stream(left: repaintLength, isRepaint: true)
  }
}
