/// The keys that leave an attached terminal, one after the other; none: nothing typed ever leaves it.
package struct DetachKeys: Equatable, Sendable {
  /// A key as every way to encode it comes out: `C-\` is the byte 1C, or `CSI 92;5u`, or `CSI 27;5;92~`.
  package struct Key: Equatable, Sendable {
    package let code: UInt32
    package let isControl: Bool
    package let isAlt: Bool

    static let escape = Key(code: 0x1B, isControl: false, isAlt: false)

    /// Control with a letter is one key whatever the case; some of them are other keys by old custom.
    init(code: UInt32, isControl: Bool, isAlt: Bool) {
      self.isAlt = isAlt
      guard isControl else {
        self.code = code
        self.isControl = false
        return
      }
      let lower = 0x41...0x5A ~= code ? code + 0x20 : code
      switch lower {
      case 0x69: (self.code, self.isControl) = (0x09, false)  // C-i is Tab
      case 0x6D: (self.code, self.isControl) = (0x0D, false)  // C-m is Enter
      case 0x5B: (self.code, self.isControl) = (0x1B, false)  // C-[ is Escape
      case 0x40: (self.code, self.isControl) = (0x20, true)  // C-@ is C-Space
      case 0x2F: (self.code, self.isControl) = (0x5F, true)  // C-/ is C-_
      default: (self.code, self.isControl) = (lower, true)
      }
    }

    /// The key of a single byte.
    init(byte: UInt8, isAlt: Bool) {
      guard byte < 0x20 else {
        self.init(code: UInt32(byte), isControl: false, isAlt: isAlt)
        return
      }
      let code = UInt32(byte) + (1...26 ~= byte ? 0x60 : 0x40)
      self.init(code: code, isControl: true, isAlt: isAlt)
    }

    /// The one byte that sends this key on a terminal without key protocols; nil where it takes more.
    var byte: UInt8? {
      guard !isAlt, code < 0x80 else { return nil }
      guard isControl else { return UInt8(code) }
      return code == 0x20 ? 0 : UInt8(code) & 0x1F
    }
  }

  /// Why words are no keys, and what would be.
  package struct Fault: Error, Equatable {
    package let message: String
    package let hint: String

    package init(_ message: String, hint: String) {
      self.message = message
      self.hint = hint
    }
  }

  package let keys: [Key]
  /// As a person reads it: "Ctrl-\".
  package let shown: String

  /// What `init` reads the same keys from.
  package var text: String { keys.isEmpty ? "none" : shown }

  package static let usual = DetachKeys(
    keys: [Key(code: 0x5C, isControl: true, isAlt: false)], shown: "Ctrl-\\")
  package static let none = DetachKeys(keys: [], shown: "")
  /// Somebody who only looks leaves by these as well, each alone: they can mean nothing else.
  package static let looking = [
    DetachKeys(keys: [Key(code: 0x71, isControl: false, isAlt: false)], shown: "q"),
    DetachKeys(keys: [Key(code: 0x63, isControl: true, isAlt: false)], shown: "Ctrl-C"),
  ]

  private init(keys: [Key], shown: String) {
    self.keys = keys
    self.shown = shown
  }

  /// Keys like `C-b d`, `ctrl-p,ctrl-q`, `^a M-x`, `Escape`; or `none`.
  package init(_ text: String) throws(Fault) {
    guard text != "none" else {
      self = .none
      return
    }
    let words = text.split { $0 == " " || $0 == "," }
    guard !words.isEmpty, words.count <= 8 else {
      throw Fault("--detach-keys needs one to eight keys, or none", hint: "like 'C-b d' or 'C-\\'")
    }
    var keys: [Key] = []
    for word in words { keys.append(try Self.key(word)) }
    self.init(keys: keys, shown: words.joined(separator: " "))
  }

  private static func key(_ word: Substring) throws(Fault) -> Key {
    var rest = word
    var isControl = false
    var isAlt = false
    while rest.count > 1 {
      if let cut = prefix(rest, ["C-", "c-", "ctrl-", "Ctrl-", "^"]), !isControl {
        isControl = true
        rest = rest.dropFirst(cut)
      } else if let cut = prefix(rest, ["M-", "alt-", "Alt-"]), !isAlt {
        isAlt = true
        rest = rest.dropFirst(cut)
      } else {
        break
      }
    }
    guard let code = code(rest), !isControl || canBeControlled(code) else {
      throw Fault("'\(word)' is no key", hint: "--detach-keys takes keys like C-\\, C-b, d, M-x, Escape")
    }
    return Key(code: code, isControl: isControl, isAlt: isAlt)
  }

  private static func prefix(_ text: Substring, _ prefixes: [String]) -> Int? {
    prefixes.first { text.hasPrefix($0) && text.count > $0.count }?.count
  }

  private static func code(_ name: Substring) -> UInt32? {
    if name.unicodeScalars.count == 1, let scalar = name.unicodeScalars.first, 0x21...0x7E ~= scalar.value {
      return scalar.value
    }
    switch name.lowercased() {
    case "space": return 0x20
    case "tab": return 0x09
    case "enter", "return": return 0x0D
    case "escape", "esc": return 0x1B
    case "backspace", "bspace": return 0x7F
    default: return nil
    }
  }

  private static func canBeControlled(_ code: UInt32) -> Bool {
    code == 0x20 || code == 0x2F || 0x40...0x7A ~= code && code != 0x60
  }
}
