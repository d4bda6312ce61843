import ArrobaJSON
import ArrobaTestSupport
import ArrobaWire
import Testing

@testable import ArrobaCLI

@Suite("A conversation without a terminal")
struct PlainTalkTests {
  /// A daemon that answers each prompt with an echo, and ends it as the test wants.
  private func daemon(ending state: String = "completed", sessions: [JSON] = []) throws -> FakeDaemon {
    try FakeDaemon([
      "session.list": { _, _ in .result(["sessions": .array(sessions), "asOf": 7]) },
      "session.create": { _, _ in .result(TalkSample.whole()) },
      "prompt.list": { _, _ in .result(["prompts": [], "asOf": 7]) },
      "ask.list": { _, _ in .result(["asks": [], "asOf": 7]) },
      "session.get": { _, _ in .result(TalkSample.whole()) },
      "session.history": { _, _ in
        .result([
          "items": [["id": "i", "type": "text", "text": "old", "agent": "a_klmnopqrst", "seq": 1]],
          "next": nil,
        ])
      },
      "events.subscribe": { _, _ in .lines([TalkSample.subscribed]) },
      "prompt.submit": { params, count in
        let id = "p_\(count)"
        let base = 10 + 10 * count
        let text = params["text"]?.string ?? ""
        return .lines([
          TalkSample.line(TalkSample.event(base, "prompt.submitted", ["text": .string(text)], prompt: id)),
          TalkSample.answer(TalkSample.prompt(id)),
          TalkSample.line(TalkSample.event(base + 1, "prompt.dispatched", prompt: id)),
          TalkSample.line(
            TalkSample.event(
              base + 2, "item.completed",
              ["item": .string("i_\(count)"), "type": "text", "text": .string("echo \(text)\u{1B}[2J")],
              prompt: id)),
          TalkSample.line(TalkSample.event(base + 3, "prompt.\(state)", ["reason": "because"], prompt: id)),
        ])
      },
    ])
  }

  private func talk(_ input: String, _ words: [String], _ daemon: FakeDaemon) throws -> ToolRun {
    let seat = try SeatUnderTest.pipe()
    try seat.typeIntoPipe(input)
    seat.endKeys()
    return ToolRun(words, in: daemon.house, at: seat.seat)
  }

  @Test("Each line is a prompt; answers are the output, harmless, and the end of the input waits for them")
  func lines() throws {
    let daemon = try daemon()
    defer { daemon.end() }
    let run = try talk("one\r\n\ntwo", ["talk", "build"], daemon)
    #expect(run.out == "echo one\u{FFFD}[2J\necho two\u{FFFD}[2J\n" && run.code == 0)
    #expect(
      daemon.requests.filter { $0.method == "prompt.submit" }.map { $0.params["text"] } == ["one", "two"])
  }

  @Test("A prompt that failed, and a line that was no sense, are the exit code")
  func failures() throws {
    let failing = try daemon(ending: "failed")
    defer { failing.end() }
    let failed = try talk("one\n", ["talk", "build"], failing)
    #expect(failed.code == 1 && failed.error.contains("failed: because\n"))
    let daemon = try daemon()
    defer { daemon.end() }
    let unknown = try talk("/frob\none\n", ["talk", "build"], daemon)
    #expect(unknown.code == 2 && unknown.out == "echo one\u{FFFD}[2J\n")
    #expect(unknown.error.hasPrefix("arroba: there is no command /frob\nhint: "))
    #expect(
      try talk("/attach\n", ["talk", "build"], daemon).error.hasPrefix("arroba: attach needs a terminal"))
  }

  @Test("arroba alone talks in the newest session that can be talked to; where there is none, one is made")
  func alone() throws {
    func session(_ id: String, at: String, voices: [JSON]) -> JSON {
      ["id": .string(id), "state": "open", "createdAt": .string(at), "agents": .array(voices)]
    }
    let daemon = try daemon(sessions: [
      session("s_old", at: "2026-01-01T00:00:00.000Z", voices: [TalkSample.voice()]),
      session("s_new", at: "2026-01-02T00:00:00.000Z", voices: [TalkSample.voice()]),
      session("s_shell", at: "2026-01-03T00:00:00.000Z", voices: [Sample.agent()]),
    ])
    defer { daemon.end() }
    #expect(try talk("one\n", [], daemon).code == 0)
    #expect(daemon.requests.first { $0.method == "session.get" }?.params["session"] == "s_new")
    #expect(!daemon.methods.contains("session.create"))
    let empty = try self.daemon()
    defer { empty.end() }
    #expect(try talk("one\n", [], empty).code == 0)
    #expect(empty.requests.first { $0.method == "session.create" }?.params["agents"]?.array?.count == 1)
  }

  @Test("Who says nothing gets no session made")
  func nothing() throws {
    let daemon = try daemon()
    defer { daemon.end() }
    #expect(
      try talk("", [], daemon)
        == ToolRun(error: "arroba: nothing was said\nhint: arroba help lists the verbs\n", code: 2))
    #expect(daemon.methods == [])
  }

  @Test("With --json the events are the output")
  func json() throws {
    let daemon = try daemon()
    defer { daemon.end() }
    let run = try talk("one\n", ["--json", "talk", "build"], daemon)
    let kinds = try run.out.split(separator: "\n").map { try JSONReader.read(Array($0.utf8))["kind"]?.string }
    #expect(kinds == ["prompt.submitted", "prompt.dispatched", "item.completed", "prompt.completed"])
  }
}
