/// The title of the window and of its icon, and the stack programs put them on.
struct Titles: Equatable {
  struct Entry: Equatable {
    var icon: String
    var window: String
  }

  private static let deepest = 10
  /// A longer title is cut: nobody shows it.
  private static let longest = 1024

  private(set) var window = ""
  private(set) var icon = ""
  private(set) var stack: [Entry] = []
  /// XTSMTITLE: 0 set by hexadecimal, 1 answer by hexadecimal.
  private(set) var hexadecimal: Set<Int> = []

  mutating func setModes(_ parameters: Parameters, _ isOn: Bool) {
    if parameters.count == 0, !isOn { hexadecimal = [] }
    for index in 0..<parameters.count {
      let mode = parameters.value(index)
      guard mode <= 1 else { continue }
      if isOn { hexadecimal.insert(mode) } else { hexadecimal.remove(mode) }
    }
  }

  mutating func resetModes() { hexadecimal = [] }

  mutating func setWindow(_ bytes: ArraySlice<UInt8>) { window = decode(bytes) ?? window }
  mutating func setIcon(_ bytes: ArraySlice<UInt8>) { icon = decode(bytes) ?? icon }

  /// Nothing where pairs of digits are expected and something else came.
  private func decode(_ bytes: ArraySlice<UInt8>) -> String? {
    var plain = bytes
    if hexadecimal.contains(0) {
      plain = Hexadecimal.decode(bytes)[...]
      guard plain.count * 2 == bytes.count else { return nil }
    }
    // What is answered is typed into a program: a title has no line ends in it, also not as digits.
    let scalars = String(decoding: plain, as: UTF8.self).unicodeScalars.lazy
      .filter { $0.value >= 0x20 && $0.value != 0x7F }
    return String(String.UnicodeScalarView(scalars.prefix(Self.longest)))
  }

  func encode(_ title: String) -> String {
    hexadecimal.contains(1) ? Hexadecimal.encode(title.utf8) : title
  }

  /// CSI 22 t: whichever is asked for, both are kept, as xterm does.
  mutating func push(_ which: Int) {
    guard which <= 2 else { return }
    stack.append(Entry(icon: icon, window: window))
    if stack.count > Self.deepest { stack.removeFirst() }
  }

  /// CSI 23 t: 0 both, 1 the icon's, 2 the window's.
  mutating func pop(_ which: Int) {
    guard which <= 2, let entry = stack.popLast() else { return }
    if which != 2 { icon = entry.icon }
    if which != 1 { window = entry.window }
  }

  mutating func clearStack() { stack = [] }
}

/// Pairs of hexadecimal digits.
enum Hexadecimal {
  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  /// The bytes up to the first thing that is not a pair of digits.
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var index = text.startIndex
    while index + 1 < text.endIndex, let high = digit(text[index]), let low = digit(text[index + 1]) {
      bytes.append(high << 4 | low)
      index += 2
    }
    return bytes
  }

  static func encode<Bytes: Sequence>(_ bytes: Bytes) -> String where Bytes.Element == UInt8 {
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}
