internal import ArrobaTime

/// A point in time: milliseconds since 1970 in UTC, written as RFC 3339 with milliseconds.
package struct Instant: Hashable, Sendable, Comparable {
  package let ms: Int

  package init(ms: Int) { self.ms = ms }

  package static func < (a: Instant, b: Instant) -> Bool { a.ms < b.ms }

  /// "2026-11-25T04:05:06.789Z"; years from 0 to 9999.
  package var text: String { CivilTime.rfc3339(ms) }

  /// Reads what `text` writes, and nothing else.
  package init?(_ text: String) {
    guard let ms = CivilTime.milliseconds(exactly: text) else { return nil }
    self.ms = ms
  }
}
