internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaTerminal

/// A screen as JSON (protocol.md, section 8, `format: "cells"`).
enum ScreenForm {
  static func json(_ screen: borrowing TerminalScreen, history: Int) -> JSON {
    let cells = screen.model.cells(history: history)
    var modes = JSONObject()
    for (number, isSet) in cells.modes.sorted(by: { $0.key < $1.key }) {
      modes.members.append(JSONObject.Member(key: "\(number)", value: .int(isSet ? 1 : 0)))
    }
    modes["ansi4"] = .int(cells.insertMode ? 1 : 0)
    modes["ansi20"] = .int(cells.newLineMode ? 1 : 0)
    var object = JSONObject()
    object["cols"] = .int(cells.columns)
    object["rows"] = .int(cells.rows)
    object["offset"] = .int(Int(screen.offset))
    object["title"] = .string(cells.title)
    object["cursor"] = [
      "row": .int(cells.cursor.row), "column": .int(cells.cursor.column),
      "visible": .bool(cells.cursor.isVisible),
      "shape": .string(cells.cursor.shapeName),
    ]
    object["modes"] = .object(modes)
    object["lines"] = .array(cells.lines.map { line($0) })
    object["styles"] = .array(cells.styles.map { style($0) })
    object["history"] = .int(cells.historyCount)
    if history > 0 { object["historyLines"] = .array(cells.history.map { line($0) }) }
    return .object(object)
  }

  private static func line(_ runs: [ScreenCells.Run]) -> JSON {
    .array(runs.map { ["text": .string($0.text), "width": .int($0.width), "style": .int($0.style)] })
  }

  private static func style(_ look: ScreenCells.Look) -> JSON {
    var object = JSONObject()
    object["fg"] = colour(look.foreground)
    object["bg"] = colour(look.background)
    let flags: [(String, Bool)] = [
      ("bold", look.bold), ("faint", look.faint), ("italic", look.italic), ("blink", look.blink),
      ("inverse", look.inverse), ("invisible", look.invisible), ("strike", look.strike),
      ("overline", look.overline),
    ]
    for (name, isSet) in flags where isSet { object[name] = true }
    object["underline"] = look.underline.map { .string($0.rawValue) }
    object["underlineColor"] = colour(look.underlineColour)
    object["link"] = .text(look.link)
    return .object(object)
  }

  private static func colour(_ colour: ScreenCells.Colour) -> JSON? {
    switch colour {
    case .standard: return nil
    case .palette(let number): return .int(number)
    case .direct(let value):
      let digits = String(value, radix: 16)
      return .string("#" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits)
    }
  }
}
