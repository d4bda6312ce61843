/// The frames of the terminal lane: 1 byte type, 4 bytes length (big endian), payload (protocol.md, section 8).
package enum TerminalFrame {
  package enum Kind: UInt8, Sendable, CaseIterable {
    case output = 0x4F  // O
    case screen = 0x53  // S
    case resize = 0x52  // R
    case exit = 0x58  // X
    case notice = 0x4E  // N
    case input = 0x49  // I
    case detach = 0x44  // D
    case heartbeat = 0x48  // H
    case lending = 0x54  // T
    case taken = 0x41  // A
  }

  /// What a client says of its own terminal: one byte, the payload of its `T` frames.
  package enum Lending: UInt8, Sendable {
    case takesBack = 0
    /// The terminal comes along as a descriptor (SCM_RIGHTS).
    case offers = 1
    /// All that came before the daemon's `T` is on the terminal.
    case lends = 2
    /// The same, and what is typed there is the daemon's to read. The keys that detach follow, as people write them.
    case lendsWithKeys = 3
  }

  package static let headerBytes = 5
  package static let longestPayload = 1 << 20

  /// The five bytes before a payload of `count` bytes.
  package static func header(_ kind: Kind, count: Int) -> [UInt8] {
    let length = UInt32(count)
    return [
      kind.rawValue, UInt8(truncatingIfNeeded: length >> 24), UInt8(truncatingIfNeeded: length >> 16),
      UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length),
    ]
  }

  package static func encode(_ kind: Kind, _ payload: [UInt8] = []) -> [UInt8] {
    header(kind, count: payload.count) + payload
  }

  package static func resize(columns: UInt16, rows: UInt16) -> [UInt8] {
    encode(.resize, bigEndian(columns) + bigEndian(rows))
  }

  /// A paced client has taken so many bytes of output and repaints on this connection.
  package static func taken(_ count: Int) -> [UInt8] { encode(.taken, bigEndian(UInt64(count))) }

  package static func lending(_ lending: Lending) -> [UInt8] { encode(.lending, [lending.rawValue]) }

  package static func lending(withKeys detachKeys: String) -> [UInt8] {
    encode(.lending, [Lending.lendsWithKeys.rawValue] + detachKeys.utf8)
  }

  /// The daemon has sent, or written to the client's terminal, what came before `offset`, and has taken `input` bytes of
  /// what was typed at this attachment.
  package static func lending(upTo offset: UInt64, input: UInt64) -> [UInt8] {
    encode(.lending, bigEndian(offset) + bigEndian(input))
  }

  /// The daemon does not borrow the terminal.
  package static let lendingDeclined = encode(.lending)

  /// What a `T` payload says of input.
  package static func inputOffset(of payload: [UInt8]) -> UInt64? {
    guard payload.count >= 16 else { return nil }
    return payload[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }

  /// The program's end: its exit code, or minus the signal.
  package static func exit(_ status: Int32) -> [UInt8] {
    encode(.exit, bigEndian(UInt32(bitPattern: status)))
  }

  /// `bytes` repaint the screen from nothing as it is at `offset`.
  package static func screen(at offset: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    encode(.screen, bigEndian(offset) + bytes)
  }

  /// Columns and rows of an `R` payload; nil where it is no size.
  package static func size(of payload: [UInt8]) -> (columns: UInt16, rows: UInt16)? {
    guard payload.count == 4 else { return nil }
    return (UInt16(payload[0]) << 8 | UInt16(payload[1]), UInt16(payload[2]) << 8 | UInt16(payload[3]))
  }

  package static func status(of payload: [UInt8]) -> Int32? {
    guard payload.count == 4 else { return nil }
    return Int32(bitPattern: payload.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
  }

  /// The offset at the start of an `S` payload; the rest of it repaints.
  package static func offset(of payload: [UInt8]) -> UInt64? {
    guard payload.count >= 8 else { return nil }
    return payload[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }

  private static func bigEndian<N: FixedWidthInteger>(_ value: N) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}

/// Frames out of a stream of bytes, cut anywhere.
package struct FrameDecoder: Sendable {
  package struct Frame: Equatable, Sendable {
    package let kind: TerminalFrame.Kind
    package let payload: [UInt8]

    package init(kind: TerminalFrame.Kind, payload: [UInt8]) {
      self.kind = kind
      self.payload = payload
    }
  }

  package enum Fault: Error, Equatable, CustomStringConvertible {
    case unknownKind(UInt8)
    case tooLong(Int)

    package var description: String {
      switch self {
      case .unknownKind(let byte): "unknown frame type \(byte)"
      case .tooLong(let count):
        "a frame of \(count) bytes; at most \(TerminalFrame.longestPayload) are allowed"
      }
    }
  }

  private var pending: [UInt8] = []
  private var taken = 0

  package init() {}

  package mutating func feed(_ bytes: some Collection<UInt8>) {
    if taken > 64 << 10 {
      pending.removeFirst(taken)
      taken = 0
    }
    pending.append(contentsOf: bytes)
  }

  /// The next whole frame; nil where more bytes are needed.
  package mutating func next() throws(Fault) -> Frame? {
    let frame = try take()
    // Now and not with the next piece: a client that waits does not keep the room of its longest frame.
    if taken > 0 && taken == pending.count {
      pending.removeAll(keepingCapacity: pending.capacity <= 64 << 10)
      taken = 0
    }
    return frame
  }

  private mutating func take() throws(Fault) -> Frame? {
    guard pending.count - taken >= TerminalFrame.headerBytes else { return nil }
    guard let kind = TerminalFrame.Kind(rawValue: pending[taken]) else { throw .unknownKind(pending[taken]) }
    let length = pending[(taken + 1)..<(taken + 5)].reduce(0) { $0 << 8 | Int($1) }
    guard length <= TerminalFrame.longestPayload else { throw .tooLong(length) }
    let start = taken + TerminalFrame.headerBytes
    guard pending.count - start >= length else { return nil }
    taken = start + length
    return Frame(kind: kind, payload: Array(pending[start..<taken]))
  }

  /// Bytes that are held back, waiting for the rest of their frame.
  package var pendingCount: Int { pending.count - taken }
}
