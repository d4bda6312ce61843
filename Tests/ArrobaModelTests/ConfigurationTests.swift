import ArrobaJSON
import ArrobaModel
import Testing

/// What a file of the configuration comes to.
@Suite struct ConfigurationTests {
  private static func read(_ text: String) throws -> ConfigurationReading {
    ConfigurationReading(try #require(JSONReader.read(Array(text.utf8)).object))
  }

  private static let understood: [(String, AskRule)] = [
    ("{}", AskRule()), (#"{"asks":{}}"#, AskRule()), (#"{"asks":null}"#, AskRule()),
    (#"{"asks":{"deadlineMs":null,"onDeadline":null}}"#, AskRule()),
    (#"{"asks":{"deadlineMs":1000}}"#, AskRule(deadlineMs: 1000, onDeadline: .deny)),
    (
      #"{"asks":{"deadlineMs":2678400000,"onDeadline":"fail"}}"#,
      AskRule(deadlineMs: 2_678_400_000, onDeadline: .fail)
    ),
    (#"{"asks":{"onDeadline":"deny"}}"#, AskRule()),
  ]

  @Test("What is set holds, and what is not set is as usual", arguments: understood)
  func reads(text: String, rule: AskRule) throws {
    let reading = try Self.read(text)
    #expect(reading.configuration.asks == rule && reading.faults.isEmpty && reading.unknown.isEmpty)
  }

  private static let whole = "a whole number from 1000 to 2678400000, or null for none"
  private static let wrong: [(String, String)] = [
    (#"{"asks":{"deadlineMs":999}}"#, "asks.deadlineMs: 999 came; allowed: \(whole)"),
    (#"{"asks":{"deadlineMs":2678400001}}"#, "asks.deadlineMs: 2678400001 came; allowed: \(whole)"),
    (#"{"asks":{"deadlineMs":"soon"}}"#, "asks.deadlineMs: 'soon' came; allowed: \(whole)"),
    (#"{"asks":{"deadlineMs":1500.5}}"#, "asks.deadlineMs: a number came; allowed: \(whole)"),
    (#"{"asks":{"deadlineMs":true}}"#, "asks.deadlineMs: a boolean came; allowed: \(whole)"),
    (#"{"asks":{"onDeadline":"allow"}}"#, "asks.onDeadline: 'allow' came; allowed: deny or fail"),
    (#"{"asks":{"onDeadline":{}}}"#, "asks.onDeadline: an object came; allowed: deny or fail"),
    (#"{"asks":[]}"#, "asks: an array came; allowed: an object"),
  ]

  @Test("What will not do is named, with why and what would; its default holds", arguments: wrong)
  func faults(text: String, words: String) throws {
    let reading = try Self.read(text)
    #expect(reading.faults.map(\.words) == [words])
    #expect(reading.configuration == Configuration())
  }

  @Test("One wrong value takes none of the others with it, and what is not known is told by its way")
  func others() throws {
    let reading = try Self.read(
      #"{"asks":{"deadlineMs":5000,"onDeadline":"x","later":1},"providers":{"a":{}},"asks.deadlineMs":7}"#)
    #expect(reading.configuration.asks == AskRule(deadlineMs: 5000, onDeadline: .deny))
    #expect(reading.faults.map(\.key) == ["asks.onDeadline"])
    #expect(reading.unknown == ["asks.later", "providers", "asks.deadlineMs"])
  }

  @Test("All that holds is told, defaults included")
  func told() throws {
    #expect(Configuration().json == ["asks": ["deadlineMs": nil, "onDeadline": "deny"]])
    let reading = try Self.read(#"{"asks":{"deadlineMs":5000}}"#)
    #expect(reading.configuration.json["asks"]?["deadlineMs"] == 5000)
    // And read back it is the same.
    let again = ConfigurationReading(try #require(reading.configuration.json.object))
    #expect(again.configuration == reading.configuration && again.faults.isEmpty)
  }

  @Test("A value is put in its place and taken out again, and all beside it stays")
  func places() {
    var file: JSONObject = ["asks": ["later": [1, 2]], "x": 1]
    file.set(["asks", "deadlineMs"], to: 5000)
    #expect(file == ["asks": ["later": [1, 2], "deadlineMs": 5000], "x": 1])
    file.set(["asks", "deadlineMs"], to: nil)
    file.set(["none", "there"], to: nil)
    #expect(file == ["asks": ["later": [1, 2]], "x": 1])
    file.set(["x", "y"], to: true)
    #expect(file["x"] == ["y": true])
  }
}
