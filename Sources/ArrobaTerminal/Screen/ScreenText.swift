/// The screen as plain text.
extension Screen {
  /// The rows without what is blank at their ends, after as many of the newest scrollback lines as asked for.
  package func textRows(history: Int) -> [String] {
    var lines: [String] = []
    emulation.forEachLine(history: history) { cells, _, _ in
      lines.append(emulation.text(cells[...], trimming: true))
    }
    return lines
  }
}

extension Emulation {
  /// Calls back with the newest scrollback lines, oldest first, and then with the rows shown.
  func forEachLine(history: Int, _ body: (ContiguousArray<Cell>, UInt32, Bool) -> Void) {
    if history > 0 { scrollback.forEach(from: scrollback.count - min(history, scrollback.count), body) }
    for row in 0..<rows {
      var cells: ContiguousArray<Cell> = []
      for column in 0..<grid.rows[row].trimmed { cells.append(grid.cell(row, column)) }
      body(cells, grid.rows[row].fill, grid.rows[row].isWrapped)
    }
  }

  /// The characters of some cells; what was erased is a space.
  func text(_ cells: ArraySlice<Cell>, trimming: Bool = false) -> String {
    var scalars: [UInt8] = []
    for cell in cells where !cell.isTail {
      if cell.glyph == 0 {
        scalars.append(0x20)
      } else {
        clusters.expand(cell.glyph) { UTF8Encoding.append($0, to: &scalars) }
      }
    }
    if trimming {
      while scalars.last == 0x20 { scalars.removeLast() }
    }
    return String(decoding: scalars, as: UTF8.self)
  }
}
