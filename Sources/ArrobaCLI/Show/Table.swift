/// How a piece of text looks on a terminal that shows colours.
package enum Style: String, Sendable {
  case bold = "1"
  case faint = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case blue = "34"
  case magenta = "35"
  case cyan = "36"
}

/// A table's cell: its text, and how it looks where there is colour.
package struct Cell: Equatable, Sendable, ExpressibleByStringLiteral {
  package let text: String
  package let style: Style?

  package init(_ text: String, _ style: Style? = nil) {
    self.text = Clean.line(text)
    self.style = style
  }

  package init(stringLiteral value: String) { self.init(value) }
}

/// Aligned columns.
package enum Table {
  private static let gap = 2

  /// One line a row; the last cell of a row is not padded.
  package static func lines(_ rows: [[Cell]], usesColour: Bool) -> [String] {
    var widths: [Int] = []
    for row in rows {
      // The last cell of a short row (a remark) does not widen the column it stands in.
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        if column < row.count - 1 { widths[column] = max(widths[column], Clean.cells(cell.text)) }
      }
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += usesColour ? painted(cell) : cell.text
        guard column < row.count - 1 else { break }
        line += String(repeating: " ", count: widths[column] - Clean.cells(cell.text) + gap)
      }
      return line
    }
  }

  private static func painted(_ cell: Cell) -> String {
    guard let style = cell.style else { return cell.text }
    return "\u{1B}[\(style.rawValue)m\(cell.text)\u{1B}[0m"
  }
}
