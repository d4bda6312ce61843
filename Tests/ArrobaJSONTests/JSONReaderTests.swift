import ArrobaJSON
import Testing

@Suite struct JSONReaderTests {
  private func read(_ text: String) throws -> JSON { try JSONReader.read(text.utf8) }

  @Test(
    "Each kind of value is read, with white space around it or without",
    arguments: [
      ("null", JSON.null), ("true", .bool(true)), ("false", .bool(false)), ("0", .int(0)), ("-0", .int(0)),
      ("-7", .int(-7)), ("1.5", .double(1.5)), ("-0.0", .double(-0.0)), ("1e3", .double(1000)),
      ("1E+2", .double(100)), ("25e-1", .double(2.5)), ("\"\"", .string("")), ("\"a b\"", .string("a b")),
      ("[]", .array([])), ("[1,[2]]", [1, [2]]), ("{}", .object(JSONObject())),
      (#"{"a":1,"b":[null]}"#, ["a": 1, "b": [nil]]), (#"{"":0}"#, ["": 0]),
    ] as [(String, JSON)])
  func values(text: String, value: JSON) throws {
    #expect(try read(text) == value)
    #expect(try read(" \t\r\n\(text)\n ") == value)
  }

  @Test(
    "Numbers are exact up to the limits of a word, and doubles beyond them",
    arguments: [
      ("9223372036854775807", JSON.int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", .double(9_223_372_036_854_775_808)),
      ("-9223372036854775809", .double(-9_223_372_036_854_775_808)),
      ("9007199254740993", .int(9_007_199_254_740_993)),
      ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
      ("5e-324", .double(.leastNonzeroMagnitude)), ("1e-999", .double(0)),
    ] as [(String, JSON)])
  func numbers(text: String, value: JSON) throws {
    #expect(try read(text) == value)
  }

  @Test(
    "A number that no double holds is refused, since it could not be written again",
    arguments: ["1e309", "-1e309", "1e999999"])
  func tooLarge(text: String) {
    #expect(throws: JSONError.self) { try read(text) }
  }

  @Test(
    "What RFC 8259 does not allow is an error",
    arguments: [
      "", " ", "nul", "nulL", "True", "tru", "truex", "01", "-01", "-", "+1", ".5", "1.", "1.e2", "1e", "1e+",
      "0x10", "1_0", "NaN", "Infinity", "-Infinity", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}",
      "{", "}", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{'a':1}",
      "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "1 2", "[] []", "\"", "\"a", "'a'", "\"\\\"",
      "\"\\x41\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\uD800\\u12\"", "\"a\nb\"", "\"a\tb\"", "\"\u{0}\"",
      "\"\\\u{1}\"", "// no\n1", "1 // no", "\u{FEFF}1", "\u{A0}1", "\u{0}", "1\u{0}",
    ])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try read(text) }
  }

  @Test("An error says what is wrong and at which byte")
  func offsets() {
    func error(_ text: String) -> String? {
      do { _ = try read(text) } catch { return "\(error)" }
      return nil
    }
    #expect(error("[1,x]") == "no value starts at byte 3")
    #expect(error("{\"a\"1}") == "a colon is missing at byte 4")
    #expect(error("[1] 2") == "something follows the value at byte 4")
    #expect(error("[1") == "a comma or bracket is missing at byte 2")
  }

  @Test(
    "Escapes become the characters that they stand for",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
      (#""\u0000""#, "\u{0}"), (#""\ud83d\ude00!""#, "😀!"), (#""x\uDBFF\uDFFF""#, "x\u{10FFFF}"),
    ])
  func escapes(text: String, value: String) throws {
    #expect(try read(text) == .string(value))
  }

  @Test(
    "A surrogate without its other half becomes U+FFFD, and what follows it is kept",
    arguments: [
      (#""\ud83d""#, "\u{FFFD}"), (#""\ude00""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"),
      (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
      (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
    ])
  func loneSurrogates(text: String, value: String) throws {
    #expect(try read(text) == .string(value))
  }

  @Test(
    "Bytes that are not UTF-8 are refused, in a plain string and in one with escapes",
    arguments: [
      [0x80], [0xC3], [0xC0, 0xAF], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98],
      [0xF4, 0x90, 0x80, 0x80], [0xFF],
    ] as [[UInt8]])
  func invalidUTF8(bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSONReader.read([0x22] + bytes + [0x22]) }
    #expect(throws: JSONError.self) { try JSONReader.read([0x22, 0x5C, 0x6E] + bytes + [0x22]) }
    #expect(throws: JSONError.self) { try JSONReader.read(bytes) }
  }

  @Test("Nesting up to the limit is read; one deeper is refused, however deep it goes on")
  func depth() throws {
    func nested(_ depth: Int, _ open: String, _ close: String) -> String {
      String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)
    }
    let most = JSONReader.deepestNesting
    _ = try read(nested(most, "[", "]"))
    _ = try read(nested(most, "{\"a\":", "}"))
    #expect(throws: JSONError.self) { try read(nested(most + 1, "[", "]")) }
    #expect(throws: JSONError.self) { try read(nested(most + 1, "{\"a\":", "}")) }
    #expect(throws: JSONError.self) { try read(String(repeating: "[", count: 1_000_000)) }
    // Depth is what is open at once, not how many were opened.
    _ = try read("[" + String(repeating: "[],{},", count: 500) + "0]")
  }

  @Test("Of members with the same name the last one counts, and all are kept in order")
  func duplicates() throws {
    let value = try read(#"{"a":1,"b":2,"a":3}"#)
    #expect(value["a"] == 3)
    #expect(value.object?.members.map(\.key) == ["a", "b", "a"])
    #expect(value.encodedText == #"{"a":1,"b":2,"a":3}"#)
  }
}
