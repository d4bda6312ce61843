/// How many cells a text takes on a line of its own, counted as a screen prints it: for those who align columns.
package enum TextWidth {
  /// The text has no control characters.
  package static func cells(of text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    var count = Counter()
    for scalar in text.unicodeScalars { count.add(scalar.value) }
    return count.cells
  }

  /// The beginning of a text that fits into so many cells. What looks like one character is never cut.
  package static func prefix(of text: String, cells limit: Int) -> Substring {
    var count = Counter()
    var end = text.startIndex
    for index in text.indices {
      for scalar in text[index].unicodeScalars { count.add(scalar.value) }
      guard count.cells <= limit else { break }
      end = text.index(after: index)
    }
    return text[..<end]
  }

  /// Goes with `Emulation.join`: what is part of the character before it takes no cells of its own.
  private struct Counter {
    var cells = 0
    /// The character that a mark would join: its first and last scalar, how many there are, and its cells.
    private var first: UInt32 = 0
    private var last: UInt32 = 0
    private var parts = 0
    private var width = 0

    mutating func add(_ scalar: UInt32) {
      let properties = WidthRanges.properties(of: scalar)
      let isMark = properties.width == 0
      guard isMark || joins(properties) else {
        (first, last, parts, width) = (scalar, scalar, 1, properties.width)
        cells += width
        return
      }
      let widens =
        isMark
        ? scalar == 0xFE0F && parts == 1 && WidthRanges.properties(of: first).widensWithSelector
        : properties.isRegional || properties.isSkinTone
      if parts > 0, widens, width == 1 {
        width = 2
        cells += 1
      }
      last = scalar
      parts += 1
    }

    private func joins(_ properties: WidthTable.Properties) -> Bool {
      guard properties.mayJoin, parts > 0, first > 0x7F else { return false }
      let base = WidthRanges.properties(of: first)
      if properties.isPictographic && last == 0x200D && base.isPictographic { return true }
      if properties.isSkinTone && base.isPictographic {
        return !WidthRanges.properties(of: last).isSkinTone
      }
      return properties.isRegional && parts == 1 && base.isRegional
    }
  }
}

extension WidthRanges {
  /// One look-up without the table, which is worth its making only to who prints a lot.
  fileprivate static func properties(of scalar: UInt32) -> WidthTable.Properties {
    var low = 0
    var high = starts.count
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] >> 8 <= scalar { low = middle + 1 } else { high = middle }
    }
    return WidthTable.Properties(bits: low == 0 ? 1 : UInt8(truncatingIfNeeded: starts[low - 1]))
  }
}
