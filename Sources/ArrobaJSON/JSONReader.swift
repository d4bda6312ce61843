/// Why a text is not JSON, and at which byte.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package let reason: String
  package let offset: Int

  package var description: String { "\(reason) at byte \(offset)" }
}

/// Reads one JSON value from bytes. Strict (RFC 8259), UTF-8 checked, nesting limited.
package struct JSONReader {
  /// Deep enough for any protocol of ours; shallow enough that no input exhausts the stack.
  package static let deepestNesting = 96

  private let source: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var depth = 0

  private init(_ source: UnsafeBufferPointer<UInt8>) {
    self.source = source
  }

  /// The one value that `bytes` hold; white space around it is allowed, anything else is an error.
  package static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) -> JSON {
    var reader = JSONReader(bytes)
    let value = try reader.value()
    reader.skipSpace()
    guard reader.position == bytes.count else { throw reader.failure("something follows the value") }
    return value
  }

  package static func read(_ bytes: some Sequence<UInt8>) throws(JSONError) -> JSON {
    let copy = ContiguousArray(bytes)
    let result = copy.withUnsafeBufferPointer { buffer in
      Result { () throws(JSONError) in try read(buffer) }
    }
    return try result.get()
  }

  private func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

  private mutating func skipSpace() {
    while position < source.count {
      switch source[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  /// The next byte that is not white space, not consumed; 0 at the end.
  private mutating func peek() -> UInt8 {
    skipSpace()
    return position < source.count ? source[position] : 0
  }

  private mutating func value() throws(JSONError) -> JSON {
    switch peek() {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw failure(position < source.count ? "no value starts" : "the text ends too early")
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    for index in 0..<text.utf8CodeUnitCount {
      guard position < source.count, source[position] == text.utf8Start[index] else {
        throw failure("unknown word")
      }
      position += 1
    }
    return value
  }

  private mutating func enter() throws(JSONError) {
    depth += 1
    guard depth <= Self.deepestNesting else { throw failure("nested too deeply") }
    position += 1
  }

  private mutating func object() throws(JSONError) -> JSON {
    try enter()
    var members: [JSONObject.Member] = []
    if peek() == UInt8(ascii: "}") {
      position += 1
      depth -= 1
      return .object(JSONObject())
    }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw failure("a member needs a name") }
      let key = try string()
      guard peek() == UInt8(ascii: ":") else { throw failure("a colon is missing") }
      position += 1
      members.append(JSONObject.Member(key: key, value: try value()))
      if try closes(with: UInt8(ascii: "}")) { return .object(JSONObject(members)) }
    }
  }

  private mutating func array() throws(JSONError) -> JSON {
    try enter()
    var elements: [JSON] = []
    if peek() == UInt8(ascii: "]") {
      position += 1
      depth -= 1
      return .array([])
    }
    while true {
      elements.append(try value())
      if try closes(with: UInt8(ascii: "]")) { return .array(elements) }
    }
  }

  /// Takes the comma (false) or the closing bracket (true) after an element.
  private mutating func closes(with bracket: UInt8) throws(JSONError) -> Bool {
    let next = peek()
    guard next == bracket || next == UInt8(ascii: ",") else { throw failure("a comma or bracket is missing") }
    position += 1
    if next == bracket { depth -= 1 }
    return next == bracket
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    if source[position] == UInt8(ascii: "-") { position += 1 }
    let firstDigit = position
    try digits()
    if source[firstDigit] == UInt8(ascii: "0"), position - firstDigit > 1 {
      throw failure("a number starts with 0")
    }
    var isWhole = true
    if position < source.count, source[position] == UInt8(ascii: ".") {
      isWhole = false
      position += 1
      try digits()
    }
    if position < source.count, source[position] | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      position += 1
      if position < source.count,
        source[position] == UInt8(ascii: "+") || source[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      try digits()
    }
    let text = String(decoding: UnsafeBufferPointer(rebasing: source[start..<position]), as: UTF8.self)
    if isWhole, let whole = Int(text) { return .int(whole) }
    // Beyond the largest double there is only infinity, which could not be written again.
    guard let fraction = Double(text), fraction.isFinite else { throw failure("a number is too large") }
    return .double(fraction)
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while position < source.count, source[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    guard position > start else { throw failure("a digit is missing") }
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    var seen: UInt8 = 0
    while position < source.count {
      let byte = source[position]
      seen |= byte
      if byte == 0x22 {
        let bytes = UnsafeBufferPointer(rebasing: source[start..<position])
        // Most are ASCII, which needs no check: that took a fifth of the time to read a log.
        let text =
          seen < 0x80 ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
        guard let text else { throw failure("a string is not UTF-8") }
        position += 1
        return text
      }
      if byte == 0x5C { return try escapedString(from: start) }
      guard byte >= 0x20 else { throw failure("a control character in a string") }
      position += 1
    }
    throw failure("a string does not end")
  }

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var bytes = [UInt8](source[start..<position])
    while position < source.count {
      let byte = source[position]
      position += 1
      switch byte {
      case 0x22:
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw failure("a string is not UTF-8")
        }
        return text
      case 0x5C: bytes.append(contentsOf: Array(String(Character(try escape())).utf8))
      case 0..<0x20: throw failure("a control character in a string")
      default: bytes.append(byte)
      }
    }
    throw failure("a string does not end")
  }

  /// What follows a backslash. A surrogate without its other half becomes U+FFFD.
  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    guard position < source.count else { throw failure("a string does not end") }
    let byte = source[position]
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case 0x22, 0x5C, UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "u"):
      let unit = try hexUnit()
      guard 0xD800...0xDBFF ~= unit else { return Unicode.Scalar(unit) ?? "\u{FFFD}" }
      guard position + 6 <= source.count, source[position] == 0x5C, source[position + 1] == UInt8(ascii: "u")
      else {
        return "\u{FFFD}"
      }
      let resume = position
      position += 2
      let low = try hexUnit()
      guard 0xDC00...0xDFFF ~= low else {
        position = resume
        return "\u{FFFD}"
      }
      return Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)) ?? "\u{FFFD}"
    default: throw failure("unknown escape")
    }
  }

  private mutating func hexUnit() throws(JSONError) -> UInt32 {
    guard position + 4 <= source.count else { throw failure("an escape ends too early") }
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(source[position])).hexDigitValue else {
        throw failure("not a hexadecimal digit")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }
}
