import ArrobaTerminal
import Testing

/// The twelve pitfalls for somebody who writes a screen model, one test or more each.
@Suite("Pitfalls")
struct PitfallTests {
  private let full = "0123456789"

  @Test("1: a pending wrap is a flag; the cursor stays on the last column")
  func pendingWrap() {
    let screen = makeScreen(full)
    #expect(screen.cursor.column == 9 && screen.cursor.isWrapPending)
    #expect(rows(full + "x")[1] == "x")
    #expect(rows(full + "\u{8}x")[0] == "01234567x9")
    #expect(rows(full + "\u{1B}[Kx")[0] == "012345678x")
    #expect(rows(full + "\nx") == [full, "         x", "", ""])
  }

  @Test(
    "1: what ends a pending wrap, and what keeps it",
    arguments: [
      ("\u{1B}[A", false), ("\u{8}", false), ("\r", false), ("\n", false), ("\u{1B}M", false),
      ("\u{1B}E", false),
      ("\u{1B}[J", false), ("\u{1B}[K", false), ("\u{1B}[X", false), ("\u{1B}[@", false), ("\u{1B}[P", false),
      ("\u{1B}[L", false), ("\u{1B}[M", false), ("\u{1B}[1;4r", false), ("\u{1B}[?6h", false),
      ("\u{1B}[Z", false),
      ("\t", true), ("\u{1B}[I", true), ("\u{1B}[S", true), ("\u{1B}[T", true), ("\u{1B}[1m", true),
      ("\u{1B}[?7h", true), ("\u{1B}(0", true), ("\u{1B}]0;t\u{7}", true), ("\u{1B}[6n", true),
      ("\u{1B}[!p", true), ("\u{1B}7\u{1B}[H\u{1B}8", true), ("\u{1B}[s\u{1B}[H\u{1B}[u", true),
    ])
  func pendingWrapEnds(_ sequence: String, _ isKept: Bool) {
    #expect(makeScreen(full + sequence).cursor.isWrapPending == isKept)
  }

  @Test("2: IL and DL act inside the region and home the column; a region of one line is refused")
  func regions() {
    #expect(rows("a\r\nb\r\nc\r\nd\u{1B}[2;3r\u{1B}[2;5H\u{1B}[L") == ["a", "", "b", "d"])
    #expect(cursor("\u{1B}[2;3r\u{1B}[2;5H\u{1B}[L") == [1, 0])
    #expect(rows("a\r\nb\r\nc\r\nd\u{1B}[2;3r\u{1B}[4;1H\u{1B}[M")[3] == "d")
    #expect(rows("\u{1B}[2;2r\u{1B}[4;1Hx\r\ny") == ["", "", "x", "y"])
    #expect(cursor("\u{1B}[3;3H\u{1B}[2;3r") == [0, 0])
  }

  @Test("3: erasing and scrolling fill with the background and nothing else")
  func background() {
    let erased = makeScreen("\u{1B}[44;7;4m\u{1B}[2J\u{1B}[m").cells(history: 0)
    let look = erased.styles[erased.lines[1][0].style]
    #expect(look.background == .palette(4) && !look.inverse && look.underline == nil)
    let scrolled = makeScreen("\u{1B}[4;1H\u{1B}[41m\n").cells(history: 0)
    #expect(scrolled.styles[scrolled.lines[3][0].style].background == .palette(1))
  }

  @Test("4: two screens, two saved cursors; each mode of the alternate screen does its own")
  func screens() {
    #expect(rows("main\u{1B}[?1049halt\u{1B}[?1049l!") == ["main!", "", "", ""])
    #expect(rows("\u{1B}[?47halt\u{1B}[?47l\u{1B}[?47h")[0] == "alt")
    #expect(rows("\u{1B}[?1047halt\u{1B}[?1047l\u{1B}[?1047h")[0] == "")
    #expect(cursor("\u{1B}[2;3H\u{1B}7\u{1B}[?47h\u{1B}[H\u{1B}8") == [0, 0])
    let reset = makeScreen("\u{1B}[?1049halt\u{1B}c")
    let isAlternate = reset.isAlternate
    #expect(!isAlternate)
  }

  @Test("5: half a wide character is never left")
  func wideHalves() {
    #expect(rows("漢字\u{1B}[2GX") == [" X字", "", "", ""])
    #expect(rows("漢字\u{1B}[1GX") == ["X 字", "", "", ""])
    #expect(rows("漢字\u{1B}[2G\u{1B}[X") == ["  字", "", "", ""])
    #expect(rows("漢字\u{1B}[2G\u{1B}[P") == [" 字", "", "", ""])
    #expect(rows("漢字\u{1B}[2G\u{1B}[@") == ["   字", "", "", ""])
    #expect(rows("012345678漢") == ["012345678", "漢", "", ""])
    #expect(rows("\u{1B}[?7l012345678漢x") == ["012345678x", "", "", ""])
    #expect(rows("012345678e\u{301}x") == ["012345678e\u{301}", "x", "", ""])
  }

  @Test("6: counts are clamped, numbers saturate, what is unknown does nothing")
  func numbers() {
    #expect(rows("x\u{1B}[2147483647S\u{1B}[99999999999L\u{1B}[99999999999@")[0] == "")
    #expect(cursor("\u{1B}[99999999999;99999999999H") == [3, 9])
    #expect(rows("ab\u{1B}[1 KX\u{1B}[1:2HY\u{1B}[?1;1XZ")[0] == "abXYZ")
    #expect(rows("ab\u{1B}[\(String(repeating: "1;", count: 60))1mX")[0] == "abX")
  }

  @Test("7: C0 inside a sequence acts at once; strings end where they end and are never printed")
  func controlsInside() {
    #expect(rows("ab\u{1B}[3\u{8}1mX")[0] == "aX")
    #expect(rows("a\u{1B}[1\u{18}2b")[0] == "a2b")
    #expect(rows("a\u{1B}[1\u{1B}[2CX")[0] == "a  X")
    #expect(rows("a\u{1B}_body\u{1B}\\b\u{1B}^x\u{1B}\\c\u{1B}Xy\u{1B}\\d\u{1B}P1z\u{1B}\\e")[0] == "abcde")
    #expect(makeScreen("\u{1B}]2;été 漢\u{9C}字\u{7}").title == "été 漢\u{9C}字")
  }

  @Test("8: one U+FFFD for each maximal part of malformed UTF-8")
  func malformed() {
    func text(_ bytes: [UInt8]) -> String {
      var screen = makeScreen("")
      screen.feed(bytes + [0x7C])
      return screen.textRows(history: 0)[0]
    }
    #expect(text([0xE2, 0x82, 0x41]) == "\u{FFFD}A|")
    #expect(text([0xC0, 0xAF]) == "\u{FFFD}\u{FFFD}|")
    #expect(text([0xED, 0xA0, 0x80]) == "\u{FFFD}\u{FFFD}\u{FFFD}|")
    #expect(text([0xF0, 0x28, 0x8C, 0xBC]) == "\u{FFFD}(\u{FFFD}\u{FFFD}|")
    #expect(text([0xF4, 0x90, 0x80]) == "\u{FFFD}\u{FFFD}\u{FFFD}|")
    #expect(text([0xE2, 0x82, 0x1B, 0x5B, 0x43, 0x41]) == "\u{FFFD} A|")
  }

  @Test("9: reports count from the margins in origin mode; DECRQM tells five states apart")
  func reports() {
    #expect(answers("\u{1B}[5;9r\u{1B}[?69h\u{1B}[3;40s\u{1B}[?6h\u{1B}[2;2H\u{1B}[6n") == "\u{1B}[2;2R")
    #expect(
      answers("\u{1B}[?7$p\u{1B}[?5$p\u{1B}[?9999$p\u{1B}[5$p")
        == "\u{1B}[?7;1$y\u{1B}[?5;2$y\u{1B}[?9999;0$y\u{1B}[5;4$y")
    #expect(answers("\u{1B}[18t") == "\u{1B}[8;24;80t")
  }

  @Test("10: REP only directly after a character; what the resets reset")
  func repeating() {
    #expect(rows("é\u{1B}[3b")[0] == "éééé")
    #expect(rows("日\u{1B}[2b")[0] == "日日日")
    #expect(rows("q\u{1B}[A\u{1B}[3b")[0] == "q")
    #expect(rows("q\u{1B}[2b\u{1B}[2b")[0] == "qqq")
    #expect(rows("012345678\u{1B}[3b") == ["0123456788", "88", "", ""])
    let aligned = makeScreen("\u{1B}[2;3r\u{1B}[?6h\u{1B}#8")
    #expect(aligned.textRows(history: 0) == Array(repeating: "EEEEEEEEEE", count: 4))
    let soft = makeScreen("\u{1B}[2;2H\u{1B}[?25;7l\u{1B}[4h\u{1B}[1m\u{1B}(0\u{1B}[!p")
    #expect(soft.cursor.isVisible && soft.modes[7] == true && !soft.isSet(ansiMode: 4))
    #expect(soft.cursor.row == 1 && soft.cursor.column == 1)
  }

  @Test("11: a program can read every cell back by checksum")
  func checksums() {
    #expect(answers("A\u{1B}[1;1;1;1;1;1*y") == "\u{1B}P1!~FFBF\u{1B}\\")
    #expect(answers("\u{1B}[1mA\u{1B}[m\u{1B}[1#y\u{1B}[7;1;1;1;1;1*y") == "\u{1B}P7!~00C1\u{1B}\\")
    #expect(answers("漢\u{1B}[55#y\u{1B}[1;1;1;1;1;1*y") == "\u{1B}P1!~6F22\u{1B}\\")
    #expect(answers("\u{1B}[1;1;1;1;1;1*y") == "\u{1B}P1!~FFE0\u{1B}\\")
  }

  @Test("12: a repaint restores more than cells")
  func restoring() {
    let text =
      "\u{1B}[2;3r\u{1B}[?69h\u{1B}[2;9s\u{1B}(0\u{1B})A\u{E}\u{1B}[3;3H\u{1B}H\u{1B}7\u{1B}[?1004;2004;1006;1002h"
      + "\u{1B}[5 q\u{1B}[>5u\u{1B}]4;3;#102030\u{7}\u{1B}]11;#445566\u{7}\u{1B}]0;title\u{7}\u{1B}[22;0t"
      + "\u{1B}[?1049h\u{1B}[1;31mfull line\u{1B}[>1u\u{1B}7"
    let screen = makeScreen(text)
    var other = makeScreen("something else\u{1B}[?1049h\u{1B}[?6h")
    other.feed(screen.repaint(history: 0))
    #expect(other.inventory() == screen.inventory())
  }
}
