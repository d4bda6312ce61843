/// Where the next character goes.
struct Cursor: Equatable {
  var row = 0
  var column = 0
  /// The last column was printed to: the next character goes to the next line first. A flag, not a column.
  var isWrapPending = false

  /// Back onto a screen that became smaller.
  mutating func clamp(columns: Int, rows: Int) {
    if column >= columns { isWrapPending = false }
    row = min(max(row, 0), rows - 1)
    column = min(max(column, 0), columns - 1)
  }
}

/// What the next character looks like, with the numbers of its styles once they are known.
struct Pen: Equatable {
  var style = Style.plain
  var isProtected = false

  static func == (left: Pen, right: Pen) -> Bool {
    left.style == right.style && left.isProtected == right.isProtected
  }
}

/// What DECSC keeps. Each screen has one of its own; margins are not in it.
struct SavedCursor: Equatable {
  var cursor = Cursor()
  var pen = Pen()
  var charsets = Charsets()
  var isOrigin = false
}

/// The scroll region, inclusive at both ends.
struct Margins: Equatable {
  var top: Int
  var bottom: Int
  var left: Int
  var right: Int

  init(columns: Int, rows: Int) {
    top = 0
    bottom = rows - 1
    left = 0
    right = columns - 1
  }

  @inline(__always) func contains(row: Int) -> Bool { row >= top && row <= bottom }
  @inline(__always) func contains(column: Int) -> Bool { column >= left && column <= right }

  var block: Block { Block(top: top, left: left, bottom: bottom + 1, right: right + 1) }
}
