/// The character sets G0 to G3, which of them is in use, and a shift for one character.
struct Charsets: Equatable {
  /// The final byte of the designation, an intermediate before it in the high byte: `B` is ASCII.
  typealias Designation = UInt16
  static let ascii: Designation = 0x42
  static let graphics: Designation = 0x30
  /// ISO Latin-1, the 96 characters from 0xA0; xterm also gives it for `ESC ( A`, which once was British.
  static let latin: Designation = 0x2D41
  /// Those, and DEC supplemental, which is Latin-1 but for a few.
  private static let supplemental: Set<Designation> = [latin, 0x41, 0x3C, 0x2535]

  var sets: InlineArray<4, Designation> = [ascii, ascii, ascii, ascii]
  var left = 0
  var right = 2
  /// SS2 or SS3: the set of the next character only.
  var single: Int?

  static func == (a: Charsets, b: Charsets) -> Bool {
    for index in 0..<4 where a.sets[index] != b.sets[index] { return false }
    return a.left == b.left && a.right == b.right && a.single == b.single
  }

  /// Whether ASCII prints as itself.
  @inline(__always) var isPlain: Bool { single == nil && sets[left] == Self.ascii }

  /// What an ASCII character becomes; ends a single shift.
  mutating func translate(_ scalar: UInt32) -> UInt32 {
    let set = sets[single ?? left]
    single = nil
    switch set {
    case Self.graphics where scalar >= 0x5F && scalar <= 0x7E: return Self.drawing[Int(scalar) - 0x5F]
    case 0x3C, 0x2535: return Self.decSupplemental[scalar] ?? scalar + 0x80
    case _ where Self.supplemental.contains(set): return scalar + 0x80
    default: return scalar
    }
  }

  /// Where DEC's supplemental set differs from Latin-1; what it leaves free is drawn as U+2E2E.
  private static let decSupplemental: [UInt32: UInt32] = {
    var differences: [UInt32: UInt32] = [0x28: 0xA4, 0x57: 0x152, 0x5D: 0x178, 0x77: 0x153, 0x7D: 0xFF]
    for free in [0x24, 0x26, 0x2C, 0x2D, 0x2E, 0x2F, 0x34, 0x38, 0x3E, 0x50, 0x5E, 0x70, 0x7E] {
      differences[UInt32(free)] = 0x2E2E
    }
    return differences
  }()

  /// DEC special graphics, `_` to `~`.
  private static let drawing: [UInt32] = [
    0x20, 0x25C6, 0x2592, 0x2409, 0x240C, 0x240D, 0x240A, 0xB0, 0xB1, 0x2424, 0x240B, 0x2518, 0x2510, 0x250C,
    0x2514, 0x253C, 0x23BA, 0x23BB, 0x2500, 0x23BC, 0x23BD, 0x251C, 0x2524, 0x2534, 0x252C, 0x2502, 0x2264,
    0x2265, 0x3C0, 0x2260, 0xA3, 0xB7,
  ]
}
