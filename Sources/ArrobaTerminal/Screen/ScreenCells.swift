/// The screen as plain values: lines of runs of one style, and what else there is to say about it.
package struct ScreenCells: Equatable, Sendable {
  /// Characters of one style; `width` is how many cells they cover, `style` an index into `styles`.
  package struct Run: Equatable, Sendable {
    package var text: String
    package var width: Int
    package var style: Int
  }

  package enum Colour: Equatable, Sendable {
    case standard
    case palette(Int)
    /// 0xRRGGBB.
    case direct(UInt32)
  }

  package enum Underline: String, Equatable, Sendable {
    case single, double, curly, dotted, dashed
  }

  package struct Look: Equatable, Sendable {
    package var foreground = Colour.standard
    package var background = Colour.standard
    package var bold = false
    package var faint = false
    package var italic = false
    package var blink = false
    package var inverse = false
    package var invisible = false
    package var strike = false
    package var overline = false
    package var underline: Underline?
    package var underlineColour = Colour.standard
    /// The address of a hyperlink.
    package var link: String?

    package init() {}
  }

  package var columns: Int
  package var rows: Int
  package var title: String
  package var iconTitle: String
  package var cursor: ScreenCursor
  /// Private modes by number.
  package var modes: [Int: Bool]
  /// ANSI modes 4 and 20.
  package var insertMode: Bool
  package var newLineMode: Bool
  /// The newest lines of the scrollback that were asked for, oldest first.
  package var history: [[Run]]
  package var lines: [[Run]]
  /// The first is always the plain one.
  package var styles: [Look]
  /// How many lines of scrollback there are in all.
  package var historyCount: Int
}

extension Screen {
  /// The screen in full, with as many of the newest scrollback lines as asked for.
  package func cells(history: Int) -> ScreenCells {
    var looks = LookTable()
    var lines: [[ScreenCells.Run]] = []
    emulation.forEachLine(history: history) { cells, fill, _ in
      lines.append(emulation.runs(cells, fill: fill, &looks))
    }
    return ScreenCells(
      columns: columns, rows: rows, title: title, iconTitle: iconTitle, cursor: cursor, modes: modes,
      insertMode: isSet(ansiMode: 4), newLineMode: isSet(ansiMode: 20), history: Array(lines.dropLast(rows)),
      lines: lines.suffix(rows), styles: looks.looks, historyCount: historyCount)
  }
}

/// Gives the styles that occur small numbers.
private struct LookTable {
  var looks = [ScreenCells.Look()]
  var numbers: [UInt32: Int] = [0: 0]
}

extension Emulation {
  fileprivate func runs(
    _ cells: ContiguousArray<Cell>, fill: UInt32, _ table: inout LookTable
  ) -> [ScreenCells.Run] {
    var runs: [ScreenCells.Run] = []
    var start = 0
    while start < cells.count {
      var end = start + 1
      while end < cells.count, cells[end].style == cells[start].style || cells[end].isTail { end += 1 }
      let number = number(cells[start].style, &table)
      runs.append(ScreenCells.Run(text: text(cells[start..<end]), width: end - start, style: number))
      start = end
    }
    if fill != 0, cells.count < columns {
      let width = columns - cells.count
      let spaces = String(repeating: " ", count: width)
      runs.append(ScreenCells.Run(text: spaces, width: width, style: number(fill, &table)))
    }
    return runs
  }

  private func number(_ style: UInt32, _ table: inout LookTable) -> Int {
    if let known = table.numbers[style] { return known }
    table.looks.append(look(styles[style]))
    table.numbers[style] = table.looks.count - 1
    return table.looks.count - 1
  }

  private func look(_ style: Style) -> ScreenCells.Look {
    var look = ScreenCells.Look()
    look.foreground = colour(style.foreground)
    look.background = colour(style.background)
    look.underlineColour = colour(style.underlineColour)
    look.bold = style.attributes.contains(.bold)
    look.faint = style.attributes.contains(.faint)
    look.italic = style.attributes.contains(.italic)
    look.blink = style.attributes.contains(.blink)
    look.inverse = style.attributes.contains(.inverse)
    look.invisible = style.attributes.contains(.invisible)
    look.strike = style.attributes.contains(.strike)
    look.overline = style.attributes.contains(.overline)
    switch style.attributes.underline {
    case .none: look.underline = nil
    case .single: look.underline = .single
    case .double: look.underline = .double
    case .curly: look.underline = .curly
    case .dotted: look.underline = .dotted
    case .dashed: look.underline = .dashed
    }
    if style.link != 0 {
      let link = links[style.link]
      let address = link.firstIndex(of: 0x3B).map { link[($0 + 1)...] } ?? link[...]
      look.link = String(decoding: address, as: UTF8.self)
    }
    return look
  }

  private func colour(_ colour: Colour) -> ScreenCells.Colour {
    if let index = colour.paletteIndex { return .palette(Int(index)) }
    if let rgb = colour.rgb { return .direct(rgb) }
    return .standard
  }
}
