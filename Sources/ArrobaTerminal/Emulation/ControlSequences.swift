/// Which function a control sequence asks for. An unknown one is a no-op, never a guess.
extension Emulation {
  mutating func control(
    sequence final: UInt8, _ marker: UInt8, _ intermediates: UInt16, _ parameters: Parameters
  ) {
    let isPlain = marker == 0 && intermediates == 0
    if isPlain, final == 0x6D {
      repeatable = 0
      return selectRendition(parameters)
    }
    if parameters.hasParts, !allowsParts(final, marker, intermediates) { return interrupt() }
    if isPlain, final == 0x62 { return repeatLast(parameters.amount()) }
    interrupt()
    switch (marker, intermediates) {
    case (0, 0): if !move(final, parameters), !edit(final, parameters) { control(final, parameters) }
    case (0x3F, 0): privateControl(final, parameters)
    case (0x3E, 0): secondary(final, parameters)
    case (0x3D, 0): tertiary(final, parameters)
    case (0x3C, 0): if final == 0x75 { keyboard.pop(parameters.amount()) }
    case (0, 0x20): spaced(final, parameters)
    case (0, 0x21): if final == 0x70 { softReset() }
    case (0, 0x22): quoted(final, parameters)
    case (0, 0x23): hashed(final, parameters)
    case (0, 0x24): dollar(final, parameters)
    case (0x3F, 0x24): if final == 0x70 { reportMode(parameters.value(0), isPrivate: true) }
    case (0, 0x27): primed(final, parameters)
    case (0, 0x2A): starred(final, parameters)
    default: break
    }
  }

  /// Numbers joined by `:` mean something in a few places only.
  private func allowsParts(_ final: UInt8, _ marker: UInt8, _ intermediates: UInt16) -> Bool {
    final == 0x75 && marker != 0 || final == 0x72 && intermediates == 0x24
      || final == 0x74 && intermediates == 0x24
  }

  private mutating func move(_ final: UInt8, _ parameters: Parameters) -> Bool {
    let amount = parameters.amount()
    switch final {
    case 0x41: moveUp(amount)
    case 0x42: moveDown(amount)
    case 0x43: moveRight(amount)
    case 0x44: moveLeft(amount)
    case 0x45:
      moveDown(amount)
      carriageReturn()
    case 0x46:
      moveUp(amount)
      carriageReturn()
    case 0x47, 0x60: moveTo(row: reportedRow, column: amount - 1)
    case 0x48, 0x66: moveTo(row: amount - 1, column: parameters.amount(1) - 1)
    case 0x49: tabForward(amount)
    case 0x5A: tabBackward(amount)
    case 0x61: moveTo(row: reportedRow, column: reportedColumn + amount)
    case 0x64: moveTo(row: amount - 1, column: reportedColumn)
    case 0x65: moveTo(row: reportedRow + amount, column: reportedColumn)
    default: return false
    }
    return true
  }

  private mutating func edit(_ final: UInt8, _ parameters: Parameters) -> Bool {
    let amount = parameters.amount()
    switch final {
    case 0x40: insertCharacters(amount)
    case 0x4A: eraseDisplay(parameters.value(0), .iso)
    case 0x4B: eraseLine(parameters.value(0), .iso)
    case 0x4C: insertLines(amount)
    case 0x4D: deleteLines(amount)
    case 0x50: deleteCharacters(amount)
    case 0x53: scrollUp(amount)
    case 0x54:
      // An explicit 0, like more numbers, is about highlighting with the mouse.
      if parameters.count <= 1, parameters.raw(0) != 0 { scrollDown(amount) }
    case 0x5E: scrollDown(amount)
    case 0x58: eraseCharacters(amount)
    default: return false
    }
    return true
  }

  private mutating func control(_ final: UInt8, _ parameters: Parameters) {
    switch final {
    case 0x63: if parameters.value(0) == 0 { primaryAttributes() }
    case 0x67: clearTabs(parameters.value(0))
    case 0x68: setModes(parameters, isPrivate: false, true)
    case 0x6C: setModes(parameters, isPrivate: false, false)
    case 0x6E: reportStatus(parameters.value(0))
    case 0x72: setRegion(top: parameters.value(0), bottom: parameters.value(1))
    case 0x73:
      if modes[.sideMargins] {
        setSideMargins(left: parameters.value(0), right: parameters.value(1))
      } else if parameters.count == 0 {
        saveCursor()
      }
    case 0x74: windowOperation(parameters)
    case 0x75: if parameters.count == 0 { restoreCursor() }
    case 0x78: reportParameters(parameters.value(0))
    default: break
    }
  }

  private mutating func privateControl(_ final: UInt8, _ parameters: Parameters) {
    switch final {
    case 0x4A: eraseDisplay(parameters.value(0), .dec)
    case 0x4B: eraseLine(parameters.value(0), .dec)
    case 0x57: if parameters.value(0) == 5 { tabs.reset() }
    case 0x68: setModes(parameters, isPrivate: true, true)
    case 0x6C: setModes(parameters, isPrivate: true, false)
    case 0x6E: reportPrivateStatus(parameters)
    case 0x72: restoreModes(parameters)
    case 0x73: saveModes(parameters)
    case 0x75: answer("\u{1B}[?\(keyboard.flags)u")
    case 0x6D: if parameters.value(0) == 4 { answer("\u{1B}[>4;\(modifyOtherKeys)m") }
    default: break
    }
  }

  /// CSI >.
  private mutating func secondary(_ final: UInt8, _ parameters: Parameters) {
    switch final {
    case 0x63: if parameters.value(0) == 0 { secondaryAttributes() }
    case 0x6D:
      if parameters.count == 0 { modifyOtherKeys = 0 }
      if parameters.value(0) == 4 { modifyOtherKeys = min(max(0, parameters.value(1)), 3) }
    case 0x6E: if parameters.value(0) == 4 { modifyOtherKeys = 0 }
    case 0x71: if parameters.value(0) == 0 { reportVersion() }
    case 0x74: titles.setModes(parameters, true)
    case 0x54: titles.setModes(parameters, false)
    case 0x75: keyboard.push(parameters.value(0))
    default: break
    }
  }

  /// CSI =.
  private mutating func tertiary(_ final: UInt8, _ parameters: Parameters) {
    switch final {
    case 0x63: if parameters.value(0) == 0 { tertiaryAttributes() }
    case 0x75: keyboard.set(parameters.value(0), how: parameters.amount(1))
    default: break
    }
  }

  private mutating func spaced(_ final: UInt8, _ parameters: Parameters) {
    switch final {
    case 0x40: scrollSideways(left: parameters.amount())
    case 0x41: scrollSideways(left: -parameters.amount())
    case 0x71: if parameters.value(0) <= 6 { setCursorShape(parameters.value(0)) }
    default: break
    }
  }

  private mutating func quoted(_ final: UInt8, _ parameters: Parameters) {
    switch final {
    case 0x70: setConformance(parameters)
    case 0x71:
      switch parameters.value(0) {
      case 0, 2: protect(false, .dec)
      case 1: protect(true, .dec)
      default: break
      }
    default: break
    }
  }

  private mutating func primed(_ final: UInt8, _ parameters: Parameters) {
    guard level >= 4 else { return }
    switch final {
    case 0x7D: editColumns(left: -parameters.amount())
    case 0x7E: editColumns(left: parameters.amount())
    default: break
    }
  }

  private mutating func clearTabs(_ what: Int) {
    switch what {
    case 0: tabs.clear(cursor.column)
    case 3: tabs.clearAll()
    default: break
    }
  }
}
