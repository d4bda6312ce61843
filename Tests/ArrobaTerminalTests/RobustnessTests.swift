import ArrobaTerminal
import Testing

@Suite("Any bytes, any cut")
struct RobustnessTests {
  @Test(
    "A stream cut at every byte gives the same screen",
    arguments: Golden.all.filter { $0.name.hasSuffix("-00") })
  func cuts(_ golden: Golden) {
    var whole = Screen(
      columns: golden.cols, rows: golden.rows, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
    var cut = Screen(columns: golden.cols, rows: golden.rows, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
    for chunk in golden.chunks {
      switch chunk {
      case .bytes(let bytes):
        whole.feed(bytes)
        for byte in bytes { cut.feed([byte]) }
      case .resize(let columns, let rows):
        whole.resize(columns: columns, rows: rows)
        cut.resize(columns: columns, rows: rows)
      }
    }
    #expect(whole.inventory() == cut.inventory())
    #expect(whole.historyInventory() == cut.historyInventory())
    #expect(whole.takeAnswers() == cut.takeAnswers())
  }

  @Test("After a repaint in the middle of a sequence the bytes that follow complete it")
  func middle() {
    let stream = Array(
      "ab\u{1B}[1;3\u{8}1mé漢👩‍💻\u{1B}]2;títle\u{1B}\\\u{1B}(0q\u{1B}(B\u{1B}P$qm\u{1B}\\e\u{301}\u{1B}[?1049h\u{1B}[2;2Hx"
        .utf8)
    for cut in 0...stream.count {
      var whole = makeScreen("", columns: 20, rows: 5)
      whole.feed(Array(stream[..<cut]))
      var other = makeScreen("", columns: 20, rows: 5)
      other.feed(whole.repaint(history: 0))
      #expect(other.inventory() == whole.inventory(), "cut at \(cut)")
      whole.feed(Array(stream[cut...]))
      other.feed(Array(stream[cut...]))
      #expect(other.inventory() == whole.inventory(), "cut at \(cut), then the rest")
    }
  }

  @Test("Random bytes never trap and stay within the limits", arguments: 1...8)
  func random(_ seed: Int) {
    var random = SplitMix(seed: UInt64(seed))
    let width = Int.random(in: 1...40, using: &random)
    var screen = Screen(
      columns: width, rows: Int.random(in: 1...12, using: &random), scrollbackLimit: 50, scrollbackBytes: 4096
    )
    for _ in 0..<300 {
      screen.feed(Self.noise(&random))
      if Int.random(in: 0..<20, using: &random) == 0 {
        screen.resize(
          columns: Int.random(in: 1...40, using: &random), rows: Int.random(in: 1...12, using: &random))
      }
      #expect(screen.cursor.row < screen.rows && screen.cursor.column < screen.columns)
      #expect(screen.historyCount <= 50)
      #expect(screen.footprint < 1 << 20)
    }
    _ = screen.cells(history: 50)
    var other = Screen(columns: screen.columns, rows: screen.rows, scrollbackLimit: 50, scrollbackBytes: 4096)
    other.feed(screen.repaint(history: 50))
    other.feed(screen.cutOut(columns: 3, rows: 2, isFirst: true))
  }

  /// Pieces of what terminals get, put together without sense.
  static func noise(_ random: inout SplitMix) -> [UInt8] {
    let finals = Array("@ABCDEFGHIJKLMPSTXZ`abcdefghlmnpqrstuvwxyz{|}~".utf8)
    let middles: [[UInt8]] = [
      [], [], [], [0x3F], [0x3E], [0x20], [0x24], [0x27], [0x21], [0x22], [0x2A], [0x23],
    ]
    let modes = [1, 3, 5, 6, 7, 25, 40, 45, 47, 69, 95, 1000, 1002, 1006, 1045, 1047, 1048, 1049, 2004, 2026]
    let texts = [
      "plain ", "漢字", "e\u{301}", "👩‍💻", "🇫🇷", "\r\n", "\t", "\u{8}\u{8}", "❤️", "\u{7F}", "\u{1B}7", "\u{1B}8",
      "\u{1B}c", "\u{1B}D", "\u{1B}M", "\u{1B}#8", "\u{1B}6", "\u{1B}9", "\u{1B}N", "\u{1B}(0",
      "\u{1B}]8;;http://x\u{7}", "\u{1B}]0;t\u{7}", "\u{1B}P$qr\u{1B}\\",
    ]
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return (0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }
    case 1...3: return Array((texts.randomElement(using: &random) ?? "").utf8)
    case 4:
      let mode = modes.randomElement(using: &random) ?? 1
      return Array("\u{1B}[?\(mode)\(Bool.random(using: &random) ? "h" : "l")".utf8)
    default:
      var bytes: [UInt8] = [0x1B, 0x5B]
      let middle = middles.randomElement(using: &random) ?? []
      if middle.first.map({ $0 >= 0x3C }) == true { bytes += middle }
      for _ in 0..<Int.random(in: 0..<5, using: &random) {
        bytes += Array("\(Int.random(in: 0..<60, using: &random));".utf8)
      }
      if middle.first.map({ $0 < 0x30 }) == true { bytes += middle }
      return bytes + [finals.randomElement(using: &random) ?? 0x6D]
    }
  }

  @Test("A flood of styles, links and clusters does not grow without end")
  func floods() {
    var screen = Screen(columns: 80, rows: 24, scrollbackLimit: 200, scrollbackBytes: 1 << 18)
    for number in 0..<20_000 {
      let text = "\u{1B}[38;2;\(number & 255);\(number >> 8);9m\u{1B}]8;;http://example.com/\(number)\u{7}a"
      screen.feed(Array((text + String(UnicodeScalar(UInt32(0x300 + number % 100)) ?? "x")).utf8))
    }
    #expect(screen.footprint < 3 << 20)
    let last = 19_999
    let colour = UInt32(last & 255) << 16 | UInt32(last >> 8) << 8 | 9
    let looks = screen.cells(history: 0).styles
    #expect(looks.contains { $0.foreground == .direct(colour) && $0.link == "http://example.com/\(last)" })
  }

  @Test("The smallest and the largest sizes")
  func sizes() {
    var screen = Screen(columns: 0, rows: -3, scrollbackLimit: 0, scrollbackBytes: 0)
    screen.feed(Array("漢a\u{1B}[5;5Hx\u{1B}[2;3r\u{1B}[L\u{1B}[10@\n\n".utf8))
    #expect(screen.columns == 1 && screen.rows == 1 && screen.historyCount == 0)
    screen.resize(columns: 100_000, rows: 2)
    #expect(screen.columns == 4096)
  }

  @Test("The scrollback keeps to its lines and bytes")
  func limits() {
    var lines = Screen(columns: 20, rows: 2, scrollbackLimit: 10, scrollbackBytes: 1 << 20)
    var bytes = Screen(columns: 20, rows: 2, scrollbackLimit: 10_000, scrollbackBytes: 1000)
    for number in 0..<500 {
      lines.feed(Array("line \(number)\r\n".utf8))
      bytes.feed(Array("line \(number)\r\n".utf8))
    }
    #expect(lines.historyCount == 10)
    #expect(lines.textRows(history: 1) == ["line 498", "line 499", ""])
    #expect(bytes.historyCount > 10 && bytes.historyCount < 100)
    #expect(bytes.textRows(history: 1) == ["line 498", "line 499", ""])
  }
}
