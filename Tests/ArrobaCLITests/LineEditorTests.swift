import ArrobaTestSupport
import Testing

@testable import ArrobaCLI

@Suite("The line that is being typed")
struct LineEditorTests {
  /// The editor after these keys, as text with | where the cursor is.
  private func typed(_ keys: [Key], into start: String = "") -> String {
    var editor = LineEditor()
    editor.set(start)
    for key in keys { _ = editor.press(key) }
    return editor.before + "|" + editor.after
  }

  private static let cases: [(String, [Key], String)] = [
    ("", [.text("ab"), .left, .text("x")], "ax|b"), ("ab", [.home, .text("x"), .end, .text("y")], "xaby|"),
    ("ab", [.backspace, .backspace, .backspace], "|"), ("ab", [.home, .delete], "|b"),
    ("👨‍👩‍👧e\u{301}漢", [.left, .left, .backspace], "|e\u{301}漢"), ("a", [.text("\u{301}"), .left], "|á"),
    ("one two", [.wordLeft], "one |two"), ("one two", [.meta("b"), .meta("b"), .meta("f")], "one| two"),
    ("one two", [.control("w")], "one |"), ("a/b c", [.control("w"), .control("w")], "|"),
    ("a/b", [.metaBackspace], "a/|"), ("one two", [.control("u")], "|"),
    ("one two", [.wordLeft, .control("k")], "one |"), ("one two", [.home, .meta("d")], "| two"),
    ("one two", [.control("w"), .control("w"), .control("y")], "one two|"),
    ("one two", [.control("w"), .left, .control("w"), .control("y"), .control("y")], "oneone| "),
    ("one two", [.wordLeft, .control("k"), .control("u"), .control("y")], "one two|"),
    ("ab", [.control("t")], "ba|"), ("abc", [.left, .control("t")], "acb|"), ("", [.control("t")], "|"),
    ("a", [.control("b"), .control("f"), .control("e"), .control("d")], "a|"),
    ("one\ntwo", [.home, .control("d")], "one\n|wo"), ("one\ntwo", [.home, .left, .control("k")], "one|two"),
    ("one\ntwo", [.home, .control("u")], "one|two"), ("one\ntwo", [.meta("<"), .end], "one|\ntwo"),
    ("lo\nlonger\nlo", [.up, .end, .up, .down], "lo\nlonger|\nlo"),
    ("漢字\nabcde", [.up, .down], "漢字\nabcde|"),
    ("ab", [.escape, .pageUp, .pageDown, .backTab, .control("x"), .meta("x")], "ab|"),
    ("", [.paste("a\r\nb\rc\u{1B}[31m\u{7}\td")], "a\nb\nc[31m\td|"),
  ]

  @Test("Each key does to the line what the fingers expect", arguments: cases)
  func keys(_ start: String, _ keys: [Key], _ end: String) {
    #expect(typed(keys, into: start) == end)
  }

  @Test("Enter finishes, but behind a backslash and with Alt it begins a line")
  func enter() {
    var editor = LineEditor()
    for key in [.text("one\\"), .enter, .text("two"), .newline, .text("three")] as [Key] {
      #expect(editor.press(key) == .none)
    }
    #expect(editor.press(.enter) == .submit("one\ntwo\nthree") && editor.isEmpty)
    editor.set("a\\b")
    editor.left()
    #expect(editor.press(.enter) == .submit("a\\b"))
    #expect(editor.press(.enter) == .submit(""))
  }

  @Test("What a key asks for is told, and Ctrl-C and Ctrl-D look whether there is text")
  func actions() {
    var editor = LineEditor()
    #expect(
      editor.press(.control("d")) == .leave && editor.press(.control("c")) == .interrupt(isOnText: false))
    #expect(editor.press(.control("a")) == .cycle && editor.press(.control("z")) == .suspend)
    #expect(editor.press(.control("l")) == .redraw && editor.press(.tab) == .complete)
    editor.set("x")
    #expect(editor.press(.control("d")) == .none)
    #expect(editor.press(.control("c")) == .interrupt(isOnText: true) && editor.isEmpty)
  }

  private func withHistory(_ entries: [String]) -> LineEditor {
    var editor = LineEditor()
    for entry in entries { _ = editor.history.add(entry) }
    return editor
  }

  @Test("Up and down walk through what was entered, and back to the draft")
  func history() {
    var editor = withHistory(["one", "two", "two", " ", "three\nlines"])
    editor.set("draft")
    func press(_ key: Key) -> String {
      _ = editor.press(key)
      return editor.text
    }
    #expect(press(.up) == "three\nlines")
    // Within an entry of several lines it goes through these first.
    #expect(press(.up) == "three\nlines" && press(.up) == "two" && press(.control("p")) == "one")
    #expect(press(.up) == "one" && press(.down) == "two")
    #expect(press(.control("n")) == "three\nlines" && press(.down) == "draft" && press(.down) == "draft")
  }

  @Test("Ctrl-R searches back; Enter takes what was found, Ctrl-G gives the line back")
  func search() {
    var editor = withHistory(["make test", "ls", "make clean", "cd"])
    editor.set("draft")
    for key in [.control("r"), .text("mak"), .text("e")] as [Key] { _ = editor.press(key) }
    #expect(editor.text == "make clean" && editor.search?.words == "make")
    _ = editor.press(.control("r"))
    #expect(editor.text == "make test")
    _ = editor.press(.control("r"))
    #expect(editor.text == "make test", "the oldest one stays")
    _ = editor.press(.backspace)
    #expect(editor.text == "make clean")
    _ = editor.press(.control("g"))
    #expect(editor.text == "draft" && editor.search == nil)
    for key in [.control("r"), .text("ls"), .end, .text("x")] as [Key] { _ = editor.press(key) }
    #expect(editor.text == "lsx")
    for key in [.control("r"), .text("cd")] as [Key] { _ = editor.press(key) }
    #expect(editor.press(.enter) == .submit("cd"))
  }

  @Test("Whatever is typed, the cursor stands within the text and each character is kept or cut")
  func anything() {
    var random = SeededGenerator(seed: 23)
    let keys: [Key] = [
      .text("a"), .text("漢 "), .text("\u{301}"), .newline, .left, .right, .home, .end, .up, .down, .wordLeft,
      .wordRight, .backspace, .delete, .control("k"), .control("u"), .control("w"), .control("y"),
      .control("t"),
      .meta("d"), .metaBackspace, .control("r"), .control("g"), .paste("x\ny"),
    ]
    var editor = withHistory(["one", "two\nlines"])
    for _ in 0..<5000 {
      _ = editor.press(keys[Int.random(in: 0..<keys.count, using: &random)])
      #expect(editor.text == editor.before + editor.after)
      let view = EditorView(editor, prompt: "> ", width: 10)
      #expect(view.rows.allSatisfy { Clean.cells($0) < 10 } && view.rows.indices.contains(view.cursorRow))
      #expect(view.cursorColumn < 10)
      if editor.text.count > 300 { editor.set("") }
    }
  }
}

@Suite("The typed line on the screen")
struct EditorViewTests {
  private func view(_ before: String, _ after: String = "", prompt: String = "> ", width: Int = 10)
    -> EditorView
  {
    var editor = LineEditor()
    editor.before = before
    editor.after = after
    return EditorView(editor, prompt: prompt, width: width)
  }

  private static let cases: [(String, String, [String], Int, Int)] = [
    ("", "", ["> "], 0, 2), ("abc", "", ["> abc"], 0, 5), ("ab", "c", ["> abc"], 0, 4),
    ("abcdefg", "", ["> abcdefg"], 0, 9), ("abcdefgh", "", ["> abcdefg", "  h"], 1, 3),
    ("abcdefg", "h", ["> abcdefg", "  h"], 1, 2), ("漢字漢", "", ["> 漢字漢"], 0, 8),
    ("漢字漢字", "", ["> 漢字漢", "  字"], 1, 4), ("a\nb", "", ["> a", "  b"], 1, 3),
    ("a\n", "", ["> a", "  "], 1, 2),
    ("a\tb", "", ["> a    b"], 0, 8), ("a", "\n\nb", ["> a", "  ", "  b"], 0, 3),
    ("e\u{301}x", "", ["> e\u{301}x"], 0, 4),
  ]

  @Test(
    "Rows are broken where the width ends, and the cursor stands where the next character goes",
    arguments: cases)
  func rows(_ before: String, _ after: String, _ rows: [String], _ row: Int, _ column: Int) {
    let view = view(before, after)
    #expect(view.rows == rows && view.cursorRow == row && view.cursorColumn == column, "\(view)")
  }

  @Test("Of a text with more rows than there is room those around the cursor are shown")
  func window() {
    let long = view("1\n2\n3", "\n4\n5")
    #expect(long.window(rows: 9) == long)
    let window = long.window(rows: 2)
    #expect(window.rows == ["  2", "  3"] && window.cursorRow == 1)
    #expect(view("", "1\n2\n3").window(rows: 2).rows == ["> 1", "  2"])
  }
}
