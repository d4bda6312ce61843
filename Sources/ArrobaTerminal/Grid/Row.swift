/// One line of the grid. Only the first `used` cells exist; behind them every cell is blank in style `fill`.
///
/// A plain value with a pointer: the grid that holds it allocates and frees.
struct Row {
  var cells: UnsafeMutablePointer<Cell>?
  var capacity: Int32 = 0
  private(set) var usedCells: Int32 = 0
  /// The style of everything behind the used cells: a background or plain.
  var fill: UInt32 = 0
  /// Whether the text goes on in the next row because it did not fit.
  var isWrapped = false

  @inline(__always) var used: Int {
    get { Int(usedCells) }
    set { usedCells = Int32(truncatingIfNeeded: newValue) }
  }

  @inline(__always) func cell(_ column: Int) -> Cell {
    guard column < used, let cells else { return .blank(fill) }
    return cells[column]
  }

  /// Makes everything blank in one style; the storage stays for the next use.
  @inline(__always) mutating func clear(_ style: UInt32) {
    usedCells = 0
    fill = style
    isWrapped = false
  }

  /// Brings the cells before `column` into existence.
  @inline(__always) mutating func materialise(_ column: Int, columns: Int) {
    if column > used { extend(column, columns: columns) }
  }

  private mutating func extend(_ column: Int, columns: Int) {
    reserve(column, columns: columns)
    guard let cells else { return }
    (cells + used).initialize(repeating: .blank(fill), count: column - used)
    used = column
  }

  /// Storage for at least `count` cells: rows grow in steps so that a short line stays small.
  @inline(__always) mutating func reserve(_ count: Int, columns: Int) {
    if count > Int(capacity) { grow(count, columns: columns) }
  }

  private mutating func grow(_ count: Int, columns: Int) {
    var size = max(16, Int(capacity))
    while size < count { size *= 2 }
    size = max(count, min(size, columns))
    let larger = UnsafeMutablePointer<Cell>.allocate(capacity: size)
    if let cells {
      larger.update(from: cells, count: used)
      cells.deallocate()
    }
    cells = larger
    capacity = Int32(size)
  }

  mutating func free() {
    cells?.deallocate()
    cells = nil
    capacity = 0
    usedCells = 0
  }

  /// How many cells matter: what lies behind is blank in the fill style.
  var trimmed: Int {
    guard let cells else { return 0 }
    let blank = Cell.blank(fill)
    var end = used
    while end > 0, cells[end - 1] == blank { end -= 1 }
    return end
  }
}
