import ArrobaTestSupport
import Testing

@testable import ArrobaCLI

@Suite("Lines broken into rows")
struct WrapTests {
  private static let cases: [(String, Int, [String])] = [
    ("", 5, [""]), ("one two", 7, ["one two"]), ("one two", 6, ["one", "two"]),
    ("one  two", 6, ["one", "two"]), ("onetwothree", 4, ["onet", "woth", "ree"]),
    ("a onetwothree", 4, ["a", "onet", "woth", "ree"]), ("漢字漢字", 5, ["漢字", "漢字"]),
    ("ab 漢字", 4, ["ab", "漢字"]), ("漢", 1, ["漢"]), ("- one two", 6, ["- one", "  two"]),
    ("  one two", 6, ["  one", "  two"]), ("1. one two", 7, ["1. one", "   two"]),
    ("      x y", 7, ["      x", "y"]), ("👨‍👩‍👧 👨‍👩‍👧", 4, ["👨‍👩‍👧", "👨‍👩‍👧"]),
  ]

  @Test("A line is broken between words, a long word where the row ends", arguments: cases)
  func rows(_ line: String, _ width: Int, _ rows: [String]) {
    #expect(Wrap.rows(line, width: width) == rows)
  }

  @Test("Rows but the last stay as they are when the line grows, and no row is wider than it may")
  func growing() {
    var random = SeededGenerator(seed: 11)
    let letters: [Character] = ["a", "b", " ", " ", "漢", "é", "👍🏽", "-", "1", "."]
    for _ in 0..<300 {
      let width = Int.random(in: 2...12, using: &random)
      var line = ""
      var before: [String] = []
      for _ in 0..<40 {
        line.append(letters[Int.random(in: 0..<letters.count, using: &random)])
        let rows = Wrap.rows(line, width: width)
        #expect(
          Array(rows.prefix(max(0, before.count - 1))) == Array(before.dropLast()), "\(line) in \(width)")
        #expect(rows.allSatisfy { Clean.cells($0) <= width }, "\(rows) in \(width)")
        before = rows
      }
      #expect(before.joined().filter { $0 != " " } == line.filter { $0 != " " })
    }
  }
}

@Suite("Words woven to lines")
struct WeaverTests {
  private let look = ShownLine("")

  private func texts(_ lines: [ShownLine]) -> [String] { lines.map(\.text) }

  @Test("Lines come out when they are whole, however the words were cut")
  func lines() {
    let text = "one two\r\n\tthree\n\nfour \u{1B}[31m é"
    for cut in 1...text.unicodeScalars.count {
      var weaver = Weaver(width: nil)
      var out: [String] = []
      var rest = text.unicodeScalars[...]
      while !rest.isEmpty {
        out += texts(weaver.add(String(String.UnicodeScalarView(rest.prefix(cut))), to: "i", look: look))
        rest = rest.dropFirst(cut)
      }
      out += texts(weaver.close("i"))
      #expect(out == ["one two", "    three", "", "four \u{FFFD}[31m é"], "cut at \(cut)")
    }
  }

  @Test("In a width, rows come out as soon as nothing can change them; the last one is seen growing")
  func rows() {
    var weaver = Weaver(width: 8)
    #expect(texts(weaver.add("one two", to: "i", look: look)) == [])
    #expect(weaver.unfinished.map(\.row.text) == ["one two"])
    #expect(texts(weaver.add(" thr", to: "i", look: look)) == ["one two"])
    #expect(weaver.unfinished.map(\.row.text) == ["thr"])
    #expect(texts(weaver.add("ee\nfour", to: "i", look: look)) == ["three"])
    #expect(texts(weaver.close("i")) == ["four"] && weaver.unfinished.isEmpty)
  }

  @Test("Two items never share a line")
  func two() {
    var weaver = Weaver(width: nil)
    let lines =
      weaver.add("a", to: "1", look: look) + weaver.add("b", to: "2", look: look)
      + weaver.add("c\n", to: "1", look: look)
    #expect(texts(lines) == ["ac"] && weaver.unfinished.map(\.row.text) == ["b"])
    #expect(texts(weaver.close("1")) == [] && texts(weaver.close("2")) == ["b"])
  }

  @Test("An endless line goes on in rows, none lost and none twice")
  func endless() {
    var weaver = Weaver(width: 10)
    var rows: [String] = []
    for number in 0..<3000 { rows += texts(weaver.add("\(number) ", to: "i", look: look)) }
    rows += texts(weaver.close("i"))
    let words = rows.flatMap { $0.split(separator: " ") }.compactMap { Int($0) }
    #expect(words == Array(0..<3000) && rows.allSatisfy { Clean.cells($0) <= 10 })
  }

  @Test("Told anew, an item begins on a line of its own")
  func anew() {
    var weaver = Weaver(width: nil)
    _ = weaver.add("half", to: "i", look: look)
    #expect(texts(weaver.restart("i")) == ["half"] && texts(weaver.restart("i")) == [])
    #expect(texts(weaver.add("whole\n", to: "i", look: look)) == ["whole"])
  }
}
