/// What a program can read back of the cells: sums (DECRQCRA) and attributes (XTREPORTSGR).
extension Emulation {
  /// XTCHECKSUM's bits.
  private struct Flags: OptionSet {
    var rawValue: Int
    static let positive = Flags(rawValue: 1)
    static let withoutAttributes = Flags(rawValue: 2)
    static let keepingBlanks = Flags(rawValue: 4)
    static let drawnOnly = Flags(rawValue: 8)
    static let wholeCharacters = Flags(rawValue: 16)
  }

  /// DECRQCRA.
  mutating func reportChecksum(_ parameters: Parameters) {
    var sum = 0
    if let block = block(parameters, 2) { sum = checksum(block) }
    let digits = Hexadecimal.encode([UInt8(sum >> 8 & 0xFF), UInt8(sum & 0xFF)])
    answer("\u{1B}P\(parameters.value(0))!~\(digits)\u{1B}\\")
  }

  private func checksum(_ block: Block) -> Int {
    let flags = Flags(rawValue: checksumFlags)
    var total = 0
    var trimmed = 0
    var gap = 0
    var isFirst = true
    for row in block.top..<block.bottom {
      for column in block.left..<block.right {
        let cell = grid.cell(row, column)
        if cell.isBlank, flags.contains(.drawnOnly) { continue }
        let value = value(cell, flags)
        total += value
        if flags.contains(.keepingBlanks) { total += marks(cell) }
        if isFirst || value != 0x20 || !cell.isBlank || cell.style != 0 {
          trimmed += value + gap
          gap = 0
        } else {
          gap += value
        }
        isFirst = false
      }
      gap = 0
      isFirst = false
    }
    let sum = flags.contains(.keepingBlanks) ? total : trimmed
    return (flags.contains(.positive) ? sum : -sum) & 0xFFFF
  }

  private func value(_ cell: Cell, _ flags: Flags) -> Int {
    var value = 0x20
    if cell.isTail {
      value = flags.contains(.wholeCharacters) ? 0xFFFF : 0xFF
    } else if cell.glyph != 0 {
      let base = isHidden(cell) ? 0x20 : Int(base(cell))
      value = flags.contains(.wholeCharacters) ? base : base & 0xFF
    }
    guard !flags.contains(.withoutAttributes) else { return value }
    let attributes = styles[cell.style].attributes
    if attributes.underline != .none { value += 0x10 }
    if attributes.contains(.inverse) { value += 0x20 }
    if attributes.contains(.blink) { value += 0x40 }
    if attributes.contains(.bold) { value += 0x80 }
    return value
  }

  /// What cannot be seen counts as a space.
  private func isHidden(_ cell: Cell) -> Bool { styles[cell.style].attributes.contains(.invisible) }

  /// The first scalar of a cell.
  private func base(_ cell: Cell) -> UInt32 {
    var first: UInt32?
    clusters.expand(cell.glyph) { if first == nil { first = $0 } }
    return first ?? 0x20
  }

  /// The marks on a cell: they count where blanks do.
  private func marks(_ cell: Cell) -> Int {
    guard cell.isCluster, !isHidden(cell) else { return 0 }
    var sum = 0
    clusters.expand(cell.glyph) { sum += Int($0) }
    return sum - Int(base(cell))
  }

  /// XTREPORTSGR: what all cells of a rectangle have in common.
  mutating func reportRendition(_ block: Block?) {
    guard let block else { return answer("\u{1B}[0m") }
    var common = styles[grid.cell(block.top, block.left).style]
    for row in block.top..<block.bottom {
      for column in block.left..<block.right {
        let style = styles[grid.cell(row, column).style]
        let underline = common.attributes.underline
        common.attributes.formIntersection(style.attributes)
        common.attributes.underline = style.attributes.underline == underline ? underline : .none
        if style.foreground != common.foreground { common.foreground = .standard }
        if style.background != common.background { common.background = .standard }
        if style.underlineColour != common.underlineColour { common.underlineColour = .standard }
      }
    }
    answer("\u{1B}[\(Rendition.report(common))m")
  }
}
