import ArrobaRelayWire
import Testing

/// Published vectors: FIPS 180-4 (as NIST's examples give them) and RFC 4231.
@Suite struct HashTests {
  @Test(
    "SHA-256 is what FIPS 180-4 says",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
          + "nopqrstu", "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
    ])
  func published(text: String, digest: String) {
    #expect(Hex.text(SHA256.digest(of: Array(text.utf8))) == digest)
  }

  @Test("A million letters have their published digest, fed in pieces of any size")
  func million() {
    var hash = SHA256()
    var left = 1_000_000
    var piece = 1
    while left > 0 {
      hash.feed([UInt8](repeating: UInt8(ascii: "a"), count: min(piece, left)))
      left -= piece
      piece = piece % 8191 + 257
    }
    #expect(Hex.text(hash.digest) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test("A digest does not depend on where the bytes were cut, at every cut")
  func cuts() {
    let bytes = (0..<150).map { UInt8($0) }
    let whole = SHA256.digest(of: bytes)
    for cut in 0...bytes.count {
      var hash = SHA256()
      hash.feed(bytes[..<cut])
      hash.feed(bytes[cut...])
      #expect(hash.digest == whole, "cut at \(cut)")
    }
  }

  @Test(
    "HMAC-SHA-256 is what RFC 4231 says",
    arguments: [
      (
        [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
      ),
      (
        (1...25).map { UInt8($0) }, [UInt8](repeating: 0xcd, count: 50),
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
      ),
      (
        [UInt8](repeating: 0xaa, count: 131),
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
      (
        [UInt8](repeating: 0xaa, count: 131),
        Array(
          ("This is a test using a larger than block-size key and a larger than block-size data. "
            + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
      ),
    ])
  func hmac(key: [UInt8], message: [UInt8], code: String) {
    #expect(Hex.text(HMAC.code(of: message, key: key)) == code)
  }

  @Test("Two codes are the same only where every bit is")
  func same() {
    let code = HMAC.code(of: [1, 2, 3], key: [4])
    #expect(HMAC.isSame(code, code))
    #expect(!HMAC.isSame(code, Array(code.dropLast())))
    #expect(HMAC.isSame([], []))
    for bit in 0..<(8 * code.count) {
      var other = code
      other[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(!HMAC.isSame(code, other), "bit \(bit)")
    }
  }
}
