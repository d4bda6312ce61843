/// A hash that is the same in every process and version (FNV-1a, 64 bits): to know something again by, not to prove it.
package struct StableHash {
  package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  package init() {}

  package init(_ text: String) { mix(Array(text.utf8)) }

  package mutating func mix(_ bytes: [UInt8]) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }
}
