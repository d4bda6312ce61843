/// Makes lines of words that come in pieces, one item's words never within another's line.
package struct Weaver {
  private struct Thread {
    let item: String
    let look: ShownLine
    /// The line that is not finished, and how many rows of it were given out.
    var line = ""
    var given = 0
  }

  /// Longer lines are woven on from their last row: what a single endless line costs stays bounded.
  private static let longestLine = 4096

  /// How many cells a row has; nil: lines are not broken.
  package private(set) var width: Int?
  private var threads: [Thread] = []

  package init(width: Int?) { self.width = width }

  /// Goes on in another width: what was given out stays as it is, the rest of each line is broken anew.
  package mutating func fit(width: Int?) {
    guard width != self.width else { return }
    for index in threads.indices where threads[index].given > 0 {
      threads[index].line = rows(threads[index]).last ?? ""
      threads[index].given = 0
    }
    self.width = width
  }

  /// Takes more words of an item, and gives the lines (or rows) that are whole with them. `look` is how they look.
  package mutating func add(_ text: String, to item: String, look: ShownLine) -> [ShownLine] {
    let index: Int
    if let known = threads.firstIndex(where: { $0.item == item }) {
      index = known
    } else {
      threads.append(Thread(item: item, look: look))
      index = threads.count - 1
    }
    var text = Clean.text(text)
    if text.contains("\t") { text = text.replacing("\t", with: "    ") }
    let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
    var lines: [ShownLine] = []
    for (number, part) in parts.enumerated() {
      threads[index].line += part
      lines += give(index, isWhole: number < parts.count - 1)
    }
    return lines
  }

  /// The rows of the unfinished line that nothing changes any more; all of them, where it is whole.
  private mutating func give(_ index: Int, isWhole: Bool) -> [ShownLine] {
    let thread = threads[index]
    let rows = self.rows(thread)
    let ready = isWhole ? rows.count : rows.count - 1
    let given = rows[min(thread.given, ready)..<ready].map { shown($0, thread) }
    if isWhole {
      threads[index].line = ""
      threads[index].given = 0
    } else if thread.line.utf8.count > Self.longestLine, width != nil {
      threads[index].line = rows.last ?? ""
      threads[index].given = 0
    } else {
      threads[index].given = ready
    }
    return given
  }

  private func rows(_ thread: Thread) -> [String] {
    guard let width else { return [thread.line] }
    return Wrap.rows(thread.line, width: max(1, width - (thread.look.gutter?.cells ?? 0)))
  }

  private func shown(_ row: String, _ thread: Thread) -> ShownLine {
    var line = thread.look
    line.text = row
    return line
  }

  /// The item has all its words.
  package mutating func close(_ item: String) -> [ShownLine] {
    guard let index = threads.firstIndex(where: { $0.item == item }) else { return [] }
    let lines = threads[index].line.isEmpty ? [] : give(index, isWhole: true)
    threads.remove(at: index)
    return lines
  }

  /// What was woven of an item is told anew.
  package mutating func restart(_ item: String) -> [ShownLine] {
    guard let index = threads.firstIndex(where: { $0.item == item }) else { return [] }
    return threads[index].line.isEmpty ? [] : give(index, isWhole: true)
  }

  package func knows(_ item: String) -> Bool { threads.contains { $0.item == item } }

  /// The rows that are still growing, one an item.
  package var unfinished: [(item: String, row: ShownLine)] {
    threads.compactMap { thread in
      guard !thread.line.isEmpty, let last = rows(thread).last else { return nil }
      return (thread.item, shown(last, thread))
    }
  }
}
