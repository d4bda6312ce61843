/// Everything a screen remembers, a line each: two screens with the same inventory behave the same from here on.
extension Screen {
  /// For comparing; the order of lines is always the same. Erased cells and drawn spaces count as equal.
  package func inventory() -> [String] {
    let state =
      emulation
      .stateInventory()
    return state + emulation.gridInventory(emulation.grid, "shown")
      + emulation.gridInventory(emulation.hidden, "hidden") + ["unfinished \(parser.unfinished)"]
  }

  /// The lines of the scrollback, with styles, oldest first.
  package func historyInventory() -> [String] {
    var lines: [String] = []
    emulation.scrollback.forEach(from: 0) { cells, fill, isWrapped in
      let rest = repeatElement(Cell.blank(fill), count: max(0, columns - cells.count))
      lines.append(emulation.lineInventory(cells + rest) + (isWrapped ? " wrapped" : ""))
    }
    return lines
  }
}

extension Emulation {
  fileprivate func stateInventory() -> [String] {
    let on = Mode.allCases.filter { modes[$0] }.map { "\($0)" }
    var lines = ["size \(columns) \(rows)", "alternate \(isAlternate)", "modes \(on)"]
    lines.append("cursor \(cursor.row) \(cursor.column) \(cursor.isWrapPending)")
    // While a wrap is pending a mark joins the cell under the cursor either way.
    let joins = cursor.isWrapPending ? nil : writtenColumn
    lines.append("joins \(joins.map(String.init) ?? "nothing")")
    lines.append("pen \(describe(pen.style)) \(pen.isProtected)")
    lines.append("charsets \(describe(charsets))")
    lines.append("margins \(margins.top) \(margins.bottom) \(margins.left) \(margins.right)")
    lines.append("saved \(describe(saved))")
    lines.append("saved there \(describe(hiddenSaved))")
    lines.append("tabs \(tabs.columns)")
    lines.append(
      "titles \(titles.window) | \(titles.icon) | \(titles.stack.count) \(titles.hexadecimal.sorted())")
    for entry in titles.stack { lines.append("title \(entry.window) | \(entry.icon)") }
    for (index, rgb) in palette.entries.sorted(by: { $0.key < $1.key }) {
      lines.append("colour \(index) \(rgb)")
    }
    for (index, rgb) in palette.dynamic.sorted(by: { $0.key < $1.key }) {
      lines.append("dynamic \(index) \(rgb)")
    }
    lines.append("keyboard \(keyboard.stack) \(hiddenKeyboard.stack) \(modifyOtherKeys)")
    lines.append("mouse \(mouse.tracking) \(mouse.encoding) shape \(cursorShape)")
    lines.append("rectangles \(changeExtent) \(checksumFlags) eight \(answersInEightBits) \(conformance)")
    for (number, value) in savedModes.sorted(by: { $0.key < $1.key }) where value != initialValue(number) {
      lines.append("kept \(number) \(value)")
    }
    return lines
  }

  private func initialValue(_ number: Int) -> Int {
    Mode(number: number).map { ModeSet.initial[$0] ? 1 : 0 } ?? 0
  }

  fileprivate func gridInventory(_ grid: borrowing Grid, _ name: String) -> [String] {
    var lines: [String] = []
    for row in 0..<rows {
      var cells: ContiguousArray<Cell> = []
      for column in 0..<columns { cells.append(grid.cell(row, column)) }
      let line = lineInventory(cells)
      if !line.isEmpty { lines.append("\(name) \(row) \(line)") }
    }
    return lines
  }

  fileprivate func lineInventory(_ cells: ContiguousArray<Cell>) -> String {
    var line = ""
    var style: UInt32 = 0
    for cell in cells {
      if cell.isTail { continue }
      if cell.style != style {
        style = cell.style
        line += "{\(describe(styles[style]))}"
      }
      if cell.isProtected { line += "!" }
      if cell.isWide { line += "_" }
      line += text([cell])
    }
    while line.last == " " { line.removeLast() }
    return line
  }

  private func describe(_ style: Style) -> String {
    let link = String(decoding: links[style.link], as: UTF8.self)
    return Rendition.text(style) + (link.isEmpty ? "" : " " + link)
  }

  private func describe(_ charsets: Charsets) -> String {
    let sets = (0..<4).map { String(charsets.sets[$0], radix: 16) }
    return "\(sets) \(charsets.left) \(charsets.right) \(charsets.single.map(String.init) ?? "-")"
  }

  private func describe(_ saved: SavedCursor) -> String {
    "\(saved.cursor.row) \(saved.cursor.column) \(saved.cursor.isWrapPending) \(describe(saved.pen.style)) "
      + "\(saved.pen.isProtected) \(describe(saved.charsets)) \(saved.isOrigin)"
  }
}
