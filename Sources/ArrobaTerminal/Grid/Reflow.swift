/// Lays the lines of a screen and its scrollback out anew for another size.
///
/// A line that was wrapped is one line again and wraps where it must. The work is a stream: one row in, rows out,
/// whatever a line's length.
struct Reflow: ~Copyable {
  private let columns: Int
  private var output: Scrollback
  private var row = Row()
  /// Rows put out so far, dropped ones included.
  private var count = 0
  private var fill: UInt32 = 0

  private init(columns: Int, like scrollback: Scrollback, extra: Int) {
    self.columns = columns
    // The screen's own rows pass through it too, whatever the limits of the scrollback are.
    output = Scrollback(lineLimit: scrollback.lineLimit + extra, byteLimit: .max)
  }

  deinit { row.cells?.deallocate() }

  /// Returns the new grid; cursors move with the cells they stand on.
  static func run(
    _ grid: borrowing Grid, _ scrollback: inout Scrollback, to size: (columns: Int, rows: Int),
    _ cursor: inout Cursor, _ other: inout Cursor
  ) -> Grid {
    let rows = grid.count
    var last = max(cursor.row, 0)
    for row in 0..<rows where grid.rows[row].trimmed > 0 || grid.rows[row].fill != 0 { last = max(last, row) }
    // A row of n columns can become up to n rows.
    let worst = rows * (grid.columns / size.columns + 2)
    var flow = Reflow(columns: size.columns, like: scrollback, extra: worst)
    flow.take(scrollback)
    var top: (row: Int, column: Int) = (0, 0)
    var main = cursor
    var second = other
    for row in 0...min(last, rows - 1) {
      if row == 0 { top = flow.position(0) }
      if row == cursor.row { main = flow.cursor(cursor, on: grid) }
      if row == other.row { second = flow.cursor(other, on: grid) }
      flow.take(grid.rows[row], keeping: row == cursor.row ? cursor.column : 0, isLast: row == last)
    }
    flow.finish()
    let below = rows - 1 - last
    let start = flow.start(top: top.row, below: below, rows: size.rows, cursorRow: main.row)
    if other.row > last { second.row = other.row - last + flow.count - 1 }
    cursor.row = main.row - start
    cursor.column = main.column
    other.row = second.row - start
    other.column = second.column
    return flow.makeGrid(from: start, rows: size.rows, &scrollback)
  }

  /// The first row that is shown. What was at the top stays there while it can; a full screen that becomes higher
  /// gets lines back from the scrollback, one that becomes lower gives them to it.
  private func start(top: Int, below: Int, rows: Int, cursorRow: Int) -> Int {
    let fitting = max(0, count - rows)
    var start = max(top, fitting)
    if below == 0 { start = fitting }
    return min(start, cursorRow)
  }

  private mutating func take(_ scrollback: Scrollback) {
    var incoming = Row()
    scrollback.forEach(from: 0) { cells, fill, isWrapped in
      incoming.reserve(cells.count, columns: cells.count)
      for index in cells.indices { incoming.cells?[index] = cells[index] }
      incoming.used = incoming.cells == nil ? 0 : cells.count
      incoming.fill = fill
      incoming.isWrapped = isWrapped
      take(incoming, keeping: 0, isLast: false)
    }
    incoming.free()
  }

  /// Where a cell of the row that comes next will be.
  private func position(_ column: Int) -> (row: Int, column: Int) {
    let place = row.used + column
    return (count + place / columns, place % columns)
  }

  /// Where the cursor will be. Wide characters may move it by a column, which the cells then say.
  private func cursor(_ cursor: Cursor, on grid: borrowing Grid) -> Cursor {
    var moved = cursor
    var place = row.used
    var rowsDown = 0
    var column = 0
    while column < cursor.column {
      let cell = grid.cell(cursor.row, column)
      let width = cell.isWide ? 2 : 1
      if place + width > columns {
        rowsDown += 1
        place = 0
      }
      place += width
      column += width
    }
    if place >= columns {
      rowsDown += 1
      place = 0
    }
    moved.row = count + rowsDown
    moved.column = place
    return moved
  }

  /// Takes a row: its cells go behind those of the row before if that was wrapped.
  private mutating func take(_ source: Row, keeping: Int, isLast: Bool) {
    let length = max(source.trimmed, keeping)
    var index = 0
    while index < length {
      let cell = source.cell(index)
      if cell.isTail {
        index += 1
        continue
      }
      let width = cell.isWide && columns > 1 ? 2 : 1
      if row.used + width > columns { put(wrapped: true) }
      append(cell)
      if width == 2 { append(source.cell(index + 1)) }
      index += 1
    }
    fill = source.fill
    if !source.isWrapped || isLast { put(wrapped: false) }
  }

  private mutating func append(_ cell: Cell) {
    let column = row.used
    row.reserve(column + 1, columns: columns)
    row.used = column + 1
    row.cells?[column] = cell
  }

  private mutating func put(wrapped: Bool) {
    row.isWrapped = wrapped
    row.fill = wrapped ? 0 : fill
    output.append(row)
    row.clear(0)
    count += 1
  }

  private mutating func finish() {
    if row.used > 0 { put(wrapped: false) }
  }

  /// The rows from `start` on become the grid, those before it the scrollback.
  private consuming func makeGrid(from start: Int, rows: Int, _ scrollback: inout Scrollback) -> Grid {
    var grid = Grid(columns: columns, rows: rows)
    let shown = min(count - start, output.count)
    var index = 0
    output.forEach(from: output.count - shown) { cells, fill, isWrapped in
      if index < rows { grid.set(index, cells, fill: fill, isWrapped: isWrapped) }
      index += 1
    }
    output.removeLast(shown)
    output.limit(lines: scrollback.lineLimit, bytes: scrollback.byteLimit)
    scrollback = output
    return grid
  }
}

extension Grid {
  fileprivate mutating func set(
    _ row: Int, _ cells: ContiguousArray<Cell>, fill: UInt32, isWrapped: Bool
  ) {
    let count = min(cells.count, columns)
    if let place = span(row, 0, count) {
      for index in 0..<count { place[index] = cells[index] }
    }
    rows[row].fill = fill
    rows[row].isWrapped = isWrapped
  }
}
