/// When to look for entries of a table that no cell uses any more: seldom enough that looking costs nothing to
/// speak of, whatever a program does.
struct SweepPlan {
  /// Looking goes over every cell, so at least this many new entries come between two looks.
  private static let least = 1024

  let first: Int
  let limit: Int
  private var next: Int
  private var added = 0

  init(first: Int, limit: Int) {
    self.first = first
    self.limit = limit
    next = first
  }

  /// Whether it is time, at this many entries.
  func isDue(_ count: Int) -> Bool { count >= min(next, limit) && added >= Self.least }

  /// An entry was added, or there was no room for it.
  mutating func note() { added += 1 }

  /// Everything unused is gone; so many are left.
  mutating func swept(_ count: Int) {
    next = max(first, count * 2)
    added = 0
  }
}
