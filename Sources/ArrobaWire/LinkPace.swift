/// How much output may be under way to a client that says what it has taken. What is under way cannot be taken back: it
/// stands between a key and its echo. So much is sent ahead as fills the link, and no more: bytes that come late have
/// waited somewhere, and then less is sent ahead.
package struct LinkPace: Equatable, Sendable {
  package static let leastAhead = 8 << 10
  package static let firstAhead = 64 << 10
  package static let mostAhead = 1 << 20
  /// Later than the fastest byte by that much is not lateness yet: a busy machine is late by it as well.
  package static let toleratedMs = 50

  /// So many bytes may be sent and not yet taken.
  package private(set) var ahead = firstAhead
  /// Bytes come late: the link takes less than the program writes.
  package private(set) var isSlow = false
  private var sent = 0
  private var taken = 0
  private var marks: [Mark] = []
  /// The shortest time from sending to hearing that it was taken.
  private var fastestMs: Int?
  /// What was sent when the pace was last judged: only bytes behind that tell anything about it.
  private var judgedAt = 0
  /// More was there than could be sent ahead: who sends little learns nothing about more.
  private var wasFull = false

  private struct Mark: Equatable, Sendable {
    let upTo: Int
    let atMs: Int
  }

  package init() {}

  package var underWay: Int { sent - taken }
  package var room: Int { max(0, ahead - underWay) }
  /// A client that lacks more than that is given a repaint in place of the bytes.
  package var mostBehind: Int { isSlow ? ahead : Self.mostAhead }

  package mutating func send(_ count: Int, nowMs: Int) {
    sent += count
    // One mark a millisecond is as exact as the clock.
    if let last = marks.last, last.atMs == nowMs { marks.removeLast() }
    marks.append(Mark(upTo: sent, atMs: nowMs))
    if room == 0 { wasFull = true }
  }

  /// The client has taken so many bytes in all. What cannot be is not believed.
  package mutating func take(upTo total: Int, nowMs: Int) {
    guard total > taken, total <= sent else { return }
    taken = total
    let passed = marks.prefix { $0.upTo <= total }
    guard let newest = passed.last else { return }
    marks.removeFirst(passed.count)
    let tookMs = max(0, nowMs - newest.atMs)
    let fastest = min(fastestMs ?? tookMs, tookMs)
    fastestMs = fastest
    guard newest.upTo > judgedAt else { return }
    judgedAt = sent
    defer { wasFull = false }
    if tookMs - fastest > max(fastest, Self.toleratedMs) {
      ahead = max(ahead / 2, Self.leastAhead)
      isSlow = true
    } else {
      if wasFull { ahead = min(ahead * 2, Self.mostAhead) }
      if underWay == 0 { isSlow = false }
    }
  }
}
