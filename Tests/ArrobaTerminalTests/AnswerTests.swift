import ArrobaTerminal
import Testing

@Suite("Answers")
struct AnswerTests {
  private static let st = "\u{1B}\\"

  @Test(
    "Queries and their answers",
    arguments: [
      ("\u{1B}[c", "\u{1B}[?65;1;2;6;9;15;16;17;18;21;22;28;29c"),
      ("\u{1B}[>c", "\u{1B}[>65;379;0c"),
      ("\u{1B}[=c", "\u{1B}P!|00000000" + st),
      ("\u{1B}[5n", "\u{1B}[0n"),
      ("\u{1B}[2;5H\u{1B}[6n", "\u{1B}[2;5R"),
      ("\u{1B}[2;5H\u{1B}[?6n", "\u{1B}[?2;5;1R"),
      ("\u{1B}[>q", "\u{1B}P>|arroba(0.1.0)" + st),
      ("\u{1B}P$qm" + st, "\u{1B}P1$r0m" + st),
      ("\u{1B}[1;4;38;5;200m\u{1B}P$qm" + st, "\u{1B}P1$r0;1;4;38:5:200m" + st),
      ("\u{1B}[3;9r\u{1B}P$qr" + st, "\u{1B}P1$r3;9r" + st),
      ("\u{1B}[4 q\u{1B}P$q q" + st, "\u{1B}P1$r4 q" + st),
      ("\u{1B}P$qzz" + st, "\u{1B}P0$r" + st),
      ("\u{1B}P+q544E;7A7A" + st, "\u{1B}P1+r544E=787465726D2D323536636F6C6F72" + st + "\u{1B}P0+r7A7A" + st),
      ("\u{1B}]4;1;?\u{7}", "\u{1B}]4;1;rgb:cdcd/0000/0000\u{7}"),
      ("\u{1B}]4;1;#123456\u{7}\u{1B}]4;1;?\u{7}", "\u{1B}]4;1;rgb:1212/3434/5656\u{7}"),
      ("\u{1B}]11;?\u{7}", "\u{1B}]11;rgb:0000/0000/0000\u{7}"),
      ("\u{1B}]0;abc\u{7}\u{1B}[21t", "\u{1B}]labc" + st),
      ("\u{1B}[=5u\u{1B}[?u", "\u{1B}[?5u"),
      ("\u{1B}[1;31mab\u{1B}[m\u{1B}[1;1;1;2#|", "\u{1B}[0;1;31m"),
      ("\u{1B} G\u{1B}[5n", "\u{9B}0n"),
    ])
  func query(_ sequence: String, _ expected: String) {
    var screen = makeScreen(sequence, columns: 80, rows: 24)
    let answer = screen.takeAnswers()
    // With 8-bit controls the answer is bytes, not UTF-8.
    let want = expected.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    #expect(answer == want)
    #expect(screen.takeAnswers().isEmpty)
  }

  @Test("While a client's own terminal answers, nothing is answered here")
  func switchedOff() {
    var screen = makeScreen("")
    screen.answers = false
    screen.feed(Array("\u{1B}[c\u{1B}[6n".utf8))
    screen.answers = true
    #expect(screen.takeAnswers().isEmpty)
  }

  @Test("Answers that nobody fetches have a limit")
  func bounded() {
    var screen = makeScreen("")
    for _ in 0..<20_000 { screen.feed(Array("\u{1B}[c".utf8)) }
    #expect(screen.takeAnswers().count < 70_000)
  }

  @Test("Bell, titles, notifications, prompt marks and the directory are signals")
  func signals() {
    var screen = makeScreen(
      "\u{7}\u{7}\u{1B}]2;one\u{7}\u{1B}]2;two\u{7}\u{1B}]9;done\u{7}\u{1B}]9;4;1;50\u{7}"
        + "\u{1B}]777;notify;T;B\u{7}\u{1B}]99;i=1;hello\u{7}\u{1B}]133;A\u{7}\u{1B}]133;D;3\u{7}\u{1B}]7;file://h/tmp\u{7}"
    )
    #expect(
      screen.takeSignals() == [
        .bell, .title("two"), .notification(title: "", body: "done"), .notification(title: "T", body: "B"),
        .notification(title: "hello", body: ""), .prompt(.promptStart), .prompt(.finished(status: 3)),
        .directory("file://h/tmp"),
      ])
    for number in 0..<1000 { screen.feed(Array("\u{1B}]9;\(number)x\u{7}".utf8)) }
    #expect(screen.takeSignals().count <= 256)
  }
}
