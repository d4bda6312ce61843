/// What a program changed of the terminal's colours, and the usual ones for answers.
struct Palette: Equatable {
  /// Palette entries (OSC 4), by number, as 0xRRGGBB.
  private(set) var entries: [Int: UInt32] = [:]
  /// Text, background, cursor and so on (OSC 10 to 19), by number.
  private(set) var dynamic: [Int: UInt32] = [:]

  static let count = 256
  /// Those, and from there on the colours that stand for bold, underline, blink, inverse and italic.
  static let known = 0..<261

  mutating func set(_ index: Int, _ rgb: UInt32) {
    if Self.known.contains(index) { entries[index] = rgb }
  }

  mutating func reset(_ index: Int) { entries[index] = nil }
  mutating func resetAll(special: Bool) { entries = entries.filter { ($0.key < Self.count) == special } }
  mutating func setDynamic(_ number: Int, _ rgb: UInt32?) { dynamic[number] = rgb }

  subscript(_ index: Int) -> UInt32 {
    entries[index] ?? (index < Self.count ? Self.usual(index) : dynamicColour(10))
  }

  func dynamicColour(_ number: Int) -> UInt32 {
    dynamic[number] ?? (number == 11 || number == 14 || number == 16 ? 0x00_0000 : 0xE5_E5E5)
  }

  private static let first: [UInt32] = [
    0x00_0000, 0xCD_0000, 0x00_CD00, 0xCD_CD00, 0x00_00EE, 0xCD_00CD, 0x00_CDCD, 0xE5_E5E5,
    0x7F_7F7F, 0xFF_0000, 0x00_FF00, 0xFF_FF00, 0x5C_5CFF, 0xFF_00FF, 0x00_FFFF, 0xFF_FFFF,
  ]

  /// xterm's 256 colours: sixteen, a cube of six steps, a ramp of grey.
  static func usual(_ index: Int) -> UInt32 {
    if index < 16 { return first[max(0, index)] }
    if index >= 232 { return UInt32(8 + 10 * (min(index, 255) - 232)) * 0x01_0101 }
    let step = { (part: Int) in UInt32(part == 0 ? 0 : 55 + 40 * part) }
    let cube = index - 16
    return step(cube / 36) << 16 | step(cube / 6 % 6) << 8 | step(cube % 6)
  }

  /// Reads a colour as programs write it: `#rgb` to `#rrrrggggbbbb`, or `rgb:r/g/b` with one to four digits.
  static func parse(_ text: ArraySlice<UInt8>) -> UInt32? {
    if text.first == 0x23 {
      let digits = text.dropFirst()
      guard digits.count % 3 == 0, (3...12).contains(digits.count) else { return nil }
      let width = digits.count / 3
      let start = digits.startIndex
      let parts = (0..<3).map { digits[start + $0 * width..<start + ($0 + 1) * width] }
      return join(parts, scaling: false)
    }
    guard text.count >= 9, text.prefix(4).elementsEqual("rgb:".utf8) else { return ColourNames.find(text) }
    let parts = text.dropFirst(4).split(separator: 0x2F, omittingEmptySubsequences: false)
    return join(parts, scaling: true)
  }

  private static func join(_ parts: [ArraySlice<UInt8>], scaling: Bool) -> UInt32? {
    guard parts.count == 3 else { return nil }
    var rgb: UInt32 = 0
    for part in parts {
      guard let value = byte(part, scaling: scaling) else { return nil }
      rgb = rgb << 8 | value
    }
    return rgb
  }

  /// One to four digits as eight bits: `rgb:` scales them, `#` takes them for the high ones.
  private static func byte(_ digits: ArraySlice<UInt8>, scaling: Bool) -> UInt32? {
    guard (1...4).contains(digits.count) else { return nil }
    var value: UInt32 = 0
    for digit in digits {
      guard let number = Hexadecimal.digit(digit) else { return nil }
      value = value << 4 | UInt32(number)
    }
    let bits = UInt32(4 * digits.count)
    if scaling { return value * 255 / ((1 << bits) - 1) }
    return bits >= 8 ? value >> (bits - 8) : value << (8 - bits)
  }

  /// As answers have it: sixteen bits a part.
  static func write(_ rgb: UInt32) -> String {
    let parts = [rgb >> 16 & 0xFF, rgb >> 8 & 0xFF, rgb & 0xFF].map { part in
      let two = Hexadecimal.encode([UInt8(part)]).lowercased()
      return two + two
    }
    return "rgb:\(parts[0])/\(parts[1])/\(parts[2])"
  }
}
