/// Guesses what was meant by a word that is not known.
package enum Nearest {
  /// The names that a slip or two, or the missing rest, turn `word` into; the nearest first, three at most.
  package static func names(to word: String, among candidates: [String]) -> [String] {
    let wanted = Array(word.utf8)
    let farthest = wanted.count <= 3 ? 1 : 2
    let ranked = candidates.compactMap { candidate -> (distance: Int, name: String)? in
      if candidate.hasPrefix(word) && wanted.count > 1 { return (0, candidate) }
      let distance = distance(wanted, Array(candidate.utf8))
      return distance <= farthest ? (distance, candidate) : nil
    }
    return ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
  }

  /// "did you mean attach or agent?"; nil where nothing is near.
  package static func hint(for word: String, among candidates: [String]) -> String? {
    let names = names(to: word, among: candidates)
    guard let last = names.last else { return nil }
    let others = names.dropLast().joined(separator: ", ")
    return others.isEmpty ? "did you mean \(last)?" : "did you mean \(others) or \(last)?"
  }

  /// How many letters must be put in, taken out, exchanged or swapped with their neighbour.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var before: [Int] = []
    var row = Array(0...right.count)
    for i in 0..<left.count {
      var next = [i + 1]
      for j in 0..<right.count {
        var best = min(row[j] + (left[i] == right[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          best = min(best, before[j - 1] + 1)
        }
        next.append(best)
      }
      before = row
      row = next
    }
    return row[right.count]
  }
}
