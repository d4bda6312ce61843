import ArrobaJSON
import Testing

@Suite struct JSONIndentedTests {
  @Test("A file reads well: a member a line, what is empty on one")
  func reads() {
    let json: JSON = ["a": ["b": 1, "c": []], "d": [true, ["e": "x\n"]], "f": [:], "g": nil]
    let text = """
      {
        "a": {
          "b": 1,
          "c": []
        },
        "d": [
          true,
          {
            "e": "x\\n"
          }
        ],
        "f": {},
        "g": null
      }

      """
    #expect(String(decoding: json.indented, as: UTF8.self) == text)
  }

  @Test("It is the same value as before", arguments: ["1", "[]", "{}", #"{"a":[1,2.5,{"b":null}]}"#])
  func same(text: String) throws {
    let json = try JSONReader.read(Array(text.utf8))
    #expect(try JSONReader.read(json.indented) == json)
  }
}
