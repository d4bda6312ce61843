import ArrobaJSON
import ArrobaTime
import Testing

@testable import ArrobaCLI

@Suite("What stands above the prompt line")
struct TalkStatusTests {
  private func conversation(_ events: [JSON], _ voices: [JSON] = [TalkSample.voice()]) -> Conversation {
    var talk = Conversation(session: TalkSample.whole(voices))
    for event in events { _ = talk.apply(event) }
    return talk
  }

  private func line(_ events: [JSON]) -> String? {
    conversation(events).voices.first.flatMap { TalkStatus.line(of: $0, nowMs: Sample.nowMs)?.text }
  }

  private var working: [JSON] {
    [
      TalkSample.event(1, "prompt.dispatched"),
      TalkSample.event(2, "agent.activity", ["state": "working"], prompt: nil),
    ]
  }

  @Test("What an agent does is told with its age, what waits, and what it called")
  func lines() {
    #expect(line([]) == nil)
    #expect(line(working) == "working 3m")
    let queued = TalkSample.event(3, "prompt.submitted", ["text": "x"], prompt: "p_2")
    let tool = TalkSample.event(
      4, "item.started",
      ["item": "i_1", "type": "tool", "tool": TalkSample.tool(status: "running", output: "a\nb \u{1B}[2J")])
    #expect(line(working + [queued, tool]) == "working 3m · 1 queued · [bash] du -sh . (3m) · b \u{FFFD}[2J")
    #expect(line(working + [TalkSample.event(5, "prompt.cancelling")]) == "cancelling")
    let failed = TalkSample.event(
      6, "agent.activity", ["state": "failed", "reason": "no login"], prompt: nil)
    #expect(line([failed]) == "failed: no login")
    #expect(TalkStatus.isCounting(conversation(working)) && !TalkStatus.isCounting(conversation([])))
  }

  @Test("What is asked is shown in full of those who are shown; of the others, that they ask")
  func asks() {
    let talk = conversation(
      [TalkSample.opened(1)], [TalkSample.voice(alias: "coder"), TalkSample.voice("a_2")])
    #expect(
      TalkStatus.asks(talk, isShown: { _ in true }).map(\.1.text) == [
        "? run du -sh .", "  1 allow once", "  2 always allow – du *", "  3 deny", "  answer with a number",
      ])
    #expect(
      TalkStatus.asks(talk, isShown: { _ in false }).map(\.1.text) == [
        "? coder asks: run du -sh . (Ctrl-A goes there)"
      ])
  }

  @Test("The prompt line says whom it goes to, where there are several or it goes to nobody")
  func prompt() {
    #expect(TalkStatus.prompt(nil) == "> " && TalkStatus.prompt(conversation([])) == "> ")
    let two = conversation([], [TalkSample.voice(alias: "coder"), TalkSample.voice("a_2")])
    #expect(TalkStatus.prompt(two) == "coder> ")
    #expect(TalkStatus.prompt(conversation([], [Sample.agent()])) == "a_klmn (terminal)> ")
  }
}
