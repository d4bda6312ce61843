/// Moving the contents of the scroll region.
extension Emulation {
  /// SU and the line feed at the bottom; what leaves the top of the main screen is kept.
  mutating func scrollUp(_ amount: Int) {
    scrollUp(from: margins.top, amount, keeping: true)
  }

  mutating func scrollDown(_ amount: Int) { scrollDown(from: margins.top, amount) }

  private mutating func scrollUp(from top: Int, _ amount: Int, keeping: Bool) {
    let height = margins.bottom + 1 - top
    let shift = min(amount, height)
    let blank = blank()
    guard !hasSideMargins else {
      var block = margins.block
      block.top = top
      return grid.shiftBlock(block, up: shift, blank)
    }
    if keeping, top == 0, !isAlternate {
      for row in 0..<shift { scrollback.append(grid.rows[row]) }
    } else if top > 0 {
      grid.rows[top - 1].isWrapped = false
    }
    grid.rotateUp(top, margins.bottom + 1, by: shift, blank)
  }

  private mutating func scrollDown(from top: Int, _ amount: Int) {
    let shift = min(amount, margins.bottom + 1 - top)
    let blank = blank()
    guard !hasSideMargins else {
      var block = margins.block
      block.top = top
      return grid.shiftBlock(block, up: -shift, blank)
    }
    if top > 0 { grid.rows[top - 1].isWrapped = false }
    grid.rotateDown(top, margins.bottom + 1, by: shift, blank)
    grid.rows[margins.bottom].isWrapped = false
  }

  /// IL: only inside the region; the cursor goes to the left margin.
  mutating func insertLines(_ amount: Int) {
    guard isInsideMargins else { return }
    settle()
    scrollDown(from: cursor.row, amount)
    cursor.column = margins.left
  }

  /// DL: only inside the region; the cursor goes to the left margin.
  mutating func deleteLines(_ amount: Int) {
    guard isInsideMargins else { return }
    settle()
    scrollUp(from: cursor.row, amount, keeping: false)
    cursor.column = margins.left
  }

  mutating func insertCharacters(_ amount: Int) {
    settle()
    guard margins.contains(column: cursor.column) else { return }
    let limit = margins.right + 1
    grid.insertCells(cursor.row, cursor.column, limit: limit, amount: amount, blank())
    grid.rows[cursor.row].isWrapped = false
  }

  mutating func deleteCharacters(_ amount: Int) {
    guard margins.contains(column: cursor.column) else { return }
    settle()
    let limit = margins.right + 1
    grid.deleteCells(cursor.row, cursor.column, limit: limit, amount: amount, blank())
    grid.rows[cursor.row].isWrapped = false
  }

  /// DECIC and DECDC: columns at the cursor, in every row of the region.
  mutating func editColumns(left amount: Int) {
    guard isInsideMargins else { return }
    shiftColumns(from: cursor.column, left: amount)
  }

  /// SL and SR: the whole region sideways.
  mutating func scrollSideways(left amount: Int) {
    guard isInsideMargins else { return }
    shiftColumns(from: margins.left, left: amount)
  }

  mutating func shiftColumns(from column: Int, left amount: Int) {
    let limit = margins.right + 1
    let blank = blank()
    for row in margins.top...margins.bottom {
      if amount > 0 {
        grid.deleteCells(row, column, limit: limit, amount: amount, blank)
      } else {
        grid.insertCells(row, column, limit: limit, amount: -amount, blank)
      }
      grid.rows[row].isWrapped = false
    }
  }
}
