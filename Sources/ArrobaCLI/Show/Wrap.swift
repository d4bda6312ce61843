/// Breaks a line into rows between words, as wide as a terminal shows them.
package enum Wrap {
  /// The rows of one line; a word that is too long for a row is broken where the row ends. What a row says but for the
  /// last one stays the same when the line grows at its end.
  package static func rows(_ line: String, width: Int) -> [String] {
    guard width > 0, Clean.cells(line) > width else { return [line] }
    let hang = hang(of: line, width: width)
    let indent = String(repeating: " ", count: hang)
    var rows: [String] = []
    var row = ""
    var cells = 0
    /// Where the last word of the row begins, and the cells before it; nil: the row has one word only.
    var word: (start: String.Index, cells: Int)?
    var isSpace = false
    var hasWords = false
    for character in line {
      let wide = Clean.cells(String(character))
      if character == " " {
        isSpace = true
        // Space that does not fit any more is the break itself.
        if cells + wide <= width {
          row.append(character)
          cells += wide
        }
        continue
      }
      if isSpace, hasWords { word = (row.endIndex, cells) }
      isSpace = false
      if cells + wide > width {
        if let begin = word {
          let rest = row[begin.start...]
          rows.append(withoutSpaceAtEnd(row[..<begin.start]))
          row = indent + rest
          cells = hang + cells - begin.cells
        } else if hasWords {
          rows.append(withoutSpaceAtEnd(row[...]))
          row = indent
          cells = hang
        }
        word = nil
      }
      if cells + wide > width, cells > hang {
        rows.append(row)
        row = indent
        cells = hang
      }
      row.append(character)
      cells += wide
      hasWords = true
    }
    return rows + [row]
  }

  private static func withoutSpaceAtEnd(_ text: Substring) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// How far further rows are indented: as the line is, behind the mark of a list.
  private static func hang(of line: String, width: Int) -> Int {
    let spaces = line.prefix { $0 == " " }.count
    let rest = line.dropFirst(spaces)
    let marks = ["- ", "* ", "+ ", "> ", "? "]
    var hang = spaces
    if marks.contains(where: { rest.hasPrefix($0) }) {
      hang += 2
    } else {
      let digits = rest.prefix { $0.isNumber && $0.isASCII }.count
      let behind = rest.dropFirst(digits)
      if 1...3 ~= digits {
        if behind.hasPrefix(". ") || behind.hasPrefix(") ") { hang += digits + 2 }
      }
    }
    // Room is left for a wide character.
    return hang <= width / 2 && width - hang >= 2 ? hang : 0
  }
}
