/// The end of what was typed, kept so that it can be sent again: after a lost connection the daemon says how many
/// bytes it has accepted, and gets what comes after them (protocol.md, section 8).
package struct RetainedInput: Sendable {
  /// More than a person types between two breaths; a paste beyond it that is cut off is reported, not hidden.
  package static let limit = 1 << 20

  private var bytes: [UInt8] = []
  /// The offset of the first byte that is kept, counted from the beginning of the attachment.
  package private(set) var start = 0
  package var end: Int { start + bytes.count }

  package init() {}

  package mutating func append(_ more: some Collection<UInt8>) {
    bytes.append(contentsOf: more)
    // Trimmed at twice the limit, so that a long paste does not move a megabyte with each piece.
    guard bytes.count > 2 * Self.limit else { return }
    let surplus = bytes.count - Self.limit
    bytes.removeFirst(surplus)
    start += surplus
  }

  /// What comes before that offset was typed without us, or needs to be sent no more.
  package mutating func pass(to offset: Int) {
    guard offset > end else { return }
    bytes = []
    start = offset
  }

  /// What follows an offset; nil where that is no longer kept, or was never sent.
  package func after(_ offset: Int) -> ArraySlice<UInt8>? {
    guard offset >= start, offset <= end else { return nil }
    return bytes[(offset - start)...]
  }
}
