import ArrobaTerminal
import Testing

/// What a real xterm did and answered, a line each.
@Suite("As xterm does it")
struct XtermTests {
  private static let st = "\u{1B}\\"

  @Test(
    "Rows after a sequence",
    arguments: [
      // ICH outside the side margins ends a pending wrap all the same; DCH does not.
      ("\u{1B}[?69h\u{1B}[2;5s\u{1B}[1;10Hx\u{1B}[@y", ["         y", "", "", ""]),
      ("\u{1B}[?69h\u{1B}[2;5s\u{1B}[1;10Hx\u{1B}[Py", ["         x", " y", "", ""]),
      // REP after a mark repeats the character without it.
      ("e\u{301}\u{1B}[2b", ["e\u{301}ee", "", "", ""]),
      // HT goes to the right margin at most.
      ("\u{1B}[?69h\u{1B}[2;6s\tx", ["     x", "", "", ""]),
      // Mode 41: a pending wrap is carried out before a tabulator.
      ("0123456789\tx\u{1B}[?41h\u{1B}[3H0123456789\tx", ["0123456789", "x", "0123456789", "        x"]),
      // EPA ends protection for what comes, not that of what is there; DECSCA's is of another kind than SPA's.
      ("\u{1B}Vab\u{1B}Wcd\r\u{1B}[K", ["ab", "", "", ""]),
      ("\u{1B}[1\"qab\u{1B}W\u{1B}[2K", ["", "", "", ""]),
      ("\u{1B}[1\"qab\u{1B}[0\"qcd\u{1B}[?2K", ["ab", "", "", ""]),
      ("\u{1B}Vab\u{1B}W\u{1B}[1;1;1;2${", ["", "", "", ""]),
      // A rectangle that does not say where it begins begins at the margin, counted twice, in origin mode.
      (
        "\u{1B}#8\u{1B}[2;4r\u{1B}[?6h\u{1B}[;;;2$z",
        ["EEEEEEEEEE", "EEEEEEEEEE", "  EEEEEEEE", "  EEEEEEEE"]
      ),
      // Below level 4 there are no rectangles, no side margins and no column functions.
      ("abc\u{1B}[63;1\"p\u{1B}[1;1;1;2$z", ["abc", "", "", ""]),
      ("abc\u{1B}[63;1\"p\u{1B}[?69h\u{1B}[2;3s\u{1B}[H\u{1B}['}x", ["xbc", "", "", ""]),
    ])
  func screen(_ sequence: String, _ expected: [String]) {
    #expect(rows(sequence) == expected)
  }

  @Test(
    "The look of a cell after a sequence, as it is reported",
    arguments: [
      // DECERA takes the pen's attributes, and its colours where it has any.
      ("\u{1B}[1;31;42ma\u{1B}[m\u{1B}[1;1;1;1$z", "0;31;42"), ("a\u{1B}[7;44m\u{1B}[1;1;1;1$z", "0;7;44"),
      // DECSERA leaves both.
      ("\u{1B}[1;31ma\u{1B}[0;44m\u{1B}[1;1;1;1${", "0;1;31"),
      // DECCARA and DECRARA know bold, underline, blink and inverse; an empty number is none.
      ("\u{1B}[1;4ma\u{1B}[1;1;1;1;$r", "0;1;4"), ("\u{1B}[1;4;3ma\u{1B}[1;1;1;1;0$r", "0;3"),
      ("\u{1B}[1ma\u{1B}[1;1;1;1;1;4;8$t", "0;4"), ("\u{1B}[1ma\u{1B}[1;1;1;1;0$t", "0;1"),
      // DECALN keeps the colours of the pen only.
      ("\u{1B}[4;31m\u{1B}#8a", "0;31"),
      ("\u{1B}[38;5;100;48;2;1;2;3ma", "0;38:5:100;48:2::1:2:3"),
    ])
  func look(_ sequence: String, _ expected: String) {
    #expect(answers(sequence + "\u{1B}[1;1;1;1#|") == "\u{1B}[\(expected)m")
  }

  @Test(
    "Answers",
    arguments: [
      ("\u{1B}[62;1\"p\u{1B}[?26n\u{1B}[?6n\u{1B}[=c\u{1B}[?7$p", "\u{1B}[?27;1n\u{1B}[?1;1R"),
      ("\u{1B}[63;1\"p\u{1B}[?26n\u{1B}[?69$p\u{1B}[?7$p", "\u{1B}[?27;1;0n\u{1B}[?69;0$y\u{1B}[?7;1$y"),
      ("\u{1B}[64;1\"p\u{1B}[?95h\u{1B}[?95$p\u{1B}P$q\"p" + st, "\u{1B}[?95;0$y\u{1B}P1$r64;1\"p" + st),
      ("\u{1B}[?62n", "\u{1B}[0000*{"), ("\u{1B}[?63;5n", "\u{1B}P5!~0000" + st),
      ("\u{1B}[?41$p\u{1B}[?41h\u{1B}[?41$p", "\u{1B}[?41;2$y\u{1B}[?41;1$y"),
      ("\u{1B}[?14$p\u{1B}[?46$p\u{1B}[?1010$p", "\u{1B}[?14;3$y\u{1B}[?46;4$y\u{1B}[?1010;1$y"),
      // A shape that blinks is mode 12, and mode 12 makes it the other one of its pair.
      ("\u{1B}[3 q\u{1B}[?12$p\u{1B}[?12l\u{1B}P$q q" + st, "\u{1B}[?12;1$y\u{1B}P1$r4 q" + st),
      (
        "\u{1B}[0*x\u{1B}P$q*x" + st + "\u{1B}[2*x\u{1B}P$q*x" + st,
        "\u{1B}P1$r0*x" + st + "\u{1B}P1$r2*x" + st
      ),
      ("\u{1B}P$q$}" + st, "\u{1B}P1$r0$}" + st),
      // Checksums: what is hidden is a space, drawn spaces at the end count, marks count where blanks do.
      ("\u{1B}[8mh\u{1B}[3#y\u{1B}[1;1;1;1;1;1*y", "\u{1B}P1!~0020" + st),
      ("  a  b \u{1B}[3#y\u{1B}[1;1;1;1;1;9*y", "\u{1B}P1!~0163" + st),
      ("  a  b \u{1B}[7#y\u{1B}[1;1;1;1;1;9*y", "\u{1B}P1!~01A3" + st),
      ("x\u{301}\u{1B}[3#y\u{1B}[1;1;1;1;1;1*y", "\u{1B}P1!~0078" + st),
      ("x\u{301}\u{1B}[7#y\u{1B}[1;1;1;1;1;1*y", "\u{1B}P1!~0379" + st),
      // Colours by name; what cannot be read ends the list; the special ones are also those from 256 on.
      ("\u{1B}]4;1;Dark Slate Gray;1;?\u{7}", "\u{1B}]4;1;rgb:2f2f/4f4f/4f4f\u{7}"),
      ("\u{1B}]4;1;grey50;1;?\u{7}", "\u{1B}]4;1;rgb:7f7f/7f7f/7f7f\u{7}"),
      ("\u{1B}]4;1;lightsalmon3;1;?\u{7}", "\u{1B}]4;1;rgb:cdcd/8181/6262\u{7}"),
      ("\u{1B}]4;1;zork;1;?\u{7}", ""), ("\u{1B}]4;261;?\u{7}\u{1B}]5;5;?\u{7}", ""),
      ("\u{1B}]10;zork;red\u{7}\u{1B}]11;?\u{7}", "\u{1B}]11;rgb:ffff/0000/0000\u{7}"),
      ("\u{1B}]5;0;#aabbcc\u{7}\u{1B}]4;256;?" + st, "\u{1B}]4;256;rgb:aaaa/bbbb/cccc" + st),
      (
        "\u{1B}]5;0;#123\u{7}\u{1B}]104\u{7}\u{1B}]5;0;?\u{7}\u{1B}]105;0\u{7}\u{1B}]5;0;?\u{7}",
        "\u{1B}]5;0;rgb:1010/2020/3030\u{7}\u{1B}]5;0;rgb:e5e5/e5e5/e5e5\u{7}"
      ),
      ("\u{1B}]10;red\u{7}\u{1B}]110;x\u{7}\u{1B}]10;?\u{7}", "\u{1B}]10;rgb:ffff/0000/0000\u{7}"),
      // Titles: both are kept whatever is pushed; what is not hexadecimal where it should be is no title.
      (
        "\u{1B}]0;ab\u{7}\u{1B}[22;2t\u{1B}]0;cd\u{7}\u{1B}[23;1t\u{1B}[20t\u{1B}[21t",
        "\u{1B}]Lab" + st + "\u{1B}]lcd" + st
      ),
      (
        "\u{1B}]2;t\u{7}\u{1B}[>0t\u{1B}]2;616\u{7}\u{1B}[21t\u{1B}]2;6162\u{7}\u{1B}[21t",
        "\u{1B}]lt" + st + "\u{1B}]lab" + st
      ),
      ("\u{1B}[>0;1t\u{1B}c\u{1B}]2;ab\u{7}\u{1B}[21t", "\u{1B}]lab" + st),
      // Nothing that a program wrote comes back as a line of input.
      ("\u{1B}[>0t\u{1B}]2;610A62\u{7}\u{1B}[21t", "\u{1B}]lab" + st),
      ("\u{1B}P+qrm x" + st, "\u{1B}P0+r" + st),
      // The clipboard of a program that nobody watches is its own.
      (
        "\u{1B}]52;c;aGk=\u{7}\u{1B}]52;c;?\u{7}\u{1B}]52;;?\u{7}",
        "\u{1B}]52;c;aGk=\u{7}\u{1B}]52;s0;aGk=\u{7}"
      ),
      // DECRQPSR and DECRSPS.
      ("\u{1B}[3;5H\u{1B}[1;4;7m\u{1B}[1$w", "\u{1B}P1$u3;5;1;K;@;@;0;2;O;BBBB" + st),
      ("\u{1B}(0\u{E}\u{1B}[1\"q\u{1B}[?6h\u{1B}[1$w", "\u{1B}P1$u1;1;1;@;A;A;1;2;O;0BBB" + st),
      ("\u{1B}[3g\u{1B}[1;7H\u{1B}H\u{1B}[2$w", "\u{1B}P2$u7" + st),
      ("\u{1B}P2$t3/7/999" + st + "\u{1B}[2$w", "\u{1B}P2$u3/7" + st),
      ("\u{1B}P1$t3;5;1;A;A;D;1;2;O;B0B%5" + st + "\u{1B}[1$w", "\u{1B}P1$u3;5;1;A;A;D;1;2;O;B0B%5" + st),
      ("\u{1B}P1$t99;5;1;A;A;D;1;2;O;BBBB" + st + "\u{1B}P1$t1;5" + st + "\u{1B}[6n", "\u{1B}[1;1R"),
    ])
  func answer(_ sequence: String, _ expected: String) {
    #expect(answers(sequence) == expected)
  }

  @Test(
    "A copy that is too large or not base64 is none, and nobody's is kept while a client's terminal has its own"
  )
  func copies() {
    let large = String(repeating: "A", count: 16_385)
    #expect(
      answers("\u{1B}]52;c;aGk=\u{7}\u{1B}]52;c;\(large)\u{7}\u{1B}]52;c;?\u{7}") == "\u{1B}]52;c;\u{7}")
    #expect(answers("\u{1B}]52;c;rm -rf x\u{7}\u{1B}]52;rm;?\u{7}") == "\u{1B}]52;s0;\u{7}")
    var screen = makeScreen("")
    screen.answers = false
    screen.feed(Array("\u{1B}]52;c;aGk=\u{7}".utf8))
    screen.answers = true
    screen.feed(Array("\u{1B}]52;c;?\u{7}".utf8))
    #expect(screen.takeAnswers() == Array("\u{1B}]52;c;\u{7}".utf8))
  }
}
