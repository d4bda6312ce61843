/// The hyperlinks (OSC 8) in use: what stands between `8;` and the end, parameters included, each once.
struct LinkTable {
  /// Longer than any address in use; a longer one is drawn as plain text.
  static let longest = 4096
  /// Bounds the table at 2 MB of addresses.
  static let totalBytes = 2 << 20

  private var links: [[UInt8]] = [[]]
  private var numbers: [[UInt8]: UInt16] = [:]
  private var free: [UInt16] = []
  private var bytes = 0

  private var byNumber = SweepPlan(first: 4096, limit: Int(UInt16.max) - 1)
  private var byBytes = SweepPlan(first: totalBytes / 4, limit: totalBytes - longest)

  var isCrowded: Bool { byNumber.isDue(numbers.count) || byBytes.isDue(bytes) }
  var capacity: Int { links.count }
  /// Each address is held twice, once as a key.
  var footprint: Int { bytes + 64 * links.count }

  subscript(_ id: UInt16) -> [UInt8] { Int(id) < links.count ? links[Int(id)] : [] }

  /// The number of a link, or 0 (no link) when there is no room for it.
  mutating func intern(_ link: [UInt8]) -> UInt16 {
    if let known = numbers[link] { return known }
    byNumber.note()
    byBytes.note()
    guard link.count <= Self.longest, bytes + link.count <= Self.totalBytes else { return 0 }
    let id: UInt16
    if let reused = free.popLast() {
      id = reused
      links[Int(id)] = link
    } else {
      guard links.count < Int(UInt16.max) else { return 0 }
      id = UInt16(links.count)
      links.append(link)
    }
    numbers[link] = id
    bytes += link.count
    return id
  }

  /// Forgets every link that no style names.
  mutating func sweep(used: [Bool]) {
    for (link, id) in numbers where !used[Int(id)] {
      numbers[link] = nil
      links[Int(id)] = []
      free.append(id)
      bytes -= link.count
    }
    byNumber.swept(numbers.count)
    byBytes.swept(bytes)
  }
}
