/// How many cells a character takes, and whether it joins the one before it. One table for the process.
///
/// Two stages: a page number for every 128 scalars, then a byte for each scalar of the page. About 25 KB.
struct WidthTable: Sendable {
  struct Properties: Equatable {
    var bits: UInt8

    /// 0, 1 or 2 cells.
    @inline(__always) var width: Int { Int(bits & 3) }
    var isPictographic: Bool { bits & 4 != 0 }
    /// Whether U+FE0F behind it asks for the wide, coloured form.
    var widensWithSelector: Bool { bits & 8 != 0 }
    var isRegional: Bool { bits & 16 != 0 }
    var isSkinTone: Bool { bits & 32 != 0 }
    /// Whether it can become part of the character before it although it has a width of its own.
    @inline(__always) var mayJoin: Bool { bits & (4 | 16 | 32) != 0 }
  }

  static let shared = WidthTable()

  private static let pageShift: UInt32 = 7
  private static let pageSize = 128
  private let pages: ContiguousArray<UInt16>
  private let bits: ContiguousArray<UInt8>

  private init() {
    let pageCount = 0x11_0000 / Self.pageSize
    var pages: ContiguousArray<UInt16> = []
    pages.reserveCapacity(pageCount)
    var bits: ContiguousArray<UInt8> = []
    var known: [ContiguousArray<UInt8>: UInt16] = [:]
    var range = 0
    var current: UInt8 = 1
    for page in 0..<pageCount {
      var content = ContiguousArray<UInt8>(repeating: current, count: Self.pageSize)
      let end = UInt32((page + 1) * Self.pageSize)
      while range < WidthRanges.starts.count, WidthRanges.starts[range] >> 8 < end {
        current = UInt8(truncatingIfNeeded: WidthRanges.starts[range])
        let offset = Int(WidthRanges.starts[range] >> 8) - page * Self.pageSize
        for index in offset..<Self.pageSize { content[index] = current }
        range += 1
      }
      let number = known[content] ?? UInt16(known.count)
      if known[content] == nil {
        known[content] = number
        bits.append(contentsOf: content)
      }
      pages.append(number)
    }
    self.pages = pages
    self.bits = bits
  }

  @inline(__always) subscript(_ scalar: UInt32) -> Properties {
    let page = Int(scalar >> Self.pageShift)
    guard page < pages.count else { return Properties(bits: 1) }
    return Properties(bits: bits[Int(pages[page]) * Self.pageSize + Int(scalar & 0x7F)])
  }
}
