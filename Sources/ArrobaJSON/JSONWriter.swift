/// Writes JSON into a buffer that may be used again: one line, no spaces, no line break.
package struct JSONWriter: Sendable {
  package var bytes: [UInt8] = []

  package init(reserving capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  package mutating func write(_ value: JSON) {
    switch value {
    case .null: raw("null")
    case .bool(let flag): raw(flag ? "true" : "false")
    case .int(let number): int(number)
    case .double(let number): double(number)
    case .string(let text): string(text)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        write(element)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object): write(object)
    }
  }

  private mutating func write(_ object: JSONObject) {
    bytes.append(UInt8(ascii: "{"))
    for (index, member) in object.members.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      string(member.key)
      bytes.append(UInt8(ascii: ":"))
      write(member.value)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  package mutating func raw(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func raw(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  package mutating func int(_ value: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var index = 20
      repeat {
        index -= 1
        digits[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      } while rest > 0
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[index..<20]))
    }
  }

  /// JSON knows neither infinity nor NaN: they are written as null.
  package mutating func double(_ value: Double) {
    guard value.isFinite else { return raw("null") }
    raw("\(value)")
  }

  package mutating func string(_ text: String) {
    var text = text
    bytes.append(UInt8(ascii: "\""))
    text.withUTF8 { escaped($0) }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escaped(_ source: UnsafeBufferPointer<UInt8>) {
    var plainFrom = 0
    for index in 0..<source.count {
      let byte = source[index]
      if byte >= 0x20 && byte != 0x22 && byte != 0x5C && byte != 0x7F { continue }
      if plainFrom < index {
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[plainFrom..<index]))
      }
      plainFrom = index + 1
      switch byte {
      case 0x22: raw("\\\"")
      case 0x5C: raw("\\\\")
      case 0x0A: raw("\\n")
      case 0x0D: raw("\\r")
      case 0x09: raw("\\t")
      default:
        let hex: StaticString = "0123456789abcdef"
        raw("\\u00")
        bytes.append(hex.utf8Start[Int(byte >> 4)])
        bytes.append(hex.utf8Start[Int(byte & 15)])
      }
    }
    if plainFrom < source.count {
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[plainFrom..<source.count]))
    }
  }
}

extension JSON {
  /// This value as one line of UTF-8, without the line break.
  package var encoded: [UInt8] {
    var writer = JSONWriter(reserving: 256)
    writer.write(self)
    return writer.bytes
  }

  package var encodedText: String { String(decoding: encoded, as: UTF8.self) }
}
