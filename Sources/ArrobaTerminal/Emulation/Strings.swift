/// OSC and DCS strings.
extension Emulation {
  mutating func operatingSystem(_ text: [UInt8]) {
    interrupt()
    let digits = text.prefix { $0 >= 0x30 && $0 <= 0x39 }
    guard !digits.isEmpty, digits.count <= 5 else { return }
    let number = digits.reduce(0) { $0 * 10 + Int($1 & 15) }
    guard digits.count == text.count || text[digits.count] == 0x3B else { return }
    let rest = text.dropFirst(digits.count + 1)
    switch number {
    case 0:
      titles.setIcon(rest)
      setTitle(rest)
    case 1: titles.setIcon(rest)
    case 2: setTitle(rest)
    case 4: paletteColours(rest)
    case 7: signal(.directory(String(decoding: rest.prefix(Self.longestNote), as: UTF8.self)))
    case 8: link(rest)
    case 9: notify(rest)
    case 10...19: dynamicColours(number, rest)
    case 99: notifyKitty(rest)
    case 104: resetPalette(rest)
    case 110...119: palette.setDynamic(number - 100, nil)
    case 133: promptMark(rest)
    case 777: notifyUrxvt(rest)
    default: break
    }
  }

  private mutating func setTitle(_ text: ArraySlice<UInt8>) {
    titles.setWindow(text)
    signal(.title(titles.window))
  }

  /// OSC 8: everything but an empty address opens a link.
  private mutating func link(_ text: ArraySlice<UInt8>) {
    guard let border = text.firstIndex(of: 0x3B) else { return }
    penIsKnown = false
    guard border + 1 < text.endIndex else {
      pen.style.link = 0
      return
    }
    if links.isCrowded { sweepStyles() }
    pen.style.link = links.intern(Array(text))
  }

  /// OSC 4: pairs of number and colour; `?` asks.
  private mutating func paletteColours(_ text: ArraySlice<UInt8>) {
    let parts = text.split(separator: 0x3B, omittingEmptySubsequences: false)
    for index in stride(from: 0, to: min(parts.count - 1, 512), by: 2) {
      guard let number = Int(String(decoding: parts[index], as: UTF8.self)) else { continue }
      let value = parts[index + 1]
      if value.elementsEqual([0x3F]) {
        guard (0..<256).contains(number) else { continue }
        answer("\u{1B}]4;\(number);\(Palette.write(palette[number]))\u{1B}\\")
      } else if let colour = Palette.parse(value) {
        palette.set(number, colour)
      }
    }
  }

  /// OSC 10 to 19: each further colour is for the next number.
  private mutating func dynamicColours(_ first: Int, _ text: ArraySlice<UInt8>) {
    var number = first
    for value in text.split(separator: 0x3B, omittingEmptySubsequences: false) where number <= 19 {
      if value.elementsEqual([0x3F]) {
        answer("\u{1B}]\(number);\(Palette.write(palette.dynamicColour(number)))\u{1B}\\")
      } else if let colour = Palette.parse(value) {
        palette.setDynamic(number, colour)
      }
      number += 1
    }
  }

  private mutating func resetPalette(_ text: ArraySlice<UInt8>) {
    if text.isEmpty { return palette.resetAll() }
    for part in text.split(separator: 0x3B) {
      if let number = Int(String(decoding: part, as: UTF8.self)) { palette.reset(number) }
    }
  }

  /// DCS: DECRQSS and XTGETTCAP; whatever else comes is nothing to the screen.
  mutating func device(_ text: [UInt8]) {
    interrupt()
    let rest = text.drop { $0 >= 0x30 && $0 <= 0x3B }
    if rest.starts(with: "$q".utf8) {
      reportSetting(rest.dropFirst(2))
    } else if rest.starts(with: "+q".utf8) {
      reportCapabilities(rest.dropFirst(2))
    }
  }
}
