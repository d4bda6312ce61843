/// Moving cells sideways, and whole blocks when margins keep the rest of a row in place.
extension Grid {
  /// Opens `amount` blank cells at `column`; what passes `limit` is lost.
  mutating func insertCells(_ row: Int, _ column: Int, limit: Int, amount: Int, _ style: UInt32) {
    let shift = min(amount, limit - column)
    guard shift > 0 else { return }
    part(row, column, style)
    part(row, limit, style)
    part(row, limit - shift, style)
    if column >= rows[row].used, limit >= columns {
      return fill(row, column, column + shift, style)
    }
    var reach = limit
    if limit < columns {
      rows[row].materialise(limit, columns: columns)
    } else {
      reach = min(limit, rows[row].used + shift)
    }
    if let cells = span(row, column, reach), reach - column > shift {
      (cells + shift).update(from: cells, count: reach - column - shift)
    }
    fill(row, column, column + shift, style)
  }

  /// Takes `amount` cells out at `column`; blank ones come in before `limit`.
  mutating func deleteCells(_ row: Int, _ column: Int, limit: Int, amount: Int, _ style: UInt32) {
    let shift = min(amount, limit - column)
    guard shift > 0 else { return }
    part(row, column, style)
    part(row, limit, style)
    part(row, column + shift, style)
    if limit < columns || rows[row].fill != style {
      rows[row].materialise(limit, columns: columns)
      if let cells = span(row, column, limit) {
        cells.update(from: cells + shift, count: limit - column - shift)
      }
      return fill(row, limit - shift, limit, style)
    }
    guard column < rows[row].used, let cells = rows[row].cells else { return }
    let kept = rows[row].used - column - shift
    if kept > 0 { (cells + column).update(from: cells + column + shift, count: kept) }
    rows[row].used = max(column, rows[row].used - shift)
  }

  /// Moves a block up or down by copying, for regions that do not span the whole width.
  mutating func shiftBlock(_ block: Block, up amount: Int, _ style: UInt32) {
    for row in block.top..<block.bottom {
      part(row, block.left, style)
      part(row, block.right, style)
    }
    let height = block.bottom - block.top
    let shift = min(abs(amount), height)
    if amount > 0 {
      for row in block.top..<block.bottom - shift { copySpan(from: row + shift, to: row, block) }
      for row in block.bottom - shift..<block.bottom { fill(row, block.left, block.right, style) }
    } else if amount < 0 {
      for row in (block.top + shift..<block.bottom).reversed() { copySpan(from: row - shift, to: row, block) }
      for row in block.top..<block.top + shift { fill(row, block.left, block.right, style) }
    }
  }

  private mutating func copySpan(from source: Int, to target: Int, _ block: Block) {
    rows[source].materialise(block.right, columns: columns)
    guard let old = rows[source].cells, let new = span(target, block.left, block.right) else { return }
    new.update(from: old + block.left, count: block.right - block.left)
  }
}

/// A rectangle of cells, half open.
struct Block: Equatable {
  var top: Int
  var left: Int
  var bottom: Int
  var right: Int

  var isEmpty: Bool { top >= bottom || left >= right }
  func contains(_ row: Int, _ column: Int) -> Bool {
    row >= top && row < bottom && column >= left && column < right
  }
}
