/// What the sequences act on: both screens and everything a terminal remembers.
///
/// The parser calls it; one file for each family of functions. Columns and rows are counted from 0.
struct Emulation: ~Copyable {
  /// No program is told a larger size; it bounds what a screen can cost.
  static let largestSide = 4096

  var columns: Int
  var rows: Int
  /// The screen that is shown.
  var grid: Grid
  /// The other one: the alternate screen, or the main one while the alternate is shown.
  var hidden: Grid
  var isAlternate = false
  var scrollback: Scrollback

  var cursor = Cursor()
  var pen = Pen()
  var charsets = Charsets()
  var margins: Margins
  var modes = ModeSet.initial
  var saved = SavedCursor()
  var hiddenSaved = SavedCursor()
  var tabs: TabStops

  var styles = StyleTable()
  var clusters = ClusterTable()
  var links = LinkTable()
  let widths = WidthTable.shared
  /// The numbers of the pen's style and of its background, while `penIsKnown`.
  var penStyle: UInt32 = 0
  var penBlank: UInt32 = 0
  var penIsKnown = true

  /// The last character, while REP may repeat it; 0 otherwise.
  var repeatable: UInt32 = 0
  /// The column of the last printed cell, while a mark would join it.
  var writtenColumn: Int?

  var titles = Titles()
  var palette = Palette()
  var keyboard = Keyboard()
  var hiddenKeyboard = Keyboard()
  var modifyOtherKeys = 0
  var mouse = Mouse()
  var cursorShape = 0
  var protection = Protection.off
  /// DECSACE: attribute changes act on a stream of cells (0 and 1) or on a rectangle (2).
  var changeExtent = 0
  var checksumFlags = 0
  var conformance = 65
  var answersInEightBits = false
  /// The last OSC ended with BEL: so do the answers to it.
  var endsWithBell = false
  var savedModes: [Int: Int] = [:]

  /// What OSC 52 set, as it came.
  static let longestCopy = 1 << 14
  var copied = ""

  var answersQueries = true
  var answers: [UInt8] = []
  var signals: [ScreenSignal] = []
  var cellPixels = (width: 10, height: 20)

  /// What DECSCL allows: 1 for a VT100, up to 5 for a VT500.
  var level: Int { conformance - 60 }
  var changesRectangle: Bool { changeExtent == 2 }

  init(columns: Int, rows: Int, scrollback: Scrollback) {
    self.columns = min(max(columns, 1), Self.largestSide)
    self.rows = min(max(rows, 1), Self.largestSide)
    grid = Grid(columns: self.columns, rows: self.rows)
    hidden = Grid(columns: self.columns, rows: self.rows)
    margins = Margins(columns: self.columns, rows: self.rows)
    tabs = TabStops(columns: self.columns)
    self.scrollback = scrollback
  }

  /// Anything but printing: nothing can be repeated after it.
  @inline(__always) mutating func interrupt() { repeatable = 0 }

  /// The cursor moved or its line was edited: no wrap is pending, and a mark joins nothing printed before.
  @inline(__always) mutating func settle() {
    cursor.isWrapPending = false
    writtenColumn = nil
  }

  /// The style of the next character.
  @inline(__always) mutating func style() -> UInt32 {
    if !penIsKnown { learnPen() }
    return penStyle
  }

  /// The style of what is erased: the pen's background.
  @inline(__always) mutating func blank() -> UInt32 {
    if !penIsKnown { learnPen() }
    return penBlank
  }

  mutating func learnPen() {
    if styles.isCrowded || links.isCrowded { sweepStyles() }
    penStyle = styles.intern(pen.style)
    penBlank = styles.intern(pen.style.erased)
    penIsKnown = true
  }

  /// The last column a character may be printed to from here.
  @inline(__always) var rightEdge: Int {
    cursor.column > margins.right ? columns - 1 : margins.right
  }

  var hasSideMargins: Bool { margins.left > 0 || margins.right < columns - 1 }

  @inline(__always) var isInsideMargins: Bool {
    margins.contains(row: cursor.row) && margins.contains(column: cursor.column)
  }
}

/// Which kind of protection erasing respects.
enum Protection: Equatable {
  case off
  /// SPA and EPA: also ED, EL and ECH spare it.
  case iso
  /// DECSCA: only the selective erasures spare it.
  case dec
}

/// Which mouse events are reported, and how: one of each at a time.
struct Mouse: Equatable {
  static let trackings = [9, 1000, 1001, 1002, 1003]
  static let encodings = [1005, 1006, 1015, 1016]
  /// A mode number, or 0.
  var tracking = 0
  var encoding = 0
}
