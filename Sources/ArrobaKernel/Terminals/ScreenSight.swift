internal import ArrobaModel
internal import ArrobaTerminal

/// The screen as evidence of what its program does.
extension TerminalScreen {
  /// Modes that programs set which read keys one by one: cursor keys, the mouse, focus, the alternate screen,
  /// bracketed paste.
  private static let interactive = [1, 47, 1000, 1002, 1003, 1004, 1047, 1049, 2004]

  private static let countedLines = 1000

  /// `answeredLine`: where Enter was pressed last.
  func sight(
    foreground group: Int?, of program: Int, wantsQuestion: Bool, answeredLine: Int?
  ) -> TerminalEvidence.Sight {
    let cursor = model.cursor
    let modes = model.modes
    let lines = model.historyCount
    var sight = TerminalEvidence.Sight()
    if let group { sight.foreground = group == program ? .program : .command }
    sight.isInteractive = Self.interactive.contains { modes[$0] ?? false }
    sight.takesPastes = modes[2004] ?? false
    sight.place = .init(line: lines + cursor.row, column: cursor.column)
    // A long history may have reached its limit, and its count rises no more: then whatever is written counts.
    sight.progress = lines < Self.countedLines ? sight.place.line : Int(offset)
    if wantsQuestion {
      sight.question =
        ScreenQuestion(
          rows: model.textRows(history: 0), cursorRow: cursor.row, cursorColumn: cursor.column,
          firstNewRow: answeredLine.map { $0 + 1 - lines } ?? 0
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
