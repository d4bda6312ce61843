import ArrobaTestSupport
import Testing

@testable import ArrobaCLI

@Suite("Keys out of a terminal's bytes")
struct KeyReaderTests {
  private static let cases: [(String, [Key])] = [
    ("abc", [.text("abc")]), ("é漢👍🏽", [.text("é漢👍🏽")]), ("a\rb", [.text("a"), .enter, .text("b")]),
    ("\n", [.newline]), ("\u{1B}\r", [.newline]), ("\t\u{7F}\u{8}", [.tab, .backspace, .backspace]),
    ("\u{1}\u{3}\u{4}\u{1A}", [.control("a"), .control("c"), .control("d"), .control("z")]),
    ("\u{1B}[A\u{1B}[B\u{1B}[C\u{1B}[D", [.up, .down, .right, .left]),
    ("\u{1B}OA\u{1B}OH\u{1B}OM", [.up, .home, .enter]),
    ("\u{1B}[1;5C\u{1B}[1;3D\u{1B}[1;2A", [.wordRight, .wordLeft, .up]),
    ("\u{1B}[H\u{1B}[F\u{1B}[1~\u{1B}[4~\u{1B}[7~\u{1B}[8~", [.home, .end, .home, .end, .home, .end]),
    ("\u{1B}[3~\u{1B}[3;5~\u{1B}[5~\u{1B}[6~", [.delete, .meta("d"), .pageUp, .pageDown]),
    ("\u{1B}b\u{1B}f\u{1B}\u{7F}", [.meta("b"), .meta("f"), .metaBackspace]), ("\u{1B}[Z", [.backTab]),
    ("\u{1B}[13;2u\u{1B}[27;2;13~\u{1B}[97;5u", [.newline, .newline, .control("a")]),
    ("\u{1B}[200~a\r\nb\u{1B}[31m\u{1B}[201~c", [.paste("a\r\nb\u{1B}[31m"), .text("c")]),
    ("\u{1B}[I\u{1B}[99;1Xa", [.text("a")]), ("\u{1B}\u{1B}[A", [.escape, .up]),
    ("\u{1B}[1\rx", [.enter, .text("x")]),
  ]

  /// Runs of characters joined, since a cut divides them.
  private func joined(_ keys: [Key]) -> [Key] {
    keys.reduce(into: []) { result, key in
      if case .text(let more) = key, case .text(let before)? = result.last {
        result[result.count - 1] = .text(before + more)
      } else {
        result.append(key)
      }
    }
  }

  @Test("Each key is told by its bytes, wherever they are cut", arguments: cases)
  func keys(_ bytes: String, _ keys: [Key]) {
    let bytes = Array(bytes.utf8)
    for cut in 1...bytes.count {
      var reader = KeyReader()
      var read: [Key] = []
      for start in stride(from: 0, to: bytes.count, by: cut) {
        read += reader.feed(bytes[start..<min(start + cut, bytes.count)])
      }
      #expect(joined(read) == keys, "cut at \(cut)")
      #expect(!reader.isUndecided && reader.flush() == [])
    }
  }

  @Test("An Escape alone is a key once nothing more comes; half a sequence is none")
  func undecided() {
    var reader = KeyReader()
    #expect(reader.feed([0x1B]) == [] && reader.isUndecided)
    #expect(reader.flush() == [.escape] && !reader.isUndecided)
    #expect(reader.feed(Array("\u{1B}[1;".utf8)) == [] && reader.isUndecided)
    #expect(reader.flush() == [] && reader.feed(Array("a".utf8)) == [.text("a")])
    // A character that never becomes whole is shown as such.
    #expect(reader.feed([0xE6, 0xBC]) == [] && reader.isUndecided)
    #expect(reader.flush() == [.text("\u{FFFD}")])
    // A paste waits for its end however long that takes.
    #expect(reader.feed(Array("\u{1B}[200~ab".utf8)) == [] && !reader.isUndecided && reader.flush() == [])
    #expect(reader.feed(Array("c\u{1B}[201~".utf8)) == [.paste("abc")])
  }

  @Test("Bytes that are no UTF-8 are characters that say so, and lose no key around them")
  func malformed() {
    var reader = KeyReader()
    #expect(joined(reader.feed([0x61, 0xFF, 0x62, 0x0D])) == [.text("a\u{FFFD}b"), .enter])
    #expect(joined(reader.feed([0xC3, 0x61, 0x0D])) == [.text("\u{FFFD}a"), .enter])
  }

  @Test("Of a paste beyond all measure the beginning is kept")
  func longPaste() {
    var reader = KeyReader()
    var keys = reader.feed(Array("\u{1B}[200~start".utf8))
    for _ in 0..<40 { keys += reader.feed([UInt8](repeating: 0x61, count: 65_536)) }
    keys += reader.feed(Array("\u{1B}[201~x".utf8))
    guard case .paste(let text)? = keys.first else { return #expect(Bool(false), "\(keys.count)") }
    #expect(text.utf8.count == 1 << 20 && text.hasPrefix("start") && keys.last == .text("x"))
  }

  @Test("Whatever comes in, the reader goes on")
  func anything() {
    var random = SeededGenerator(seed: 17)
    for _ in 0..<2000 {
      var reader = KeyReader()
      let bytes = (0..<20).map { _ in
        [0x1B, 0x5B, 0x4F, 0x3B, 0x31, 0x7E, 0x0D, 0xE6, 0xBC, 0x61].randomElement(using: &random) ?? UInt8(0)
      }
      _ = reader.feed(bytes)
      _ = reader.flush()
      _ = reader.feed(Array("\u{1B}[201~".utf8))
      #expect(reader.feed([0x0D]).last == .enter, "\(bytes)")
    }
  }
}
