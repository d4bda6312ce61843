/// The switches a program can set and reset. The mouse and the alternate screen, where modes exclude or move
/// each other, are kept apart.
enum Mode: UInt8, CaseIterable {
  case cursorKeys, columns132, smoothScroll, reverseVideo, origin, autowrap, autorepeat, cursorBlink
  case cursorVisible, allowColumns, nationalSets, reverseWrap, keypad, backarrow, sideMargins, keepOnColumns
  case focus, alternateScroll, extendedReverseWrap, metaEight, altSendsEscape, bracketedPaste
  case synchronized, graphemes, themeReports, sizeReports
  // What these do is the business of the terminal in front of us; programs ask for their state.
  case printFormFeed, printExtent, marginBell, scrollOnOutput, scrollOnKey, numLockModifiers,
    deleteSendsDelete
  case altSendsMeta, keepSelection, selectClipboard, bellIsUrgent, raiseOnBell, keepClipboard
  case moreFix
  case insert, newLine, keyboardLock, sendReceive

  /// The number after `CSI ?`, or negated the number after `CSI`.
  var number: Int {
    switch self {
    case .cursorKeys: 1
    case .columns132: 3
    case .smoothScroll: 4
    case .reverseVideo: 5
    case .origin: 6
    case .autowrap: 7
    case .autorepeat: 8
    case .cursorBlink: 12
    case .cursorVisible: 25
    case .allowColumns: 40
    case .nationalSets: 42
    case .reverseWrap: 45
    case .keypad: 66
    case .backarrow: 67
    case .sideMargins: 69
    case .keepOnColumns: 95
    case .focus: 1004
    case .alternateScroll: 1007
    case .metaEight: 1034
    case .altSendsEscape: 1036
    case .extendedReverseWrap: 1045
    case .bracketedPaste: 2004
    case .synchronized: 2026
    case .graphemes: 2027
    case .themeReports: 2031
    case .sizeReports: 2048
    case .printFormFeed: 18
    case .printExtent: 19
    case .moreFix: 41
    case .marginBell: 44
    case .scrollOnOutput: 1010
    case .scrollOnKey: 1011
    case .numLockModifiers: 1035
    case .deleteSendsDelete: 1037
    case .altSendsMeta: 1039
    case .keepSelection: 1040
    case .selectClipboard: 1041
    case .bellIsUrgent: 1042
    case .raiseOnBell: 1043
    case .keepClipboard: 1044
    case .insert: -4
    case .newLine: -20
    case .keyboardLock: -2
    case .sendReceive: -12
    }
  }

  private static let byNumber = Dictionary(uniqueKeysWithValues: allCases.map { ($0.number, $0) })

  init?(number: Int) {
    guard let known = Self.byNumber[number] else { return nil }
    self = known
  }
}

/// The state of all switches.
struct ModeSet: Equatable {
  private var bits: UInt64 = 0

  static let initial: ModeSet = {
    var modes = ModeSet()
    for mode: Mode in [
      .autowrap, .cursorVisible, .autorepeat, .scrollOnOutput, .numLockModifiers, .keepSelection,
    ] { modes[mode] = true }
    return modes
  }()

  subscript(_ mode: Mode) -> Bool {
    @inline(__always) get { bits & 1 << UInt64(mode.rawValue) != 0 }
    set { bits = newValue ? bits | 1 << UInt64(mode.rawValue) : bits & ~(1 << UInt64(mode.rawValue)) }
  }
}
