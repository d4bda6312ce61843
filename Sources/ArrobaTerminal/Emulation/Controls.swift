/// C0 controls and escape sequences.
extension Emulation {
  mutating func control(_ byte: UInt8) {
    interrupt()
    switch byte {
    case 0x05: answer("")
    case 0x07: signal(.bell)
    case 0x08: moveLeft(1)
    case 0x09: tabForward(1)
    case 0x0A, 0x0B, 0x0C: lineFeed()
    case 0x0D: carriageReturn()
    case 0x0E: charsets.left = 1
    case 0x0F: charsets.left = 0
    default: break
    }
  }

  /// LF, VT and FF.
  mutating func lineFeed() {
    let column = cursor.column
    settle()
    index()
    if modes[.newLine] { carriageReturn() } else { cursor.column = column }
  }

  mutating func escape(_ final: UInt8, _ intermediates: UInt16) {
    interrupt()
    switch intermediates {
    case 0: escape(final)
    case 0x20: escapeSpace(final)
    case 0x23 where final == 0x38: alignmentPattern()
    case 0x28...0x2B: designate(UInt16(final), to: Int(intermediates) - 0x28)
    case 0x2D...0x2F: designate(0x2D00 | UInt16(final), to: Int(intermediates) - 0x2C)
    case 0x2820...0x2BFF where (0x28...0x2B).contains(intermediates >> 8):
      designate(intermediates << 8 | UInt16(final), to: Int(intermediates >> 8) - 0x28)
    default: break
    }
  }

  private mutating func designate(_ set: Charsets.Designation, to index: Int) {
    charsets.sets[index] = set
  }

  private mutating func escapeSpace(_ final: UInt8) {
    switch final {
    case 0x46: answersInEightBits = false
    case 0x47: answersInEightBits = true
    default: break
    }
  }

  private mutating func escape(_ final: UInt8) {
    switch final {
    case 0x36: if level >= 4 { columnIndex(back: true) }
    case 0x37: saveCursor()
    case 0x38: restoreCursor()
    case 0x39: if level >= 4 { columnIndex(back: false) }
    case 0x3D: modes[.keypad] = true
    case 0x3E: modes[.keypad] = false
    case 0x44:
      settle()
      index()
    case 0x45:
      settle()
      index()
      carriageReturn()
    case 0x48: tabs.set(cursor.column)
    case 0x4D:
      settle()
      reverseIndex()
    case 0x4E: charsets.single = 2
    case 0x4F: charsets.single = 3
    case 0x56: protect(true, .iso)
    case 0x57: pen.isProtected = false
    case 0x5A: primaryAttributes()
    case 0x63: reset()
    default: lockingShift(final)
    }
  }

  private mutating func lockingShift(_ final: UInt8) {
    switch final {
    case 0x6E: charsets.left = 2
    case 0x6F: charsets.left = 3
    case 0x7C: charsets.right = 3
    case 0x7D: charsets.right = 2
    case 0x7E: charsets.right = 1
    default: break
    }
  }

  /// DECSCA and SPA: whether what is printed from here on is protected, and against what. EPA ends it only.
  mutating func protect(_ isOn: Bool, _ kind: Protection) {
    pen.isProtected = isOn
    protection = kind
  }

  /// DECALN: the screen full of `E`; margins, origin mode and all of the pen but its colours as at the start.
  mutating func alignmentPattern() {
    settle()
    pen.style.attributes = []
    penIsKnown = false
    margins = Margins(columns: columns, rows: rows)
    modes[.origin] = false
    for row in 0..<rows {
      grid.clearRow(row, 0)
      grid.span(row, 0, columns)?.update(repeating: Cell(glyph: 0x45, style: 0), count: columns)
    }
    cursor = Cursor()
  }
}
