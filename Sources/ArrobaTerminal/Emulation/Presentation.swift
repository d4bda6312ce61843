/// DECRQPSR and DECRSPS: the cursor with all that belongs to it, and the tab stops, read and put back.
extension Emulation {
  mutating func reportPresentation(_ what: Int) {
    switch what {
    case 1: answer("\u{1B}P1$u\(cursorInformation)\u{1B}\\")
    case 2:
      answer("\u{1B}P2$u\(tabs.columns.map { String($0 + 1) }.joined(separator: "/"))\u{1B}\\")
    default: break
    }
  }

  /// DECCIR's fields: place, rendition, protection, flags, shifts and character sets; `@` is no bit set.
  private var cursorInformation: String {
    let attributes = pen.style.attributes
    let looks = [
      attributes.contains(.bold), attributes.underline != .none, attributes.contains(.blink),
      attributes.contains(.inverse),
    ]
    let flags = [modes[.origin], charsets.single == 2, charsets.single == 3, cursor.isWrapPending]
    let sets = (0..<4).map { String(decoding: charsets.designation($0).dropFirst(2), as: UTF8.self) }
    let place = "\(cursor.row + 1);\(cursor.column + 1);1"
    let bits = "\(Self.bits(looks));\(Self.bits([pen.isProtected]));\(Self.bits(flags))"
    return "\(place);\(bits);\(charsets.left);\(charsets.right);O;\(sets.joined())"
  }

  private static func bits(_ values: [Bool]) -> String {
    var bits: UInt8 = 0x40
    for (index, value) in values.enumerated() where value { bits |= 1 << UInt8(index) }
    return String(decoding: [bits], as: UTF8.self)
  }

  mutating func restorePresentation(_ what: Int, _ text: ArraySlice<UInt8>) {
    switch what {
    case 1: restoreCursorInformation(text.split(separator: 0x3B, omittingEmptySubsequences: false))
    case 2:
      tabs.clearAll()
      for part in text.split(separator: 0x2F) {
        guard let column = Self.number(part), (1...columns).contains(column) else { continue }
        tabs.set(column - 1)
      }
    default: break
    }
  }

  private static func number(_ text: ArraySlice<UInt8>) -> Int? {
    text.count <= 5 ? Int(String(decoding: text, as: UTF8.self)) : nil
  }

  /// What does not have its ten fields, or a field that cannot be, changes nothing.
  private mutating func restoreCursorInformation(_ fields: [ArraySlice<UInt8>]) {
    guard fields.count == 10, let row = Self.number(fields[0]), let column = Self.number(fields[1]),
      (1...rows).contains(row), (1...columns).contains(column), let looks = fields[3].first,
      let protection = fields[4].first, let flags = fields[5].first, let left = Self.number(fields[6]),
      let right = Self.number(fields[7]), (0...3).contains(left), (1...3).contains(right)
    else { return }
    settle()
    modes[.origin] = flags & 1 != 0
    cursor = Cursor(row: row - 1, column: column - 1)
    cursor.isWrapPending = flags & 8 != 0 && cursor.column == rightEdge
    let on = [(0, Attributes.bold), (2, .blink), (3, .inverse)]
    for (bit, attribute) in on {
      if looks >> bit & 1 != 0 {
        pen.style.attributes.insert(attribute)
      } else {
        pen.style.attributes.remove(attribute)
      }
    }
    pen.style.attributes.underline = looks & 2 != 0 ? .single : .none
    pen.isProtected = protection & 1 != 0
    penIsKnown = false
    charsets.left = left
    charsets.right = right
    charsets.single = flags & 2 != 0 ? 2 : flags & 4 != 0 ? 3 : nil
    restoreSets(fields[9])
  }

  /// The finals of G0 to G3 in a row, each with its intermediate before it.
  private mutating func restoreSets(_ text: ArraySlice<UInt8>) {
    var high: UInt16 = 0
    var index = 0
    for byte in text where index < 4 {
      if (0x20..<0x30).contains(byte) {
        high = UInt16(byte) << 8
      } else if (0x30..<0x7F).contains(byte) {
        charsets.sets[index] = high | UInt16(byte)
        high = 0
        index += 1
      }
    }
  }
}
