/// One position of the grid: what is drawn there and in which style, in eight bytes.
///
/// Bits 0 to 23 are the glyph: a Unicode scalar, 0 for a position nothing was drawn at, or with
/// `clusterBit` an index into the cluster table. Bits 24 to 47 are the style, bits 48 and up the flags.
struct Cell: Equatable {
  var bits: UInt64

  static let clusterBit: UInt32 = 1 << 23
  static let glyphMask: UInt64 = 0xFF_FFFF
  static let styleMask: UInt64 = 0xFF_FFFF << 24
  /// The first half of a wide character.
  static let wideFlag: UInt64 = 1 << 48
  /// The second half of a wide character: it draws nothing of its own.
  static let tailFlag: UInt64 = 1 << 49
  static let protectedFlag: UInt64 = 1 << 50
  /// Wide only because U+FE0F asked for it: half the programs there are count it as one cell.
  static let widenedFlag: UInt64 = 1 << 51
  static let halfFlags = wideFlag | tailFlag

  @inline(__always) init(bits: UInt64) { self.bits = bits }

  @inline(__always) init(glyph: UInt32, style: UInt32, flags: UInt64 = 0) {
    bits = UInt64(glyph) | UInt64(style) << 24 | flags
  }

  /// A position that was erased: only its background shows.
  @inline(__always) static func blank(_ style: UInt32) -> Cell { Cell(bits: UInt64(style) << 24) }

  @inline(__always) var glyph: UInt32 { UInt32(truncatingIfNeeded: bits & Self.glyphMask) }
  @inline(__always) var style: UInt32 { UInt32(truncatingIfNeeded: bits >> 24 & 0xFF_FFFF) }
  @inline(__always) var isWide: Bool { bits & Self.wideFlag != 0 }
  @inline(__always) var isTail: Bool { bits & Self.tailFlag != 0 }
  @inline(__always) var isProtected: Bool { bits & Self.protectedFlag != 0 }
  @inline(__always) var isCluster: Bool { glyph & Self.clusterBit != 0 }
  /// Whether nothing was drawn here since it was erased.
  @inline(__always) var isBlank: Bool { bits & (Self.glyphMask | Self.halfFlags) == 0 }

  /// The same place with a space in it.
  var withoutGlyph: Cell { Cell(bits: bits & (Self.styleMask | Self.protectedFlag) | 0x20) }

  func with(style: UInt32) -> Cell { Cell(bits: bits & ~Self.styleMask | UInt64(style) << 24) }
}
