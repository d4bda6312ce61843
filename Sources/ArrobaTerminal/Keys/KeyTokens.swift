/// One thing that a terminal sent: how many bytes it has, and what it means to somebody who waits for keys.
struct KeyToken: Equatable {
  enum Meaning: Equatable {
    case key(DetachKeys.Key)
    /// Comes by itself between two keys: a key's release, a modifier alone, the mouse, the focus.
    case neutral
    case pasteBegins
    case other
  }

  enum Reading: Equatable {
    case token(KeyToken)
    /// More bytes are needed to tell.
    case incomplete
  }

  let count: Int
  let meaning: Meaning

  /// Longer than any key's encoding; what is longer is no key.
  private static let longest = 64

  /// Reads what begins a non-empty piece of input.
  static func read(_ bytes: ArraySlice<UInt8>) -> Reading {
    guard let first = bytes.first else { return .incomplete }
    guard first == 0x1B else {
      return .token(KeyToken(count: 1, meaning: .key(DetachKeys.Key(byte: first, isAlt: false))))
    }
    guard bytes.count > 1 else { return .incomplete }
    let second = bytes[bytes.startIndex + 1]
    switch second {
    case 0x5B: return readSequence(bytes)
    case 0x4F:
      // SS3: a cursor or function key of old; its third byte is no key of its own.
      return .token(KeyToken(count: min(3, bytes.count), meaning: .other))
    case 0x1B: return .token(KeyToken(count: 1, meaning: .key(.escape)))
    default: return .token(KeyToken(count: 2, meaning: .key(DetachKeys.Key(byte: second, isAlt: true))))
    }
  }

  /// CSI: parameters, intermediates, a final byte.
  private static func readSequence(_ bytes: ArraySlice<UInt8>) -> Reading {
    var end = bytes.startIndex + 2
    while end < bytes.endIndex && 0x20...0x3F ~= bytes[end] {
      end += 1
      guard end - bytes.startIndex <= longest else { return .token(KeyToken(count: 2, meaning: .other)) }
    }
    guard end < bytes.endIndex else { return .incomplete }
    let count = end - bytes.startIndex + 1
    let parameters = bytes[(bytes.startIndex + 2)..<end]
    return .token(KeyToken(count: count, meaning: meaning(of: parameters, final: bytes[end])))
  }

  private static func meaning(of parameters: ArraySlice<UInt8>, final: UInt8) -> Meaning {
    switch (final, parameters.first) {
    case (0x4D, _), (0x6D, 0x3C), (0x49, nil), (0x4F, nil): return .neutral  // mouse, focus
    case (0x75, _), (0x7E, _): break
    default: return .other
    }
    let fields = parameters.split(separator: 0x3B, omittingEmptySubsequences: false).map { field in
      field.split(separator: 0x3A, omittingEmptySubsequences: false).map { number($0) }
    }
    guard let code = fields.first?.first ?? nil else { return .other }
    if final == 0x75 {
      let modifiers = fields.count > 1 ? fields[1] : []
      let isRelease = modifiers.count > 1 && modifiers[1] == 3
      // 57441 to 57454 are the modifiers themselves (kitty keyboard protocol, "functional key definitions").
      if isRelease || 57_441...57_454 ~= code { return .neutral }
      return key(code, modifiers: (modifiers.first ?? nil) ?? 1)
    }
    if code == 200 { return .pasteBegins }
    guard code == 27, fields.count == 3, let modifiers = fields[1].first ?? nil,
      let char = fields[2].first ?? nil
    else { return .other }
    return key(char, modifiers: modifiers)
  }

  /// Shift is not looked at: on many keyboards the backslash needs it. Neither are the locks.
  private static func key(_ code: UInt32, modifiers: UInt32) -> Meaning {
    let bits = modifiers > 0 ? modifiers - 1 : 0
    // Super, hyper and meta make it another key.
    guard bits & 0b11_1000 == 0 else { return .other }
    return .key(DetachKeys.Key(code: code, isControl: bits & 4 != 0, isAlt: bits & 2 != 0))
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt32? {
    guard !digits.isEmpty, digits.count <= 7 else { return nil }
    return digits.reduce(UInt32?(0)) { sum, digit in
      guard let sum, 0x30...0x39 ~= digit else { return nil }
      return sum * 10 + UInt32(digit - 0x30)
    }
  }
}
