import ArrobaJSON
import Testing

@Suite struct JSONWriterTests {
  @Test(
    "Values are written on one line, without spaces, members in their order",
    arguments: [
      (JSON.null, "null"), (true, "true"), (false, "false"), (0, "0"), (.int(.max), "9223372036854775807"),
      (.int(.min), "-9223372036854775808"), (.double(1.5), "1.5"), (.double(1), "1.0"),
      (.double(-0.0), "-0.0"), ([], "[]"), ([1, [nil]], "[1,[null]]"), (.object(JSONObject()), "{}"),
      (["b": 1, "a": ["c": "d"]], #"{"b":1,"a":{"c":"d"}}"#),
    ] as [(JSON, String)])
  func values(value: JSON, text: String) {
    #expect(value.encodedText == text)
  }

  @Test("Infinity and NaN, which JSON does not know, are written as null")
  func notFinite() {
    let values = JSON.array([.double(.infinity), .double(-.infinity), .double(.nan)])
    #expect(values.encodedText == "[null,null,null]")
  }

  @Test("Quotes, backslashes and each control character are escaped, so that a value stays on its line")
  func escapes() throws {
    #expect(JSON.string("a\"b\\c/\n\r\t").encodedText == #""a\"b\\c/\n\r\t""#)
    #expect(JSON.string("\u{0}\u{1F}\u{7F}").encodedText == #""\u0000\u001f\u007f""#)
    #expect(JSON.string("é€😀").encodedText == "\"é€😀\"")
    for code in 0..<0x100 {
      let text = "x\(Character(Unicode.Scalar(UInt8(code))))y"
      let encoded = JSON.string(text).encoded
      #expect(encoded.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "U+\(code) went out raw")
      #expect(try JSONReader.read(encoded) == .string(text))
    }
  }

  @Test("A writer that is used again goes on after what it has written")
  func reuse() {
    var writer = JSONWriter()
    writer.write([1])
    writer.raw("\n")
    writer.write("x")
    #expect(String(decoding: writer.bytes, as: UTF8.self) == "[1]\n\"x\"")
  }
}

@Suite struct JSONValueTests {
  @Test("A member is found by name, changed in its place, and removed by nil")
  func members() {
    var object: JSONObject = ["a": 1, "b": 2]
    object["a"] = 3
    object["c"] = nil
    object["d"] = .null
    #expect(JSON.object(object).encodedText == #"{"a":3,"b":2,"d":null}"#)
    object["b"] = nil
    #expect(object["b"] == nil)
    #expect(object["d"] == .null)
    #expect(JSON.object(object).encodedText == #"{"a":3,"d":null}"#)
  }

  @Test("Asking a value for what it is not answers nil")
  func mismatches() {
    let values: [JSON] = [nil, true, 1, .double(1.5), "s", [1], ["k": 1]]
    #expect(values.map { $0.string != nil } == [false, false, false, false, true, false, false])
    #expect(values.map { $0.int != nil } == [false, false, true, false, false, false, false])
    #expect(values.map { $0.bool != nil } == [false, true, false, false, false, false, false])
    #expect(values.map { $0.array != nil } == [false, false, false, false, false, true, false])
    #expect(values.map { $0["k"] != nil } == [false, false, false, false, false, false, true])
    #expect(values.map(\.isNull) == [true, false, false, false, false, false, false])
  }

  @Test("A double without a fraction counts as a whole number, where a word holds it")
  func wholeDoubles() {
    #expect(JSON.double(3).int == 3)
    #expect(JSON.double(-0.0).int == 0)
    #expect(JSON.double(3.5).int == nil)
    #expect(JSON.double(1e19).int == nil)
    #expect(JSON.double(.nan).int == nil)
  }

  @Test("A record leaves out what is nil and keeps what is null")
  func records() {
    let record = JSON.record(["a": nil, "b": .null, "c": .text(nil), "d": .number(4)])
    #expect(record.encodedText == #"{"b":null,"d":4}"#)
  }
}
