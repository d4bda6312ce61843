/// Keys out of the bytes of a terminal, cut anywhere.
package struct KeyReader {
  private enum Phase: Equatable {
    case ground
    /// An Escape, and nothing yet that tells what it begins.
    case escape
    /// Control sequence: its parameters so far.
    case sequence([UInt8])
    case single
    case pasting
  }

  /// A prompt has a mebibyte at most; what is pasted beyond that is not kept.
  private static let longestPaste = 1 << 20
  private static let longestSequence = 32
  private static let endOfPaste = Array("\u{1B}[201~".utf8)

  private var phase = Phase.ground
  private var text: [UInt8] = []
  private var pasted: [UInt8] = []
  private var keys: [Key] = []

  package init() {}

  /// Whether what was read may be the beginning of more: an Escape alone, or a character that is not whole.
  package var isUndecided: Bool {
    switch phase {
    case .ground: !text.isEmpty
    case .escape, .sequence, .single: true
    case .pasting: false
    }
  }

  package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Key] {
    for byte in bytes { take(byte) }
    giveText(isEnd: false)
    defer { keys = [] }
    return keys
  }

  /// Nothing more comes: an Escape was the key itself.
  package mutating func flush() -> [Key] {
    switch phase {
    case .ground, .pasting: break
    case .escape: keys.append(.escape)
    case .sequence, .single: break  // a sequence that was cut off means nothing
    }
    if phase != .pasting { phase = .ground }
    giveText(isEnd: true)
    defer { keys = [] }
    return keys
  }

  private mutating func take(_ byte: UInt8) {
    switch phase {
    case .ground: takePlain(byte)
    case .escape: takeEscaped(byte)
    case .sequence(let parameters): takeSequence(byte, parameters)
    case .single:
      phase = .ground
      if byte == UInt8(ascii: "M") { keys.append(.enter) } else { add(Self.arrow(byte, modifier: 1)) }
    case .pasting: takePasted(byte)
    }
  }

  private mutating func takePlain(_ byte: UInt8) {
    guard byte < 0x20 || byte == 0x7F else {
      text.append(byte)
      return
    }
    giveText(isEnd: true)
    switch byte {
    case 0x1B: phase = .escape
    default: add(Self.control(byte))
    }
  }

  private static func control(_ byte: UInt8) -> Key? {
    switch byte {
    case 0x0D: .enter
    case 0x0A: .newline
    case 0x09: .tab
    case 0x08, 0x7F: .backspace
    case 0x00: .control(" ")
    case 0x01...0x1A: .control(Character(Unicode.Scalar(byte + 0x60)))
    default: .control(Character(Unicode.Scalar(byte + 0x40)))
    }
  }

  private mutating func takeEscaped(_ byte: UInt8) {
    phase = .ground
    switch byte {
    case UInt8(ascii: "["): phase = .sequence([])
    case UInt8(ascii: "O"): phase = .single
    case 0x1B:
      keys.append(.escape)
      phase = .escape
    case 0x0D, 0x0A: keys.append(.newline)
    case 0x7F, 0x08: keys.append(.metaBackspace)
    case 0x20..<0x7F: keys.append(.meta(Character(Unicode.Scalar(byte))))
    default:
      keys.append(.escape)
      takePlain(byte)
    }
  }

  private mutating func takeSequence(_ byte: UInt8, _ parameters: [UInt8]) {
    switch byte {
    case 0x20...0x3F where parameters.count < Self.longestSequence: phase = .sequence(parameters + [byte])
    case 0x40...0x7E:
      phase = .ground
      finish(byte, parameters)
    default:
      // What is no part of a sequence ends it; it is a key of its own.
      phase = .ground
      take(byte)
    }
  }

  private mutating func finish(_ final: UInt8, _ parameters: [UInt8]) {
    let numbers = parameters.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
      Int(String(decoding: $0.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)) ?? 0
    }
    let modifier = numbers.count > 1 ? numbers[1] : 1
    switch final {
    case UInt8(ascii: "~"):
      if numbers.first == 200 {
        phase = .pasting
      } else if numbers.first == 27, numbers.count > 2 {
        add(Self.modified(numbers[2], modifier))
      } else {
        add(Self.editing(numbers.first ?? 0, modifier: modifier))
      }
    case UInt8(ascii: "u"): add(Self.modified(numbers.first ?? 0, modifier))
    case UInt8(ascii: "Z"): keys.append(.backTab)
    default: add(Self.arrow(final, modifier: modifier))
    }
  }

  /// Modifiers as terminals count them: one, and 1 for Shift, 2 for Alt, 4 for Ctrl.
  private static func arrow(_ final: UInt8, modifier: Int) -> Key? {
    let isWordwise = (modifier - 1) & 6 != 0
    return switch final {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): isWordwise ? .wordRight : .right
    case UInt8(ascii: "D"): isWordwise ? .wordLeft : .left
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "F"): .end
    default: nil
    }
  }

  private static func editing(_ number: Int, modifier: Int) -> Key? {
    switch number {
    case 1, 7: .home
    case 4, 8: .end
    case 3: (modifier - 1) & 6 != 0 ? .meta("d") : .delete
    case 5: .pageUp
    case 6: .pageDown
    default: nil
    }
  }

  /// A key with its modifiers, where a terminal tells them apart (CSI u, modifyOtherKeys).
  private static func modified(_ code: Int, _ modifier: Int) -> Key? {
    let has = modifier - 1
    switch code {
    case 13: return has == 0 ? .enter : .newline
    case 9: return has & 1 != 0 ? .backTab : .tab
    case 27: return .escape
    case 127: return has & 2 != 0 ? .metaBackspace : .backspace
    default:
      guard let scalar = Unicode.Scalar(UInt32(clamping: code)), code >= 0x20 else { return nil }
      let character = Character(scalar)
      if has & 4 != 0 { return .control(Character(character.lowercased())) }
      return has & 2 != 0 ? .meta(character) : .text(String(character))
    }
  }

  private mutating func takePasted(_ byte: UInt8) {
    pasted.append(byte)
    guard byte == UInt8(ascii: "~"), pasted.suffix(Self.endOfPaste.count) == Self.endOfPaste[...] else {
      // The beginning is kept, and as much of the end as tells where the paste is over.
      if pasted.count > Self.longestPaste + 64 {
        pasted.removeSubrange(Self.longestPaste..<(pasted.count - Self.endOfPaste.count))
      }
      return
    }
    phase = .ground
    pasted.removeLast(Self.endOfPaste.count)
    keys.append(.paste(String(decoding: pasted.prefix(Self.longestPaste), as: UTF8.self)))
    pasted = []
  }

  private mutating func add(_ key: Key?) { if let key { keys.append(key) } }

  /// Gives the characters that are whole; at the end also what never will be.
  private mutating func giveText(isEnd: Bool) {
    guard !text.isEmpty else { return }
    let held = isEnd ? 0 : Self.unfinished(text)
    guard held < text.count else { return }
    keys.append(.text(String(decoding: text.dropLast(held), as: UTF8.self)))
    text = Array(text.suffix(held))
  }

  /// How many bytes at the end begin a character that is not whole.
  private static func unfinished(_ bytes: [UInt8]) -> Int {
    for back in 1...min(3, bytes.count) {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > back ? back : 0
    }
    return 0
  }
}
