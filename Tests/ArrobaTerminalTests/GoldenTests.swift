import ArrobaTerminal
import Testing

@Suite("xterm shows the same")
struct GoldenTests {
  /// Where xterm is not the measure.
  private static let exceptions = [
    // CBT while a wrap is pending: xterm keeps it pending, every other motion ends it.
    "tabs-1001-00", "tabs-1001-03", "tabs-1001-06", "tabs-1001-07",
    // ICH pushes a wide character half over the edge: xterm keeps the half. And a mark after BS makes a wrap pending.
    "wide-1001-05",
  ]

  @Test(
    "Text, attributes, cursor and modes of streams are what xterm showed",
    arguments: Golden.all + Golden.others)
  func stream(_ golden: Golden) {
    var screen = Screen(
      columns: golden.cols, rows: golden.rows, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
    play(golden, &screen)
    if Self.exceptions.contains(golden.name) { return }
    let differences = compare(screen.cells(history: 0), cursor: reportedCursor(&screen), golden)
    #expect(differences.isEmpty, "\(golden.name): \(differences.joined(separator: "\n"))")
  }

  private func play(_ golden: Golden, _ screen: inout Screen) {
    for chunk in golden.chunks {
      switch chunk {
      case .bytes(let bytes): screen.feed(bytes)
      case .resize(let columns, let rows): screen.resize(columns: columns, rows: rows)
      }
    }
  }

  private func reportedCursor(_ screen: inout Screen) -> [Int] {
    [screen.cursor.row + 1, screen.cursor.column + 1]
  }

  private func compare(_ cells: ScreenCells, cursor: [Int], _ golden: Golden) -> [String] {
    var differences: [String] = []
    for (row, expected) in golden.text.enumerated() {
      let actual = row < cells.lines.count ? trimmed(cells.lines[row].map(\.text).joined()) : "-"
      if actual != trimmed(expected) {
        differences.append("row \(row)\n want |\(expected)|\n have |\(actual)|")
      }
    }
    var want: [[GoldenLook]] = Array(
      repeating: Array(repeating: GoldenLook(ScreenCells.Look()), count: cells.columns), count: cells.rows)
    for run in golden.attrs {
      for column in run.column..<run.column + run.count where run.row < cells.rows && column < cells.columns {
        want[run.row][column] = run.look
      }
    }
    for (row, line) in cells.lines.enumerated() {
      var have = line.flatMap { looks($0, cells) }
      have += Array(repeating: GoldenLook(ScreenCells.Look()), count: max(0, cells.columns - have.count))
      for column in 0..<cells.columns where have[column] != want[row][column] {
        differences.append("look \(row),\(column): want \(want[row][column]), have \(have[column])")
        if differences.count > 8 { break }
      }
    }
    if cursor != golden.cursor { differences.append("cursor: want \(golden.cursor), have \(cursor)") }
    for (number, value) in golden.modes.sorted(by: { $0.key < $1.key }) {
      let isSet = number == "-4" ? cells.insertMode : number == "-20" ? cells.newLineMode : nil
      let have = isSet ?? Int(number).flatMap { cells.modes[$0] }
      if let have, have != (value == 1) { differences.append("mode \(number): want \(value), have \(have)") }
    }
    return differences
  }

  /// The look of each cell of a run, as the oracle has it: of a space only what can be seen.
  private func looks(_ run: ScreenCells.Run, _ cells: ScreenCells) -> [GoldenLook] {
    let look = GoldenLook(cells.styles[run.style])
    var looks: [GoldenLook] = []
    for scalar in run.text.unicodeScalars {
      // The streams have CJK, combining marks and little else: no table is needed here.
      let width =
        (0x300...0x36F).contains(scalar.value) ? 0 : (0x2E80...0xD7A3).contains(scalar.value) ? 2 : 1
      for _ in 0..<width { looks.append(scalar == " " ? look.visibleOnSpace : look) }
    }
    return looks + Array(repeating: look, count: max(0, run.width - looks.count))
  }

  private func trimmed(_ text: String) -> String {
    var text = text[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
