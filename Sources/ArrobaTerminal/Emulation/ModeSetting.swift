/// Setting, asking, saving and restoring modes, by their numbers.
extension Emulation {
  /// What DECRQM answers.
  enum ModeState: Int {
    case unknown, set, reset, alwaysSet, alwaysReset
  }

  /// ANSI modes are negative.
  func state(ofMode number: Int) -> ModeState {
    guard isKnown(mode: number) else { return .unknown }
    if let mode = Mode(number: number) { return modes[mode] ? .set : .reset }
    switch number {
    case 47, 1047, 1049: return isAlternate ? .set : .reset
    case 1048: return .set
    case 14: return .alwaysSet
    case 46: return .alwaysReset
    case _ where Mouse.trackings.contains(number): return mouse.tracking == number ? .set : .reset
    case _ where Mouse.encodings.contains(number): return mouse.encoding == number ? .set : .reset
    case -1, -5, -7, -10, -11, -13, -14, -15, -16, -17, -18, -19: return .alwaysReset
    default: return .unknown
    }
  }

  /// Below the level that brought them, side margins and DECNCSM do not exist.
  private func isKnown(mode number: Int) -> Bool {
    switch number {
    case 69: level >= 4
    case 95: level >= 5
    default: true
    }
  }

  /// Every private mode that is known, by number.
  static let knownModes: [Int] =
    (Mode.allCases.map(\.number).filter { $0 > 0 } + Mouse.trackings + Mouse.encodings + [47, 1047, 1049])
    .sorted()

  mutating func setMode(_ number: Int, _ isOn: Bool) {
    switch number {
    case 47, 1047, 1048, 1049: setScreenMode(number, isOn)
    case _ where Mouse.trackings.contains(number):
      if isOn || mouse.tracking == number || number != 9 { mouse.tracking = isOn ? number : 0 }
    case _ where Mouse.encodings.contains(number):
      if isOn || mouse.encoding == number { mouse.encoding = isOn ? number : 0 }
    default:
      guard let mode = Mode(number: number), isKnown(mode: number) else { return }
      setSwitch(mode, isOn)
    }
  }

  private mutating func setSwitch(_ mode: Mode, _ isOn: Bool) {
    switch mode {
    case .columns132:
      // The size is the owner's: only the side effects of DECCOLM happen, and only where they are allowed.
      guard modes[.allowColumns] else { return }
      modes[mode] = isOn
      margins = Margins(columns: columns, rows: rows)
      if !modes[.keepOnColumns] { grid.clear(blank()) }
      cursor = Cursor()
    case .origin:
      modes[mode] = isOn
      moveTo(row: 0, column: 0)
    case .sideMargins:
      modes[mode] = isOn
      guard !isOn else { return }
      margins.left = 0
      margins.right = columns - 1
    case .cursorBlink:
      modes[mode] = isOn
      // The shapes go in pairs, one that blinks and one that does not.
      if cursorShape > 0 { cursorShape = (cursorShape - 1) / 2 * 2 + (isOn ? 1 : 2) }
    default: modes[mode] = isOn
    }
  }

  /// SM, RM, DECSET and DECRST.
  mutating func setModes(_ parameters: Parameters, isPrivate: Bool, _ isOn: Bool) {
    for index in 0..<parameters.count {
      let number = parameters.value(index)
      guard number > 0 else { continue }
      setMode(isPrivate ? number : -number, isOn)
    }
  }

  /// XTSAVE.
  mutating func saveModes(_ parameters: Parameters) {
    for index in 0..<parameters.count {
      let number = parameters.value(index)
      switch number {
      case 1048: saveCursor()
      case _ where Mouse.trackings.contains(number): savedModes[1000] = mouse.tracking
      case _ where Mouse.encodings.contains(number) || number == 69: break
      case 47, 1047, 1049: savedModes[1049] = isAlternate ? 1 : 0
      default:
        guard let mode = Mode(number: number), number > 0 else { continue }
        savedModes[number] = modes[mode] ? 1 : 0
      }
    }
  }

  /// XTRESTORE; a mode never saved goes back to what it was at the start.
  mutating func restoreModes(_ parameters: Parameters) {
    for index in 0..<parameters.count {
      let number = parameters.value(index)
      switch number {
      case 1048: restoreCursor()
      case _ where Mouse.trackings.contains(number): mouse.tracking = savedModes[1000] ?? 0
      // xterm's own restore of these loses what was saved, and sets 69 whatever was saved.
      case _ where Mouse.encodings.contains(number): mouse.encoding = 0
      case 69: setMode(69, true)
      case 47, 1047, 1049:
        if savedModes[1049] == 1 { showAlternate(clearing: false) } else { showMain() }
      default:
        guard let mode = Mode(number: number), number > 0 else { continue }
        setMode(number, savedModes[number].map { $0 == 1 } ?? ModeSet.initial[mode])
      }
    }
  }
}
