import ArrobaJSON
import ArrobaSystem
import ArrobaTerminal
import ArrobaTestSupport
import ArrobaWire
import Synchronization
import Testing

@testable import ArrobaCLI

/// The prompt line at a terminal of the test's, with a daemon of the test's; what only the real programs show is in the
/// journeys.
@Suite("The prompt line at a terminal")
struct TerminalTalkTests {
  /// The test waits for the user's thread before it looks at the seat again.
  private struct Person: @unchecked Sendable {
    let seat: SeatUnderTest

    func type(_ text: String) throws { try seat.type(text) }

    /// What is on the screen, without the empty rows at its end.
    var rows: [String] {
      _ = seat.sees("all that is there")
      var screen = Screen(columns: 80, rows: 24, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
      screen.feed(Array(seat.seen.utf8))
      var rows = screen.textRows(history: 100)
      while rows.last == "" { rows.removeLast() }
      return rows
    }

    func wait(_ what: String, until isSo: ([String]) -> Bool) throws {
      do { try Deadline.until(what) { isSo(rows) } } catch { throw Silence("waited for \(what): \(rows)") }
    }
  }

  private func talk(
    _ handlers: [String: FakeDaemon.Handler], user: @escaping @Sendable (Person) throws -> Void
  ) throws -> (code: Int32, rows: [String], daemon: FakeDaemon) {
    var all: [String: FakeDaemon.Handler] = [
      "prompt.list": { _, _ in .result(["prompts": [], "asOf": 7]) },
      "ask.list": { _, _ in .result(["asks": [], "asOf": 7]) },
      "session.get": { _, _ in .result(TalkSample.whole()) },
      "session.history": { _, _ in .result(["items": [], "next": nil, "asOf": 7]) },
      "events.subscribe": { _, _ in .lines([TalkSample.subscribed]) },
      "prompt.submit": { _, _ in .result(TalkSample.prompt()) },
    ]
    for (method, handler) in handlers { all[method] = handler }
    let daemon = try FakeDaemon(all)
    defer { daemon.end() }
    let seat = try SeatUnderTest.terminal()
    defer { seat.close() }
    let person = Person(seat: seat)
    let before = seat.lineModes
    let fault = Mutex("")
    let isDone = Mutex(false)
    Threads.start("user") {
      do { try user(person) } catch {
        fault.withLock { $0 = "\(error)" }
        // Whatever it was: the loop must end.
        try? person.type("\u{3}\u{3}")  // it may be gone
      }
      isDone.withLock { $0 = true }
    }
    let run = ToolRun(["talk", "build"], in: daemon.house, ["TERM": "xterm"], at: seat.seat)
    try Deadline.until("the user") { isDone.withLock { $0 } }
    let trouble = fault.withLock { $0 }
    #expect(trouble == "")
    #expect(daemon.faults == [] && run.error == "")
    #expect(seat.lineModes == before, "the line discipline is as it was")
    _ = seat.sees("all that is there")
    #expect(seat.seen.contains("\u{1B}[?2004h") && seat.seen.hasSuffix("\u{1B}[?2004l"))
    return (run.code, person.rows, daemon)
  }

  @Test("What is entered before the session is known is sent when it is")
  func early() throws {
    let entered = Mark()
    let (code, _, daemon) = try talk(
      [
        "session.history": { _, _ in
          try? Deadline.until("the early line") { entered.isSo }  // then the test fails
          return .result(["items": [], "next": nil, "asOf": 7])
        }
      ],
      user: { person in
        try person.wait("the prompt line") { $0.last == ">" }
        try person.type("early")
        try person.wait("the line") { $0.last == "> early" }
        try person.type("\r")
        try person.wait("that it is entered") { $0.last == ">" }
        entered.set()
        try person.wait("the session") { $0.first == "[build: opencode, m/1; /help helps]" }
        try person.type("later\r")
        try person.wait("that it is entered") { $0.last == ">" }
        try person.type("\u{4}")
      })
    #expect(code == 0)
    #expect(
      daemon.requests.filter { $0.method == "prompt.submit" }.map { $0.params["text"] } == ["early", "later"])
  }

  /// Something that has happened, seen from several threads.
  private final class Mark: Sendable {
    private let state = Mutex(false)
    var isSo: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
  }

  @Test("A prompt that is refused stands above the line with the daemon's words, and can be had back")
  func refused() throws {
    let error = WireError(kind: .overloaded, message: "256 prompts wait already", hint: "wait")
    let (code, rows, _) = try talk(
      ["prompt.submit": { _, _ in .error(error) }],
      user: { person in
        try person.wait("the session") { $0.first?.hasPrefix("[build") == true && $0.last == ">" }
        try person.type("one\u{1B}\rtwo\r")
        try person.wait("the refusal") { rows in
          rows.suffix(5) == ["> one", "  two", "arroba: 256 prompts wait already", "hint: wait", ">"]
        }
        try person.type("\u{1B}[A")
        try person.wait("the line again") { $0.suffix(2) == ["> one", "  two"] }
        try person.type("\u{3}\u{3}")
      })
    #expect(code == 0)
    #expect(rows.suffix(2) == ["arroba: 256 prompts wait already", "hint: wait"])
  }

  @Test("A paste is text, whatever is in it; the ask stands above the line until it is answered")
  func paste() throws {
    let answered = TalkSample.event(9, "ask.answered", ["ask": "q_222222", "choices": ["once"]], by: "c_9")
    let (_, rows, daemon) = try talk(
      [
        "events.subscribe": { _, _ in
          .lines([TalkSample.subscribed, TalkSample.line(TalkSample.opened(8))])
        },
        "prompt.submit": { _, _ in
          .lines([TalkSample.answer(TalkSample.prompt()), TalkSample.line(answered)])
        },
      ],
      user: { person in
        try person.wait("the ask") { $0.suffix(6).first == "? run du -sh ." && $0.last == ">" }
        try person.type("\u{1B}[200~a\r\nb\u{3}\u{4}\u{1B}[201~")
        try person.wait("the paste") { $0.suffix(2) == ["> a", "  b"] }
        try person.type("\r")
        try person.wait("the answer of another") { rows in
          rows.contains("? run du -sh . → allow once (elsewhere)") && !rows.contains("  answer with a number")
        }
        try person.type("\u{4}")
      })
    #expect(
      rows.count == 2 && daemon.requests.last { $0.method == "prompt.submit" }?.params["text"] == "a\nb")
  }
}
