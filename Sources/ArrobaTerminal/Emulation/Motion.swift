/// Moving the cursor. Everything here ends a pending wrap, except the tabulator.
extension Emulation {
  /// CUP and its kin: in origin mode from the margins and within them.
  mutating func moveTo(row: Int, column: Int) {
    settle()
    if modes[.origin] {
      cursor.row = min(max(row, 0) + margins.top, margins.bottom)
      cursor.column = min(max(column, 0) + margins.left, margins.right)
    } else {
      cursor.row = min(max(row, 0), rows - 1)
      cursor.column = min(max(column, 0), columns - 1)
    }
  }

  /// The row as the program counts it.
  var reportedRow: Int { cursor.row - (modes[.origin] ? margins.top : 0) }
  var reportedColumn: Int { cursor.column - (modes[.origin] ? margins.left : 0) }

  mutating func moveUp(_ amount: Int) {
    settle()
    let limit = cursor.row >= margins.top ? margins.top : 0
    cursor.row = max(limit, cursor.row - amount)
  }

  mutating func moveDown(_ amount: Int) {
    settle()
    let limit = cursor.row <= margins.bottom ? margins.bottom : rows - 1
    cursor.row = min(limit, cursor.row + amount)
  }

  mutating func moveRight(_ amount: Int) {
    settle()
    cursor.column = min(rightEdge, cursor.column + amount)
  }

  /// CUB and BS; with reverse wrap over the left edge to the line above, and from the first to the last.
  mutating func moveLeft(_ amount: Int) {
    let reverses = (modes[.reverseWrap] || modes[.extendedReverseWrap]) && modes[.autowrap]
    var left = min(amount, columns * rows)
    if reverses, cursor.isWrapPending { left -= 1 }
    settle()
    guard reverses else {
      let limit = cursor.column >= margins.left ? margins.left : 0
      cursor.column = max(limit, cursor.column - amount)
      return
    }
    while left > 0 {
      let edge = cursor.column < margins.left ? 0 : margins.left
      if cursor.column > edge {
        let step = min(left, cursor.column - edge)
        cursor.column -= step
        left -= step
      } else {
        cursor.column = margins.right
        cursor.row = cursor.row == 0 ? rows - 1 : cursor.row - 1
        left -= 1
      }
    }
  }

  mutating func carriageReturn() {
    settle()
    let isOutside = cursor.column < margins.left && !modes[.origin]
    cursor.column = isOutside ? 0 : margins.left
  }

  /// HT and CHT: to the right margin at most, also from behind it. Mode 41 carries out a pending wrap first.
  mutating func tabForward(_ amount: Int) {
    if modes[.moreFix], cursor.isWrapPending { wrap() }
    writtenColumn = nil
    var column = cursor.column
    for _ in 0..<min(amount, columns) { column = tabs.next(after: column) }
    column = min(column, margins.right)
    if column < cursor.column { settle() }
    cursor.column = column
  }

  mutating func tabBackward(_ amount: Int) {
    settle()
    for _ in 0..<min(amount, columns) { cursor.column = tabs.previous(before: cursor.column) }
  }

  /// IND: down, scrolling at the bottom of the region.
  @inline(__always) mutating func index() {
    if cursor.row == margins.bottom {
      if margins.contains(column: cursor.column) { scrollUp(1) }
    } else if cursor.row < rows - 1 {
      cursor.row += 1
    }
  }

  /// RI: up, scrolling at the top of the region.
  mutating func reverseIndex() {
    if cursor.row == margins.top {
      if margins.contains(column: cursor.column) { scrollDown(1) }
    } else if cursor.row > 0 {
      cursor.row -= 1
    }
  }

  /// DECBI and DECFI: sideways, scrolling at the margin.
  mutating func columnIndex(back: Bool) {
    let edge = back ? margins.left : margins.right
    if cursor.column == edge {
      guard isInsideMargins else { return }
      settle()
      shiftColumns(from: margins.left, left: back ? -1 : 1)
    } else {
      settle()
      let outer = back ? 0 : columns - 1
      if cursor.column != outer { cursor.column += back ? -1 : 1 }
    }
  }

  /// DECSTBM; a region of less than two lines is refused.
  mutating func setRegion(top: Int, bottom: Int) {
    let last = bottom <= 0 ? rows : min(bottom, rows)
    let first = max(1, top)
    guard first < last else { return }
    margins.top = first - 1
    margins.bottom = last - 1
    moveTo(row: 0, column: 0)
  }

  /// DECSLRM, while mode 69 is set.
  mutating func setSideMargins(left: Int, right: Int) {
    let last = right <= 0 ? columns : min(right, columns)
    let first = max(1, left)
    guard first < last else { return }
    margins.left = first - 1
    margins.right = last - 1
    moveTo(row: 0, column: 0)
  }
}
