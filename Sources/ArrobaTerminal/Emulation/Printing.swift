/// Characters onto the grid.
extension Emulation {
  /// A run of printable ASCII: the fast way.
  mutating func printASCII(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
    guard charsets.isPlain, !modes[.insert] else {
      for index in 0..<count { print(UInt32(bytes[index])) }
      return
    }
    let blank = blank()
    let pattern = UInt64(style()) << 24 | (pen.isProtected ? Cell.protectedFlag : 0)
    var done = 0
    while done < count {
      if cursor.isWrapPending { wrap() }
      let column = cursor.column
      let room = rightEdge + 1 - column
      let length = min(count - done, room)
      grid.part(cursor.row, column, blank)
      grid.part(cursor.row, column + length, blank)
      if let cells = grid.span(cursor.row, column, column + length) {
        let source = bytes + done
        for index in 0..<length { cells[index].bits = pattern | UInt64(source[index]) }
      }
      advance(length, room)
      done += length
    }
    repeatable = UInt32(bytes[count - 1])
  }

  /// Moves behind what was just written; at the edge the cursor stays on it and a wrap is pending.
  @inline(__always) private mutating func advance(_ length: Int, _ room: Int) {
    if length < room {
      cursor.column += length
      writtenColumn = cursor.column - 1
    } else {
      cursor.column += room - 1
      cursor.isWrapPending = true
      writtenColumn = cursor.column
    }
  }

  /// One character of any kind.
  mutating func print(_ scalar: UInt32) {
    var scalar = scalar
    if scalar < 0x80 {
      if !charsets.isPlain { scalar = charsets.translate(scalar) }
    } else if charsets.single != nil {
      charsets.single = nil
    }
    let properties = widths[scalar]
    if properties.width == 0 { return combine(scalar) }
    if properties.mayJoin, join(scalar, properties) { return }
    put(scalar, width: properties.width)
  }

  private mutating func put(_ scalar: UInt32, width: Int) {
    if width == 2, !hasRoomForWide() { return }
    if cursor.isWrapPending { wrap() }
    let row = cursor.row
    let column = cursor.column
    let room = rightEdge + 1 - column
    let protected = pen.isProtected ? Cell.protectedFlag : 0
    let style = style()
    if modes[.insert], margins.contains(column: column) || !hasSideMargins {
      grid.insertCells(row, column, limit: rightEdge + 1, amount: width, blank())
    }
    grid.part(row, column, blank())
    grid.part(row, column + width, blank())
    guard let cells = grid.span(row, column, column + width) else { return }
    if width == 2 {
      cells[0] = Cell(glyph: scalar, style: style, flags: Cell.wideFlag | protected)
      cells[1] = Cell(glyph: 0, style: style, flags: Cell.tailFlag | protected)
    } else {
      cells[0] = Cell(glyph: scalar, style: style, flags: protected)
    }
    advance(width, room)
    writtenColumn = column
    repeatable = scalar
  }

  /// Where a wide character does not fit before the edge, it goes to the next line. Where lines do not wrap it
  /// takes the place of a wide one printed directly before, else it is lost.
  private mutating func hasRoomForWide() -> Bool {
    if cursor.isWrapPending, modes[.autowrap] { wrap() }
    let edge = rightEdge
    guard cursor.column >= edge else { return true }
    guard edge > (cursor.column > margins.right ? 0 : margins.left) else { return false }
    if modes[.autowrap] {
      cursor.isWrapPending = true
      wrap()
      return cursor.column < rightEdge
    }
    guard repeatable != 0, widths[repeatable].width == 2, let column = writtenColumn else { return false }
    cursor.column = column
    return true
  }

  /// Carries out a pending wrap, or drops it when wrapping is off.
  mutating func wrap() {
    cursor.isWrapPending = false
    guard modes[.autowrap] else { return }
    if !hasSideMargins { grid.rows[cursor.row].isWrapped = true }
    index()
    cursor.column = margins.left
  }

  /// A mark joins the last printed cell, or the one under the cursor when the cursor has moved since. REP after it
  /// repeats the character without it, as xterm does.
  private mutating func combine(_ scalar: UInt32) {
    var column = writtenColumn ?? cursor.column
    if grid.cell(cursor.row, column).isTail { column -= 1 }
    let cell = grid.cell(cursor.row, column)
    if clusters.isCrowded { sweepClusters() }
    let glyph = clusters.joining(scalar, to: cell.glyph == 0 ? 0x20 : cell.glyph)
    let isNarrow = !cell.isWide
    let base = cell.glyph
    grid.put(Cell(bits: cell.bits & ~Cell.glyphMask | UInt64(glyph)), cursor.row, column)
    if scalar == 0xFE0F, isNarrow, writtenColumn == column, widths[base].widensWithSelector {
      widen(column, Cell.widenedFlag)
    }
  }

  /// Whether a character that could stand alone becomes part of the one just printed, as Unicode's clusters
  /// have it: behind a joiner, a skin tone, the second half of a flag.
  private mutating func join(_ scalar: UInt32, _ properties: WidthTable.Properties) -> Bool {
    guard let column = writtenColumn else { return false }
    let cell = grid.cell(cursor.row, column)
    guard cell.glyph > 0x7F else { return false }
    var first: UInt32 = 0
    var last: UInt32 = 0
    var count = 0
    clusters.expand(cell.glyph) { part in
      if count == 0 { first = part }
      last = part
      count += 1
    }
    let base = widths[first]
    let joins =
      properties.isPictographic && last == 0x200D && base.isPictographic
      || properties.isSkinTone && base.isPictographic && !widths[last].isSkinTone
      || properties.isRegional && count == 1 && base.isRegional
    guard joins else { return false }
    if clusters.isCrowded { sweepClusters() }
    let glyph = clusters.joining(scalar, to: cell.glyph)
    interrupt()
    grid.put(Cell(bits: cell.bits & ~Cell.glyphMask | UInt64(glyph)), cursor.row, column)
    if !cell.isWide, properties.isRegional || properties.isSkinTone { widen(column) }
    return true
  }

  /// The character just printed takes a second cell, if there is one.
  private mutating func widen(_ column: Int, _ flag: UInt64 = 0) {
    guard !cursor.isWrapPending, cursor.column == column + 1, cursor.column <= rightEdge else { return }
    let room = rightEdge + 1 - cursor.column
    grid.part(cursor.row, column + 2, blank())
    let cell = grid.cell(cursor.row, column)
    grid.put(Cell(bits: cell.bits | Cell.wideFlag | flag), cursor.row, column)
    let tail = cell.bits & (Cell.styleMask | Cell.protectedFlag) | Cell.tailFlag
    grid.put(Cell(bits: tail), cursor.row, column + 1)
    advance(1, room)
    writtenColumn = column
  }

  /// REP: the last character again, if nothing came between.
  mutating func repeatLast(_ amount: Int) {
    let scalar = repeatable
    guard scalar != 0 else { return }
    let width = max(1, widths[scalar].width)
    for _ in 0..<min(amount, columns * rows) { put(scalar, width: width) }
    repeatable = 0
  }
}
