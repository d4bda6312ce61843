/// How long an answer to a failed handshake waits: longer with each failure of the same address. Values only.
package struct FailurePace {
  package static let firstMs = 250
  package static let longestMs = 8000
  package static let forgetAfterMs = 600_000
  package static let mostAddresses = 4096

  private var failures: [String: (count: Int, lastMs: Int)] = [:]

  package init() {}

  package var addresses: Int { failures.count }

  /// Notes a failure; answers how long its answer is to wait.
  package mutating func fail(_ address: String, nowMs: Int) -> Int {
    if failures[address] == nil, failures.count >= Self.mostAddresses { makeRoom(nowMs) }
    var entry = failures[address] ?? (0, nowMs)
    if nowMs - entry.lastMs > Self.forgetAfterMs { entry.count = 0 }
    entry.count += 1
    entry.lastMs = nowMs
    failures[address] = entry
    return min(Self.longestMs, Self.firstMs << min(entry.count - 1, 10))
  }

  /// The old ones go; where none is old, the one that failed least, since it loses least by that.
  private mutating func makeRoom(_ nowMs: Int) {
    failures = failures.filter { nowMs - $0.value.lastMs <= Self.forgetAfterMs }
    guard failures.count >= Self.mostAddresses else { return }
    let least = failures.min { ($0.value.count, $0.value.lastMs) < ($1.value.count, $1.value.lastMs) }
    if let least { failures[least.key] = nil }
  }
}
