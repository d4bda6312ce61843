import ArrobaTerminal
import ArrobaTestSupport
import Testing

@Suite("A screen on a terminal of another size")
struct CutOutTests {
  /// What a terminal of that size shows of a screen, after its first and after a second painting.
  private func shown(_ text: String, _ columns: Int, _ rows: Int, from: (columns: Int, rows: Int) = (10, 4))
    -> (rows: [String], cursor: [Int]?)
  {
    let screen = makeScreen(text, columns: from.columns, rows: from.rows)
    var terminal = makeScreen(
      "\u{1B}[?1049h\u{1B}[31mrubbish\u{1B}[2;3r\u{1B}[?6h\u{1B}[4h\u{1B}(0", columns: columns, rows: rows)
    terminal.feed(screen.cutOut(columns: columns, rows: rows, isFirst: true))
    let first = terminal.textRows(history: 0)
    terminal.feed(screen.cutOut(columns: columns, rows: rows, isFirst: false))
    let second = terminal.textRows(history: 100)
    #expect(first == second, "painting again changes nothing and scrolls nothing")
    return (second, terminal.cursor.isVisible ? [terminal.cursor.row, terminal.cursor.column] : nil)
  }

  private static let text = "0123456789\r\nabcdefghij\r\nABCDEFGHIJ\r\nlast"

  @Test("A larger terminal shows all, and blanks beside it")
  func larger() {
    let all = shown(Self.text, 14, 6)
    #expect(all.rows == ["0123456789", "abcdefghij", "ABCDEFGHIJ", "last", "", ""] && all.cursor == [3, 4])
  }

  @Test("A smaller one shows the top left; where the cursor would be out of sight it is moved up")
  func smaller() {
    #expect(shown(Self.text + "\u{1B}[H", 5, 2) == (["01234", "abcde"], [0, 0]))
    #expect(shown(Self.text, 5, 2) == (["ABCDE", "last"], [1, 4]))
    #expect(shown(Self.text, 5, 3) == (["abcde", "ABCDE", "last"], [2, 4]))
    // A cursor that does not show is no reason to move.
    #expect(shown(Self.text + "\u{1B}[?25l", 5, 2) == (["01234", "abcde"], nil))
    // One beside what is shown does not show.
    #expect(shown(Self.text + "\u{1B}[2;9H", 5, 2) == (["01234", "abcde"], nil))
  }

  @Test("Half a character is not shown")
  func wide() {
    #expect(shown("漢字漢字", 5, 1).rows == ["漢字"])
    #expect(shown("漢字漢字", 4, 1).rows == ["漢字"] && shown("漢字漢字", 1, 1).rows == [""])
  }

  @Test("Styles and backgrounds are those of the screen, and none is left behind")
  func styles() {
    let screen = makeScreen("\u{1B}[44mab\u{1B}[K\r\n\u{1B}[0;1mcd", columns: 10, rows: 4)
    var terminal = makeScreen("", columns: 6, rows: 3)
    terminal.feed(screen.cutOut(columns: 6, rows: 3, isFirst: true))
    terminal.feed(Array("\u{1B}[3;1Hx".utf8))
    let cells = terminal.cells(history: 0)
    #expect(cells.styles[cells.lines[0][0].style].background == .palette(4))
    #expect(cells.lines[0].map(\.width).reduce(0, +) == 6, "the background reaches to the edge")
    #expect(cells.styles[cells.lines[1][0].style].bold && cells.lines[2][0].style == 0)
  }

  @Test("Whatever is on the screen: what fits is shown as it is, at any size")
  func anything() {
    var random = SplitMix(seed: 77)
    for round in 0..<60 {
      var screen = makeScreen("", columns: 20, rows: 8)
      for _ in 0..<40 { screen.feed(RobustnessTests.noise(&random)) }
      let columns = Int.random(in: 1...30, using: &random)
      let rows = Int.random(in: 1...12, using: &random)
      var terminal = makeScreen("", columns: columns, rows: rows)
      terminal.feed(screen.cutOut(columns: columns, rows: rows, isFirst: true))
      terminal.feed(screen.cutOut(columns: columns, rows: rows, isFirst: false))
      #expect(terminal.historyCount == 0 && !terminal.isAlternate, "round \(round)")
      guard columns >= 20, rows >= 8 else { continue }
      #expect(terminal.textRows(history: 0).prefix(8) == screen.textRows(history: 0)[...], "round \(round)")
    }
  }
}
