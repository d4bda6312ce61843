import ArrobaTerminal
import Testing

@Suite("Another size")
struct ReflowTests {
  private func makeScreen(_ text: String, columns: Int = 10, rows: Int = 4) -> Screen {
    var screen = Screen(columns: columns, rows: rows, scrollbackLimit: 5000, scrollbackBytes: 1 << 20)
    screen.feed(Array(text.utf8))
    return screen
  }

  @Test("A wrapped line becomes one line again and wraps where it must")
  func wraps() {
    var screen = makeScreen("0123456789abcdef\r\nx")
    #expect(screen.textRows(history: 0) == ["0123456789", "abcdef", "x", ""])
    screen.resize(columns: 20, rows: 4)
    #expect(screen.textRows(history: 0) == ["0123456789abcdef", "x", "", ""])
    #expect(screen.cursor.row == 1 && screen.cursor.column == 1)
    screen.resize(columns: 5, rows: 4)
    #expect(screen.textRows(history: 10) == ["01234", "56789", "abcde", "f", "x"])
    #expect(screen.historyCount == 1)
    #expect(screen.cursor.row == 3 && screen.cursor.column == 1)
    screen.resize(columns: 10, rows: 4)
    #expect(screen.textRows(history: 10).filter { !$0.isEmpty } == ["0123456789", "abcdef", "x"])
  }

  @Test("Lines that were ended stay apart")
  func endedLines() {
    var screen = makeScreen("aaaaaaaaaa\r\nbb\r\ncc")
    screen.resize(columns: 30, rows: 4)
    #expect(screen.textRows(history: 0) == ["aaaaaaaaaa", "bb", "cc", ""])
  }

  @Test("A full screen that becomes higher takes lines back, one that becomes lower gives them away")
  func heights() {
    var screen = makeScreen("1\r\n2\r\n3\r\n4\r\n5\r\n6")
    #expect(screen.textRows(history: 0) == ["3", "4", "5", "6"])
    screen.resize(columns: 10, rows: 5)
    #expect(screen.textRows(history: 0) == ["2", "3", "4", "5", "6"])
    screen.resize(columns: 10, rows: 2)
    #expect(screen.textRows(history: 0) == ["5", "6"])
    #expect(screen.historyCount == 4)
    #expect(screen.cursor.row == 1 && screen.cursor.column == 1)
  }

  @Test("After clearing, the prompt stays at the top")
  func cleared() {
    var screen = makeScreen("1\r\n2\r\n3\r\n4\r\n5\r\n6\u{1B}[H\u{1B}[2J$ ")
    screen.resize(columns: 12, rows: 6)
    #expect(screen.textRows(history: 0) == ["$", "", "", "", "", ""])
    #expect(screen.cursor.row == 0 && screen.cursor.column == 2)
  }

  @Test("A wide character is never cut")
  func wide() {
    var screen = makeScreen("漢字漢字漢")
    screen.resize(columns: 5, rows: 4)
    #expect(screen.textRows(history: 0) == ["漢字", "漢字", "漢", ""])
    screen.resize(columns: 10, rows: 4)
    #expect(screen.textRows(history: 0) == ["漢字漢字漢", "", "", ""])
    screen.resize(columns: 1, rows: 4)
    screen.resize(columns: 10, rows: 4)
    #expect(screen.columns == 10)
  }

  @Test("Beneath the alternate screen the main one flows too, with the cursor saved for it")
  func alternate() {
    var screen = makeScreen("0123456789abcdef\u{1B}[?1049hfull")
    screen.resize(columns: 20, rows: 4)
    #expect(screen.textRows(history: 0) == ["", "      full", "", ""])
    screen.feed(Array("\u{1B}[?1049l!".utf8))
    #expect(screen.textRows(history: 0) == ["0123456789abcdef!", "", "", ""])
  }

  @Test("Styles and scrollback survive any sizes", arguments: 1...12)
  func sizes(_ seed: Int) {
    var random = SplitMix(seed: UInt64(seed))
    var screen = makeScreen("", columns: 20, rows: 5)
    for number in 0..<30 {
      let text = String(repeating: "w\(number) ", count: Int.random(in: 0..<12, using: &random))
      screen.feed(Array("\u{1B}[3\(number % 8)m\(text)\u{1B}[m\r\n".utf8))
    }
    let before = screen.textRows(history: 1000).joined().filter { $0 != " " }
    for _ in 0..<20 {
      screen.resize(
        columns: Int.random(in: 4..<60, using: &random), rows: Int.random(in: 1..<12, using: &random))
    }
    #expect(screen.textRows(history: 1000).joined().filter { $0 != " " } == before)
  }
}
