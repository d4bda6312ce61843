/// Lines out of a stream of bytes, cut anywhere; a line has at most `limit` bytes.
package struct LineSplitter: Sendable {
  /// The longest line of the structured lane (protocol.md, section 2).
  package static let longestLine = 8 << 20

  package struct TooLong: Error, Equatable {
    package let limit: Int
  }

  private let limit: Int
  private var pending: [UInt8] = []
  private var taken = 0
  /// Where the search for a line break goes on, so that a long line is not searched again with each piece.
  private var searched = 0

  package init(limit: Int = Self.longestLine) { self.limit = limit }

  package mutating func feed(_ bytes: some Collection<UInt8>) {
    dropTaken()
    pending.append(contentsOf: bytes)
  }

  private mutating func dropTaken() {
    guard taken > 0 else { return }
    if taken == pending.count {
      pending.removeAll(keepingCapacity: pending.capacity <= 64 << 10)
    } else {
      pending.removeFirst(taken)
    }
    searched -= taken
    taken = 0
  }

  /// The next whole line that is not blank, without its line break; nil where more bytes are needed.
  package mutating func next() throws(TooLong) -> [UInt8]? {
    while true {
      let newline = pending.withUnsafeBufferPointer { buffer in
        UnsafeBufferPointer(rebasing: buffer[searched...]).firstIndex(of: UInt8(ascii: "\n"))
      }
      guard let newline else {
        searched = pending.count
        guard pending.count - taken <= limit else { throw TooLong(limit: limit) }
        // Now and not with the next piece: a client that waits does not keep the room of its longest line.
        if taken == pending.count { dropTaken() }
        return nil
      }
      let end = searched + newline
      let start = taken
      taken = end + 1
      searched = taken
      guard end - start <= limit else { throw TooLong(limit: limit) }
      let line = pending[start..<end]
      let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      if !isBlank { return Array(line) }
    }
  }

  /// Bytes of lines that were not taken out yet.
  package var pendingCount: Int { pending.count - taken }

  /// Takes out what came after the last line: the first bytes of the terminal lane.
  package mutating func takeRest() -> [UInt8] {
    let rest = Array(pending[taken...])
    pending.removeAll()
    taken = 0
    searched = 0
    return rest
  }
}
