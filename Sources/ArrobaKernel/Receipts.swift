package import ArrobaModel

/// Which commands were carried out in the last 24 hours, and where in the log their answers stand.
package struct ReceiptIndex: Sendable {
  package struct Entry: Sendable, Equatable {
    package let fingerprint: String
    package let seq: UInt64
    package let at: Instant
  }

  package static let kept = 24 * 3600 * 1000
  /// About 10 MB at the most; beyond it the oldest go first, whatever their age.
  package static let most = 65_536

  private var entries: [String: Entry] = [:]
  private var order: [String] = []
  private var oldest = 0

  package init() {}

  package mutating func add(_ command: String, fingerprint: String, seq: UInt64, at: Instant) {
    if entries.updateValue(Entry(fingerprint: fingerprint, seq: seq, at: at), forKey: command) == nil {
      order.append(command)
    }
    forget(before: Instant(ms: at.ms - Self.kept))
  }

  package func entry(_ command: String, now: Instant) -> Entry? {
    entries[command].flatMap { now.ms - $0.at.ms <= Self.kept ? $0 : nil }
  }

  private mutating func forget(before limit: Instant) {
    while oldest < order.count, entries.count > Self.most || (entries[order[oldest]]?.at ?? limit) < limit {
      entries[order[oldest]] = nil
      oldest += 1
    }
    guard oldest > 4096, oldest > order.count / 2 else { return }
    order.removeFirst(oldest)
    oldest = 0
  }

  package var count: Int { entries.count }
}

extension World {
  /// A world of that one session: enough to say what an answer about it will be.
  func excerpt(of id: SessionID) -> World {
    var excerpt = World()
    if let session = session(id) { excerpt.adopt(session) }
    return excerpt
  }
}
