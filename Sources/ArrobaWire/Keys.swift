/// Keys by name, and the bytes that an xterm sends for them (ctlseqs, "PC-Style Function Keys").
///
/// Here because both sides need them: the daemon types them, and `arroba type` tells a key from a reference by them.
/// A name is what people know from tmux and Emacs: `Enter`, `C-c`, `M-x`, `S-Up`, `F5`. What is no name is text.
package enum Keys {
  private static let named: [String: String] = [
    "enter": "\r", "return": "\r", "cr": "\r", "tab": "\t", "escape": "\u{1b}", "esc": "\u{1b}", "space": " ",
    "backspace": "\u{7f}", "bspace": "\u{7f}", "btab": "\u{1b}[Z", "nul": "\0", "lf": "\n",
  ]

  /// Keys whose final letter follows `CSI` or, in application mode, `SS3`.
  private static let lettered: [String: Character] = [
    "up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F",
  ]

  /// Keys that are `CSI number ~`.
  private static let numbered: [String: Int] = [
    "insert": 2, "ic": 2, "delete": 3, "dc": 3, "del": 3, "pageup": 5, "pgup": 5, "ppage": 5, "pagedown": 6,
    "pgdn": 6, "npage": 6, "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23, "f12": 24,
  ]

  private static let function: [String: Character] = ["f1": "P", "f2": "Q", "f3": "R", "f4": "S"]

  private struct Modifiers: OptionSet {
    let rawValue: Int
    static let shift = Modifiers(rawValue: 1)
    static let meta = Modifiers(rawValue: 2)
    static let control = Modifiers(rawValue: 4)
  }

  /// The bytes of one argument: a key where it is the name of one, else the text itself.
  package static func bytes(for word: String, applicationCursor: Bool) -> [UInt8] {
    key(word, applicationCursor: applicationCursor) ?? Array(word.utf8)
  }

  /// The bytes of a key; nil where the word is no key's name.
  package static func key(_ word: String, applicationCursor: Bool) -> [UInt8]? {
    var modifiers: Modifiers = []
    var rest = Substring(word)
    if rest.count == 2, rest.first == "^", let last = rest.last { return control(last, [.control]) }
    while rest.count > 2, let first = rest.first, rest.dropFirst().first == "-" {
      switch first {
      case "C", "c": modifiers.insert(.control)
      case "M", "m", "A", "a": modifiers.insert(.meta)
      case "S", "s": modifiers.insert(.shift)
      default: return nil
      }
      rest = rest.dropFirst(2)
    }
    let name = rest.lowercased()
    if let special = special(name, modifiers, applicationCursor: applicationCursor) { return special }
    if let fixed = named[name] { return fixedKey(fixed, name, modifiers) }
    guard !modifiers.isEmpty, rest.count == 1, let character = rest.first else { return nil }
    return control(character, modifiers)
  }

  private static func special(_ name: String, _ modifiers: Modifiers, applicationCursor: Bool) -> [UInt8]? {
    let code = modifiers.rawValue + 1
    if let letter = lettered[name] {
      let lead = modifiers.isEmpty ? (applicationCursor ? "\u{1b}O" : "\u{1b}[") : "\u{1b}[1;\(code)"
      return Array("\(lead)\(letter)".utf8)
    }
    if let letter = function[name] {
      return Array((modifiers.isEmpty ? "\u{1b}O\(letter)" : "\u{1b}[1;\(code)\(letter)").utf8)
    }
    if let number = numbered[name] {
      return Array((modifiers.isEmpty ? "\u{1b}[\(number)~" : "\u{1b}[\(number);\(code)~").utf8)
    }
    return nil
  }

  private static func fixedKey(_ text: String, _ name: String, _ modifiers: Modifiers) -> [UInt8]? {
    if name == "tab", modifiers == .shift { return Array("\u{1b}[Z".utf8) }
    if name == "space", modifiers.contains(.control) {
      return (modifiers.contains(.meta) ? [0x1b] : []) + [0]
    }
    return (modifiers.contains(.meta) ? [0x1b] : []) + Array(text.utf8)
  }

  private static func control(_ character: Character, _ modifiers: Modifiers) -> [UInt8]? {
    let lead: [UInt8] = modifiers.contains(.meta) ? [0x1b] : []
    let text = modifiers.contains(.shift) ? character.uppercased() : String(character)
    guard modifiers.contains(.control) else { return lead + Array(text.utf8) }
    guard let byte = character.asciiValue else { return nil }
    switch byte {
    case 0x40...0x5F: return lead + [byte & 0x1F]
    case 0x61...0x7A: return lead + [byte & 0x1F]
    case UInt8(ascii: "?"): return lead + [0x7F]
    case UInt8(ascii: " "): return lead + [0]
    case UInt8(ascii: "/"): return lead + [0x1F]  // what every terminal sends for it, as for C-_
    default: return nil
    }
  }
}
