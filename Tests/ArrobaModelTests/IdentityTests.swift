import ArrobaModel
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite struct InstantTests {
  @Test(
    "Known instants are written and read",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (1, "1970-01-01T00:00:00.001Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_799_999, "2000-02-29T23:59:59.999Z"),
      (4_107_542_399_010, "2100-02-28T23:59:59.010Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (1_795_579_506_789, "2026-11-25T04:05:06.789Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
      (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (-30_610_224_000_000, "1000-01-01T00:00:00.000Z"),
      (-30_610_224_000_001, "0999-12-31T23:59:59.999Z"),
    ])
  func known(ms: Int, text: String) {
    #expect(Instant(ms: ms).text == text)
    #expect(Instant(text) == Instant(ms: ms))
  }

  @Test("Each instant from year 0 to 9999 is read as it was written, and texts sort as instants do")
  func roundTrip() {
    var generator = SeededGenerator(seed: 5)
    var before = Instant(ms: 0)
    for _ in 0..<20_000 {
      let instant = Instant(ms: Int.random(in: -62_167_219_200_000...253_402_300_799_999, using: &generator))
      #expect(Instant(instant.text) == instant)
      #expect((before < instant) == (before.text < instant.text))
      before = instant
    }
  }

  @Test("Each day of four hundred years follows the one before")
  func days() throws {
    var previous = Instant(ms: -86_400_000).text
    for day in 0..<146_097 {
      let text = Instant(ms: day * 86_400_000).text
      #expect(previous < text && Instant(text)?.ms == day * 86_400_000)
      previous = text
    }
    #expect(previous == "2369-12-31T00:00:00.000Z")
  }

  @Test(
    "What is not exactly an instant is refused",
    arguments: [
      "", "2026-11-25", "2026-11-25T04:05:06Z", "2026-11-25T04:05:06.78Z", "2026-11-25T04:05:06.7890Z",
      "2026-11-25 04:05:06.789Z", "2026-11-25T04:05:06.789z", "2026-11-25T04:05:06.789+",
      "2026/11/25T04:05:06.789Z",
      "2026-11-25T04.05.06.789Z", "2026-11-25T04:05:06,789Z", "2026-00-25T04:05:06.789Z",
      "2026-13-25T04:05:06.789Z", "2026-11-00T04:05:06.789Z", "2026-11-31T04:05:06.789Z",
      "2026-02-29T04:05:06.789Z", "2100-02-29T04:05:06.789Z", "2026-11-25T24:05:06.789Z",
      "2026-11-25T04:60:06.789Z", "2026-11-25T04:05:60.789Z", "2026-11-25T04:05:6x.789Z",
      "-026-11-25T04:05:06.789Z", " 026-11-25T04:05:06.789Z", "２０２６-11-25T04:05",
    ])
  func refused(text: String) {
    #expect(Instant(text) == nil)
  }
}

@Suite struct IDTests {
  @Test("New ids have their kind's prefix and 16 plain letters and digits, and differ")
  func minting() {
    var generator = SeededGenerator(seed: 9)
    let ids = (0..<2000).map { _ in SessionID.mint(using: &generator) }
    #expect(Set(ids).count == 2000)
    for id in ids {
      #expect(id.text.hasPrefix("s_") && id.text.utf8.count == 18)
      #expect(id.text.dropFirst(2).utf8.allSatisfy { "0123456789abcdefghjkmnpqrstvwxyz".utf8.contains($0) })
    }
    #expect(AgentID.mint(using: &generator).text.hasPrefix("a_"))
    #expect(RunID.mint(using: &generator).text.hasPrefix("r_"))
    #expect(AttachmentID.mint(using: &generator).text.hasPrefix("t_"))
    #expect(SessionID.mint() != SessionID.mint())
  }
}

@Suite struct AliasTests {
  @Test(
    "Aliases are trimmed, put in lower case, and white space becomes one underscore",
    arguments: [
      ("notes", "notes"), ("  Notes ", "notes"), ("My Big  Plan", "my_big_plan"), ("a\tb\nc", "a_b_c"),
      ("x-1_y", "x-1_y"), ("7", "7"), ("s_like", "s_like"), (String(repeating: "a", count: 64), nil),
    ] as [(String, String?)])
  func accepted(text: String, alias: String?) throws {
    #expect(try Alias.normalised(text) == alias ?? text)
  }

  @Test(
    "What is no alias is refused with the rule, and quoted without control characters",
    arguments: [
      ("", ""), ("   ", "   "), ("-x", "-x"), ("_x", "_x"), ("é", "é"), ("a/b", "a/b"), ("a.b", "a.b"),
      ("a\u{1B}[31m", "a?[31m"), (String(repeating: "a", count: 65), String(repeating: "a", count: 65)),
      (String(repeating: "ß", count: 90), String(repeating: "ß", count: 80) + "…"),
    ])
  func refused(text: String, quoted: String) throws {
    let refusal = try refusal { try Alias.normalised(text) }
    #expect(refusal.kind == .aliasInvalid)
    #expect(
      refusal.message
        == "'\(quoted)' is no alias: 1 to 64 of a-z, 0-9, - and _, beginning with a letter or digit")
  }

  @Test("Normalising an alias again changes nothing")
  func idempotent() throws {
    for text in ["A b", "x", "Hello-World 2"] {
      let once = try Alias.normalised(text)
      #expect(try Alias.normalised(once) == once)
    }
  }
}
