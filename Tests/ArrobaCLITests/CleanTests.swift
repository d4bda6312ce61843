import ArrobaTestSupport
import Testing

@testable import ArrobaCLI

@Suite("Text of others on the user's terminal")
struct CleanTests {
  @Test("Control characters, and marks that turn writing around, never reach the terminal")
  func control() {
    #expect(Clean.line("plain 漢 👍🏽 é") == "plain 漢 👍🏽 é")
    #expect(Clean.line("a\nb\tc\rd") == "a b c d")
    #expect(Clean.line("\u{1B}[31mred\u{7}\u{7F}") == "\u{FFFD}[31mred\u{FFFD}\u{FFFD}")
    #expect(Clean.line("\u{9B}2J\u{85}") == "\u{FFFD}2J\u{FFFD}")
    #expect(
      Clean.line("a\u{202E}b\u{2066}c\u{200F}d\u{61C}e\u{2028}f")
        == "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e\u{FFFD}f")
    // What holds a cluster together stays: the family is one character.
    #expect(Clean.line("👨‍👩‍👧") == "👨‍👩‍👧")
  }

  @Test("Whatever comes in, nothing comes out that moves a cursor")
  func anything() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      let bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
      let line = Clean.line(String(decoding: bytes, as: UTF8.self))
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || 0x7F..<0xA0 ~= $0.value })
    }
  }

  @Test("What is too long is cut with a mark, in cells")
  func cut() {
    #expect(Clean.cut("abcdef", toCells: 6) == "abcdef")
    #expect(Clean.cut("abcdef", toCells: 5) == "abcd…")
    #expect(Clean.cut("漢字漢字", toCells: 5) == "漢字…")
    #expect(Clean.cut("漢字漢字", toCells: 4) == "漢…")
    #expect(Clean.cut("ab", toCells: 1) == "…" && Clean.cut("ab", toCells: 0) == "")
    for limit in 0...9 { #expect(Clean.cells(Clean.cut("a漢👍🏽é字b", toCells: limit)) <= limit) }
  }
}

@Suite("Tables")
struct TableTests {
  @Test("Columns are as wide as what stands in them, in cells")
  func wide() {
    let rows: [[Cell]] = [["NAME", "X"], ["漢字", "1"], ["👨‍👩‍👧 x", "2"], ["é", "3"], ["✅", "4"], ["🇫🇷", "5"]]
    #expect(
      Table.lines(rows, usesColour: false) == [
        "NAME  X", "漢字  1", "👨‍👩‍👧 x  2", "é     3", "✅    4", "🇫🇷    5",
      ])
  }

  @Test("The last cell of a row is not padded, and a short row widens nothing")
  func ragged() {
    let rows: [[Cell]] = [["a", "b", "c"], ["a remark that is long"], ["aaa", "bb"], []]
    #expect(Table.lines(rows, usesColour: false) == ["a    b  c", "a remark that is long", "aaa  bb", ""])
  }

  @Test("Colour changes no width, and no cell can bring its own")
  func colour() {
    let rows = [[Cell("ok", .green), Cell("x")], [Cell("\u{1B}[31m"), Cell("y", .bold)]]
    #expect(
      Table.lines(rows, usesColour: true) == [
        "\u{1B}[32mok\u{1B}[0m     x", "\u{FFFD}[31m  \u{1B}[1my\u{1B}[0m",
      ])
    #expect(Table.lines(rows, usesColour: false) == ["ok     x", "\u{FFFD}[31m  y"])
  }
}

@Suite("Times and sizes as people say them")
struct HumaneTests {
  @Test(
    "An age in its largest unit",
    arguments: [
      (-5, "now"), (0, "now"), (999, "now"), (1000, "1s"), (59_999, "59s"), (60_000, "1m"),
      (3_599_999, "59m"),
      (3_600_000, "1h"), (172_799_999, "47h"), (172_800_000, "2d"), (86_400_000 * 400, "400d"),
    ])
  func age(_ milliseconds: Int, _ words: String) {
    #expect(Humane.age(milliseconds) == words)
  }

  @Test("The age of an instant; of what is none there is none")
  func since() {
    #expect(Humane.age(since: "1970-01-01T00:01:00.000Z", nowMs: 180_000) == "2m")
    #expect(Humane.age(since: "1970-01-01T00:01:00.000Z", nowMs: 0) == "now")
    #expect(Humane.age(since: "yesterday", nowMs: 0) == nil && Humane.age(since: nil, nowMs: 0) == nil)
  }

  @Test(
    "A size with one digit behind the point",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1099, "1.0 kB"), (999_999, "999.9 kB"),
      (1_000_000, "1.0 MB"),
      (3_456_789, "3.4 MB"), (2_000_000_000, "2.0 GB"), (5_000_000_000_000, "5.0 TB"),
      (5_000_000_000_000_000, "5000.0 TB"),
    ])
  func bytes(_ count: Int, _ words: String) {
    #expect(Humane.bytes(count) == words)
  }

  @Test("A path with the user's home as ~")
  func path() {
    #expect(
      Humane.path("/home/u/x", home: "/home/u") == "~/x" && Humane.path("/home/u", home: "/home/u") == "~")
    #expect(Humane.path("/home/under", home: "/home/u") == "/home/under")
    #expect(Humane.path("/x", home: "/") == "/x" && Humane.path("/x", home: nil) == "/x")
  }

  @Test("An instant in local time, to the second")
  func local() {
    #expect(Humane.local("1970-01-01T12:00:00.999Z").count == 19)
    #expect(Humane.local("nonsense") == "nonsense")
  }
}
