/// What was entered before, the newest last, and where in it somebody looks.
package struct InputHistory: Equatable {
  /// Older entries are forgotten.
  package static let mostEntries = 1000

  package private(set) var entries: [String] = []
  /// The entry that is looked at; nil: none, the line is the user's own.
  private var place: Int?
  /// What stood in the line before it was looked back.
  private var draft = ""

  package init() {}

  package init(_ entries: [String]) { self.entries = Array(entries.suffix(Self.mostEntries)) }

  /// Adds what was entered; false where it is what was entered before.
  package mutating func add(_ text: String) -> Bool {
    rest()
    guard !text.trimmed.isEmpty, entries.last != text else { return false }
    entries.append(text)
    if entries.count > Self.mostEntries { entries.removeFirst() }
    return true
  }

  /// The entry before the one that is looked at; nil: there is none.
  mutating func earlier(than text: String) -> String? {
    let next = (place ?? entries.count) - 1
    guard next >= 0 else { return nil }
    if place == nil { draft = text }
    place = next
    return entries[next]
  }

  /// The entry after it, behind the last one the draft; nil: nothing is looked at.
  mutating func later() -> String? {
    guard let now = place else { return nil }
    guard now + 1 < entries.count else {
      place = nil
      return draft
    }
    place = now + 1
    return entries[now + 1]
  }

  /// Looks at nothing any more.
  mutating func rest() {
    place = nil
    draft = ""
  }

  /// The last entry with these words, before that one; nil: none.
  func last(with words: String, before end: Int?) -> Int? {
    guard !words.isEmpty else { return nil }
    return entries[..<(end ?? entries.count)].lastIndex { $0.contains(words) }
  }
}
