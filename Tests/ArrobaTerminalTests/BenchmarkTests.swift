import ArrobaTerminal
import FoundationEssentials
import Testing

/// Figures, not judgements: runs only with ARROBA_BENCH=1, and means something in a release build only.
///
///     ARROBA_BENCH=1 swift test -c release --filter Benchmark
@Suite("Benchmark", .enabled(if: ProcessInfo.processInfo.environment["ARROBA_BENCH"] == "1"), .serialized)
struct BenchmarkTests {
  @Test("Megabytes a second of parser and model")
  func throughput() {
    let lines = (0..<400).map { "line \($0) " + String(repeating: "the quick brown fox ", count: $0 % 4 + 1) }
    measure("plain text", Array(lines.joined(separator: "\r\n").utf8))
    let words = (0..<2000).map {
      "\u{1B}[\($0 % 3);3\($0 % 8)mword\($0)\u{1B}[0m " + ($0 % 9 == 8 ? "\r\n" : "")
    }
    measure("coloured words", Array(words.joined().utf8))
    let deep = (0..<2000).map {
      "\u{1B}[38;2;\($0 % 256);\($0 % 13);77m\u{1B}[48;5;\($0 % 255)mtext \($0)" + ($0 % 8 == 7 ? "\r\n" : "")
    }
    measure("true colour", Array(deep.joined().utf8))
    measure("CJK", Array(String(repeating: "漢字かなカナ한국어中文测试数据 你好世界\r\n", count: 200).utf8))
    measure("emoji", Array(String(repeating: "🚀🎉😀🐧🌍🔥👍🏽 👩‍💻 ❤️ 🇫🇷🇩🇪 ok\r\n", count: 200).utf8))
    measure(
      "accents", Array(String(repeating: "naïve café — “quoted” déjà vu ─│┌┐└┘ ½ €\r\n", count: 200).utf8))
    measure(
      "cursor motion",
      Array((0..<2000).map { "\u{1B}[\($0 % 24 + 1);\($0 % 70 + 1)Hxy\u{1B}[K" }.joined().utf8))
  }

  @Test("Megabytes a second of recorded programs")
  func recordings() {
    for name in ["terminal-vim-80x24", "terminal-htop-80x24", "claude-code-tui-prompt-120x40"] {
      guard let recording = Recording.all.first(where: { $0.name == name }) else { continue }
      var bytes: [UInt8] = []
      for case .output(let more) in recording.steps { bytes += more }
      measure(name, bytes)
    }
  }

  private func measure(_ name: String, _ sample: [UInt8]) {
    var bytes: [UInt8] = []
    while bytes.count < 4 << 20 { bytes += sample }
    var best = Duration.seconds(1000)
    for _ in 0..<5 {
      var screen = Screen(columns: 80, rows: 24, scrollbackLimit: 10_000, scrollbackBytes: 16 << 20)
      best = min(
        best,
        ContinuousClock().measure {
          bytes.withUnsafeBytes { all in
            // As a reader of a terminal gets it.
            for start in stride(from: 0, to: all.count, by: 65_536) {
              screen.feed(UnsafeRawBufferPointer(rebasing: all[start..<min(start + 65_536, all.count)]))
            }
          }
        })
    }
    let seconds = Double(best.components.attoseconds) / 1e18 + Double(best.components.seconds)
    print("\(name): \(Int(Double(bytes.count) / seconds / 1e6)) MB/s")
  }

  @Test("Repaint of a full screen, and ten thousand lines")
  func repaints() {
    var screen = Screen(columns: 80, rows: 24, scrollbackLimit: 10_000, scrollbackBytes: 16 << 20)
    for number in 0..<12_000 {
      screen.feed(
        Array("\u{1B}[3\(number % 8)mline \(number)\u{1B}[m of a build log with a path /usr/lib/x\r\n".utf8))
    }
    for history in [0, 1000, 10_000] {
      var count = 0
      let time = ContinuousClock().measure {
        for _ in 0..<10 { count = screen.repaint(history: history).count }
      }
      print("repaint with \(history) lines: \(count) bytes, \(time / 10)")
    }
    let time = ContinuousClock().measure { for width in 81...90 { screen.resize(columns: width, rows: 24) } }
    print("reflow of 10000 lines: \(time / 10)")
    print("memory of it all: \(screen.footprint) bytes")
    var idle = Screen(columns: 80, rows: 24, scrollbackLimit: 10_000, scrollbackBytes: 16 << 20)
    idle.feed(Array("$ ls\r\nREADME.md  Sources  Tests\r\n$ ".utf8))
    print("memory of an idle screen: \(idle.footprint) bytes")
  }
}
