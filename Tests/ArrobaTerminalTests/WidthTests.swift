import ArrobaTerminal
import ArrobaTestSupport
import Testing

@Suite("Widths")
struct WidthTests {
  @Test(
    "How many cells a text takes",
    arguments: [
      ("a", 1), ("é", 1), ("e\u{301}", 1), ("漢", 2), ("한", 2), ("\u{1112}\u{1161}\u{11AB}", 2), ("Ａ", 2),
      ("ｱ", 1),
      ("─", 1), ("½", 1), ("€", 1), ("\u{AD}", 1), ("a\u{200B}", 1), ("\u{200D}", 0), ("🚀", 2), ("👍🏽", 2),
      ("👩‍💻", 2), ("👨‍👩‍👧‍👦", 2), ("🏳️‍🌈", 2), ("❤", 1), ("❤️", 2), ("1️⃣", 2), ("☺︎", 1), ("⌚", 2), ("⌚️", 2),
      ("🇫🇷", 2), ("🇫", 2), ("🇫🇷🇩🇪", 4), ("👩🏽‍❤️‍💋‍👨🏿", 2), ("🧑‍🚀🧑‍🚀", 4), ("नि", 2), ("क्", 1), ("ﬁ", 1),
      ("\u{1F9FF}", 2), ("〰️", 2), ("©️", 2), ("©", 1), ("ก็", 1), ("﷽", 1), ("ᄀ", 2), ("\u{FFFD}", 1),
    ])
  func width(_ text: String, _ cells: Int) {
    let screen = makeScreen("\r" + text, columns: 40)
    #expect(screen.cursor.column == cells)
    if cells > 0 { #expect(screen.textRows(history: 0)[0] == text) }
    #expect(TextWidth.cells(of: text) == cells)
  }

  @Test("A text is measured as a screen prints it, whatever stands in it")
  func measuring() {
    var random = SeededGenerator(seed: 11)
    let kinds = Array("a漢é🚀👍❤🇫🇷🏽\u{200D}\u{FE0F}\u{301}☺👩⌚1\u{20E3}नि©".unicodeScalars)
    for _ in 0..<2000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 1...8, using: &random) { text.append(random.pick(kinds)) }
      // A mark of its own at the beginning of a line joins the cell that is there, as it does on a screen.
      let shown = "x" + String(text)
      #expect(TextWidth.cells(of: shown) == makeScreen(shown, columns: 40).cursor.column, "\(shown)")
    }
  }

  @Test("The beginning that fits has whole characters only")
  func prefix() {
    #expect(TextWidth.prefix(of: "plain", cells: 3) == "pla")
    #expect(TextWidth.prefix(of: "plain", cells: 9) == "plain")
    #expect(TextWidth.prefix(of: "漢字", cells: 3) == "漢")
    #expect(TextWidth.prefix(of: "a👨‍👩‍👧b", cells: 2) == "a")
    #expect(TextWidth.prefix(of: "a👨‍👩‍👧b", cells: 3) == "a👨‍👩‍👧")
    #expect(TextWidth.prefix(of: "e\u{301}e\u{301}", cells: 1) == "e\u{301}")
    #expect(TextWidth.prefix(of: "❤️x", cells: 1) == "")
    #expect(TextWidth.prefix(of: "x", cells: 0) == "")
  }

  @Test("A cluster that was put together can be taken apart by what overwrites it")
  func overwriting() {
    #expect(rows("👩‍💻x\u{1B}[1Gab")[0] == "abx")
    #expect(rows("👩‍💻x\u{1B}[2Gb")[0] == " bx")
    // What only U+FE0F made wide stays when its second half is used for something else.
    #expect(rows("❤️x\u{1B}[2Gb")[0] == "❤️bx")
  }

  @Test("Marks do not join what was not printed directly before")
  func apart() {
    #expect(rows("🇫\u{1B}[4G🇷")[0] == "🇫 🇷")
    #expect(makeScreen("🇫\u{1B}[3G🇷").cursor.column == 4)
  }

  @Test("Very long clusters keep their base and stay within bounds")
  func zalgo() {
    let screen = makeScreen("a" + String(repeating: "\u{301}", count: 500) + "b")
    #expect(screen.cursor.column == 2)
    #expect(screen.textRows(history: 0)[0].unicodeScalars.count <= 18)
  }

  @Test("Widths of all scalars, where they change, are what the table was made from")
  func table() {
    for (scalar, width): (UInt32, Int) in [
      (0x20, 1), (0x7E, 1), (0x300, 0), (0x36F, 0), (0x370, 1), (0x10FF, 1), (0x1100, 2), (0x115F, 2),
      (0x1160, 0),
      (0x11FF, 0), (0x2E80, 2), (0x3000, 2), (0x303F, 1), (0xAC00, 2), (0xD7A3, 2), (0xFE0F, 0), (0xFF01, 2),
      (0xFF60, 2), (0xFF61, 1), (0x1F300, 2), (0x20000, 2), (0x3FFFD, 2), (0xE0100, 0), (0x10FFFD, 1),
    ] {
      guard let value = Unicode.Scalar(scalar) else { continue }
      let screen = makeScreen(" " + String(value), columns: 20)
      #expect(screen.cursor.column == 1 + width, "U+\(String(scalar, radix: 16))")
    }
  }
}
