/// From the model the bytes that bring any terminal from nothing to the same state.
extension Screen {
  /// Bytes that make a terminal of the same size show the same, whatever it showed before, and remember as many of
  /// the newest scrollback lines as asked for. They leave its parser at rest, or exactly where ours is in the middle
  /// of a sequence. What the terminal remembers already stays above: it is its user's.
  package func repaint(history: Int) -> [UInt8] {
    var painter = Painter()
    emulation.paintStart(&painter)
    emulation.paintScreens(&painter, history: history)
    emulation.paintState(&painter)
    painter.raw(parser.unfinished)
    return painter.bytes
  }
}

/// How much of a grid is painted.
struct Area {
  var columns: Int
  var rows: Int
}

extension Emulation {
  /// Brings a terminal in any state to a known one: nothing unfinished, main screen, everything off and empty.
  func paintStart(_ painter: inout Painter) {
    painter.raw("\u{18}")
    painter.control("?2026h")
    painter.control("?1049l")
    painter.control("!p")
    if conformance != 65 { painter.control("\(conformance);1\"p") }
    painter.control("?1;5;6;9;45;66;69;1000;1001;1002;1003;1004l")
    painter.control("?12;67;1005;1006;1007;1015;1016;1045;2004;2031;2048l")
    painter.control("?7;25h")
    painter.control("4;20l")
    painter.raw("\u{1B}>\u{1B}(B\u{1B})B\u{1B}*B\u{1B}+B\u{0F}")
    painter.control("m")
    painter.control("0\"q")
    painter.control("<9u")
    painter.control("=0u")
    painter.control(">4m")
    painter.control("0 q")
    painter.control("*x")
    painter.control("#y")
    painter.raw("\u{1B} F")
    painter.raw(
      "\u{1B}]8;;\u{1B}\\\u{1B}]104\u{1B}\\\u{1B}]105\u{1B}\\\u{1B}]110\u{1B}\\\u{1B}]111\u{1B}\\\u{1B}]112\u{1B}\\"
    )
    painter.control("r")
    painter.control("?5W")
    painter.control("H")
    painter.control("2J")
  }

  /// Both screens with their saved cursors; ends in the one that is shown, the pen plain.
  func paintScreens(_ painter: inout Painter, history: Int) {
    let whole = Area(columns: columns, rows: rows)
    if isAlternate {
      paintMain(hidden, history: history, &painter)
      paint(hiddenKeyboard, &painter)
      paintSaved(hiddenSaved, hidden, &painter)
      painter.control("?1049h")
      afterSaved(hiddenSaved, &painter)
      painter.control("H")
      painter.control("2J")
      if savedModes[1049] == 1 { painter.control("?47s") }
      paint(grid, whole, &painter)
      paint(keyboard, &painter)
      keepSaved(saved, grid, &painter)
    } else {
      if savedModes[1049] == 1 || !hidden.isBlank || hiddenSaved != SavedCursor()
        || hiddenKeyboard != Keyboard()
      {
        painter.control("?47h")
        if savedModes[1049] == 1 { painter.control("?47s") }
        painter.control("H")
        painter.control("2J")
        paint(hidden, whole, &painter)
        paint(hiddenKeyboard, &painter)
        keepSaved(hiddenSaved, hidden, &painter)
        painter.set(.plain, link: [])
        painter.protect(false)
        painter.control("?47l")
        painter.control("H")
        painter.control("2J")
      }
      paintMain(grid, history: history, &painter)
      paint(keyboard, &painter)
      keepSaved(saved, grid, &painter)
    }
    painter.set(.plain, link: [])
    painter.protect(false)
  }

  private func paint(_ keyboard: Keyboard, _ painter: inout Painter) {
    guard keyboard != Keyboard() else { return }
    for (index, flags) in keyboard.stack.enumerated() {
      painter.control(index == 0 ? "=\(flags)u" : ">\(flags)u")
    }
  }

  private func keepSaved(_ saved: SavedCursor, _ grid: borrowing Grid, _ painter: inout Painter) {
    guard saved != SavedCursor() else { return }
    paintSaved(saved, grid, &painter)
    painter.raw("\u{1B}7")
    afterSaved(saved, &painter)
  }

  /// Puts cursor, pen, character sets and origin mode where they were when they were saved.
  private func paintSaved(_ saved: SavedCursor, _ grid: borrowing Grid, _ painter: inout Painter) {
    if saved.isOrigin { painter.control("?6h") }
    let cursor = saved.cursor
    if cursor.isWrapPending {
      reprint(grid, cursor.row, cursor.column, origin: (0, 0), &painter)
    } else {
      painter.move(row: cursor.row, column: cursor.column)
    }
    painter.set(saved.pen.style, link: links[saved.pen.style.link])
    painter.protect(saved.pen.isProtected)
    paint(saved.charsets, &painter)
  }

  private func afterSaved(_ saved: SavedCursor, _ painter: inout Painter) {
    painter.set(.plain, link: [])
    painter.protect(false)
    if saved.isOrigin { painter.control("?6l") }
    if saved.charsets != Charsets() { painter.raw("\u{1B}(B\u{1B})B\u{1B}*B\u{1B}+B\u{0F}\u{1B}}") }
  }

  /// Prints a cell over itself, which leaves the cursor and a pending wrap as printing it did.
  func reprint(
    _ grid: borrowing Grid, _ row: Int, _ column: Int, origin: (Int, Int), _ painter: inout Painter
  ) {
    let start = grid.cell(row, column).isTail ? max(0, column - 1) : column
    let cell = grid.cell(row, start)
    painter.move(row: row - origin.0, column: start - origin.1)
    let style = styles[cell.style]
    painter.set(style, link: links[style.link])
    painter.protect(cell.isProtected)
    painter.print(cell.glyph, clusters)
  }

  /// Designations and shifts, from where all sets are ASCII.
  func paint(_ charsets: Charsets, _ painter: inout Painter) {
    for index in 0..<4 where charsets.sets[index] != Charsets.ascii {
      painter.raw(charsets.designation(index))
    }
    let left = ["", "\u{0E}", "\u{1B}n", "\u{1B}o"]
    painter.raw(left[charsets.left])
    if charsets.right == 1 { painter.raw("\u{1B}~") }
    if charsets.right == 3 { painter.raw("\u{1B}|") }
    if let single = charsets.single { painter.raw(single == 2 ? "\u{1B}N" : "\u{1B}O") }
  }
}

extension Charsets {
  /// The sequence that designates what is in one of the four places.
  func designation(_ index: Int) -> [UInt8] {
    let set = sets[index]
    let high = UInt8(set >> 8)
    if high == 0x2D { return [0x1B, 0x2C + UInt8(index), UInt8(set & 0xFF)] }
    return [0x1B, 0x28 + UInt8(index)] + (high == 0 ? [] : [high]) + [UInt8(set & 0xFF)]
  }
}
