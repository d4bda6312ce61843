/// Another size.
extension Emulation {
  /// Lines of the main screen and its scrollback flow anew; the alternate screen is cut or grows.
  mutating func resize(columns newColumns: Int, rows newRows: Int) {
    let newColumns = min(max(newColumns, 1), Self.largestSide)
    let newRows = min(max(newRows, 1), Self.largestSide)
    guard newColumns != columns || newRows != rows else { return }
    writtenColumn = nil
    interrupt()
    cursor.isWrapPending = false
    if isAlternate {
      cropAlternate(columns: newColumns, rows: newRows)
      hiddenSaved.cursor.isWrapPending = false
      var none = Cursor()
      hidden = Reflow.run(hidden, &scrollback, to: (newColumns, newRows), &hiddenSaved.cursor, &none)
    } else {
      saved.cursor.isWrapPending = false
      hidden.crop(columns: newColumns, rows: newRows)
      grid = Reflow.run(grid, &scrollback, to: (newColumns, newRows), &cursor, &saved.cursor)
    }
    columns = newColumns
    rows = newRows
    margins = Margins(columns: columns, rows: rows)
    tabs.resize(columns: columns)
    cursor.clamp(columns: columns, rows: rows)
    saved.cursor.clamp(columns: columns, rows: rows)
    hiddenSaved.cursor.clamp(columns: columns, rows: rows)
  }

  /// A lower screen loses rows below the cursor first and then at the top, so that the cursor's row stays.
  private mutating func cropAlternate(columns newColumns: Int, rows newRows: Int) {
    let lost = max(0, cursor.row - (newRows - 1))
    if lost > 0 {
      grid.rotateUp(0, rows, by: lost, 0)
      cursor.row -= lost
    }
    grid.crop(columns: newColumns, rows: newRows)
  }
}
