/// Why a packet could not be read.
package struct PacketFault: Error, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// Puts a packet together: one byte for its type, then its fields; numbers little-endian, texts with their length.
struct PacketWriter {
  private(set) var bytes: [UInt8]

  init(type: UInt8) { bytes = [type] }

  mutating func put<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ flag: Bool) { put(UInt8(flag ? 1 : 0)) }

  mutating func put(_ text: String) {
    put(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func put(_ texts: [String]) {
    put(UInt32(texts.count))
    for text in texts { put(text) }
  }
}

/// Takes a packet apart. What follows the last field that is asked for is let pass: a newer side may say more.
struct PacketReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  private mutating func take(_ count: Int) throws(PacketFault) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw PacketFault("the packet ends early") }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func number<Number: FixedWidthInteger>(as type: Number.Type = Number.self) throws(PacketFault)
    -> Number
  {
    var number: Number = 0
    for byte in try take(MemoryLayout<Number>.size).reversed() {
      number = number << 8 | Number(truncatingIfNeeded: byte)
    }
    return number
  }

  mutating func flag() throws(PacketFault) -> Bool { try number(as: UInt8.self) != 0 }

  mutating func text() throws(PacketFault) -> String {
    let count = try Int(number(as: UInt32.self))
    return String(decoding: try take(count), as: UTF8.self)
  }

  mutating func texts() throws(PacketFault) -> [String] {
    let count = try Int(number(as: UInt32.self))
    // Each takes at least its length: a count that is made up reserves no memory.
    guard count <= rest.count / 4 else { throw PacketFault("the packet holds fewer texts than it says") }
    var texts: [String] = []
    texts.reserveCapacity(count)
    for _ in 0..<count { texts.append(try text()) }
    return texts
  }
}
