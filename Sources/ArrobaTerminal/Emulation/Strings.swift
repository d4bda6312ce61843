/// OSC and DCS strings.
extension Emulation {
  mutating func operatingSystem(_ text: [UInt8], byBell: Bool) {
    interrupt()
    endsWithBell = byBell
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
    case 4: paletteColours(4, rest)
    case 5: paletteColours(5, rest)
    case 7: signal(.directory(String(decoding: rest.prefix(Self.longestNote), as: UTF8.self)))
    case 8: link(rest)
    case 9: notify(rest)
    case 10...19: dynamicColours(number, rest)
    case 99: notifyKitty(rest)
    case 52: selection(rest)
    case 104: resetPalette(rest, from: 0)
    case 105: resetPalette(rest, from: Palette.count)
    case 110...119: if rest.isEmpty { palette.setDynamic(number - 100, nil) }
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

  private var end: String { endsWithBell ? "\u{7}" : "\u{1B}\\" }

  /// OSC 52: what a program copied is kept for it, and for nobody else, while no terminal in front of us does.
  private mutating func selection(_ text: ArraySlice<UInt8>) {
    guard answersQueries, let border = text.firstIndex(of: 0x3B) else { return }
    let value = text[(border + 1)...]
    if value.elementsEqual([0x3F]) {
      let isKnown = text[..<border].count <= 16 && text[..<border].allSatisfy(Self.selections.contains)
      let kind = border > text.startIndex && isKnown ? String(decoding: text[..<border], as: UTF8.self) : "s0"
      return answer("\u{1B}]52;\(kind);\(copied)\(end)")
    }
    let isEncoded = value.count <= Self.longestCopy && value.allSatisfy(Self.base64.contains)
    copied = isEncoded ? String(decoding: value, as: UTF8.self) : ""
  }

  private static let selections = Set("cpqs01234567".utf8)
  /// Nothing else is kept: what is answered is typed into a program, which may be a shell.
  private static let base64 = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=".utf8)

  /// OSC 4, and OSC 5 for the colours that stand for bold and the like, which are also those from 256 on: pairs of
  /// number and colour; `?` asks. What cannot be read ends it.
  private mutating func paletteColours(_ code: Int, _ text: ArraySlice<UInt8>) {
    let first = code == 5 ? Palette.count : 0
    let parts = text.split(separator: 0x3B, omittingEmptySubsequences: false)
    for index in stride(from: 0, to: min(parts.count - 1, 512), by: 2) {
      guard let number = Int(String(decoding: parts[index], as: UTF8.self)), (0..<1000).contains(number),
        Palette.known.contains(first + number)
      else { return }
      let value = parts[index + 1]
      if value.elementsEqual([0x3F]) {
        answer("\u{1B}]\(code);\(number);\(Palette.write(palette[first + number]))\(end)")
      } else {
        guard let colour = Palette.parse(value) else { return }
        palette.set(first + number, colour)
      }
    }
  }

  /// OSC 10 to 19: each further colour is for the next number.
  private mutating func dynamicColours(_ first: Int, _ text: ArraySlice<UInt8>) {
    var number = first
    for value in text.split(separator: 0x3B, omittingEmptySubsequences: false) where number <= 19 {
      if value.elementsEqual([0x3F]) {
        answer("\u{1B}]\(number);\(Palette.write(palette.dynamicColour(number)))\(end)")
      } else if let colour = Palette.parse(value) {
        palette.setDynamic(number, colour)
      }
      number += 1
    }
  }

  /// OSC 104 and 105: some of the colours, or all of their kind.
  private mutating func resetPalette(_ text: ArraySlice<UInt8>, from first: Int) {
    if text.isEmpty { return palette.resetAll(special: first > 0) }
    for part in text.split(separator: 0x3B) {
      guard let number = Int(String(decoding: part, as: UTF8.self)), (0..<1000).contains(number) else {
        return
      }
      palette.reset(first + number)
    }
  }

  /// DCS: DECRQSS and XTGETTCAP; whatever else comes is nothing to the screen.
  mutating func device(_ text: [UInt8]) {
    interrupt()
    endsWithBell = false
    let rest = text.drop { $0 >= 0x30 && $0 <= 0x3B }
    if rest.starts(with: "$q".utf8) {
      reportSetting(rest.dropFirst(2))
    } else if rest.starts(with: "+q".utf8) {
      reportCapabilities(rest.dropFirst(2))
    } else if rest.starts(with: "$t".utf8), let kind = text.first {
      restorePresentation(Int(kind) - 0x30, rest.dropFirst(2))
    }
  }
}
