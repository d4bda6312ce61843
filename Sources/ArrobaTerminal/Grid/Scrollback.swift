/// The lines that scrolled off the top, oldest first, compact, within a number of lines and of bytes.
struct Scrollback {
  private static let pageBytes = 1 << 16

  /// Lines stand one behind the other in pages, so that dropping the oldest costs nothing to speak of.
  private struct Page {
    var bytes: ContiguousArray<UInt8> = []
    var starts: ContiguousArray<UInt32> = []
  }

  private(set) var lineLimit: Int
  private(set) var byteLimit: Int
  private var full: [Page] = []
  /// The page that lines are added to, apart from the others so that adding touches no array of arrays.
  private var open = Page()
  /// Where a line is encoded before it is added.
  private var scratch: ContiguousArray<UInt8> = []
  private var fullLines = 0
  private var fullBytes = 0
  /// How many lines of the first page are gone already.
  private var dropped = 0

  init(lineLimit: Int, byteLimit: Int) {
    self.lineLimit = max(0, lineLimit)
    self.byteLimit = max(0, byteLimit)
  }

  var count: Int { fullLines + open.starts.count - dropped }
  /// Bytes held, line table included.
  var byteCount: Int { fullBytes + open.bytes.count + 4 * (fullLines + open.starts.count) }
  var isEmpty: Bool { count == 0 }

  @inline(__always) mutating func append(_ row: Row) {
    guard lineLimit > 0, byteLimit > 0 else { return }
    open.starts.append(UInt32(truncatingIfNeeded: open.bytes.count))
    let worst = LineCodec.worstCase(row.used)
    if scratch.count < worst { scratch = ContiguousArray(repeating: 0, count: worst) }
    scratch.withUnsafeMutableBufferPointer { scratch in
      guard let base = scratch.baseAddress else { return }
      let length = LineCodec.encode(row, to: base)
      open.bytes.append(contentsOf: UnsafeBufferPointer(start: base, count: length))
    }
    if open.bytes.count >= Self.pageBytes { closePage() }
    if count > lineLimit || byteCount > byteLimit { trim() }
  }

  private mutating func closePage() {
    fullLines += open.starts.count
    fullBytes += open.bytes.count
    full.append(open)
    open = Page()
    open.bytes.reserveCapacity(Self.pageBytes + 1024)
  }

  private mutating func trim() {
    if count > lineLimit { dropped += count - lineLimit }
    while byteCount > byteLimit, let first = full.first, count > 0 {
      dropped = max(dropped, first.starts.count)
      dropFirstPages()
    }
    dropFirstPages()
    if full.isEmpty, byteCount > byteLimit || dropped > open.starts.count / 2 + 64 { compactOpen() }
  }

  private mutating func dropFirstPages() {
    while let first = full.first, dropped >= first.starts.count {
      dropped -= first.starts.count
      fullLines -= first.starts.count
      fullBytes -= first.bytes.count
      full.removeFirst()
    }
  }

  /// With one page only: moves what is kept to its front.
  private mutating func compactOpen() {
    while byteCount(from: dropped) > byteLimit, dropped < open.starts.count { dropped += 1 }
    guard dropped > 0 else { return }
    let cut = dropped < open.starts.count ? Int(open.starts[dropped]) : open.bytes.count
    open.bytes.removeSubrange(0..<cut)
    open.starts.removeSubrange(0..<dropped)
    for index in open.starts.indices { open.starts[index] -= UInt32(truncatingIfNeeded: cut) }
    dropped = 0
  }

  private func byteCount(from line: Int) -> Int {
    guard line < open.starts.count else { return 0 }
    return open.bytes.count - Int(open.starts[line]) + 4 * (open.starts.count - line)
  }

  /// Other limits; what is beyond them goes at once.
  mutating func limit(lines: Int, bytes: Int) {
    lineLimit = lines
    byteLimit = bytes
    if lineLimit == 0 || byteLimit == 0 { return removeAll() }
    if count > lineLimit || byteCount > byteLimit { trim() }
  }

  mutating func removeAll() { self = Scrollback(lineLimit: lineLimit, byteLimit: byteLimit) }

  /// Calls back with each line from `first` on, oldest first: cells, style of what lies behind, wrapped or not.
  func forEach(from first: Int, _ body: (ContiguousArray<Cell>, UInt32, Bool) -> Void) {
    var cells: ContiguousArray<Cell> = []
    visitBytes(from: first) { bytes in
      let (fill, isWrapped) = LineCodec.decode(bytes, into: &cells)
      body(cells, fill, isWrapped)
    }
  }

  /// Which styles and clusters the lines use.
  func visit(_ use: (Cell) -> Void) {
    visitBytes(from: 0) { LineCodec.visit($0, use) }
  }

  private func visitBytes(from first: Int, _ body: (Slice<UnsafeBufferPointer<UInt8>>) -> Void) {
    var skip = dropped + max(0, first)
    for page in full {
      if skip < page.starts.count { visitPage(page, from: skip, body) }
      skip = max(0, skip - page.starts.count)
    }
    visitPage(open, from: skip, body)
  }

  private func visitPage(
    _ page: Page, from first: Int, _ body: (Slice<UnsafeBufferPointer<UInt8>>) -> Void
  ) {
    page.bytes.withUnsafeBufferPointer { bytes in
      for line in page.starts.indices.dropFirst(first) {
        let end = line + 1 < page.starts.count ? Int(page.starts[line + 1]) : bytes.count
        body(bytes[Int(page.starts[line])..<end])
      }
    }
  }

  /// Takes the newest `amount` lines off, for rows that come back onto the screen.
  mutating func removeLast(_ amount: Int) {
    var left = min(amount, count)
    while left > 0 {
      if open.starts.isEmpty, let last = full.popLast() {
        open = last
        fullLines -= last.starts.count
        fullBytes -= last.bytes.count
      }
      let take = min(left, open.starts.count)
      guard take > 0 else { return }
      let keep = open.starts.count - take
      open.bytes.removeSubrange(Int(open.starts[keep])..<open.bytes.count)
      open.starts.removeSubrange(keep..<open.starts.count)
      left -= take
    }
    if full.isEmpty { dropped = min(dropped, open.starts.count) }
  }
}
