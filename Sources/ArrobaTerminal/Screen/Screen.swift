/// The model of one terminal: bytes of a program in, what a terminal would show out.
///
/// A plain value with one owner; nothing here waits, and no input makes it grow past its limits.
package struct Screen: ~Copyable {
  var parser = Parser()
  var emulation: Emulation

  /// `scrollbackLimit` counts lines, `scrollbackBytes` what they may take together.
  package init(columns: Int, rows: Int, scrollbackLimit: Int, scrollbackBytes: Int) {
    let scrollback = Scrollback(lineLimit: scrollbackLimit, byteLimit: scrollbackBytes)
    emulation = Emulation(columns: columns, rows: rows, scrollback: scrollback)
  }

  /// Takes what the program wrote, cut anywhere.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer) {
    parser.feed(bytes, to: &emulation)
  }

  /// Takes what the program wrote, cut anywhere.
  package mutating func feed(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { parser.feed($0, to: &emulation) }
  }

  /// Another size: lines of the main screen flow anew, the alternate screen is cut or grows.
  package mutating func resize(columns: Int, rows: Int) {
    emulation.resize(columns: columns, rows: rows)
  }

  package var columns: Int { emulation.columns }
  package var rows: Int { emulation.rows }
  package var title: String { emulation.titles.window }
  package var iconTitle: String { emulation.titles.icon }
  package var isAlternate: Bool { emulation.isAlternate }
  /// How many lines of scrollback there are.
  package var historyCount: Int { emulation.scrollback.count }

  /// Where the cursor is and how it looks.
  package var cursor: ScreenCursor {
    let cursor = emulation.cursor
    return ScreenCursor(
      row: cursor.row, column: cursor.column, isVisible: emulation.modes[.cursorVisible],
      shape: emulation.cursorShape, isWrapPending: cursor.isWrapPending)
  }

  /// Every private mode that is known: whether it is set.
  package var modes: [Int: Bool] {
    var modes: [Int: Bool] = [:]
    for number in Emulation.knownModes { modes[number] = emulation.state(ofMode: number) == .set }
    return modes
  }

  /// Whether an ANSI mode (4 insert, 20 new line) is set.
  package func isSet(ansiMode number: Int) -> Bool { emulation.state(ofMode: -number) == .set }

  /// Whether the program's questions are answered here. Off while a client's own terminal answers them.
  package var answers: Bool {
    get { emulation.answersQueries }
    set { emulation.answersQueries = newValue }
  }

  /// What a cell measures, for answers that count pixels.
  package mutating func setCellPixels(width: Int, height: Int) {
    emulation.cellPixels = (min(max(width, 1), 1000), min(max(height, 1), 1000))
  }

  /// Takes the answers collected since the last time; they are input for the program.
  package mutating func takeAnswers() -> [UInt8] {
    let answers = emulation.answers
    emulation.answers = []
    return answers
  }

  /// Takes what the program said beside the screen since the last time.
  package mutating func takeSignals() -> [ScreenSignal] {
    let signals = emulation.signals
    emulation.signals = []
    return signals
  }
}

/// The cursor, counted from 0.
package struct ScreenCursor: Equatable, Sendable {
  package var row: Int
  package var column: Int
  package var isVisible: Bool
  /// DECSCUSR: 0 the terminal's own, 1 and 2 block, 3 and 4 underline, 5 and 6 bar; odd ones blink.
  package var shape: Int
  /// The last column was printed to, and the next character will go to the next line.
  package var isWrapPending: Bool

  /// The shape in a word.
  package var shapeName: String {
    switch shape {
    case 3, 4: "underline"
    case 5, 6: "bar"
    default: "block"
    }
  }
}
