internal import ArrobaSupervision
package import ArrobaTerminal

/// The screen model of a terminal, kept level with its ring. All that the rest of the house asks of a screen.
package struct TerminalScreen: ~Copyable {
  package private(set) var model: Screen
  /// The ring's offset up to which the model was fed.
  package private(set) var offset: UInt64 = 0

  /// Lines that are kept of what scrolled away.
  private static let scrollbackLines = 10_000
  private static let scrollbackBytes = 4 << 20
  /// Lines of scrollback that the first repaint for a client brings along.
  private static let repaintedHistory = 200

  init(columns: Int, rows: Int) {
    model = Screen(
      columns: columns, rows: rows, scrollbackLimit: Self.scrollbackLines,
      scrollbackBytes: Self.scrollbackBytes)
  }

  /// Feeds what the ring has and the model has not. What the ring lost before it could be fed is lost to the model
  /// too: that happens only to a daemon that starts with a ring that has already turned.
  mutating func catchUp(with ring: OutputRing) {
    while lag(behind: ring) > 0 { feed(ring, atMost: 64 << 10) }
  }

  /// How many bytes the ring has that the model has not seen.
  func lag(behind ring: OutputRing) -> Int { Int(ring.end - max(offset, ring.start)) }

  /// Feeds a piece of it.
  mutating func feed(_ ring: OutputRing, atMost limit: Int) {
    if offset < ring.start { offset = ring.start }
    if offset < ring.end {
      let fed = ring.withBytes(from: offset, atMost: limit) { first, second in
        model.feed(first)
        model.feed(second)
        return first.count + second.count
      }
      offset += UInt64(fed)
    }
  }

  mutating func resize(columns: Int, rows: Int) { model.resize(columns: columns, rows: rows) }

  mutating func takeAnswers() -> [UInt8] { model.takeAnswers() }

  mutating func takeSignals() -> [ScreenSignal] { model.takeSignals() }

  func repaint(withHistory: Bool) -> [UInt8] {
    model.repaint(history: withHistory ? Self.repaintedHistory : 0)
  }
}
