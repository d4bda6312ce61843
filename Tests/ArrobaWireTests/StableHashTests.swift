import ArrobaWire
import Testing

@Suite("A hash that stays")
struct StableHashTests {
  /// From the reference implementation's own test vectors (FNV-1a, 64 bits).
  @Test(
    "It is what everybody has for the same bytes, in one piece or in several",
    arguments: [
      ("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8),
    ] as [(String, UInt64)])
  func vectors(text: String, value: UInt64) {
    #expect(StableHash(text).value == value)
    var pieces = StableHash()
    for byte in text.utf8 { pieces.mix([byte]) }
    #expect(pieces.value == value)
  }
}
