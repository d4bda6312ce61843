/// A question on the last lines of a screen, in one of the forms in which programs commonly ask.
///
/// It is only looked for where nothing moves and no shell shows its prompt. What merely looks like a question, as a
/// sentence in the middle of a text, is none: who is called to a program that does not wait stops believing it.
package struct ScreenQuestion: Sendable {
  private let rows: [String]
  private let cursor: (row: Int, column: Int)

  /// Rows above that one were there when Enter was pressed last.
  private let firstNewRow: Int

  /// Rows and columns are counted from 0.
  package init(rows: [String], cursorRow: Int, cursorColumn: Int, firstNewRow: Int = 0) {
    self.rows = rows
    self.firstNewRow = firstNewRow
    cursor = (cursorRow, cursorColumn)
  }

  /// Menus with their explanations take no more.
  private static let lastRows = 14
  private static let longestWords = 160
  /// What may stand behind the form itself: "? ", a default, the beginning of an answer.
  private static let longestTail = 12

  /// The question as a reason: "asks: Overwrite? [y/n]"; nil where none is seen.
  package var reason: String? { (menu ?? lineQuestion).map { "asks: \(Self.shown($0))" } }

  // MARK: on the cursor's line

  /// The line that the cursor is on, or the one above where it stands at the beginning of an empty one.
  private var asking: String? {
    guard rows.indices.contains(cursor.row) else { return nil }
    let line = Self.trimmed(rows[cursor.row])
    guard line.isEmpty, cursor.column == 0, cursor.row > max(0, firstNewRow) else {
      return line.isEmpty ? nil : line
    }
    let above = Self.trimmed(rows[cursor.row - 1])
    return above.isEmpty ? nil : above
  }

  private static let choices = ["[y/n", "(y/n", "[yes/no", "(yes/no", "[y/n]", " y/n"]
  private static let presses = [
    "press enter", "press return", "press any key", "press [enter]", "press <enter>", "press <return>",
    "hit enter", "hit return", "hit any key", "any key to continue",
  ]
  private static let secrets = ["password:", "passphrase:", "passcode:", "pin:"]
  private static let offers = ["do you want", "would you like", "are you sure"]

  private var lineQuestion: String? {
    guard let asking else { return nil }
    let line = asking.lowercased()
    for form in Self.choices {
      guard let range = line.ranges(of: form).last else { continue }
      let rest = line[range.upperBound...]
      // Behind the brackets at most an answer that is being typed.
      let tail =
        rest.firstIndex(where: { $0 == "]" || $0 == ")" }).map { rest[rest.index(after: $0)...] } ?? rest
      if tail.count <= Self.longestTail { return asking }
    }
    if Self.presses.contains(where: { line.contains($0) }) { return asking }
    if Self.secrets.contains(where: { line.hasSuffix($0) }) { return asking }
    if line.contains("password for ") || line.contains("passphrase for "), line.hasSuffix(":") {
      return asking
    }
    if Self.offers.contains(where: { line.contains($0) }), line.hasSuffix("?") { return asking }
    return nil
  }

  // MARK: menus

  private static let pointers: Set<Character> = ["❯", "›", "▸", "▶", "→", "●", ">"]
  /// What frames are drawn with.
  private static let frame: Set<Character> = ["│", "┃", "║", "|", " ", "\u{A0}"]
  /// Where a dialog tells its keys.
  private static let footerRows = 4

  /// Numbered choices with a pointer before one of them; choices of any kind above a line that tells which keys confirm
  /// and which cancel; a list below a line that begins with a question mark.
  private var menu: String? {
    let lines = Array(rows.map(Self.trimmed).filter { !$0.isEmpty }.suffix(Self.lastRows))
    let hasFooter = lines.suffix(Self.footerRows).contains { Self.isFooter($0) }
    for (index, line) in lines.enumerated().reversed() {
      let isPointed = line.first.map { Self.pointers.contains($0) } ?? false
      let choice = isPointed ? Self.trimmed(String(line.dropFirst())) : line
      guard !choice.isEmpty, isPointed || hasFooter else { continue }
      let isOneOfSeveral = Self.isNumbered(choice) && Self.hasNeighbour(index, in: lines)
      let isListed = isPointed && lines[..<index].contains { $0.hasPrefix("? ") }
      guard isOneOfSeveral || isPointed && hasFooter || isListed else { continue }
      return Self.title(of: lines[..<index]) ?? choice
    }
    return nil
  }

  /// "Enter to confirm · Esc to cancel".
  private static func isFooter(_ line: String) -> Bool {
    let line = line.lowercased()
    return line.contains("enter") && line.contains("esc")
  }

  /// What the choices are about: an offer, or else the last line that asks.
  private static func title(of lines: ArraySlice<String>) -> String? {
    lines.last { line in offers.contains { line.lowercased().hasPrefix($0) } }
      ?? lines.last { $0.hasSuffix("?") || $0.hasPrefix("? ") }
  }

  /// "2. No", "3) Later".
  private static func isNumbered(_ text: String) -> Bool {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard 1...2 ~= digits.count, let mark = text.dropFirst(digits.count).first else { return false }
    return mark == "." || mark == ")" || mark == ":"
  }

  /// Whether another numbered choice stands near it; each may have a line of explanation.
  private static func hasNeighbour(_ index: Int, in lines: [String]) -> Bool {
    (max(0, index - 3)...min(lines.count - 1, index + 3)).contains { $0 != index && isNumbered(lines[$0]) }
  }

  /// Without spaces and frames around it.
  private static func trimmed(_ row: String) -> String {
    let start = row.drop { frame.contains($0) }
    guard let end = start.lastIndex(where: { !frame.contains($0) }) else { return "" }
    return String(start[...end])
  }

  private static func shown(_ line: String) -> String {
    line.count <= longestWords ? line : "\(line.prefix(longestWords))…"
  }
}
