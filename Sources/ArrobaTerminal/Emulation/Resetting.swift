/// Back to the start, wholly or in part.
extension Emulation {
  /// DECSTR: what a program may have left behind; text, cursor and a pending wrap stay.
  mutating func softReset() {
    modes[.cursorVisible] = true
    modes[.autowrap] = true
    modes[.insert] = false
    modes[.origin] = false
    modes[.keyboardLock] = false
    modes[.cursorKeys] = false
    modes[.keypad] = false
    modes[.reverseWrap] = false
    modes[.sideMargins] = false
    margins = Margins(columns: columns, rows: rows)
    pen = Pen()
    penIsKnown = false
    charsets = Charsets()
    protection = .off
    saved = SavedCursor()
    modifyOtherKeys = 0
    keyboard = Keyboard()
  }

  /// RIS: the main screen, cleared. Titles stay, and so do saved cursors and the values of XTSAVE.
  mutating func reset() {
    showMain()
    softReset()
    modes = .initial
    mouse = Mouse()
    tabs.reset()
    palette = Palette()
    hiddenKeyboard = Keyboard()
    cursorShape = 0
    changeExtent = 0
    titles.resetModes()
    checksumFlags = 0
    conformance = 65
    answersInEightBits = false
    hiddenSaved = SavedCursor()
    settle()
    cursor = Cursor()
    grid.clear(0)
    hidden.clear(0)
    scrollback.removeAll()
  }

  /// DECSCL: the level, and with it a reset.
  mutating func setConformance(_ parameters: Parameters) {
    let level = parameters.value(0)
    guard (61...65).contains(level) else { return }
    softReset()
    changeExtent = 0
    conformance = level
    answersInEightBits = level > 61 && parameters.value(1) != 1
  }

  /// DECSCUSR; whether it blinks is also mode 12.
  mutating func setCursorShape(_ shape: Int) {
    cursorShape = shape
    if shape > 0 { modes[.cursorBlink] = shape % 2 == 1 }
  }
}
