internal import ArrobaTerminal

/// Text of others made safe for a terminal, and measured in its cells.
package enum Clean {
  /// One line without control characters: a title or an alias must not move anybody's cursor.
  package static func line(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHarmful) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n", "\t", "\r": result.append(" ")
      default: result.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
      }
    }
    return String(result)
  }

  /// Text of several lines, in pieces as they come: line breaks and tabs stay, carriage returns go.
  package static func text(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHarmful) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n", "\t": result.append(scalar)
      case "\r": break
      default: result.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
      }
    }
    return String(result)
  }

  /// The lines of a text, each without control characters and with spaces for tabs; without the empty one behind a
  /// last line break.
  package static func lines(_ text: String) -> [String] {
    var lines = self.text(text).split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.contains("\t") ? String($0.replacing("\t", with: "    ")) : String($0)
    }
    if lines.count > 1, lines.last == "" { lines.removeLast() }
    return lines
  }

  private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0: true
    // Marks that turn the direction of writing can make one text look like another.
    case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0x061C: true
    default: false
    }
  }

  /// How many cells a terminal needs for a text.
  package static func cells(_ text: String) -> Int { TextWidth.cells(of: text) }

  /// The beginning of a text that fits into so many cells, with a mark where something was cut.
  package static func cut(_ text: String, toCells limit: Int) -> String {
    guard cells(text) > limit else { return text }
    return limit > 0 ? TextWidth.prefix(of: text, cells: limit - 1) + "…" : ""
  }
}
