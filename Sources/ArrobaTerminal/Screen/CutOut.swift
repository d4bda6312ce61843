/// A screen on a terminal of another size.
extension Screen {
  /// Bytes that show as much as fits of the screen: from its top left, moved up as far as it takes to see the cursor.
  /// What does not fit is left out, what is left over is blank. `isFirst`: nothing is known of the terminal; from then
  /// on only such bytes are written to it.
  package func cutOut(columns: Int, rows: Int, isFirst: Bool) -> [UInt8] {
    var painter = Painter()
    if isFirst {
      emulation.paintStart(&painter)
    } else {
      painter.control("?2026h")
    }
    painter.control("?25l")
    emulation.paintCutOut(columns: max(columns, 1), rows: max(rows, 1), &painter)
    painter.control("?2026l")
    return painter.bytes
  }
}

extension Emulation {
  fileprivate func paintCutOut(columns: Int, rows: Int, _ painter: inout Painter) {
    let (width, height) = (min(columns, self.columns), min(rows, self.rows))
    let isCursorVisible = modes[.cursorVisible]
    let top = isCursorVisible ? max(0, cursor.row - height + 1) : 0
    // Nothing may wrap at the cut.
    painter.control("?7l")
    for row in 0..<rows {
      painter.move(row: row, column: 0)
      painter.control("K")
      guard row < height else { continue }
      let source = row + top
      var count = min(grid.rows[source].trimmed, width)
      // Half a character is none.
      if count == width, width < self.columns, grid.cell(source, width).isTail { count -= 1 }
      paintRow(
        { grid.rows[source].cell($0) }, count: count, fill: grid.rows[source].fill, width, Canvas(),
        next: nil,
        &painter)
      painter.set(.plain, link: [])
      painter.protect(false)
    }
    painter.control("?7h")
    guard isCursorVisible, cursor.row - top < height, cursor.column < width else { return }
    painter.move(row: cursor.row - top, column: cursor.column)
    painter.control("?25h")
  }
}
