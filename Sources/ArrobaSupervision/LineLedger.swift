internal import Synchronization

/// What of the lines for a child's input has gone into its pipe, beside the ring of its output and as long-lived as that:
/// a daemon that was killed while it wrote leaves known what the child has, and what nobody can know.
package struct LineLedger {
  /// What became of the last line that was begun.
  package enum Progress: Equatable, Sendable {
    /// Whole, or none was begun.
    case whole
    /// So many of its bytes went in, the rest never will: the daemon that had the rest is gone.
    case part(Int)
    /// The write was under way when the daemon was killed, of a piece that goes in whole or not at all.
    case unknown
    /// The same of a piece that may have gone in partly.
    case unknownPart
  }

  /// A pipe takes that much at once or nothing of it (PIPE_BUF).
  package static let wholePiece = 4096

  private enum Column: Int {
    case mark = 0
    case length = 8
    case planned = 16
    case written = 24
    case lastMark = 32
    case cut = 40
  }

  /// Kept for its memory, in which the columns are.
  private let ring: OutputRing
  private let memory: UnsafeMutableRawBufferPointer

  package init(of ring: OutputRing) {
    self.ring = ring
    memory = ring.ledgerMemory
  }

  private func value(_ column: Column) -> UInt64 {
    memory.load(fromByteOffset: column.rawValue, as: UInt64.self)
  }

  /// Stores in the order of the calls: a kill between two of them must not leave the later one alone.
  private func put(_ value: UInt64, _ column: Column) {
    atomicMemoryFence(ordering: .releasing)
    memory.storeBytes(of: value, toByteOffset: column.rawValue, as: UInt64.self)
    atomicMemoryFence(ordering: .acquiringAndReleasing)
  }

  /// The mark of the line that was last begun, and of the last one that is in whole; zero for none.
  package var mark: UInt64 { value(.mark) }
  package var lastMark: UInt64 {
    // Killed between the last byte and its note.
    let isIn = value(.length) > 0 && value(.written) == value(.length) && mark != 0
    return isIn ? mark : value(.lastMark)
  }

  /// Whether the beginning of what is to be kept in the ring was overwritten.
  package var isCut: Bool {
    get { value(.cut) != 0 }
    nonmutating set { put(newValue ? 1 : 0, .cut) }
  }

  /// A line is to be written next. `mark` is the writer's own name for it, zero for a line that nobody will ask about.
  package func begin(_ length: Int, mark: UInt64) {
    put(0, .length)
    put(0, .planned)
    put(0, .written)
    put(mark, .mark)
    put(UInt64(length), .length)
  }

  /// Says that the next `count` bytes of the line are about to be written; `write` does it and returns how many went in.
  package func write(_ count: Int, _ write: () -> Int) -> Int {
    let before = value(.written)
    put(before + UInt64(count), .planned)
    let went = write()
    put(before + UInt64(went), .written)
    put(before + UInt64(went), .planned)
    if before + UInt64(went) == value(.length) {
      if mark != 0 { put(mark, .lastMark) }
      put(0, .length)
    }
    return went
  }

  /// For who takes over from a daemon that was killed.
  package var progress: Progress {
    let length = value(.length)
    let written = value(.written)
    let planned = value(.planned)
    guard length > 0, written < length else { return .whole }
    guard planned > written else { return .part(Int(written)) }
    let isOnePiece = written == 0 && planned == length && length <= UInt64(Self.wholePiece)
    return isOnePiece ? .unknown : .unknownPart
  }
}
