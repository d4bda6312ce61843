/// What entered bytes are as evidence: a person's terminal also answers queries and reports focus and the mouse.
extension TerminalEvidence.Input {
  /// Of what a client's terminal sent, in one piece.
  package init(typed bytes: some Sequence<UInt8>) {
    var reader = InputReader()
    for byte in bytes { reader.take(byte) }
    self = reader.finish()
  }
}

private struct InputReader {
  private enum Phase {
    case ground, escape
    case sequence([UInt8])
    /// A string of a terminal's answer, up to BEL or ST.
    case string, stringEscape
    /// An old report of the mouse: so many bytes more.
    case mouse(left: Int)
  }

  private static let longestSequence = 64
  private var found = TerminalEvidence.Input.report
  private var phase = Phase.ground
  private var isPasting = false

  /// An Escape at the end was the key itself.
  mutating func finish() -> TerminalEvidence.Input {
    if case .escape = phase { edit() }
    return found
  }

  mutating func take(_ byte: UInt8) {
    switch phase {
    case .ground: if byte == 0x1B { phase = .escape } else { press(byte) }
    case .escape:
      switch byte {
      case UInt8(ascii: "["): phase = .sequence([])
      case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"): phase = .string
      default:
        phase = .ground
        edit()
      }
    case .sequence(let parameters): takeSequence(byte, parameters)
    case .string:
      if byte == 0x07 { phase = .ground }
      if byte == 0x1B { phase = .stringEscape }
    case .stringEscape: phase = .ground
    case .mouse(let left): phase = left > 1 ? .mouse(left: left - 1) : .ground
    }
  }

  private mutating func edit() { if found == .report { found = .editing } }

  private mutating func press(_ byte: UInt8) {
    if byte == 0x0D || byte == 0x0A, !isPasting { found = .submission } else { edit() }
  }

  private mutating func takeSequence(_ byte: UInt8, _ parameters: [UInt8]) {
    guard 0x40...0x7E ~= byte else {
      phase = parameters.count < Self.longestSequence ? .sequence(parameters + [byte]) : .ground
      return
    }
    phase = .ground
    switch (byte, parameters) {
    case (UInt8(ascii: "M"), []): phase = .mouse(left: 3)
    case (UInt8(ascii: "M"), _), (UInt8(ascii: "m"), _): break
    case (UInt8(ascii: "I"), []), (UInt8(ascii: "O"), []): break  // focus
    case (UInt8(ascii: "R"), let parameters) where !parameters.isEmpty: break
    case (UInt8(ascii: "c"), _), (UInt8(ascii: "n"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "y"), _): break
    case (UInt8(ascii: "u"), let parameters) where parameters.first == UInt8(ascii: "?"): break
    case (UInt8(ascii: "u"), [0x31, 0x33]), (UInt8(ascii: "u"), [0x31, 0x33, 0x3B, 0x31]): press(0x0D)
    case (UInt8(ascii: "~"), [0x32, 0x30, 0x30]):
      isPasting = true
      edit()
    case (UInt8(ascii: "~"), [0x32, 0x30, 0x31]): isPasting = false
    default: edit()
    }
  }
}
