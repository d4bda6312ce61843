/// Everything a terminal remembers beside its cells.
extension Emulation {
  /// After the screens: titles, colours, modes, margins, tab stops, and at last cursor and pen.
  func paintState(_ painter: inout Painter) {
    paintTitle(&painter)
    paintColours(&painter)
    paintSavedModes(&painter)
    paintModes(&painter)
    paintTabs(&painter)
    if modifyOtherKeys != 0 { painter.control(">4;\(modifyOtherKeys)m") }
    if cursorShape != 0 { painter.control("\(cursorShape) q") }
    if changeExtent != 0 { painter.control("\(changeExtent)*x") }
    if checksumFlags != 0 { painter.control("\(checksumFlags)#y") }
    if answersInEightBits { painter.raw("\u{1B} G") }
    paintMargins(&painter)
    paintCursor(&painter)
  }

  func paintTitle(_ painter: inout Painter) {
    for entry in titles.stack {
      paintTitle(1, entry.icon, &painter)
      paintTitle(2, entry.window, &painter)
      painter.control("22;0t")
    }
    if titles.icon == titles.window, !titles.icon.isEmpty {
      paintTitle(0, titles.window, &painter)
    } else {
      if !titles.icon.isEmpty || !titles.stack.isEmpty { paintTitle(1, titles.icon, &painter) }
      if !titles.window.isEmpty || !titles.stack.isEmpty { paintTitle(2, titles.window, &painter) }
    }
    for mode in titles.hexadecimal.sorted() { painter.control(">\(mode)t") }
  }

  private func paintTitle(_ kind: Int, _ title: String, _ painter: inout Painter) {
    painter.raw("\u{1B}]\(kind);\(title)\u{1B}\\")
  }

  private func paintColours(_ painter: inout Painter) {
    for (index, rgb) in palette.entries.sorted(by: { $0.key < $1.key }) {
      painter.raw("\u{1B}]4;\(index);\(Palette.write(rgb))\u{1B}\\")
    }
    for (number, rgb) in palette.dynamic.sorted(by: { $0.key < $1.key }) {
      painter.raw("\u{1B}]\(number);\(Palette.write(rgb))\u{1B}\\")
    }
  }

  /// What XTSAVE kept: each is set for a moment and saved.
  private func paintSavedModes(_ painter: inout Painter) {
    for (number, value) in savedModes.sorted(by: { $0.key < $1.key }) {
      switch number {
      case 1000:
        guard value != 0 else { continue }
        painter.control("?\(value)h")
        painter.control("?1000s")
        painter.control("?\(value)l")
      case 1049, 3: continue
      default:
        guard let mode = Mode(number: number) else { continue }
        let isOn = value == 1
        let initial = ModeSet.initial[mode]
        if isOn != initial { painter.control("?\(number)\(isOn ? "h" : "l")") }
        painter.control("?\(number)s")
        if isOn != initial { painter.control("?\(number)\(initial ? "h" : "l")") }
      }
    }
  }

  private func paintModes(_ painter: inout Painter) {
    var on: [String] = []
    var off: [String] = []
    for mode in Mode.allCases where modes[mode] != ModeSet.initial[mode] {
      switch mode {
      case .origin, .sideMargins, .insert, .columns132, .synchronized: continue
      case .newLine, .keyboardLock, .sendReceive: painter.control("\(-mode.number)h")
      default:
        if modes[mode] { on.append("\(mode.number)") } else { off.append("\(mode.number)") }
      }
    }
    if mouse.tracking != 0 { on.append("\(mouse.tracking)") }
    if mouse.encoding != 0 { on.append("\(mouse.encoding)") }
    for start in stride(from: 0, to: on.count, by: 12) {
      painter.control("?" + on[start..<min(start + 12, on.count)].joined(separator: ";") + "h")
    }
    if !off.isEmpty { painter.control("?" + off.joined(separator: ";") + "l") }
    if !modes[.synchronized] { painter.control("?2026l") }
  }

  private func paintTabs(_ painter: inout Painter) {
    guard tabs != TabStops(columns: columns) else { return }
    painter.control("3g")
    for column in tabs.columns {
      painter.move(row: 0, column: column)
      painter.raw("\u{1B}H")
    }
  }

  private func paintMargins(_ painter: inout Painter) {
    let whole = Margins(columns: columns, rows: rows)
    if margins.top != whole.top || margins.bottom != whole.bottom {
      painter.control("\(margins.top + 1);\(margins.bottom + 1)r")
    }
    if modes[.sideMargins] {
      painter.control("?69h")
      if margins.left != whole.left || margins.right != whole.right {
        painter.control("\(margins.left + 1);\(margins.right + 1)s")
      }
    } else if hasSideMargins {
      painter.control("?69h\u{1B}[\(margins.left + 1);\(margins.right + 1)s")
    }
    if modes[.origin] { painter.control("?6h") }
  }

  /// The cursor last: where something was just printed it is printed again, so that a pending wrap is pending and
  /// a mark that comes next joins it.
  private func paintCursor(_ painter: inout Painter) {
    let origin = modes[.origin] ? (margins.top, margins.left) : (0, 0)
    paintProtectionKind(&painter)
    if cursor.isWrapPending || writtenColumn != nil {
      let column = writtenColumn ?? cursor.column
      reprint(grid, cursor.row, column, origin: origin, &painter)
    } else if modes[.origin], !isInsideMargins {
      // There no motion leads: the cursor went there before the margins came, or by the tabulator.
      painter.set(.plain, link: [])
      painter.protect(false)
      painter.raw("\u{1B}P1$t\(cursor.row + 1);\(cursor.column + 1);1;@;@;A;0;2;O;BBBB\u{1B}\\")
    } else {
      painter.move(row: cursor.row - origin.0, column: cursor.column - origin.1)
    }
    painter.set(pen.style, link: links[pen.style.link])
    painter.protect(pen.isProtected)
    if protection == .iso { painter.raw(pen.isProtected ? "\u{1B}V" : "\u{1B}V\u{1B}W") }
    paint(charsets, &painter)
    if modes[.insert] { painter.control("4h") }
  }

  private func paintProtectionKind(_ painter: inout Painter) {
    if protection == .dec { painter.control("0\"q") }
  }
}
