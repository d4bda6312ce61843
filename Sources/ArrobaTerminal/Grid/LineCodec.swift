/// How a line that left the screen is kept: its cells without the blank end, as text and runs of style.
///
/// The first byte says what follows. A plain line is its ASCII characters. Any other has runs: style in three
/// bytes, cells and bytes in two each, then the characters, as UTF-8; `wideMark` before a character of two
/// cells, `clusterMark` and three bytes for a cluster.
struct LineCodec {
  private static let wrappedBit: UInt8 = 1
  private static let runsBit: UInt8 = 2
  private static let fillBit: UInt8 = 4
  private static let wideMark: UInt8 = 0xFF
  private static let clusterMark: UInt8 = 0xFE
  private static let runHeader = 7

  static func encode(_ row: Row, into out: inout ContiguousArray<UInt8>) {
    let count = row.trimmed
    let wrapped = row.isWrapped ? wrappedBit : 0
    guard let cells = row.cells, count > 0 else { return encodeRest(row, wrapped, &out) }
    var all: UInt64 = 0
    for index in 0..<count { all |= cells[index].bits }
    guard all >= 0x80 || row.fill != 0 else {
      out.append(wrapped)
      let start = out.count
      out.append(contentsOf: repeatElement(0, count: count))
      out.withUnsafeMutableBufferPointer { bytes in
        for index in 0..<count { bytes[start + index] = UInt8(truncatingIfNeeded: cells[index].bits) }
      }
      return
    }
    encodeRest(row, wrapped, &out)
    var index = 0
    while index < count { index = encodeRun(cells, from: index, count: count, &out) }
  }

  private static func encodeRest(_ row: Row, _ wrapped: UInt8, _ out: inout ContiguousArray<UInt8>) {
    out.append(wrapped | runsBit | (row.fill == 0 ? 0 : fillBit))
    if row.fill != 0 { append24(row.fill, &out) }
  }

  private static func append24(_ value: UInt32, _ out: inout ContiguousArray<UInt8>) {
    for shift: UInt32 in [0, 8, 16] { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  private static func encodeRun(
    _ cells: UnsafeMutablePointer<Cell>, from start: Int, count: Int, _ out: inout ContiguousArray<UInt8>
  ) -> Int {
    let style = cells[start].style
    let header = out.count
    append24(style, &out)
    out.append(contentsOf: repeatElement(0, count: runHeader - 3))
    var index = start
    while index < count, cells[index].style == style {
      if !cells[index].isTail { encodeGlyph(cells[index], &out) }
      index += 1
    }
    let bytes = out.count - header - runHeader
    out[header + 3] = UInt8(truncatingIfNeeded: index - start)
    out[header + 4] = UInt8(truncatingIfNeeded: (index - start) >> 8)
    out[header + 5] = UInt8(truncatingIfNeeded: bytes)
    out[header + 6] = UInt8(truncatingIfNeeded: bytes >> 8)
    return index
  }

  @inline(__always)
  private static func encodeGlyph(_ cell: Cell, _ out: inout ContiguousArray<UInt8>) {
    let glyph = cell.glyph
    if cell.isWide { out.append(wideMark) }
    if glyph < 0x80 {
      out.append(UInt8(truncatingIfNeeded: glyph))
    } else if cell.isCluster {
      out.append(clusterMark)
      append24(glyph & ~Cell.clusterBit, &out)
    } else {
      UTF8Encoding.append(glyph, to: &out)
    }
  }

  /// Reads a line back into cells. Damaged bytes give a shorter line, never a trap.
  static func decode(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, into cells: inout ContiguousArray<Cell>)
    -> (fill: UInt32, isWrapped: Bool)
  {
    cells.removeAll(keepingCapacity: true)
    var reader = ByteReader(bytes: UnsafeBufferPointer(rebasing: bytes))
    let kind = reader.next()
    let isWrapped = kind & wrappedBit != 0
    guard kind & runsBit != 0 else {
      while !reader.isAtEnd { cells.append(Cell(bits: UInt64(reader.next()))) }
      return (0, isWrapped)
    }
    let fill = kind & fillBit != 0 ? reader.next24() : 0
    while !reader.isAtEnd {
      let style = reader.next24()
      _ = reader.next16()
      let end = reader.position + reader.next16() + 2
      while reader.position < end, !reader.isAtEnd { decodeGlyph(&reader, style, &cells) }
    }
    return (fill, isWrapped)
  }

  private static func decodeGlyph(
    _ reader: inout ByteReader, _ style: UInt32, _ cells: inout ContiguousArray<Cell>
  ) {
    var first = reader.next()
    let isWide = first == wideMark
    if isWide { first = reader.next() }
    let glyph = first == clusterMark ? reader.next24() | Cell.clusterBit : reader.scalar(first)
    cells.append(Cell(glyph: glyph, style: style, flags: isWide ? Cell.wideFlag : 0))
    if isWide { cells.append(Cell(glyph: 0, style: style, flags: Cell.tailFlag)) }
  }

  /// Which styles and clusters a line uses, without building its cells.
  static func visit(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ use: (Cell) -> Void) {
    var reader = ByteReader(bytes: UnsafeBufferPointer(rebasing: bytes))
    let kind = reader.next()
    guard kind & runsBit != 0 else { return }
    if kind & fillBit != 0 { use(.blank(reader.next24())) }
    while !reader.isAtEnd {
      use(.blank(reader.next24()))
      _ = reader.next16()
      let end = reader.position + reader.next16() + 2
      while reader.position < end, !reader.isAtEnd {
        if reader.next() == clusterMark { use(Cell(glyph: reader.next24() | Cell.clusterBit, style: 0)) }
      }
    }
  }
}

/// Reads bytes one after the other; past the end there are zeros.
private struct ByteReader {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool { position >= bytes.count }

  @inline(__always) mutating func next() -> UInt8 {
    guard position < bytes.count else { return 0 }
    position += 1
    return bytes[position - 1]
  }

  mutating func next16() -> Int { Int(next()) | Int(next()) << 8 }
  mutating func next24() -> UInt32 { UInt32(next()) | UInt32(next()) << 8 | UInt32(next()) << 16 }

  /// The scalar that begins with a byte already read.
  @inline(__always) mutating func scalar(_ first: UInt8) -> UInt32 {
    if first < 0x80 { return UInt32(first) }
    if first < 0xE0 { return UInt32(first & 0x1F) << 6 | rest() }
    if first < 0xF0 { return UInt32(first & 0x0F) << 12 | rest() << 6 | rest() }
    return UInt32(first & 0x07) << 18 | rest() << 12 | rest() << 6 | rest()
  }

  @inline(__always) private mutating func rest() -> UInt32 { UInt32(next() & 0x3F) }
}
