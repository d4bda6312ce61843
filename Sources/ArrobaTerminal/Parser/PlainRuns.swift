extension Parser {
  /// The end of a run of printable ASCII, eight bytes at a time.
  @inline(__always)
  static func endOfRun(_ base: UnsafePointer<UInt8>, _ from: Int, _ count: Int) -> Int {
    var index = from
    let raw = UnsafeRawPointer(base)
    while index + 8 <= count {
      let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      // A byte below 0x20 borrows from its top bit; 0x7F and above carry into or have it.
      let low = (word &- 0x2020_2020_2020_2020) & ~word
      let high = (word &+ 0x0101_0101_0101_0101) | word
      let stop = (low | high) & 0x8080_8080_8080_8080
      if stop != 0 { break }
      index += 8
    }
    while index < count, base[index] &- 0x20 < 0x5F { index += 1 }
    return index
  }
}
