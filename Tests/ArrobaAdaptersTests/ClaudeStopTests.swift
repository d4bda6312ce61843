import ArrobaJSON
import ArrobaModel
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

@Suite("A turn of Claude Code's that is told to stop")
struct ClaudeStopTests {
  private let id = PromptID("p_1")

  private func translator() -> ClaudeTranslator {
    var translator = ClaudeTranslator(run: RunID("r_1"))
    translator.begin(id)
    return translator
  }

  private func interrupts(_ translator: inout ClaudeTranslator) -> Int {
    translator.takeWishes().count { wish in
      if case .send(let call) = wish { call["request"]?["subtype"] == "interrupt" } else { false }
    }
  }

  private func end(_ translator: inout ClaudeTranslator) -> TurnEnd? {
    for signal in translator.takeSignals() { if case .turnEnded(let end) = signal.what { return end } }
    return nil
  }

  private var begins: JSON {
    ["type": "command_lifecycle", "state": "started", "command_uuid": .string(ClaudeCalls.mark(of: id))]
  }
  private let success: JSON = [
    "type": "result", "subtype": "success", "is_error": false, "result": "done",
    "terminal_reason": "completed",
  ]

  @Test(
    "Before it begins it is interrupted again when it does; what runs to its end all the same was cancelled")
  func early() {
    var translator = translator()
    translator.cancel(id, force: false, nowMs: 0)
    #expect(interrupts(&translator) == 1)
    translator.take(begins, nowMs: 1)
    #expect(interrupts(&translator) == 1)
    translator.take(success, nowMs: 2)
    #expect(end(&translator)?.outcome == .cancelled)
  }

  @Test("What was under way and comes to its end before the interrupt does is completed")
  func late() {
    var translator = translator()
    translator.take(begins, nowMs: 0)
    translator.cancel(id, force: false, nowMs: 1)
    #expect(interrupts(&translator) == 1)
    translator.take(success, nowMs: 2)
    #expect(end(&translator)?.outcome == .completed)
  }
}
