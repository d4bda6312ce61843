/// The rectangle operations of the VT400 and later.
extension Emulation {
  /// A rectangle from four numbers (top, left, bottom, right), in origin mode from the margins and within
  /// them; nothing when it is turned inside out.
  func block(_ parameters: Parameters, _ first: Int) -> Block? {
    let isOrigin = modes[.origin]
    let area =
      isOrigin ? margins.block : Block(top: 0, left: 0, bottom: rows, right: columns)
    // xterm counts a beginning that is not said from the margin twice.
    let top = parameters.value(first) > 0 ? parameters.value(first) - 1 : area.top
    let left = parameters.value(first + 1) > 0 ? parameters.value(first + 1) - 1 : area.left
    let bottom = parameters.value(first + 2) == 0 ? rows : parameters.value(first + 2)
    let right = parameters.value(first + 3) == 0 ? columns : parameters.value(first + 3)
    guard bottom > top, right > left else { return nil }
    let block = Block(
      top: min(area.top + top, area.bottom), left: min(area.left + left, area.right),
      bottom: min(area.top + bottom, area.bottom), right: min(area.left + right, area.right))
    return block.isEmpty ? nil : block
  }

  mutating func dollar(_ final: UInt8, _ parameters: Parameters) {
    switch final {
    case 0x70: reportMode(parameters.value(0), isPrivate: false)
    case 0x77: reportPresentation(parameters.value(0))
    case _ where level < 4: break
    case 0x72: if let block = block(parameters, 0) { changeAttributes(block, parameters, reversing: false) }
    case 0x74: if let block = block(parameters, 0) { changeAttributes(block, parameters, reversing: true) }
    case 0x76: copyRectangle(parameters)
    case 0x78: if let block = block(parameters, 1) { fillRectangle(block, parameters.value(0)) }
    case 0x7A: if let block = block(parameters, 0) { eraseRectangle(block, sparing: false) }
    case 0x7B: if let block = block(parameters, 0) { eraseRectangle(block, sparing: true) }
    default: break
    }
  }

  mutating func starred(_ final: UInt8, _ parameters: Parameters) {
    guard level >= 4 else { return }
    switch final {
    case 0x78:
      if parameters.value(0) <= 2 { changeExtent = parameters.value(0) }
    case 0x79: reportChecksum(parameters)
    default: break
    }
  }

  mutating func hashed(_ final: UInt8, _ parameters: Parameters) {
    switch final {
    case 0x79: checksumFlags = parameters.value(0)
    case 0x7C: reportRendition(block(parameters, 0))
    default: break
    }
  }

  /// DECFRA.
  private mutating func fillRectangle(_ block: Block, _ code: Int) {
    guard (0x20...0x7E).contains(code) || (0xA0...0xFF).contains(code) else { return }
    var glyph = UInt32(code)
    if glyph < 0x80, !charsets.isPlain { glyph = charsets.translate(glyph) }
    fill(block, glyph)
  }

  /// DECERA, and DECSERA, which spares what is protected and all attributes.
  private mutating func eraseRectangle(_ block: Block, sparing: Bool) {
    guard sparing else { return fill(block, 0) }
    let spares = protection == .dec
    overwrite(block) { cell in spares && cell.isProtected ? cell : cell.withoutGlyph }
  }

  /// Fills with the attributes of the pen; where it has no colour, the cell's own stays, as in xterm.
  private mutating func fill(_ block: Block, _ glyph: UInt32) {
    let protected = pen.isProtected ? Cell.protectedFlag : 0
    var pen = pen.style
    pen.attributes.remove(.invisible)
    var known: [UInt32: UInt32] = [:]
    for row in block.top..<block.bottom {
      for column in block.left..<block.right {
        let old = grid.cell(row, column).style
        guard known[old] == nil else { continue }
        var style = pen
        if style.foreground.isStandard { style.foreground = styles[old].foreground }
        if style.background.isStandard { style.background = styles[old].background }
        known[old] = styles.intern(style)
      }
    }
    overwrite(block) { cell in Cell(glyph: glyph, style: known[cell.style] ?? 0, flags: protected) }
  }

  /// Replaces every cell of a block; what sticks out of it of wide characters is parted.
  private mutating func overwrite(_ block: Block, _ change: (Cell) -> Cell) {
    let blank = blank()
    for row in block.top..<block.bottom {
      grid.part(row, block.left, blank)
      grid.part(row, block.right, blank)
      grid.rows[row].materialise(block.right, columns: columns)
      guard let cells = grid.rows[row].cells else { continue }
      for column in block.left..<block.right { cells[column] = change(cells[column]) }
    }
  }

  /// DECCRA: pages other than the first are taken for it.
  private mutating func copyRectangle(_ parameters: Parameters) {
    guard let source = block(parameters, 0) else { return }
    let origin = modes[.origin]
    let top = parameters.amount(5) - 1 + (origin ? margins.top : 0)
    let left = parameters.amount(6) - 1 + (origin ? margins.left : 0)
    let height = min(source.bottom - source.top, (origin ? margins.bottom + 1 : rows) - top)
    let width = min(source.right - source.left, (origin ? margins.right + 1 : columns) - left)
    guard height > 0, width > 0 else { return }
    let order = Array(0..<height)
    for step in top > source.top ? order.reversed() : order {
      var cells = (0..<width).map { grid.cell(source.top + step, source.left + $0) }
      if cells[0].isTail { cells[0] = cells[0].withoutGlyph }
      if cells[width - 1].isWide { cells[width - 1] = cells[width - 1].withoutGlyph }
      grid.part(top + step, left, blank())
      grid.part(top + step, left + width, blank())
      guard let target = grid.span(top + step, left, left + width) else { continue }
      for column in 0..<width { target[column] = cells[column] }
    }
  }

  /// DECCARA and DECRARA: on the rectangle, or on the stream of cells from its first corner to its last.
  private mutating func changeAttributes(_ block: Block, _ parameters: Parameters, reversing: Bool) {
    var codes: [Int] = []
    for index in 4..<max(parameters.count, 4) where parameters.raw(index) >= 0 {
      codes.append(parameters.value(index))
    }
    var known: [UInt32: UInt32] = [:]
    for row in block.top..<block.bottom {
      let left = changesRectangle || row == block.top ? block.left : streamStart(block)
      let right = changesRectangle || row == block.bottom - 1 ? block.right : streamEnd(block)
      guard left < right else { continue }
      grid.rows[row].materialise(right, columns: columns)
      guard let cells = grid.rows[row].cells else { continue }
      for column in left..<right {
        let old = cells[column].style
        let new = known[old] ?? styles.intern(changed(styles[old], codes, reversing: reversing))
        known[old] = new
        cells[column] = cells[column].with(style: new)
      }
    }
  }

  private func streamStart(_ block: Block) -> Int { modes[.origin] ? margins.left : 0 }
  private func streamEnd(_ block: Block) -> Int { modes[.origin] ? margins.right + 1 : columns }

  private func changed(_ style: Style, _ codes: [Int], reversing: Bool) -> Style {
    var style = style
    for code in codes {
      if reversing { reverse(&style, code) } else { change(&style, code) }
    }
    return style
  }

  /// As in xterm: bold, underline, blink and inverse, nothing else.
  private func change(_ style: inout Style, _ code: Int) {
    switch code {
    case 0:
      style.attributes.subtract([.bold, .blink, .inverse])
      style.attributes.underline = .none
    case 1: style.attributes.insert(.bold)
    case 4: style.attributes.underline = .single
    case 5: style.attributes.insert(.blink)
    case 7: style.attributes.insert(.inverse)
    case 22: style.attributes.remove(.bold)
    case 24: style.attributes.underline = .none
    case 25: style.attributes.remove(.blink)
    case 27: style.attributes.remove(.inverse)
    default: break
    }
  }

  private func reverse(_ style: inout Style, _ code: Int) {
    switch code {
    case 1: style.attributes.formSymmetricDifference(.bold)
    case 4: style.attributes.underline = style.attributes.underline == .none ? .single : .none
    case 5: style.attributes.formSymmetricDifference(.blink)
    case 7: style.attributes.formSymmetricDifference(.inverse)
    default: break
    }
  }
}
