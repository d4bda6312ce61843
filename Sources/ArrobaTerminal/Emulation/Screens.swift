/// The two screens and their saved cursors.
extension Emulation {
  /// DECSC, also SCOSC and mode 1048.
  mutating func saveCursor() {
    saved = SavedCursor(cursor: cursor, pen: pen, charsets: charsets, isOrigin: modes[.origin])
  }

  /// DECRC, also SCORC and mode 1048; without a save it gives what there was at the start.
  mutating func restoreCursor() {
    settle()
    pen = saved.pen
    penIsKnown = false
    charsets = saved.charsets
    modes[.origin] = saved.isOrigin
    cursor = saved.cursor
    if saved.isOrigin {
      cursor.row = min(max(cursor.row, margins.top), margins.bottom)
    }
    cursor.row = min(cursor.row, rows - 1)
    if cursor.column >= columns { cursor.column = columns - 1 }
  }

  /// Shows the alternate screen; the cursor stays where it is.
  mutating func showAlternate(clearing: Bool) {
    if !isAlternate { exchangeScreens() }
    if clearing { grid.clear(blank()) }
  }

  mutating func showMain() {
    if isAlternate { exchangeScreens() }
  }

  private mutating func exchangeScreens() {
    swap(&grid, &hidden)
    swap(&saved, &hiddenSaved)
    swap(&keyboard, &hiddenKeyboard)
    isAlternate.toggle()
    writtenColumn = nil
    hidden.shrink()
  }

  /// Modes 47, 1047, 1048 and 1049.
  mutating func setScreenMode(_ number: Int, _ isOn: Bool) {
    switch (number, isOn) {
    case (47, true), (1047, true): showAlternate(clearing: false)
    case (47, false): showMain()
    case (1047, false):
      if isAlternate { grid.clear(blank()) }
      showMain()
    case (1048, true): saveCursor()
    case (1048, false): restoreCursor()
    case (1049, true):
      saveCursor()
      showAlternate(clearing: true)
    case (1049, false):
      showMain()
      restoreCursor()
    default: break
    }
  }
}
