import Testing

@testable import ArrobaModel

@Suite("Questions on the last lines of a screen")
struct ScreenQuestionTests {
  /// The cursor stands behind the last row's text, or where `|` is.
  private func reason(_ text: String) -> String? {
    var rows = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var cursor = (row: rows.count - 1, column: rows.last?.count ?? 0)
    for (row, line) in rows.enumerated() {
      guard let mark = line.firstIndex(of: "|") else { continue }
      cursor = (row, line.distance(from: line.startIndex, to: mark))
      rows[row].remove(at: mark)
    }
    rows += ["", ""]
    return ScreenQuestion(rows: rows, cursorRow: cursor.row, cursorColumn: cursor.column).reason
  }

  @Test(
    "A line that ends with a choice, an offer, a secret or a key to press is a question",
    arguments: [
      ("Overwrite a.txt? [y/N] ", "Overwrite a.txt? [y/N]"),
      ("$ rm -i a\nrm: remove regular file 'a'? (y/n) y", "rm: remove regular file 'a'? (y/n) y"),
      ("Are you sure you want to continue connecting (yes/no/[fingerprint])? ", nil),
      ("Do you want to continue? [Y/n] ", nil), ("Proceed (Y/n)?", nil),
      ("Continue? [y/n]\n|", "Continue? [y/n]"), ("Press Enter to continue...", nil),
      ("Press any key to continue . . . ", "Press any key to continue . . ."),
      ("Press ENTER or type command to continue", nil),
      ("[sudo] password for me: ", "[sudo] password for me:"),
      ("Enter passphrase for key '/k': ", "Enter passphrase for key '/k':"), ("Password: ", "Password:"),
      ("Do you want to install it?", nil), ("Would you like one?\n|", "Would you like one?"),
    ] as [(String, String?)])
  func lines(text: String, shown: String?) {
    let wanted =
      shown ?? text.split(separator: "\n").last.map { String($0.reversed().drop { $0 == " " }.reversed()) }
    #expect(reason(text) == "asks: \(wanted ?? "")")
  }

  @Test(
    "A pointer before one of several numbered choices is a question, in a frame too, and so is a list below one"
  )
  func menus() {
    let menu = """
      ╭──────────────────────╮
      │ Bash command         │
      │   rm -rf build       │
      │ Do you want to proceed? │
      │ ❯ 1. Yes             │
      │   2. Yes, always     │
      │   3. No (esc)        │
      ╰──────────────────────╯
      """
    #expect(reason(menu) == "asks: Do you want to proceed?")
    #expect(reason("Allow this?\n  1) Yes\n    once\n› 2) No\n\nEsc to cancel") == "asks: Allow this?")
    #expect(reason("> 1. Light\n  2. Dark") == "asks: 1. Light")
    #expect(reason("? Which template\n  one\n❯ two\n  three") == "asks: ? Which template")
  }

  @Test(
    "What only looks like one is none",
    arguments: [
      "", "$ ", "❯ ", "❯ 1. a file\n$ ",
      "Usage: rm [y/n] is what it asks, and then it removes what was named there\n$ ",
      "It said: Do you want to proceed?\nI answered no.\n\n> ",
      "Press Enter to send, Esc to cancel\n\n  |type here",
      "make[1]: Entering directory\n", "10% [y/n] of the whole thing has been done by now",
      "> quoted\n> more\n",
      "1. one\n2. two\n", "● Read 3 files\n", "password: ********\nlogged in\n",
    ])
  func none(text: String) {
    #expect(reason(text) == nil)
  }

  @Test("A question above the cursor is answered by Enter, and asked again further down")
  func answered() {
    let rows = ["Go on? [y/n] y", "", ""]
    #expect(ScreenQuestion(rows: rows, cursorRow: 1, cursorColumn: 0, firstNewRow: 1).reason == nil)
    #expect(ScreenQuestion(rows: rows, cursorRow: 1, cursorColumn: 0, firstNewRow: -3).reason != nil)
    let more = ["Press Enter", "Press Enter", ""]
    #expect(ScreenQuestion(rows: more, cursorRow: 2, cursorColumn: 0, firstNewRow: 1).reason != nil)
    #expect(ScreenQuestion(rows: more, cursorRow: 2, cursorColumn: 0, firstNewRow: 2).reason == nil)
  }

  @Test("A cursor that is nowhere, or a screen without rows, asks nothing; a long question is cut")
  func edges() {
    #expect(ScreenQuestion(rows: [], cursorRow: 0, cursorColumn: 0).reason == nil)
    #expect(ScreenQuestion(rows: ["x [y/n]"], cursorRow: 9, cursorColumn: 0).reason == nil)
    let long = String(repeating: "a", count: 300) + "? [y/n]"
    #expect(reason(long) == "asks: " + String(repeating: "a", count: 160) + "…")
  }
}

@Suite("Input as evidence, and which programs are shells")
struct InputKindTests {
  @Test(
    "Keys are editing, Enter hands over, and what a terminal sends by itself is nothing",
    arguments: [
      ("a", .editing), ("ls\r", .submission), ("\n", .submission), ("\u{3}", .editing), ("\u{1B}", .editing),
      ("\u{1B}[A", .editing), ("\u{1B}OA", .editing), ("\u{1B}x", .editing), ("\u{1B}[13u", .submission),
      ("\u{1B}[97u", .editing), ("\u{1B}[200~a\nb\u{1B}[201~", .editing),
      ("\u{1B}[200~a\u{1B}[201~\r", .submission),
      ("\u{1B}[I", .report), ("\u{1B}[O", .report), ("\u{1B}[24;80R", .report), ("\u{1B}[?1;2c", .report),
      ("\u{1B}[>41;354;0c", .report), ("\u{1B}[?2026;2$y", .report), ("\u{1B}[?0u", .report),
      ("\u{1B}[0n", .report),
      ("\u{1B}]11;rgb:0000/0000/0000\u{1B}\\", .report), ("\u{1B}]10;rgb:f/f/f\u{7}", .report),
      ("\u{1B}P1$r0m\u{1B}\\", .report), ("\u{1B}[<35;10;5M", .report), ("\u{1B}[<0;10;5m", .report),
      ("\u{1B}[M !!", .report), ("\u{1B}[I\r", .submission), ("", .report),
    ] as [(String, TerminalEvidence.Input)])
  func kinds(text: String, kind: TerminalEvidence.Input) {
    #expect(TerminalEvidence.Input(typed: Array(text.utf8)) == kind)
  }

  @Test("Bytes of any kind are one or the other, in pieces too")
  func anything() {
    for first in UInt8.min...UInt8.max {
      let alone = TerminalEvidence.Input(typed: [first])
      #expect(alone == (first == 0x0D || first == 0x0A ? .submission : .editing))
      #expect(TerminalEvidence.Input(typed: [0x1B, 0x5B, first, first]) != .script)
    }
    #expect(
      TerminalEvidence.Input(typed: [0x1B, 0x5B] + [UInt8](repeating: 0x30, count: 1000) + [0x0D])
        == .submission)
  }

  @Test("A shell that reads commands from its terminal is known by its words")
  func shells() {
    let shells = [
      [], ["bash"], ["/bin/zsh", "-l"], ["sh", "-i"], ["-fish"], ["bash", "--norc", "--noprofile"],
    ]
    for words in shells { #expect(ShellNames.isInteractive(words), "\(words)") }
    let others = [
      ["sh", "-c", "x"], ["bash", "-lc", "x"], ["bash", "script.sh"], ["vim"], ["/bin/rbash2"], [""],
    ]
    for words in others { #expect(!ShellNames.isInteractive(words), "\(words)") }
  }
}
