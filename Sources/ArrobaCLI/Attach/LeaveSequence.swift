/// What is written to the user's terminal on leaving, whatever the program may have set on it.
package enum LeaveSequence {
  /// Mode by mode, each in the way in which terminals agree. What differs among terminals from the start (the wheel as
  /// cursor keys, Alt as Escape, clusters) is left as it is: there is no one state to go back to.
  private static let parts: [String] = [
    "\u{1B}\\",  // ends a string that was cut off (title, clipboard, image), or any other sequence
    "\u{1B}[?2026l",  // synchronized output: show what there is
    "\u{1B}[=0u\u{1B}[<99u",  // kitty keyboard of the alternate screen, which has a stack of its own
    "\u{1B}[?1049l",  // the main screen
    "\u{1B}[=0u\u{1B}[<99u",  // kitty keyboard of the main screen
    "\u{1B}[>4;0m",  // modifyOtherKeys; before the reset of styles, for terminals that take it for one
    "\u{1B}[?9;1000;1002;1003;1005;1006;1015;1016l",  // mouse
    "\u{1B}[?1004;2004;2031;2048l",  // focus, bracketed paste, reports of colours and of sizes
    "\u{1B}[2l\u{1B}[?8h\u{1B}[?67l",  // the keyboard itself: unlocked, repeating, Backspace as ever
    "\u{1B}[?1l\u{1B}>",  // cursor keys and keypad
    "\u{1B}[?4;5;6;42;45;1045l\u{1B}[r\u{1B}[?69l",  // scrolling, reverse video, origin, margins
    "\u{1B}[4;20l\u{1B}[?7h",  // insert, line feed as new line; autowrap
    "\u{1B}[?5W",  // tab stops
    "\u{1B}(B\u{1B})B\u{0F}",  // ASCII
    "\u{1B}[0\"q\u{1B}]8;;\u{1B}\\\u{1B}[0m",  // protection, hyperlink, styles
    "\u{1B}]104\u{1B}\\\u{1B}]110\u{1B}\\\u{1B}]111\u{1B}\\\u{1B}]112\u{1B}\\",  // colours
    "\u{1B}[0 q\u{1B}[?25h",  // the cursor's shape, and that it shows
  ]

  /// Everything back, the cursor on a new line at the bottom.
  package static let text = parts.joined() + "\u{1B}[9999;1H\r\n\u{1B}[K"

  /// A line across the bottom of the screen, which leaves the cursor where it is. The screen must be repainted after.
  package static func bottomLine(_ message: String, size: (columns: Int, rows: Int)) -> String {
    let shown = Clean.cut(" \(message) ", toCells: size.columns - 1)
    return "\u{1B}\\\u{1B}7\u{1B}[\(size.rows);1H\u{1B}[0;7m\(shown)\u{1B}[0m\u{1B}8"
  }
}
