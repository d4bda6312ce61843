/// Painting rows of cells.
extension Emulation {
  /// What a row looks like before it is painted.
  struct Canvas {
    /// The style of its blank cells.
    var fill: UInt32 = 0
    /// The cursor comes from the row above by wrapping.
    var isContinued = false
  }

  /// Paints a grid onto a cleared screen, going from row to row by the shortest way.
  func paint(_ grid: borrowing Grid, _ area: Area, _ painter: inout Painter) {
    var at = -1
    var canvas = Canvas()
    for row in 0..<area.rows {
      let isNeeded = grid.rows[row].trimmed > 0 || grid.rows[row].fill != 0
      if !isNeeded, !canvas.isContinued { continue }
      if !canvas.isContinued {
        if at == row - 1, at >= 0 { painter.nextLine() } else { painter.move(row: row, column: 0) }
      }
      let isWrapped = row < area.rows - 1 && area.columns == grid.columns && grid.rows[row].isWrapped
      let next = isWrapped ? continuation(grid.cell(row + 1, 0)) : nil
      paintRow(
        { grid.rows[row].cell($0) }, count: min(grid.rows[row].trimmed, area.columns),
        fill: grid.rows[row].fill, area.columns, canvas, next: next, &painter)
      canvas = Canvas(isContinued: next != nil)
      at = row
    }
  }

  /// Paints the main screen after the newest lines of the scrollback, which it scrolls out at the top.
  func paintMain(_ grid: borrowing Grid, history: Int, _ painter: inout Painter) {
    let count = min(history, scrollback.count)
    guard count > 0 else { return paint(grid, Area(columns: columns, rows: rows), &painter) }
    var canvas = Canvas()
    var pending: (ContiguousArray<Cell>, UInt32, Bool)?
    var isFirst = true
    scrollback.forEach(from: scrollback.count - count) { cells, fill, isWrapped in
      if let line = pending {
        paintLine(line, next: cells.first ?? .blank(fill), isFirst: isFirst, &canvas, &painter)
        isFirst = false
      }
      pending = (cells.count > columns ? ContiguousArray(cells.prefix(columns)) : cells, fill, isWrapped)
    }
    for row in 0..<rows {
      var cells: ContiguousArray<Cell> = []
      for column in 0..<grid.rows[row].trimmed { cells.append(grid.cell(row, column)) }
      if let line = pending {
        paintLine(line, next: cells.first ?? .blank(grid.rows[row].fill), isFirst: isFirst, &canvas, &painter)
        isFirst = false
      }
      pending = (cells, grid.rows[row].fill, row < rows - 1 && grid.rows[row].isWrapped)
    }
    if let line = pending {
      paintLine((line.0, line.1, false), next: .blank(0), isFirst: false, &canvas, &painter)
    }
  }

  private func paintLine(
    _ line: (ContiguousArray<Cell>, UInt32, Bool), next: Cell, isFirst: Bool, _ canvas: inout Canvas,
    _ painter: inout Painter
  ) {
    if !isFirst, !canvas.isContinued { painter.nextLine() }
    let (cells, fill, _) = line
    let next = line.2 ? continuation(next) : nil
    let isWrapped = next != nil
    paintRow(
      { $0 < cells.count ? cells[$0] : .blank(fill) }, count: cells.count, fill: fill, columns, canvas,
      next: next, &painter)
    // A wrap that scrolls brings the background in; what is painted says what it should be.
    let bringsBackground = next.map { !styles[$0.style].background.isStandard } ?? false
    canvas = Canvas(fill: bringsBackground ? .max : 0, isContinued: isWrapped)
  }

  func paintRow(
    _ cell: (Int) -> Cell, count: Int, fill: UInt32, _ columns: Int, _ canvas: Canvas, next: Cell?,
    _ painter: inout Painter
  ) {
    var end = count
    // What is printed first makes the row above wrap, even a blank.
    if canvas.isContinued { end = max(end, 1) }
    if let next { end = next.isWide && count < columns ? columns - 1 : columns }
    var column = 0
    var mayJump = false
    var mustPrint = -1
    while column < end {
      let current = cell(column)
      if current == .blank(0), column != mustPrint, canvas.fill == 0, mayJump || !canvas.isContinued,
        next == nil || end < columns
      {
        var target = column + 1
        while target < end, cell(target) == .blank(0) { target += 1 }
        if target - column > 4, target < end || next == nil {
          painter.control("\(target - column)C")
          column = target
          continue
        }
      }
      if column > 0 || !canvas.isContinued { separate(current, column, &painter) }
      paintCell(current, &painter)
      if staysNarrow(current), column + 1 < columns {
        mustPrint = column + 1
        end = max(end, column + 2)
      }
      column += current.isWide ? 2 : 1
      mayJump = true
    }
    // Before a wide character that did not fit, the last column is blank too.
    if end < columns, fill != canvas.fill {
      painter.set(styles[fill], link: [])
      painter.control("K")
    }
  }

  private func paintCell(_ cell: Cell, _ painter: inout Painter) {
    if cell.isTail { return }
    let style = styles[cell.style]
    painter.set(style, link: links[style.link])
    painter.protect(cell.isProtected)
    painter.print(cell.glyph, clusters)
  }

  /// A character that U+FE0F would widen but that has one cell here: what follows has to be printed over it.
  private func staysNarrow(_ cell: Cell) -> Bool {
    guard cell.isCluster, !cell.isWide else { return false }
    var first: UInt32 = 0
    var widens = false
    clusters.expand(cell.glyph) { part in
      if first == 0 { first = part } else if part == 0xFE0F { widens = true }
    }
    return widens && widths[first].widensWithSelector
  }

  /// The cell a wrapped line goes on with; nothing if it could be taken for a part of the character before it.
  private func continuation(_ cell: Cell) -> Cell? { mayJoin(cell) ? nil : cell }

  private func mayJoin(_ cell: Cell) -> Bool {
    var first: UInt32 = 0
    clusters.expand(cell.glyph) { if first == 0 { first = $0 } }
    return widths[first].mayJoin || first >= 0x80 && widths[first].width == 0
  }

  /// Two characters side by side that never were one must not become one, and after a cluster not every terminal
  /// has come as far as we have: then the column is said outright.
  private func separate(_ cell: Cell, _ column: Int, _ painter: inout Painter) {
    guard painter.last > 0x7F, !cell.isTail else { return }
    if painter.last & Cell.clusterBit != 0 || mayJoin(cell) { painter.control("\(column + 1)G") }
  }
}
