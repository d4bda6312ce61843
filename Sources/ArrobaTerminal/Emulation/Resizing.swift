/// Another size.
extension Emulation {
  mutating func resize(columns newColumns: Int, rows newRows: Int) {
    let newColumns = min(max(newColumns, 1), Self.largestSide)
    let newRows = min(max(newRows, 1), Self.largestSide)
    guard newColumns != columns || newRows != rows else { return }
    writtenColumn = nil
    cursor.isWrapPending = false
    resizeScreens(columns: newColumns, rows: newRows)
    columns = newColumns
    rows = newRows
    margins = Margins(columns: columns, rows: rows)
    tabs.resize(columns: columns)
    cursor.clamp(columns: columns, rows: rows)
    saved.cursor.clamp(columns: columns, rows: rows)
    hiddenSaved.cursor.clamp(columns: columns, rows: rows)
  }

  private mutating func resizeScreens(columns newColumns: Int, rows newRows: Int) {
    grid.crop(columns: newColumns, rows: newRows)
    hidden.crop(columns: newColumns, rows: newRows)
  }
}
