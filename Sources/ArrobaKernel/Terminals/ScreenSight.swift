internal import ArrobaModel
internal import ArrobaTerminal

/// The screen as evidence of what its program does.
extension TerminalScreen {
  /// Modes that programs set which read keys one by one: cursor keys, the mouse, focus, the alternate screen,
  /// bracketed paste.
  private static let interactive = [1, 47, 1000, 1002, 1003, 1004, 1047, 1049, 2004]

  private static let countedLines = 1000

  func sight(foreground group: Int?, of program: Int, wantsQuestion: Bool) -> TerminalEvidence.Sight {
    let cursor = model.cursor
    let modes = model.modes
    var sight = TerminalEvidence.Sight()
    if let group { sight.foreground = group == program ? .program : .command }
    sight.isInteractive = Self.interactive.contains { modes[$0] ?? false }
    sight.takesPastes = modes[2004] ?? false
    // A long history may have reached its limit, and its count rises no more: then whatever is written counts.
    let lines = model.historyCount
    sight.place = .init(
      line: lines < Self.countedLines ? lines + cursor.row : Int(offset), column: cursor.column)
    if wantsQuestion {
      sight.question =
        ScreenQuestion(
          rows: model.textRows(history: 0), cursorRow: cursor.row, cursorColumn: cursor.column
        ).reason
    }
    return sight
  }
}

extension ScreenSignal {
  /// Whether it says how things stand, and not that something happened.
  var isStanding: Bool {
    switch self {
    case .prompt, .title: true
    case .bell, .notification, .directory: false
    }
  }
}
