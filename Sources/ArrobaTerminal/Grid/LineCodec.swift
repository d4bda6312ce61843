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

  /// The most bytes a row can take.
  static func worstCase(_ cells: Int) -> Int { 4 + cells * (runHeader + 5) }

  /// Writes a row to memory that has room for the worst case; returns how many bytes it took.
  static func encode(_ row: Row, to out: UnsafeMutablePointer<UInt8>) -> Int {
    let count = row.trimmed
    let wrapped = row.isWrapped ? wrappedBit : 0
    guard let cells = row.cells, count > 0 else { return encodeKind(row, wrapped, out) }
    var all: UInt64 = 0
    for index in 0..<count { all |= cells[index].bits }
    if all < 0x80, row.fill == 0 {
      out[0] = wrapped
      for index in 0..<count { out[index + 1] = UInt8(truncatingIfNeeded: cells[index].bits) }
      return count + 1
    }
    var position = encodeKind(row, wrapped, out)
    var index = 0
    while index < count { index = encodeRun(cells, from: index, count: count, out, &position) }
    return position
  }

  private static func encodeKind(_ row: Row, _ wrapped: UInt8, _ out: UnsafeMutablePointer<UInt8>) -> Int {
    out[0] = wrapped | runsBit | (row.fill == 0 ? 0 : fillBit)
    guard row.fill != 0 else { return 1 }
    put24(row.fill, out + 1)
    return 4
  }

  @inline(__always) private static func put24(_ value: UInt32, _ out: UnsafeMutablePointer<UInt8>) {
    out[0] = UInt8(truncatingIfNeeded: value)
    out[1] = UInt8(truncatingIfNeeded: value >> 8)
    out[2] = UInt8(truncatingIfNeeded: value >> 16)
  }

  private static func encodeRun(
    _ cells: UnsafeMutablePointer<Cell>, from start: Int, count: Int, _ out: UnsafeMutablePointer<UInt8>,
    _ position: inout Int
  ) -> Int {
    let style = cells[start].bits & Cell.styleMask
    let header = out + position
    var place = position + runHeader
    var index = start
    while index < count, cells[index].bits & Cell.styleMask == style {
      let cell = cells[index]
      if cell.bits & ~Cell.styleMask < 0x80 {
        out[place] = UInt8(truncatingIfNeeded: cell.bits)
        place += 1
      } else if !cell.isTail {
        place = encodeGlyph(cell, out, place)
      }
      index += 1
    }
    let bytes = place - position - runHeader
    put24(cells[start].style, header)
    header[3] = UInt8(truncatingIfNeeded: index - start)
    header[4] = UInt8(truncatingIfNeeded: (index - start) >> 8)
    header[5] = UInt8(truncatingIfNeeded: bytes)
    header[6] = UInt8(truncatingIfNeeded: bytes >> 8)
    position = place
    return index
  }

  @inline(__always)
  private static func encodeGlyph(_ cell: Cell, _ out: UnsafeMutablePointer<UInt8>, _ from: Int) -> Int {
    let glyph = cell.glyph
    var place = from
    if cell.isWide {
      out[place] = wideMark
      place += 1
    }
    if cell.isCluster {
      out[place] = clusterMark
      put24(glyph & ~Cell.clusterBit, out + place + 1)
      return place + 4
    }
    return place + UTF8Encoding.write(glyph, to: out + place)
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
