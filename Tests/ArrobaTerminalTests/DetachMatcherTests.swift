import ArrobaTestSupport
import Testing

@testable import ArrobaTerminal

@Suite("Finding the detach keys in what is typed")
struct DetachMatcherTests {
  /// What is handed on of pieces that come one after the other, and whether they detach. What was held is flushed at
  /// the end, as after a pause.
  private func feed(_ pieces: [[UInt8]], _ keys: DetachKeys) -> (text: String, isDetached: Bool) {
    var matcher = DetachMatcher(keys)
    var handedOn: [UInt8] = []
    for piece in pieces {
      let outcome = matcher.feed(piece[...])
      handedOn += outcome.forward
      if outcome.isDetached { return (String(decoding: handedOn, as: UTF8.self), true) }
    }
    let rest = matcher.flush()
    return (String(decoding: handedOn + rest.forward, as: UTF8.self), rest.isDetached)
  }

  private static let usual: [(String, String, Bool)] = [
    ("ls\r", "ls\r", false), ("ab\u{1C}cd", "ab", true), ("x\u{1B}[92;5uy", "x", true),
    ("\u{1B}[27;5;92~", "", true),
    ("\\", "\\", false), ("\u{1B}[92;5:3u", "\u{1B}[92;5:3u", false),
    ("\u{1B}[A\u{1B}OB", "\u{1B}[A\u{1B}OB", false),
    ("\u{1B}", "\u{1B}", false), ("\u{1B}\u{1C}", "\u{1B}\u{1C}", false), ("漢\u{1C}", "漢", true),
    // Nothing pasted detaches, whatever is in it.
    ("\u{1B}[200~a\u{1C}b\u{1B}[201~c", "\u{1B}[200~a\u{1C}b\u{1B}[201~c", false),
    ("\u{1B}[200~a\u{1B}[201\u{1C}~\u{1B}[201~\u{1C}", "\u{1B}[200~a\u{1B}[201\u{1C}~\u{1B}[201~", true),
    ("\u{1B}[200~\u{1B}\u{1B}[201~\u{1C}", "\u{1B}[200~\u{1B}\u{1B}[201~", true),
  ]

  private static let two: [(String, String, Bool)] = [
    ("\u{2}d", "", true), ("a\u{2}d", "a", true), ("\u{2}x", "\u{2}x", false), ("\u{2}\u{2}d", "\u{2}", true),
    ("\u{1B}[98;5u\u{1B}[98;5:3u\u{1B}[100u", "", true),
    ("\u{1B}[98;5u\u{1B}[98;5:3ux", "\u{1B}[98;5u\u{1B}[98;5:3ux", false),
    ("\u{2}\u{1B}[<0;1;1Md", "", true), ("\u{2}\u{1B}[Ad", "\u{2}\u{1B}[Ad", false),
    ("\u{2}\u{1B}[200~d\u{1B}[201~", "\u{2}\u{1B}[200~d\u{1B}[201~", false),
  ]

  /// All at once, byte by byte, and cut in two at every byte.
  private func expect(_ text: String, _ handedOn: String, _ isDetached: Bool, by keys: DetachKeys) {
    let bytes = Array(text.utf8)
    var ways = [[bytes], bytes.map { [$0] }]
    for cut in bytes.indices.dropFirst() { ways.append([Array(bytes[..<cut]), Array(bytes[cut...])]) }
    for way in ways {
      let found = feed(way, keys)
      // An Escape that nothing follows yet is handed on at once: that one a program gets.
      let cutBehindEscape = isDetached && way.contains { $0.last == 0x1B }
      let allowed = cutBehindEscape ? [handedOn, handedOn + "\u{1B}"] : [handedOn]
      #expect(
        allowed.contains(found.text) && found.isDetached == isDetached,
        "\(text.debugDescription) as \(way): \(found)")
    }
  }

  @Test("The usual key is found however its bytes are cut", arguments: usual)
  func usualKey(_ text: String, _ handedOn: String, _ isDetached: Bool) {
    expect(text, handedOn, isDetached, by: .usual)
  }

  @Test("Two keys in a row are found however their bytes are cut", arguments: two)
  func twoKeys(_ text: String, _ handedOn: String, _ isDetached: Bool) throws {
    expect(text, handedOn, isDetached, by: try DetachKeys("C-b d"))
  }

  @Test("Without detach keys everything is handed on")
  func none() {
    expect("a\u{1C}\u{1B}[92;5u", "a\u{1C}\u{1B}[92;5u", false, by: .none)
  }

  @Test("Escape and keys with Alt can detach as well")
  func escape() throws {
    expect("a\u{1B}xb", "a", true, by: try DetachKeys("M-x"))
    expect("a\u{1B}yb", "a\u{1B}yb", false, by: try DetachKeys("M-x"))
    expect("\u{1B}", "", true, by: try DetachKeys("Escape"))
    expect("\u{1B}[A", "\u{1B}[A", false, by: try DetachKeys("Escape"))
    expect("\u{1B}d", "\u{1B}d", false, by: try DetachKeys("Escape"))
  }

  @Test("Escape alone is handed on at once, and what turns out to follow it is not sent twice")
  func escapeAtOnce() {
    var matcher = DetachMatcher(.usual)
    #expect(matcher.feed([0x1B]) == DetachMatcher.Outcome(forward: [0x1B]))
    #expect(matcher.feed(Array("[A".utf8)[...]) == DetachMatcher.Outcome(forward: Array("[A".utf8)))
    #expect(matcher.feed([0x1B]).forward == [0x1B])
    // A protocol's encoding of the key that is cut behind its Escape: the program got that one, which harms nobody.
    #expect(matcher.feed(Array("[92;5u".utf8)[...]) == DetachMatcher.Outcome(forward: [], isDetached: true))
  }

  @Test("The key detaches also after an Escape, once it is clear that the two are not one key")
  func behindEscape() {
    var matcher = DetachMatcher(.usual)
    #expect(matcher.feed([0x1B]).forward == [0x1B] && matcher.isUndecided)
    #expect(matcher.flush() == DetachMatcher.Outcome() && !matcher.isUndecided)
    #expect(matcher.feed([0x1C]) == DetachMatcher.Outcome(forward: [], isDetached: true))
  }

  @Test("A sequence that stays incomplete is held, and handed on when nothing follows")
  func undecided() {
    var matcher = DetachMatcher(.usual)
    #expect(matcher.feed(Array("\u{1B}[9".utf8)[...]).forward == [])
    #expect(matcher.isUndecided)
    #expect(matcher.flush().forward == Array("\u{1B}[9".utf8))
    #expect(!matcher.isUndecided && matcher.flush() == DetachMatcher.Outcome())
  }

  @Test("Whatever is typed and however it is cut: without the keys in it, it all arrives in order")
  func anything() throws {
    var random = SeededGenerator(seed: 5)
    let pieces = [
      "a", "\u{1B}", "\u{1B}[A", "\u{1B}[200~", "\u{1B}[201~", "\u{2}", "漢", "\u{1B}[<0;1;1M", "\u{1B}[98;5u",
      "\u{1B}O", "[",
    ]
    let keys = try DetachKeys("C-b q")
    for round in 0..<2000 {
      let text = (0..<Int.random(in: 1...10, using: &random)).map { _ in random.pick(pieces) }.joined()
      var rest = Array(text.utf8)[...]
      var cut: [[UInt8]] = []
      while !rest.isEmpty {
        let count = Int.random(in: 1...min(4, rest.count), using: &random)
        cut.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      // What may still become the keys is held at the end, for ever: the second key has no time limit.
      var matcher = DetachMatcher(keys)
      var handedOn: [UInt8] = []
      for piece in cut { handedOn += matcher.feed(piece[...]).forward }
      handedOn +=
        matcher.flush().forward + matcher.feed(Array("x".utf8)[...]).forward + matcher.flush().forward
      #expect(handedOn == Array((text + "x").utf8), "round \(round): \(text.debugDescription) as \(cut)")
    }
  }
}
