internal import ArrobaSystem

/// Bytes on their way out, taken from the front as fast as the other side takes them.
struct ByteQueue {
  private var bytes: [UInt8] = []
  private var taken = 0

  var count: Int { bytes.count - taken }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }
  mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

  mutating func removeAll() {
    bytes.removeAll()
    taken = 0
  }

  /// Hands what waits to `write` until that takes no more; answers what stopped it (nil: all is gone).
  mutating func drain(_ write: (UnsafeRawBufferPointer) -> Transfer) -> Transfer? {
    while taken < bytes.count {
      let outcome = bytes.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[taken...])) }
      guard case .moved(let count) = outcome, count > 0 else { return outcome }
      taken += count
    }
    // The room is kept, unless a burst made it large.
    bytes.removeAll(keepingCapacity: bytes.capacity <= 256 << 10)
    taken = 0
    return nil
  }
}
