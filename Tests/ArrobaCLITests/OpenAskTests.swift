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
      (" always allow ", "always"), ("approve", "approve"), ("deny", "reject"), ("y", "approve"),
      ("Yes", "approve"), ("n", "deny"), ("no", "deny"),
    ])
  func choices(_ words: String, _ id: String) throws {
    let ask = try ask(TalkSample.ask())
    #expect(try ask.answer(words, note: nil) == ["choice": .string(id)])
    #expect(try ask.answer(words, note: "why") == ["choice": .string(id), "note": "why"])
  }

  @Test(
    "What names no choice is no answer, unless the ask takes words",
    arguments: ["", "yes please", "4 of them"])
  func words(_ words: String) throws {
    #expect(try ask(TalkSample.ask()).answer(words, note: nil) == nil)
    let open = try ask(TalkSample.question(takesText: true))
    #expect(try open.answer(words, note: nil) == (words.isEmpty ? nil : ["note": .string(words)]))
    #expect(try open.answer("2", note: nil) == ["choice": "2"])
  }

  private static let mistakes: [(String, several: Bool, text: Bool, String)] = [
    ("9", false, false, "there is no choice 9: they are 1 to 3"),
    ("9", false, true, "there is no choice 9: they are 1 to 3"),
    ("0", false, true, "there is no choice 0: they are 1 to 3"),
    ("-1", false, true, "there is no choice -1: they are 1 to 3"),
    ("1,2", false, false, "'1,2' is several choices, and one is asked for: they are 1 to 3"),
    ("1, 2", false, true, "'1, 2' is several choices, and one is asked for: they are 1 to 3"),
    ("1,9", true, true, "there is no choice 9: they are 1 to 3"),
    ("y", false, false, "'y' is none of the choices: they are 1 to 3"),
    ("no", true, false, "'no' is none of the choices: they are 1 to 3"),
  ]

  @Test("What was meant as a choice and names none is refused, never taken as words", arguments: mistakes)
  func mistaken(_ written: String, _ several: Bool, _ text: Bool, _ message: String) throws {
    let ask = try ask(TalkSample.question(takesSeveral: several, takesText: text))
    let isNumber = written.contains { $0.isNumber }
    let hint = text && isNumber ? "a number alone is a choice; in words of your own, write more" : nil
    #expect(throws: Misuse(message, hint: hint)) { try ask.answer(written, note: nil) }
  }

  @Test("Yes and no are the choices that begin with them; without any choice a number is a word")
  func yesNo() throws {
    var json = TalkSample.question(takesText: true).object ?? JSONObject()
    #expect(try ask(.object(json)).answer("y", note: nil) == ["note": "y"])
    json["choices"] = [
      ["id": "1", "label": "Yes, go on", "effect": "option"], ["id": "2", "label": "No", "effect": "option"],
    ]
    #expect(try ask(.object(json)).answer("Y", note: nil) == ["choice": "1"])
    #expect(try ask(.object(json)).answer("no", note: nil) == ["choice": "2"])
    json["choices"] = []
    #expect(try ask(.object(json)).answer("7", note: nil) == ["note": "7"])
  }

  @Test("Several choices are several numbers, where the ask takes several")
  func several() throws {
    let ask = try ask(TalkSample.question(takesSeveral: true))
    #expect(try ask.answer("1,2", note: nil) == ["choice": ["1", "2"]])
    #expect(try ask.answer("2 1", note: nil) == ["choice": ["2", "1"]])
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
