internal import ArrobaRelayWire

/// Nonces for requests that come by connections of their own (`GET /v1/machines`): they hold for a while, once, and cost
/// nothing until they are used well. A nonce is the time, eight random bytes, and our own seal over both.
package struct Challenges {
  package static let lifeMs = 30_000
  private static let most = 4096

  private let secret = Randomness.bytes(32)
  /// Those that were used, until they end by themselves.
  private var used: [[UInt8]: Int] = [:]

  package init() {}

  package func make(nowMs: Int) -> [UInt8] {
    let time = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: nowMs >> $0) }
    let open = time + Randomness.bytes(8)
    return open + seal(open)
  }

  private func seal(_ open: some Collection<UInt8>) -> [UInt8] {
    Array(HMAC.code(of: open, key: secret).prefix(16))
  }

  /// Whether it is ours, young enough, and was not used before; now it was.
  package mutating func use(_ nonce: [UInt8], nowMs: Int) -> Bool {
    guard nonce.count == RelayClaim.nonceBytes, HMAC.isSame(Array(nonce[16...]), seal(nonce[..<16])) else {
      return false
    }
    let madeMs = nonce[..<8].reduce(0) { $0 << 8 | Int($1) }
    guard madeMs <= nowMs, nowMs - madeMs < Self.lifeMs else { return false }
    if used.count >= Self.most { used = used.filter { nowMs - $0.value < Self.lifeMs } }
    guard used[nonce] == nil, used.count < Self.most else { return false }
    used[nonce] = madeMs
    return true
  }
}
