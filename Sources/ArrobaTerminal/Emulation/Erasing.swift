/// Making cells blank: with the background of the pen, and sparing what is protected.
extension Emulation {
  /// ED (`kind` iso) and DECSED (`kind` dec).
  mutating func eraseDisplay(_ what: Int, _ kind: Protection) {
    switch what {
    case 0:
      erase(cursor.row, cursor.column, columns, kind)
      for row in cursor.row + 1..<max(rows, cursor.row + 1) { erase(row, 0, columns, kind) }
    case 1:
      for row in 0..<cursor.row { erase(row, 0, columns, kind) }
      erase(cursor.row, 0, cursor.column + 1, kind)
    case 2:
      for row in 0..<rows { erase(row, 0, columns, kind) }
    case 3 where kind == .iso:
      return scrollback.removeAll()
    default: return
    }
    settle()
  }

  /// EL and DECSEL.
  mutating func eraseLine(_ what: Int, _ kind: Protection) {
    switch what {
    case 0: erase(cursor.row, cursor.column, columns, kind)
    case 1: erase(cursor.row, 0, cursor.column + 1, kind)
    case 2: erase(cursor.row, 0, columns, kind)
    default: return
    }
    settle()
  }

  /// ECH: margins do not matter to it.
  mutating func eraseCharacters(_ amount: Int) {
    erase(cursor.row, cursor.column, min(columns, cursor.column + amount), .iso)
    settle()
  }

  private mutating func erase(_ row: Int, _ from: Int, _ to: Int, _ kind: Protection) {
    let blank = blank()
    guard protection == kind else { return eraseAll(row, from, to, blank) }
    var column = from
    while column < to {
      while column < to, grid.cell(row, column).isProtected { column += 1 }
      let start = column
      let end = min(to, max(column, grid.rows[row].used))
      while column < end, !grid.cell(row, column).isProtected { column += 1 }
      if column == end { column = to }
      eraseAll(row, start, column, blank)
    }
  }

  private mutating func eraseAll(_ row: Int, _ from: Int, _ to: Int, _ blank: UInt32) {
    grid.part(row, from, blank)
    grid.part(row, to, blank)
    grid.fill(row, from, to, blank)
    if to >= columns { grid.rows[row].isWrapped = false }
  }
}
