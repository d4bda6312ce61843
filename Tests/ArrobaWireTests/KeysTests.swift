import ArrobaWire
import Testing

@Suite("Keys by name")
struct KeysTests {
  private static let keys: [(String, String, String?)] = [
    ("Enter", "\r", nil), ("return", "\r", nil), ("Tab", "\t", nil), ("S-Tab", "\u{1B}[Z", nil),
    ("btab", "\u{1B}[Z", nil),
    ("Escape", "\u{1B}", nil), ("esc", "\u{1B}", nil), ("Space", " ", nil), ("BSpace", "\u{7F}", nil),
    ("M-BSpace", "\u{1B}\u{7F}", nil), ("M-Enter", "\u{1B}\r", nil), ("lf", "\n", nil), ("nul", "\0", nil),
    ("C-c", "\u{3}", nil), ("c-c", "\u{3}", nil), ("^C", "\u{3}", nil), ("C-C", "\u{3}", nil),
    ("C-\\", "\u{1C}", nil),
    ("C-[", "\u{1B}", nil), ("C-_", "\u{1F}", nil), ("C-/", "\u{1F}", nil), ("C-?", "\u{7F}", nil),
    ("C-Space", "\0", nil),
    ("C-M-Space", "\u{1B}\0", nil), ("C-@", "\0", nil), ("M-x", "\u{1B}x", nil), ("A-x", "\u{1B}x", nil),
    ("M-X", "\u{1B}X", nil),
    ("M-S-x", "\u{1B}X", nil), ("C-M-c", "\u{1B}\u{3}", nil), ("M-é", "\u{1B}é", nil), ("S-a", "A", nil),
    ("Up", "\u{1B}[A", "\u{1B}OA"), ("down", "\u{1B}[B", "\u{1B}OB"), ("Right", "\u{1B}[C", "\u{1B}OC"),
    ("LEFT", "\u{1B}[D", "\u{1B}OD"), ("Home", "\u{1B}[H", "\u{1B}OH"), ("End", "\u{1B}[F", "\u{1B}OF"),
    ("S-Up", "\u{1B}[1;2A", nil), ("M-Up", "\u{1B}[1;3A", nil), ("C-Up", "\u{1B}[1;5A", nil),
    ("C-M-S-Up", "\u{1B}[1;8A", nil),
    ("PageUp", "\u{1B}[5~", nil), ("npage", "\u{1B}[6~", nil), ("C-PgDn", "\u{1B}[6;5~", nil),
    ("Insert", "\u{1B}[2~", nil),
    ("Delete", "\u{1B}[3~", nil), ("S-del", "\u{1B}[3;2~", nil), ("F1", "\u{1B}OP", nil),
    ("f4", "\u{1B}OS", nil),
    ("C-F1", "\u{1B}[1;5P", nil), ("F5", "\u{1B}[15~", nil), ("F12", "\u{1B}[24~", nil),
    ("S-F5", "\u{1B}[15;2~", nil),
  ]

  @Test("A key sends what an xterm sends for it, in both cursor modes", arguments: keys)
  func key(_ name: String, _ bytes: String, _ application: String?) {
    #expect(Keys.key(name, applicationCursor: false) == Array(bytes.utf8))
    #expect(Keys.key(name, applicationCursor: true) == Array((application ?? bytes).utf8))
  }

  @Test(
    "What is no name is text",
    arguments: [
      "", "a", "ls -l", "Enterx", "C-", "C-ab", "C-é", "X-a", "F13", "F0", "^", "^ab", "-", "--", "M-", "漢",
      "C-1",
    ])
  func text(_ word: String) {
    #expect(Keys.key(word, applicationCursor: false) == nil)
    #expect(Keys.bytes(for: word, applicationCursor: false) == Array(word.utf8))
  }
}
