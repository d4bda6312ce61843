/// The cells of one screen, a row at a time. It knows nothing of cursors, modes or meaning.
///
/// Columns and rows are counted from 0, ranges are half open, and every caller has clamped them already;
/// the preconditions here are the last line, not the first.
struct Grid: ~Copyable {
  private(set) var columns: Int
  private(set) var count: Int
  private(set) var rows: UnsafeMutablePointer<Row>

  init(columns: Int, rows count: Int) {
    self.columns = columns
    self.count = count
    rows = .allocate(capacity: count)
    rows.initialize(repeating: Row(), count: count)
  }

  deinit {
    for index in 0..<count { rows[index].free() }
    rows.deallocate()
  }

  @inline(__always) func cell(_ row: Int, _ column: Int) -> Cell {
    guard row >= 0, row < count, column >= 0, column < columns else { return .blank(0) }
    return rows[row].cell(column)
  }

  /// Puts one cell, whatever was there; the caller has dealt with halves of wide characters.
  @inline(__always) mutating func put(_ cell: Cell, _ row: Int, _ column: Int) {
    precondition(row < count && column < columns, "a cell lies inside its grid")
    rows[row].materialise(column + 1, columns: columns)
    rows[row].cells?[column] = cell
  }

  /// Storage for `range` of a row, ready to be overwritten; cells before it exist.
  @inline(__always)
  mutating func span(_ row: Int, _ from: Int, _ to: Int) -> UnsafeMutablePointer<Cell>? {
    precondition(row < count && from >= 0 && to <= columns, "a span lies inside its grid")
    rows[row].materialise(from, columns: columns)
    rows[row].reserve(to, columns: columns)
    if to > rows[row].used { rows[row].used = to }
    guard let cells = rows[row].cells else { return nil }
    return cells + from
  }

  /// Makes a range of a row blank.
  mutating func fill(_ row: Int, _ from: Int, _ to: Int, _ style: UInt32) {
    guard from < to else { return }
    if to >= columns {
      if rows[row].fill != style { rows[row].materialise(from, columns: columns) }
      rows[row].used = min(rows[row].used, from)
      rows[row].fill = style
      return
    }
    if from >= rows[row].used, rows[row].fill == style { return }
    span(row, from, to)?.update(repeating: .blank(style), count: to - from)
  }

  /// Parts a wide character that lies across the border before `column`: both halves become blank.
  @inline(__always) mutating func part(_ row: Int, _ column: Int, _ style: UInt32) {
    guard column > 0, column < rows[row].used, let cells = rows[row].cells else { return }
    guard cells[column].isTail else { return }
    let lead = cells[column - 1].bits
    cells[column] = .blank(style)
    // A program that takes the second half for a cell of its own shall not lose the character by it.
    let isWidened = lead & Cell.widenedFlag != 0
    let narrow = Cell(bits: lead & ~(Cell.wideFlag | Cell.widenedFlag))
    cells[column - 1] = isWidened ? narrow : .blank(style)
  }

  mutating func clearRow(_ row: Int, _ style: UInt32) { rows[row].clear(style) }

  mutating func clear(_ style: UInt32) {
    for row in 0..<count { rows[row].clear(style) }
  }

  var isBlank: Bool {
    for row in 0..<count where rows[row].used > 0 || rows[row].fill != 0 { return false }
    return true
  }

  /// Gives storage back that blank rows kept.
  mutating func shrink() {
    for row in 0..<count where rows[row].used == 0 { rows[row].free() }
  }

  /// Moves the rows of a range up by `amount`; the rows that come free are cleared.
  mutating func rotateUp(_ top: Int, _ bottom: Int, by amount: Int, _ style: UInt32) {
    let height = bottom - top
    let shift = min(amount, height)
    guard shift > 0 else { return }
    if shift == 1 {
      let first = rows[top]
      (rows + top).update(from: rows + top + 1, count: height - 1)
      rows[bottom - 1] = first
    } else {
      reverse(top, top + shift)
      reverse(top + shift, bottom)
      reverse(top, bottom)
    }
    for row in bottom - shift..<bottom { rows[row].clear(style) }
  }

  /// Moves the rows of a range down by `amount`; the rows that come free are cleared.
  mutating func rotateDown(_ top: Int, _ bottom: Int, by amount: Int, _ style: UInt32) {
    let height = bottom - top
    let shift = min(amount, height)
    guard shift > 0 else { return }
    reverse(bottom - shift, bottom)
    reverse(top, bottom - shift)
    reverse(top, bottom)
    for row in top..<top + shift { rows[row].clear(style) }
  }

  private mutating func reverse(_ from: Int, _ to: Int) {
    var low = from
    var high = to - 1
    while low < high {
      swap(&rows[low], &rows[high])
      low += 1
      high -= 1
    }
  }

  /// Another size with the same top left; rows and columns that fall outside are gone.
  mutating func crop(columns newColumns: Int, rows newCount: Int) {
    let larger = UnsafeMutablePointer<Row>.allocate(capacity: newCount)
    larger.initialize(repeating: Row(), count: newCount)
    let kept = min(count, newCount)
    larger.update(from: rows, count: kept)
    for row in kept..<max(count, kept) { rows[row].free() }
    rows.deallocate()
    rows = larger
    count = newCount
    for row in 0..<kept { cropRow(row, columns: newColumns) }
    columns = newColumns
  }

  private mutating func cropRow(_ row: Int, columns newColumns: Int) {
    if newColumns < columns {
      part(row, newColumns, 0)
      rows[row].used = min(rows[row].used, newColumns)
    } else if rows[row].fill != 0 {
      rows[row].materialise(columns, columns: newColumns)
      rows[row].fill = 0
    }
    if newColumns != columns { rows[row].isWrapped = false }
  }

  /// Calls back with every cell that exists and one for what lies behind, to learn what is in use.
  func visit(_ use: (Cell) -> Void) {
    for row in 0..<count {
      use(.blank(rows[row].fill))
      guard let storage = rows[row].cells else { continue }
      for column in 0..<rows[row].used { use(storage[column]) }
    }
  }
}
