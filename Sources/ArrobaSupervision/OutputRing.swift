internal import Synchronization

/// The last bytes that a child wrote, numbered from its first byte, in memory that daemon and supervisor share.
///
/// One process writes at a time: the daemon while it lives, the supervisor while it does not. Because the ring is not
/// the daemon's own memory, a daemon that is killed loses nothing: the next one maps the ring and goes on at `end`.
/// A read that was cut short by a kill is recovered as well (`recoverCutFill`).
///
/// Layout: a header of 4096 bytes (see the offsets below), then `capacity` bytes of data.
package final class OutputRing {
  package static let headerBytes = 4096
  /// One read from a terminal yields at most 4095 bytes (the kernel's flip buffer).
  package static let longestFill = 4096
  private static let magic: UInt64 = 0x4152_524F_4241_0001
  /// Never part of UTF-8, and rare in any terminal's output: what a read has not touched still holds it.
  private static let filler: UInt8 = 0xFF

  private enum Field: Int {
    case magic = 0
    case capacity = 8
    case end = 16
    case fillBase = 24
    case fillLength = 32
    case size = 40
    case taken = 48
  }

  private let base: UnsafeMutableRawPointer
  private let owner: AnyObject?
  package let capacity: Int

  /// Bytes of memory for a ring of that capacity.
  package static func memoryNeeded(capacity: Int) -> Int { headerBytes + capacity }

  /// A ring in fresh memory, which is all zero. `owner` is kept alive as long as the ring.
  package init(formatting base: UnsafeMutableRawPointer, capacity: Int, owner: AnyObject?) {
    precondition(capacity >= 2 * Self.longestFill, "a ring holds at least two reads")
    self.base = base
    self.owner = owner
    self.capacity = capacity
    put(UInt64(capacity), at: .capacity)
    put(Self.magic, at: .magic)
  }

  /// The ring that another process formatted; nil where the memory holds none.
  package init?(mapping base: UnsafeMutableRawPointer, count: Int, owner: AnyObject?) {
    guard count > Self.headerBytes else { return nil }
    let capacity = base.load(fromByteOffset: Field.capacity.rawValue, as: UInt64.self)
    let magic = base.load(fromByteOffset: Field.magic.rawValue, as: UInt64.self)
    guard magic == Self.magic, capacity <= UInt64(count - Self.headerBytes), capacity >= 2 * Self.longestFill
    else {
      return nil
    }
    self.base = base
    self.owner = owner
    self.capacity = Int(capacity)
  }

  private func value(_ field: Field) -> UInt64 { base.load(fromByteOffset: field.rawValue, as: UInt64.self) }
  /// Stores after everything that was stored before: the process may be killed between any two of them, and the next
  /// one must not find a later store without an earlier one.
  private func put(_ value: UInt64, at field: Field) {
    atomicMemoryFence(ordering: .releasing)
    base.storeBytes(of: value, toByteOffset: field.rawValue, as: UInt64.self)
    atomicMemoryFence(ordering: .acquiringAndReleasing)
  }

  /// The offset after the last byte.
  package var end: UInt64 { value(.end) }

  /// The offset of the oldest byte that is still here. The next read may overwrite what lies before it.
  package var start: UInt64 {
    let kept = UInt64(capacity - Self.longestFill)
    let end = end
    return end > kept ? end - kept : 0
  }

  /// The terminal's size as it was last set; zero before that.
  package var size: (columns: UInt16, rows: UInt16) {
    get {
      let packed = value(.size)
      return (UInt16(truncatingIfNeeded: packed >> 16), UInt16(truncatingIfNeeded: packed))
    }
    set { put(UInt64(newValue.columns) << 16 | UInt64(newValue.rows), at: .size) }
  }

  /// How far a reader that may not miss anything has come. Kept in the ring so that its successor goes on there.
  package var taken: UInt64 {
    get { value(.taken) }
    set { put(newValue, at: .taken) }
  }

  /// Whether another `fill` would overwrite nothing that has not been taken.
  package var hasRoomBesideUntaken: Bool {
    end - min(end, taken) + 2 * UInt64(Self.longestFill) <= UInt64(capacity)
  }

  private var data: UnsafeMutableRawPointer { base + Self.headerBytes }

  /// Lets `read` put bytes behind the last one; it returns how many it put, or a negative number for none.
  ///
  /// The room is filled with a mark beforehand and announced in the header, so that bytes which came in just before
  /// this process was killed are found again.
  package func fill(_ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    let end = self.end
    let position = Int(end % UInt64(capacity))
    let room = min(Self.longestFill, capacity - position)
    let region = UnsafeMutableRawBufferPointer(start: data + position, count: room)
    put(0, at: .fillLength)
    region.initializeMemory(as: UInt8.self, repeating: Self.filler)
    put(end, at: .fillBase)
    put(UInt64(room), at: .fillLength)
    let got = read(region)
    if got > 0 { put(end + UInt64(got), at: .end) }
    put(0, at: .fillLength)
    return got
  }

  /// Puts bytes behind the last one.
  package func append(_ bytes: UnsafeRawBufferPointer) {
    var taken = 0
    while taken < bytes.count {
      taken += fill { room in
        let count = min(room.count, bytes.count - taken)
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[taken..<taken + count]))
        return count
      }
    }
  }

  /// Counts bytes in that a killed process had read but not yet counted. Returns how many those were.
  package func recoverCutFill() -> Int {
    let end = self.end
    let length = Int(value(.fillLength))
    guard length > 0, length <= Self.longestFill, value(.fillBase) == end else { return 0 }
    let position = Int(end % UInt64(capacity))
    guard position + length <= capacity else { return 0 }
    let region = UnsafeRawBufferPointer(start: data + position, count: length)
    let last = region.lastIndex { $0 != Self.filler }
    let got = last.map { $0 + 1 } ?? 0
    put(end + UInt64(got), at: .end)
    put(0, at: .fillLength)
    return got
  }

  /// The bytes from `offset` on, at most `limit`, in two parts (the second after the wrap). An offset outside
  /// `start...end` yields none.
  package func withBytes<R>(
    from offset: UInt64, atMost limit: Int, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R
  ) -> R {
    guard offset >= start, offset < end else {
      return body(UnsafeRawBufferPointer(start: nil, count: 0), UnsafeRawBufferPointer(start: nil, count: 0))
    }
    let count = min(limit, Int(end - offset))
    let position = Int(offset % UInt64(capacity))
    let first = min(count, capacity - position)
    return body(
      UnsafeRawBufferPointer(start: data + position, count: first),
      UnsafeRawBufferPointer(start: data, count: count - first))
  }
}

extension OutputRing {
  /// The memory of the bytes themselves, for who knows that none of them is needed.
  package var dataMemory: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + Self.headerBytes, count: capacity)
  }

  /// Memory of the header that belongs to the input ledger, or to the line ledger of a child on pipes.
  var ledgerMemory: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + 1024, count: Self.headerBytes - 1024)
  }
}
