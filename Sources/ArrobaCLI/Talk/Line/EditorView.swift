/// The line that is being typed as rows of a terminal, and where in them the cursor stands.
package struct EditorView: Equatable {
  package private(set) var rows: [String] = []
  package private(set) var cursorRow = 0
  package private(set) var cursorColumn = 0

  /// `prompt`: what stands before the first row; the others are indented as far. Rows are less than `width` cells wide, so
  /// that the cursor always has a place behind the last character.
  package init(_ editor: LineEditor, prompt: String, width: Int) {
    let indent = Clean.cells(prompt) < width / 2 ? Clean.cells(prompt) : 0
    let lead = String(repeating: " ", count: indent)
    var row = prompt
    var cells = Clean.cells(prompt)
    var isAtStart = true
    func breakRow(_ view: inout EditorView) {
      view.rows.append(row)
      row = lead
      cells = indent
      isAtStart = true
    }
    func put(_ text: String, _ view: inout EditorView) {
      for character in text {
        if character == "\n" {
          breakRow(&view)
          continue
        }
        let shown = Self.shown(character)
        let wide = Clean.cells(shown)
        if cells + wide >= width, !isAtStart || cells > indent { breakRow(&view) }
        row += shown
        cells += wide
        isAtStart = false
      }
    }
    put(editor.before, &self)
    // A wide character that follows goes to the next row, and the cursor stands on it.
    if let next = editor.after.first, next != "\n", cells + Clean.cells(Self.shown(next)) >= width, !isAtStart
    {
      breakRow(&self)
    }
    (cursorRow, cursorColumn) = (rows.count, cells)
    put(editor.after, &self)
    rows.append(row)
  }

  /// How a character is shown: a tab as spaces, what is not printable not at all.
  static func shown(_ character: Character) -> String {
    if character == "\t" { return "    " }
    return Clean.line(String(character))
  }

  /// At most so many rows, those around the cursor.
  package func window(rows limit: Int) -> EditorView {
    guard rows.count > limit, limit > 0 else { return self }
    let first = min(max(0, cursorRow - limit + 1), rows.count - limit)
    var view = self
    view.rows = Array(rows[first..<(first + limit)])
    view.cursorRow -= first
    return view
  }
}
