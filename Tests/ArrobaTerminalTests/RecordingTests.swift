import ArrobaTerminal
import Testing

@Suite("Real programs")
struct RecordingTests {
  @Test("Text, styles, cursor and flags of recorded programs are what tmux showed", arguments: Recording.all)
  func markers(_ recording: Recording) {
    var screen = recording.makeScreen()
    for step in recording.steps {
      switch step {
      case .output(let bytes): screen.feed(bytes)
      case .resize(let columns, let rows): screen.resize(columns: columns, rows: rows)
      case .marker(let marker):
        // tmux 3.3a counts skin tones, flags and U+FE0F otherwise than Unicode: vim's line of emoji.
        let emoji = marker.text.indices.filter { marker.text[$0].contains("emoji") }
        var differences = text(screen.textRows(history: 0), marker.text, but: emoji)
        differences += looks(screen.cells(history: 0), marker, but: emoji)
        differences += flags(screen, marker.flags)
        #expect(
          differences.isEmpty, "\(recording.name) \(marker.name): \(differences.joined(separator: "\n"))")
      }
    }
  }

  private func text(_ have: [String], _ want: [String], but emoji: [Int]) -> [String] {
    var differences: [String] = []
    for row in 0..<have.count where !emoji.contains(row) {
      let expected = row < want.count ? trimmed(want[row]) : ""
      if have[row] != expected {
        differences.append("row \(row)\n want |\(expected)|\n have |\(have[row])|")
      }
    }
    return differences
  }

  /// tmux's capture, read by a model of the same size: what it leaves out at line ends is left out of both.
  private func looks(_ have: ScreenCells, _ marker: Recording.Marker, but emoji: [Int]) -> [String] {
    var other = Screen(columns: have.columns, rows: have.rows, scrollbackLimit: 0, scrollbackBytes: 0)
    let lines = marker.styled.split(separator: "\n", omittingEmptySubsequences: false).prefix(have.rows)
    other.feed(Array(lines.joined(separator: "\r\n").utf8))
    let want = other.cells(history: 0)
    var differences: [String] = []
    for row in 0..<have.rows where !emoji.contains(row) {
      let left = looks(have, row)
      let right = looks(want, row)
      for column in 0..<min(left.count, right.count) where left[column] != right[column] {
        differences.append("look \(row),\(column): want \(right[column]), have \(left[column])")
        break
      }
    }
    return differences
  }

  private func looks(_ cells: ScreenCells, _ row: Int) -> [GoldenLook] {
    cells.lines[row].flatMap { run in
      Array(repeating: GoldenLook(cells.styles[run.style]), count: run.width)
    }
  }

  private func flags(_ screen: borrowing Screen, _ want: Recording.Flags) -> [String] {
    let cursor = screen.cursor
    let modes = screen.modes
    let mouse = [9, 1000, 1001, 1002, 1003].contains { modes[$0] == true }
    let pairs: [(String, Int, Int)] = [
      ("column", cursor.isWrapPending ? want.cursor_x : cursor.column, want.cursor_x),
      ("row", cursor.row, want.cursor_y),
      ("visible", cursor.isVisible ? 1 : 0, want.cursor_visible),
      ("alternate", screen.isAlternate ? 1 : 0, want.alternate_screen),
      ("mouse", mouse ? 1 : 0, want.mouse_any),
      ("sgr", modes[1006] == true ? 1 : 0, want.mouse_sgr),
      ("keypad", modes[66] == true ? 1 : 0, want.keypad),
      ("cursor keys", modes[1] == true ? 1 : 0, want.keypad_cursor),
      ("insert", screen.isSet(ansiMode: 4) ? 1 : 0, want.insert),
    ]
    var differences = pairs.filter { $0.1 != $0.2 }.map { "\($0.0): want \($0.2), have \($0.1)" }
    if screen.title != want.title, want.title != "vm" {
      differences.append("title: want \(want.title), have \(screen.title)")
    }
    return differences
  }

  private func trimmed(_ text: String) -> String {
    var text = text[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
