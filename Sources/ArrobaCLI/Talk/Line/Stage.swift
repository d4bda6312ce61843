/// The bottom of the user's screen, drawn again and again below what scrolls away: rows that live, and lines that are
/// finished and stay. Knows what it drew last, and answers bytes; writes nothing itself.
package struct Stage {
  /// A row as it is written, with its colours, and how many cells it takes.
  package struct Row: Equatable {
    package let text: String
    package let cells: Int

    package init(_ text: String, cells: Int) {
      self.text = text
      self.cells = cells
    }
  }

  package struct Scene: Equatable {
    package var rows: [Row] = []
    package var cursorRow = 0
    package var cursorColumn = 0

    package init() {}
  }

  package private(set) var columns: Int
  private var drawn = Scene()
  /// Whether anything of ours is on the screen.
  private var isDrawn = false

  package init(columns: Int) { self.columns = max(1, columns) }

  /// One write, shown at once by terminals that can: nobody sees the screen half drawn.
  private static let begin = "\u{1B}[?2026h\u{1B}[?25l"
  private static let end = "\u{1B}[?25h\u{1B}[?2026l"

  /// What shows these finished lines, and the scene below them; nothing where nothing would change.
  package mutating func draw(_ scene: Scene, below finished: [String] = []) -> String {
    guard !isDrawn || scene != drawn || !finished.isEmpty else { return "" }
    var text = Self.begin + erase()
    for line in finished { text += line + "\r\n" }
    text += scene.rows.map(\.text).joined(separator: "\r\n")
    let up = scene.rows.count - 1 - scene.cursorRow
    if up > 0 { text += "\u{1B}[\(up)A" }
    text += "\r"
    if scene.cursorColumn > 0 { text += "\u{1B}[\(scene.cursorColumn)C" }
    drawn = scene
    isDrawn = true
    return text + Self.end
  }

  /// What takes the scene off the screen; the cursor is left where it began.
  package mutating func clear() -> String {
    guard isDrawn else { return "" }
    defer { isDrawn = false }
    return erase() + "\u{1B}[?25h"
  }

  /// Forgets what was drawn: the screen is somebody else's, or empty.
  package mutating func forget() { isDrawn = false }

  /// A terminal of another width has broken our rows anew already; they are counted as it shows them.
  package mutating func resize(columns: Int) { self.columns = max(1, columns) }

  private func erase() -> String {
    guard isDrawn else { return "" }
    let up =
      drawn.rows.prefix(drawn.cursorRow).reduce(0) { $0 + lines($1.cells) }
      + drawn.cursorColumn / columns
    return (up > 0 ? "\u{1B}[\(up)A" : "") + "\r\u{1B}[J"
  }

  private func lines(_ cells: Int) -> Int { max(1, (cells + columns - 1) / columns) }
}
