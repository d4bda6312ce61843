import ArrobaJSON
import Testing

@testable import ArrobaCLI

@Suite("Asks, and answers to them")
struct OpenAskTests {
  private func ask(_ json: JSON) throws -> OpenAsk { try #require(OpenAsk(json)) }

  @Test(
    "A choice is named by its number, its id or its label",
    arguments: [
      ("1", "once"), ("2", "always"), ("3", "reject"), ("once", "once"), ("Deny", "reject"),
      (" always allow ", "always"), ("approve", "approve"), ("deny", "reject"),
    ])
  func choices(_ words: String, _ id: String) throws {
    let ask = try ask(TalkSample.ask())
    #expect(ask.answer(words, note: nil) == ["choice": .string(id)])
    #expect(ask.answer(words, note: "why") == ["choice": .string(id), "note": "why"])
  }

  @Test(
    "What names no choice is no answer, unless the ask takes words", arguments: ["4", "0", "", "yes please"])
  func words(_ words: String) throws {
    #expect(try ask(TalkSample.ask()).answer(words, note: nil) == nil)
    let open = try ask(TalkSample.question(takesText: true))
    #expect(open.answer(words, note: nil) == (words.isEmpty ? nil : ["note": .string(words)]))
    #expect(open.answer("2", note: nil) == ["choice": "2"])
  }

  @Test("Several choices are several numbers, where the ask takes several")
  func several() throws {
    let ask = try ask(TalkSample.question(takesSeveral: true))
    #expect(ask.answer("1,2", note: nil) == ["choice": ["1", "2"]])
    #expect(ask.answer("2 1", note: nil) == ["choice": ["2", "1"]])
    #expect(ask.answer("1,9", note: nil) == nil)
    #expect(try self.ask(TalkSample.question()).answer("1,2", note: nil) == nil)
  }

  @Test("An answer is told by its labels and its note")
  func told() throws {
    let ask = try ask(TalkSample.ask())
    #expect(ask.words(of: ["choices": ["once"]]) == "allow once")
    #expect(ask.words(of: ["choices": ["reject"], "note": "no"]) == "deny: no")
    #expect(ask.words(of: ["choices": ["new"]]) == "new" && ask.words(of: ["choices": []]) == "answered")
    #expect(ask.denies(["reject"]) && !ask.denies(["once"]))
  }

  @Test("An event and a list tell of the same ask")
  func event() throws {
    #expect(try OpenAsk(event: TalkSample.opened(9)) == ask(TalkSample.ask()))
    #expect(OpenAsk(["title": "x"]) == nil && OpenAsk(event: [:]) == nil)
  }

  @Test("An ask is shown with its choices by number, and nothing in it moves a cursor")
  func shown() throws {
    var json = TalkSample.ask().object ?? JSONObject()
    json["title"] = "run \u{1B}[2Jx"
    json["detail"] = .string((1...14).map { "\tline \($0)" }.joined(separator: "\r\n"))
    let lines = TalkText.ask(try ask(.object(json)))
    #expect(lines.first == "? run \u{FFFD}[2Jx" && lines[1] == "        line 1")
    #expect(lines[13] == "    … 2 more lines")
    #expect(lines.suffix(3) == ["  1 allow once", "  2 always allow – du *", "  3 deny"])
  }
}
