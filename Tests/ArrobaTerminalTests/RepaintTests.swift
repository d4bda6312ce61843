import ArrobaTerminal
import Testing

@Suite("Repaint")
struct RepaintTests {
  @Test(
    "A fresh terminal that gets the repaint is in the same state, at random offsets", arguments: Golden.all)
  func streams(_ golden: Golden) {
    var random = SplitMix(seed: golden.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    var screen = Screen(
      columns: golden.cols, rows: golden.rows, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
    for chunk in golden.chunks {
      switch chunk {
      case .bytes(let bytes):
        let cut = Int.random(in: 0...bytes.count, using: &random)
        screen.feed(Array(bytes[..<cut]))
        if Int.random(in: 0..<12, using: &random) == 0 { expectSame(screen, golden.name) }
        screen.feed(Array(bytes[cut...]))
      case .resize(let columns, let rows): screen.resize(columns: columns, rows: rows)
      }
    }
    expectSame(screen, golden.name)
  }

  @Test("The repaint of recorded programs at their markers", arguments: Recording.all)
  func recordings(_ recording: Recording) {
    var screen = recording.makeScreen()
    for step in recording.steps {
      switch step {
      case .output(let bytes): screen.feed(bytes)
      case .resize(let columns, let rows): screen.resize(columns: columns, rows: rows)
      case .marker(let marker): expectSame(screen, "\(recording.name) \(marker.name)")
      }
    }
  }

  @Test("A column that a wide character left blank keeps its background")
  func beforeWide() {
    expectSame(makeScreen("\u{1B}[44m\u{1B}[2J012345678漢", columns: 10, rows: 3), "beforeWide")
  }

  private func expectSame(_ screen: borrowing Screen, _ name: String) {
    for history in [0, 1000] {
      var other = Screen(
        columns: screen.columns, rows: screen.rows, scrollbackLimit: 1000, scrollbackBytes: 4 << 20)
      other.feed(screen.repaint(history: history))
      var have = other.inventory()
      var want = screen.inventory()
      if history > 0 {
        have += other.historyInventory()
        want += screen.historyInventory()
      }
      guard have != want else { continue }
      let lost = want.filter { !have.contains($0) }
      let extra = have.filter { !want.contains($0) }
      Issue.record("\(name), history \(history)\n want \(lost)\n have \(extra)")
      return
    }
  }
}

/// A small generator with a fixed seed, so that a failure comes again.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
