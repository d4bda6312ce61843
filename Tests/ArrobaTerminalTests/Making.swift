import ArrobaTerminal

/// A screen that has been fed some text, `\e` already being ESC.
func makeScreen(_ text: String, columns: Int = 10, rows: Int = 4) -> Screen {
  var screen = Screen(columns: columns, rows: rows, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
  screen.feed(Array(text.utf8))
  return screen
}

/// The rows that a text leaves on a small screen.
func rows(_ text: String, columns: Int = 10, rows: Int = 4) -> [String] {
  makeScreen(text, columns: columns, rows: rows).textRows(history: 0)
}

/// Row and column of the cursor after a text.
func cursor(_ text: String, columns: Int = 10, rows: Int = 4) -> [Int] {
  let cursor = makeScreen(text, columns: columns, rows: rows).cursor
  return [cursor.row, cursor.column]
}

/// What a screen answers to a text.
func answers(_ text: String, columns: Int = 80, rows: Int = 24) -> String {
  var screen = makeScreen(text, columns: columns, rows: rows)
  return String(decoding: screen.takeAnswers(), as: UTF8.self)
}
