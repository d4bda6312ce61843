/// Bytes that program and test both know, so that nothing missing, doubled or changed goes unseen.
package enum KnownBytes {
  /// What `journey-stub stream` writes: lines of 16 bytes, each its own number, so that a byte is known by its offset.
  package static let lineBytes = 16

  package static func stream(from offset: Int, count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 2 * lineBytes)
    var number = offset / lineBytes
    while bytes.count < count + lineBytes {
      bytes.append(contentsOf: line(number))
      number += 1
    }
    let start = offset % lineBytes
    return Array(bytes[start..<(start + count)])
  }

  private static func line(_ number: Int) -> [UInt8] {
    var line = [UInt8](repeating: UInt8(ascii: "0"), count: lineBytes)
    line[lineBytes - 1] = UInt8(ascii: "\n")
    var left = number
    var place = lineBytes - 2
    while left > 0 {
      line[place] += UInt8(left % 10)
      left /= 10
      place -= 1
    }
    return line
  }

  /// The sum that `journey-stub sum` says (FNV-1a, 64 bits): each byte and its place count.
  package struct Sum {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325
    package private(set) var count = 0

    package init() {}

    package mutating func add(_ bytes: some Collection<UInt8>) {
      for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
      count += bytes.count
    }

    /// As the program says it, on one line.
    package var words: String { "sum \(count) \(String(value, radix: 16)) end" }
  }
}
