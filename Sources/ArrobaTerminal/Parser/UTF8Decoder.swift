/// Incremental UTF-8: a byte at a time, with one U+FFFD for each maximal part of something malformed,
/// as the Unicode standard recommends (chapter 3.9). State survives every cut.
struct UTF8Decoder {
  enum Outcome {
    /// The byte belongs to a character that is not complete.
    case more
    case scalar(UInt32)
    /// What came before was malformed, and this byte is to be read anew.
    case malformedBefore
    /// This byte itself is malformed.
    case malformed
  }

  private var partial: UInt32 = 0
  private var missing: UInt8 = 0
  private var lowest: UInt8 = 0x80
  private var highest: UInt8 = 0xBF

  var isIdle: Bool { missing == 0 }

  /// Takes a byte; when idle it must be 0x80 or above.
  @inline(__always) mutating func take(_ byte: UInt8) -> Outcome {
    if missing == 0 { return begin(byte) }
    guard byte >= lowest, byte <= highest else {
      missing = 0
      return .malformedBefore
    }
    lowest = 0x80
    highest = 0xBF
    partial = partial << 6 | UInt32(byte & 0x3F)
    missing -= 1
    return missing == 0 ? .scalar(partial) : .more
  }

  private mutating func begin(_ byte: UInt8) -> Outcome {
    lowest = 0x80
    highest = 0xBF
    switch byte {
    case 0xC2...0xDF:
      partial = UInt32(byte & 0x1F)
      missing = 1
    case 0xE0...0xEF:
      partial = UInt32(byte & 0x0F)
      missing = 2
      if byte == 0xE0 { lowest = 0xA0 }
      if byte == 0xED { highest = 0x9F }
    case 0xF0...0xF4:
      partial = UInt32(byte & 0x07)
      missing = 3
      if byte == 0xF0 { lowest = 0x90 }
      if byte == 0xF4 { highest = 0x8F }
    default:
      return .malformed
    }
    return .more
  }
}
