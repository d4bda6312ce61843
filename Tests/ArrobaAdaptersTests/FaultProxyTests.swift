import ArrobaLoop
import ArrobaModel
import ArrobaProvider
import ArrobaSystem
import ArrobaTestSupport
import Testing

@testable import ArrobaAdapters

/// A whole conversation with `arroba-scripted` over a stream that is disturbed all the time: it comes to what it comes to
/// without that, and keeps all the laws.
@Suite(.timeLimit(.minutes(2))) @LoopActor
struct FaultProxyTests {
  /// `arroba-scripted` behind a proxy, as OpenCode's server. Its prompts are the scripted contestant's.
  private final class Disturbed: Contestant {
    let provider: any ConversationProvider
    private let inner = ScriptedContestant(environment: [:])
    private let place = TemporaryDirectory()
    private let children = LocalChildren()
    private let proxy: FaultProxy

    init(_ fault: FaultProxy.Fault) throws {
      let note = place.path("port")
      proxy = try FaultProxy(fault) {
        let text = (try? Files.read(note, atMost: 100)) ?? []  // not yet there
        return Int(String(decoding: text.dropLast(), as: UTF8.self))
      }
      let program = place.path("opencode")
      try ProgramFile.write(
        program,
        """
        #!/bin/sh
        echo "$5" > '\(note)'
        '\(DaemonUnderTest.beside("arroba-scripted"))' serve --hostname 127.0.0.1 --port "$5" |
          while read -r line; do
            case "$line" in *"listening on"*) line="opencode server listening on \(proxy.base)" ;; esac
            echo "$line"
          done

        """)
      var patience = OpenCodePatience()
      patience.firstDelayMs = 1
      patience.longestDelayMs = 1
      provider = OpenCodeProvider(
        environment: [
          "PATH": "/usr/bin:/bin", "HOME": place.path, "ARROBA_OPENCODE_BIN": program,
          "ARROBA_SCRIPTED_DATA": place.path("data"),
        ], state: place.path("state"), host: children, patience: patience)
    }

    var directory: String { inner.directory }
    var strangers: [String] { inner.strangers }
    func prompt(_ situation: Situation) -> String { inner.prompt(situation) }
    func letGo() throws { try inner.letGo() }
    func restart() {}
    func killServer() {}

    func stop() async {
      await withCheckedContinuation { continuation in provider.stopAll { continuation.resume() } }
      children.killAll()
      await inner.stop()
    }
  }

  private func with(
    _ fault: FaultProxy.Fault, _ body: (any Contestant, Witness) async throws -> Void
  ) async throws {
    let contestant = try Disturbed(fault)
    let witness = Witness(contestant)
    do {
      _ = try await witness.opened()
      try await body(contestant, witness)
    } catch {
      Issue.record(error)
    }
    witness.expectLawful()
    await contestant.stop()
  }

  @Test("Turns end as what they were, and their items are whole", arguments: FaultProxy.Fault.allCases)
  func turns(fault: FaultProxy.Fault) async throws {
    try await with(fault) { contestant, witness in
      let rows: [(Situation, TurnEnd.Outcome, [String])] = [
        (.plain, .completed, ["text You said: hello"]),
        (.reasoning, .completed, ["reasoning Let me think about it.", "text Reasoned answer."]),
        (
          .tool, .completed,
          ["text I will use a tool.", "bash echo hello completed", "text Done after 1 tool result(s)."]
        ),
        (.unauthorized, .failed(.authentication), []),
        (.passingFailure, .completed, ["text Answered after 2 failed attempts."]),
        (.child, .completed, ["text Hello from", "task ", "text Done after 1"]),
      ]
      for (number, (situation, outcome, transcript)) in rows.enumerated() {
        witness.submit("p_\(number)", contestant.prompt(situation))
        let end = try await witness.end(of: "p_\(number)")
        #expect(end.outcome == outcome, "\(situation): \(end)")
        // What was missed comes by another way, an agent's within the agent behind what came of it.
        let lines = witness.heard.transcript(of: "p_\(number)").sorted()
        let wanted = transcript.sorted()
        #expect(
          lines.count == wanted.count && zip(lines, wanted).allSatisfy { $0.hasPrefix($1) },
          "\(situation): \(lines)")
      }
    }
  }

  @Test("What is asked arrives, and its answer as well", arguments: FaultProxy.Fault.allCases)
  func asks(fault: FaultProxy.Fault) async throws {
    try await with(fault) { contestant, witness in
      for (number, situation) in [Situation.permission, .question, .childPermission].enumerated() {
        witness.submit("p_\(number)", contestant.prompt(situation))
        let ask = try await witness.ask("p_\(number)")
        witness.answer(ask, try #require(ask.choices.first).id)
        #expect(try await witness.end(of: "p_\(number)").outcome == .completed, "\(situation)")
        #expect(witness.heard.asks(of: "p_\(number)").count == 1, "\(situation)")
      }
      witness.submit("p_8", contestant.prompt(.permission))
      let ask = try await witness.ask("p_8")
      witness.answer(ask, try #require(ask.choices.first { $0.effect == .deny }).id)
      #expect(try await witness.end(of: "p_8").outcome == .cancelled)
    }
  }

  @Test("Turns are cancelled in a text, a tool and an ask", arguments: FaultProxy.Fault.allCases)
  func cancelling(fault: FaultProxy.Fault) async throws {
    try await with(fault) { contestant, witness in
      for (number, situation) in [Situation.heldText, .heldTool, .question].enumerated() {
        witness.submit("p_\(number)", contestant.prompt(situation))
        switch (situation, fault) {
        case (.question, _): _ = try await witness.ask("p_\(number)")
        // Of a text that began unheard nothing is known until it is complete.
        case (.heldText, .cut): _ = try await witness.accepted("p_\(number)")
        default: try await witness.text("p_\(number)")
        }
        witness.cancel("p_\(number)")
        #expect(try await witness.end(of: "p_\(number)").outcome == .cancelled, "\(situation)")
      }
      witness.submit("p_9", contestant.prompt(.plain))
      #expect(try await witness.end(of: "p_9").outcome == .completed)
    }
  }
}
