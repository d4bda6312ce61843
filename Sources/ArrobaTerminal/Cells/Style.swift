/// A colour as a program names it: the terminal's default, a palette entry, or red, green and blue.
struct Colour: Equatable {
  /// 0 for the default; `1 << 24` plus an index; `2 << 24` plus 0xRRGGBB.
  var raw: UInt32

  static let standard = Colour(raw: 0)
  static func palette(_ index: UInt32) -> Colour { Colour(raw: 1 << 24 | index & 0xFF) }
  static func direct(_ rgb: UInt32) -> Colour { Colour(raw: 2 << 24 | rgb & 0xFF_FFFF) }

  var isStandard: Bool { raw == 0 }
  var paletteIndex: UInt32? { raw >> 24 == 1 ? raw & 0xFF : nil }
  var rgb: UInt32? { raw >> 24 == 2 ? raw & 0xFF_FFFF : nil }
}

/// How an underline is drawn, by the numbers of `SGR 4:n`.
enum Underline: UInt16 {
  case none, single, double, curly, dotted, dashed
}

/// Everything about a character but its colours: nine switches and the kind of underline.
struct Attributes: OptionSet, Equatable {
  var rawValue: UInt16

  static let bold = Attributes(rawValue: 1 << 0)
  static let faint = Attributes(rawValue: 1 << 1)
  static let italic = Attributes(rawValue: 1 << 2)
  static let blink = Attributes(rawValue: 1 << 3)
  static let inverse = Attributes(rawValue: 1 << 4)
  static let invisible = Attributes(rawValue: 1 << 5)
  static let strike = Attributes(rawValue: 1 << 6)
  static let overline = Attributes(rawValue: 1 << 7)

  private static let underlineShift: UInt16 = 8
  private static let underlineMask: UInt16 = 7 << 8

  var underline: Underline {
    get { Underline(rawValue: (rawValue & Self.underlineMask) >> Self.underlineShift) ?? .none }
    set { rawValue = rawValue & ~Self.underlineMask | newValue.rawValue << Self.underlineShift }
  }
}

/// The look of a cell. Cells hold its number in the style table.
struct Style: Equatable {
  var foreground = Colour.standard
  var background = Colour.standard
  var underlineColour = Colour.standard
  var attributes = Attributes()
  /// A number in the link table; 0 for no link.
  var link: UInt16 = 0

  static let plain = Style()

  /// What an erased cell keeps: the background and nothing else.
  var erased: Style { Style(background: background) }

  /// A hash that is cheap and good enough for a table of a few thousand.
  var hash: UInt64 {
    let a = UInt64(foreground.raw) | UInt64(background.raw) << 32
    let b = UInt64(underlineColour.raw) | UInt64(attributes.rawValue) << 32 | UInt64(link) << 48
    var h = (a ^ (b &* 0x9E37_79B9_7F4A_7C15)) &* 0xBF58_476D_1CE4_E5B9
    h ^= h >> 29
    return (h &* 0x94D0_49BB_1331_11EB) ^ (h >> 32)
  }
}
