import Testing

@testable import ArrobaTerminal

@Suite("The keys that detach")
struct DetachKeysTests {
  private func bytes(_ text: String) throws -> [UInt8?] { try DetachKeys(text).keys.map(\.byte) }

  @Test("Keys are written in the ways that people know")
  func writing() throws {
    #expect(try bytes("C-\\") == [0x1C])
    #expect(try DetachKeys("C-\\").keys == DetachKeys.usual.keys)
    for text in ["C-b d", "c-b d", "ctrl-b d", "Ctrl-b,d", "^b d", "C-B  d"] {
      #expect(try bytes(text) == [2, 0x64], "\(text)")
    }
    #expect(try bytes("ctrl-p,ctrl-q") == [0x10, 0x11])
    #expect(
      try bytes("Escape esc Tab Enter return Space BSpace ~") == [0x1B, 0x1B, 9, 13, 13, 0x20, 0x7F, 0x7E])
    #expect(try bytes("C-Space C-@ C-_ C-/ C-] C-^") == [0, 0, 0x1F, 0x1F, 0x1D, 0x1E])
    #expect(try DetachKeys("M-x").keys == [DetachKeys.Key(code: 0x78, isControl: false, isAlt: true)])
    #expect(try DetachKeys("C-M-x").keys == DetachKeys("M-C-x").keys)
    #expect(try DetachKeys("^").keys == DetachKeys("^").keys && bytes("^") == [0x5E])
    #expect(try DetachKeys("none") == .none && DetachKeys.none.keys.isEmpty)
  }

  @Test("By old custom some keys with Control are other keys")
  func customs() throws {
    #expect(try DetachKeys("C-i").keys == DetachKeys("Tab").keys)
    #expect(try DetachKeys("C-m").keys == DetachKeys("Enter").keys)
    #expect(try DetachKeys("C-[").keys == DetachKeys("Escape").keys)
    #expect(try DetachKeys("C-a").keys == DetachKeys("C-A").keys)
    #expect(try DetachKeys("a").keys != DetachKeys("A").keys)
  }

  @Test("They are shown as they were written; the usual ones as people read them")
  func shown() throws {
    #expect(try DetachKeys("C-b,d").shown == "C-b d")
    #expect(DetachKeys.usual.shown == "Ctrl-\\")
  }

  @Test(
    "What is no key is refused", arguments: ["C-", "C-1", "F5", "C-C-a", "ab", "é", "C-~", "C-`", "M-M-a"])
  func refused(_ word: String) {
    #expect(
      throws: DetachKeys.Fault(
        "'\(word)' is no key", hint: "--detach-keys takes keys like C-\\, C-b, d, M-x, Escape")
    ) {
      try DetachKeys(word)
    }
  }

  @Test("One to eight keys")
  func count() {
    let fault = DetachKeys.Fault(
      "--detach-keys needs one to eight keys, or none", hint: "like 'C-b d' or 'C-\\'")
    for text in ["", " , ", "a b c d e f g h i"] { #expect(throws: fault) { try DetachKeys(text) } }
    #expect(throws: Never.self) { try DetachKeys("a b c d e f g h") }
  }
}

@Suite("What a terminal sends")
struct KeyTokenTests {
  private func token(_ text: String) -> KeyToken.Reading { KeyToken.read(Array(text.utf8)[...]) }
  private func key(_ code: UInt32, control: Bool = false, alt: Bool = false) -> KeyToken.Meaning {
    .key(DetachKeys.Key(code: code, isControl: control, isAlt: alt))
  }

  @Test("A key is the same key in every encoding")
  func encodings() {
    let backslash = key(0x5C, control: true)
    for text in [
      "\u{1C}", "\u{1B}[92;5u", "\u{1B}[92;5:1u", "\u{1B}[92:124;5:2;92u", "\u{1B}[27;5;92~", "\u{1B}[92;6u",
      "\u{1B}[92;69u", "\u{1B}[92;133u",
    ] {
      #expect(
        token(text) == .token(KeyToken(count: text.utf8.count, meaning: backslash)),
        "\(text.debugDescription)")
    }
    #expect(token("\u{1B}[98;5u") == .token(KeyToken(count: 7, meaning: key(0x62, control: true))))
    #expect(token("\u{1B}x") == .token(KeyToken(count: 2, meaning: key(0x78, alt: true))))
    #expect(token("\u{1B}[120;3u") == .token(KeyToken(count: 8, meaning: key(0x78, alt: true))))
    #expect(token("\u{1B}[27u") == .token(KeyToken(count: 5, meaning: .key(.escape))))
    #expect(token("\u{1B}\u{1B}") == .token(KeyToken(count: 1, meaning: .key(.escape))))
    #expect(token("d") == .token(KeyToken(count: 1, meaning: key(0x64))))
  }

  @Test("Releases, modifiers alone, mouse and focus come between two keys without meaning anything")
  func neutral() {
    for text in [
      "\u{1B}[92;5:3u", "\u{1B}[57442;5u", "\u{1B}[<0;10;20M", "\u{1B}[<0;10;20m", "\u{1B}[I", "\u{1B}[O",
    ] {
      #expect(
        token(text) == .token(KeyToken(count: text.utf8.count, meaning: .neutral)), "\(text.debugDescription)"
      )
    }
  }

  @Test("Other keys and sequences are passed by")
  func other() {
    for text in [
      "\u{1B}[A", "\u{1B}[1;5A", "\u{1B}OP", "\u{1B}[5~", "\u{1B}[92;13u", "\u{1B}[?1;2c", "\u{1B}[12;40R",
      "\u{1B}[u", "\u{1B}[;5u",
    ] {
      #expect(
        token(text) == .token(KeyToken(count: text.utf8.count, meaning: .other)), "\(text.debugDescription)")
    }
    #expect(token("\u{1B}[200~") == .token(KeyToken(count: 6, meaning: .pasteBegins)))
    let endless = "\u{1B}[" + String(repeating: "1", count: 70)
    #expect(token(endless) == .token(KeyToken(count: 2, meaning: .other)))
  }

  @Test("A sequence that is cut off is not judged yet")
  func incomplete() {
    for text in ["", "\u{1B}", "\u{1B}[", "\u{1B}[9", "\u{1B}[92;5"] { #expect(token(text) == .incomplete) }
  }
}
