import ArrobaTerminal
import Testing

@testable import ArrobaCLI

@Suite("What is written on leaving")
struct LeaveSequenceTests {
  private func screen(_ pieces: String...) -> Screen {
    var screen = Screen(columns: 40, rows: 8, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
    for piece in pieces { screen.feed(Array(piece.utf8)) }
    return screen
  }

  /// What a screen remembers beside its cells, in so far as leaving must put it back.
  private func state(_ screen: borrowing Screen) -> [String] {
    let others = [
      "shown", "hidden", "saved", "titles", "title", "kept", "joins", "modes", "charsets", "keyboard",
    ]
    return screen.inventory().filter { line in !others.contains { line.hasPrefix("\($0) ") } }
  }

  /// Modes in which terminals differ from the start, and those that would clear the screen or change its size.
  /// So are the user's own settings of printing, bell, clipboard and keys: nobody knows how those stood before.
  private static let leftAlone: Set<Int> = [
    3, 12, 18, 19, 40, 41, 44, 95, 1007, 1010, 1011, 1034, 1035, 1036, 1037, 1039, 1040, 1041, 1042, 1043,
    1044,
    2027,
  ]

  @Test("Whatever a program has set is as before, one thing after the other and all at once")
  func everything() {
    let modes = screen("").modes.keys.filter { !Self.leftAlone.contains($0) }.sorted()
    var things = modes.flatMap { ["\u{1B}[?\($0)h", "\u{1B}[?\($0)l"] }
    things += [
      "\u{1B}[4h", "\u{1B}[20h", "\u{1B}[2h", "\u{1B}=", "\u{1B}[3;5r", "\u{1B}[?69h\u{1B}[5;20s", "\u{1B}(0",
      "\u{1B})0\u{0E}",
      "\u{1B}[1;4;31;48;5;17m", "\u{1B}]8;;http://x\u{1B}\\", "\u{1B}[1\"q",
      "\u{1B}]4;1;rgb:11/22/33\u{1B}\\",
      "\u{1B}]11;#001122\u{1B}\\", "\u{1B}[5 q", "\u{1B}[?25l", "\u{1B}[=5u", "\u{1B}[>31u\u{1B}[>1u",
      "\u{1B}[?1049h\u{1B}[>7u",
      "\u{1B}[>4;2m", "\u{1B}[3g", "\u{1B}]2;half a tit", "\u{1B}P+q", "\u{1B}[38;5",
      "\u{1B}[?2026h\u{1B}[3;9Htext",
    ]
    let plain = screen(LeaveSequence.text)
    let (plainState, plainModes) = (state(plain), plain.modes)
    for thing in things + [things.joined()] {
      let left = screen(thing, LeaveSequence.text)
      let (leftState, leftModes) = (state(left), left.modes)
      #expect(leftState == plainState, "\(thing.debugDescription)")
      for mode in modes {
        #expect(leftModes[mode] == plainModes[mode], "\(mode) after \(thing.debugDescription)")
      }
      let set = [2, 4, 20].filter { left.isSet(ansiMode: $0) }
      #expect(set == [])
      // The stack of a screen's keyboard may be deeper; what counts is that nothing is set.
      let keyboard = left.inventory().first { $0.hasPrefix("keyboard") }
      #expect(keyboard == "keyboard [0] [0] 0", "\(thing.debugDescription)")
    }
  }

  @Test("What stood on the screen stays, and the prompt that follows stands on a line of its own")
  func lines() {
    let text = (1...8).map { "line \($0)" }.joined(separator: "\r\n") + "\u{1B}[3;1H"
    let rows = screen(text, LeaveSequence.text, "$ ").textRows(history: 1)
    #expect(rows == (1...8).map { "line \($0)" } + ["$"])
  }

  @Test("Leaving a full-screen program shows what was there before it")
  func alternate() {
    let left = screen("before\r\n", "\u{1B}[?1049h\u{1B}[2Jinside", LeaveSequence.text)
    #expect(!left.isAlternate && left.textRows(history: 1)[0] == "before")
    #expect(
      left.cursor.row == 7 && left.cursor.column == 0 && left.cursor.isVisible && left.cursor.shape == 0)
  }

  @Test("Room for the agent's screen keeps what the user had, without gaps, however full the screen was")
  func room() {
    for lines in 0...12 {
      let text = (0..<lines).map { "line \($0)\r\n" }.joined()
      let made = screen(text, AttachLoop.room(rows: 8), "\u{1B}[H\u{1B}[2J", "agent")
      let rows = made.textRows(history: 100)
      #expect(
        rows.prefix(lines) == (0..<lines).map { "line \($0)" }[...] && rows[lines] == "agent", "\(lines)")
    }
  }

  @Test("A line across the bottom leaves the cursor and the pen where they are")
  func bottomLine() {
    let away = screen("\u{1B}[31mab\u{1B}[2;5H", LeaveSequence.bottomLine("away", size: (40, 8)))
    #expect(away.textRows(history: 0)[7] == " away" && away.textRows(history: 0)[0] == "ab")
    #expect(away.cursor.row == 1 && away.cursor.column == 4)
    let pen = away.inventory().first { $0.hasPrefix("pen ") }
    let red = screen("\u{1B}[31m").inventory().first { $0.hasPrefix("pen ") }
    #expect(pen == red)
  }

  @Test("It is cut to the screen's width, also in the middle of wide characters")
  func bottomLineWidth() {
    for columns in 1...12 {
      let line = LeaveSequence.bottomLine("漢字漢字", size: (columns, 3))
      var screen = Screen(columns: columns, rows: 3, scrollbackLimit: 9, scrollbackBytes: 1 << 16)
      screen.feed(Array("top\u{1B}[1;1H".utf8) + Array(line.utf8))
      #expect(screen.historyCount == 0 && screen.cursor.row == 0, "\(columns)")
      #expect(screen.textRows(history: 0)[1] == "" || columns < 3, "\(columns)")
    }
  }
}
