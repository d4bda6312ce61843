internal import Synchronization

/// How many bytes of each attachment's input have reached the terminal, beside the ring and as long-lived as it.
///
/// A client whose connection is lost asks with its attachment's name and sends what comes after this count, so that
/// nothing typed is lost or entered twice, also when the daemon was killed in between.
package struct InputLedger {
  /// Attachments remembered for one terminal; the one unused for longest gives way.
  package static let capacity = 48  // 48 rows of 64 bytes fill the header page
  package static let longestName = 24

  package struct Entry: Equatable {
    package let name: String
    package let accepted: UInt64
    /// When it was last attached or typed, in milliseconds since 1970.
    package let seenMs: UInt64
    /// Bytes of which a killed daemon left unknown whether they were entered. They count as accepted.
    package let unknown: UInt64

    package init(name: String, accepted: UInt64, seenMs: UInt64, unknown: UInt64) {
      self.name = name
      self.accepted = accepted
      self.seenMs = seenMs
      self.unknown = unknown
    }
  }

  /// One row: name, accepted, when, and a write that is under way (where it began, how long it is).
  private static let rowBytes = 64
  private enum Column: Int {
    case name = 0
    case accepted = 24
    case seen = 32
    case writeBase = 40
    case writeLength = 48
    case unknown = 56
  }

  /// Kept for its memory, in which the rows are.
  private let ring: OutputRing
  private let rows: UnsafeMutableRawBufferPointer

  package init(of ring: OutputRing) {
    self.ring = ring
    rows = ring.ledgerMemory
  }

  private func value(_ column: Column, _ row: Int) -> UInt64 {
    rows.load(fromByteOffset: row * Self.rowBytes + column.rawValue, as: UInt64.self)
  }

  /// Stores in the order of the calls: a kill between two of them must not leave the later one alone.
  private func put(_ value: UInt64, _ column: Column, _ row: Int) {
    atomicMemoryFence(ordering: .releasing)
    rows.storeBytes(of: value, toByteOffset: row * Self.rowBytes + column.rawValue, as: UInt64.self)
    atomicMemoryFence(ordering: .acquiringAndReleasing)
  }

  private func nameBytes(of row: Int) -> Slice<UnsafeMutableRawBufferPointer> {
    rows[(row * Self.rowBytes)..<(row * Self.rowBytes + Self.longestName)].prefix { $0 != 0 }
  }

  private func name(of row: Int) -> String { String(decoding: nameBytes(of: row), as: UTF8.self) }

  /// Looked up with each key press, so without making a text of every row's name.
  private func row(named name: String) -> Int? {
    (0..<Self.capacity).first { nameBytes(of: $0).elementsEqual(name.utf8) }
  }

  package func entry(named name: String) -> Entry? {
    guard !name.isEmpty, let row = row(named: name) else { return nil }
    return Entry(
      name: name, accepted: value(.accepted, row), seenMs: value(.seen, row), unknown: value(.unknown, row))
  }

  /// Makes a row for a new attachment, in place of the one that was unused for longest, if need be.
  package func open(_ name: String, nowMs: UInt64) {
    precondition(!name.isEmpty && name.utf8.count <= Self.longestName, "attachment names have 1 to 24 bytes")
    let free = (0..<Self.capacity).first { nameBytes(of: $0).isEmpty }
    let row = row(named: name) ?? free ?? (0..<Self.capacity).min { value(.seen, $0) < value(.seen, $1) } ?? 0
    // Nameless while it changes hands: a name must never be found with another one's count.
    erase(row)
    put(nowMs, .seen, row)
    for (index, byte) in name.utf8.enumerated().dropFirst() { rows[row * Self.rowBytes + index] = byte }
    atomicMemoryFence(ordering: .releasing)
    if let first = name.utf8.first { rows[row * Self.rowBytes] = first }
  }

  private func erase(_ row: Int) {
    rows[row * Self.rowBytes] = 0
    atomicMemoryFence(ordering: .releasing)
    for index in 1..<Self.rowBytes { rows[row * Self.rowBytes + index] = 0 }
  }

  package func touch(_ name: String, nowMs: UInt64) {
    if let row = row(named: name) { put(nowMs, .seen, row) }
  }

  package func close(_ name: String) {
    if let row = row(named: name) { erase(row) }
  }

  /// Says that up to `count` bytes are about to be written; `write` does it and returns how many went in.
  package func write(_ count: Int, of name: String, nowMs: UInt64, _ write: () -> Int) -> Int {
    guard let row = row(named: name) else { return write() }
    let accepted = value(.accepted, row)
    put(0, .writeLength, row)
    put(accepted, .writeBase, row)
    put(UInt64(count), .writeLength, row)
    let written = write()
    if written > 0 { put(accepted + UInt64(written), .accepted, row) }
    put(0, .writeLength, row)
    put(nowMs, .seen, row)
    return written
  }

  /// Settles writes that a killed daemon left under way: their bytes count as accepted, since a second entry does
  /// more harm than a missing one, and as unknown. Returns the attachments concerned.
  package func recoverCutWrites() -> [Entry] {
    var cut: [Entry] = []
    for row in 0..<Self.capacity where !nameBytes(of: row).isEmpty {
      let length = value(.writeLength, row)
      let accepted = value(.accepted, row)
      guard length > 0, value(.writeBase, row) == accepted else { continue }
      put(value(.unknown, row) + length, .unknown, row)
      put(accepted + length, .accepted, row)
      put(0, .writeLength, row)
      if let entry = entry(named: name(of: row)) { cut.append(entry) }
    }
    return cut
  }
}
