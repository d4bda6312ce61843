/// What its bearer may be at a relay.
package enum RelayRole: String, Sendable, CaseIterable {
  /// Is reached.
  case machine
  /// Reaches machines, and sees which are there.
  case client
  case both

  package func may(be role: RelayRole) -> Bool { self == role || self == .both }
}

/// A secret that a relay and one of its users share: 256 random bits under a public id. It is proved, never sent.
package struct RelayToken: Equatable, Sendable {
  package static let secretBytes = 32
  static let idLength = 12
  private static let prefix = "arroba1_"

  package let id: String
  package let secret: [UInt8]

  package init(id: String, secret: [UInt8]) {
    self.id = id
    self.secret = secret
  }

  package static func random() -> RelayToken {
    RelayToken(id: Hex.text(Randomness.bytes(idLength / 2)), secret: Randomness.bytes(secretBytes))
  }

  /// The token as people hand it on; nil for what is none. Space around it, as an editor leaves it, does no harm.
  package init?(text: some StringProtocol) {
    let word = text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
    guard text.drop(while: \.isWhitespace).dropFirst(word.count).allSatisfy(\.isWhitespace),
      word.hasPrefix(Self.prefix)
    else { return nil }
    let parts = word.dropFirst(Self.prefix.count).split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, Self.isID(parts[0]), let secret = Hex.bytes(parts[1]),
      secret.count == Self.secretBytes
    else { return nil }
    self.init(id: String(parts[0]), secret: secret)
  }

  package static func isID(_ text: some StringProtocol) -> Bool {
    text.utf8.count == idLength && Hex.bytes(text) != nil
  }

  /// A secret: for a file that is its owner's alone, or a person's eyes.
  package var text: String { "\(Self.prefix)\(id)_\(Hex.text(secret))" }
}

/// Bytes as people write them, in lower case.
package enum Hex {
  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

/// Bytes that nobody can guess (getrandom(2), by the standard library).
package enum Randomness {
  package static func bytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }
}
