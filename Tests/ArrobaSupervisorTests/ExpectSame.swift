import Testing

/// Expects two long texts to be the same. `#expect(a == b)` would compare megabytes element by element to show how
/// they differ, which takes hours; this shows where they part.
func expectSame(_ found: String, _ wanted: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let found = Array(found.utf8)
  let wanted = Array(wanted.utf8)
  guard found != wanted else { return }
  let common = zip(found, wanted).prefix { $0 == $1 }.count
  let around = max(0, common - 40)..<(common + 40)
  Issue.record(
    """
    \(found.count) bytes instead of \(wanted.count); at \(common) they part: \
    "\(String(decoding: found[around.clamped(to: 0..<found.count)], as: UTF8.self))" instead of \
    "\(String(decoding: wanted[around.clamped(to: 0..<wanted.count)], as: UTF8.self))"
    """, sourceLocation: sourceLocation)
}
