internal import ArrobaSystem
internal import ArrobaTerminal

/// Columns and rows.
struct Size: Equatable {
  let columns: Int
  let rows: Int

  init(_ columns: Int, _ rows: Int) {
    self.columns = columns
    self.rows = rows
  }
}

/// The user's screen as the lane writes to it. While it has the size of the agent's terminal the program's bytes go
/// there as they come. At another size they would land in the wrong places: then a cut-out of the terminal is painted.
final class UserScreen: LaneScreen {
  private enum Course {
    case passing
    /// The terminal's state is asked for; what comes until then is of no use.
    case waiting
    case cutOut(CutOut)
  }

  /// A window that is drawn larger passes through many sizes, and the terminal follows each a moment later.
  private static let settledMs = 150
  /// Often enough to look like moving, seldom enough to cost little.
  private static let paintEveryMs = 33

  let writer: ScreenWriter
  private var course = Course.passing
  /// Since when the two sizes differ while bytes are passed on.
  private var differentSinceMs: Int?
  private var isDirty = false
  private var paintedMs = 0

  init(_ writer: ScreenWriter) {
    self.writer = writer
  }

  // MARK: from the lane

  func write(_ bytes: UnsafeRawBufferPointer) {
    switch course {
    case .passing: writer.write(bytes)
    case .waiting: break
    case .cutOut(let cutOut):
      cutOut.feed(bytes)
      isDirty = true
    }
  }

  /// Bytes that paint a terminal of that size from nothing are about to come.
  func repaintBegins(_ terminal: Size) {
    guard case .waiting = course else { return }
    course = .cutOut(CutOut(terminal))
    isDirty = true
  }

  /// From here on the program writes for that size.
  func terminalBecame(_ size: Size) {
    guard case .cutOut(let cutOut) = course else { return }
    cutOut.resize(to: size)
    isDirty = true
  }

  // MARK: as time goes

  /// Whether the program's bytes go to the screen as they come.
  var isPassing: Bool {
    guard case .passing = course else { return false }
    return differentSinceMs == nil
  }

  /// Before the first bytes: the sizes are known to differ.
  func beginDifferent() { course = .waiting }

  /// Goes with the sizes as they are now; true where the terminal must be painted from nothing to go on.
  func adapt(terminal: Size, own: Size?, nowMs: Int) -> Bool {
    guard let own, own != terminal else {
      differentSinceMs = nil
      if case .cutOut(let cutOut) = course { writer.write(cutOut.whole) }
      course = .passing
      isDirty = false
      return false
    }
    switch course {
    case .passing:
      let since = differentSinceMs ?? nowMs
      differentSinceMs = since
      guard nowMs - since >= Self.settledMs else { return false }
      course = .waiting
      return true
    case .waiting: return false
    case .cutOut(let cutOut):
      isDirty = isDirty || cutOut.paintedFor != own
      if isDirty, nowMs >= paintedMs + Self.paintEveryMs, writer.waiting == 0 {
        paint(cutOut, at: own, nowMs)
      }
      return false
    }
  }

  private func paint(_ cutOut: CutOut, at own: Size, _ nowMs: Int) {
    writer.write(cutOut.painted(at: own))
    isDirty = false
    paintedMs = nowMs
  }

  /// Nothing more will come: what came last is shown.
  func finish(own: Size?, nowMs: Int) {
    if case .cutOut(let cutOut) = course, let own, isDirty { paint(cutOut, at: own, nowMs) }
  }

  /// When `adapt` has something to do, if nothing else happens.
  var dueMs: Int? {
    switch course {
    case .passing: differentSinceMs.map { $0 + Self.settledMs }
    case .waiting: nil
    case .cutOut: isDirty && writer.waiting == 0 ? paintedMs + Self.paintEveryMs : nil
    }
  }

  /// What was painted was written over.
  func spoil() {
    guard case .cutOut(let cutOut) = course else { return }
    cutOut.forgetPainting()
    isDirty = true
  }
}

/// The model of the agent's terminal, for a screen that it does not fit.
private final class CutOut {
  private var model: Screen
  /// The size for which it was painted last; nil where what the user's screen shows is not ours.
  private(set) var paintedFor: Size?

  init(_ size: Size) {
    model = Screen(columns: size.columns, rows: size.rows, scrollbackLimit: 0, scrollbackBytes: 0)
  }

  func feed(_ bytes: UnsafeRawBufferPointer) {
    model.feed(bytes)
    // The user's terminal is not asked what the program asks; the daemon's answers are the only ones.
    _ = model.takeAnswers()
    _ = model.takeSignals()
  }

  func resize(to size: Size) { model.resize(columns: size.columns, rows: size.rows) }
  func forgetPainting() { paintedFor = nil }

  func painted(at size: Size) -> [UInt8] {
    defer { paintedFor = size }
    return model.cutOut(columns: size.columns, rows: size.rows, isFirst: paintedFor != size)
  }

  /// The whole terminal, for a screen that it fits.
  var whole: [UInt8] { model.repaint(history: 0) }
}
