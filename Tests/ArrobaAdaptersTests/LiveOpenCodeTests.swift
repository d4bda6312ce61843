import ArrobaLoop
import ArrobaModel
import ArrobaSupervision
import ArrobaProvider
import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

@testable import ArrobaAdapters

/// The real OpenCode with a scripted model. Runs with `scripts/test --live`, which says in ARROBA_LIVE_ENV where the
/// environment of its sandbox is written.
@Suite(.enabled(if: LiveEnvironment.isThere), .serialized) @LoopActor
struct LiveOpenCodeTests {
  private let environment: [String: String]
  private let project: String

  init() throws {
    environment = try LiveEnvironment.variables()
    project = try LiveEnvironment.project()
  }

  private func opened(_ opencode: OpenCodeUnderTest, in directory: String? = nil) async -> ConversationProbe {
    let probe = ConversationProbe(opencode, directory: directory ?? project)
    #expect(await probe.opened().hasPrefix("ses_"))
    return probe
  }

  private func with(_ body: (OpenCodeUnderTest) async -> Void) async {
    let opencode = OpenCodeUnderTest(environment)
    await body(opencode)
    await opencode.stop()
    #expect(opencode.children.living.isEmpty)
  }

  // A start of OpenCode takes seconds: what goes together has one.

  @Test(
    "Prompts are answered; commands, questions and agents within the agent ask; two workspaces share a server"
  )
  func conversation() async {
    await with { opencode in
      await plain(opencode)
      await permission(opencode)
      await question(opencode)
      await child(opencode)
      await workspaces(opencode)
    }
  }

  @Test("Turns are cancelled wherever they are, also before they are taken; errors end them as what they are")
  func ends() async {
    await with { opencode in
      await cancelledAtOnce(opencode)
      await cancelling(opencode)
      await errors(opencode)
    }
  }

  @Test("A server that is killed in mid turn interrupts the turn; the next prompt starts another one")
  func serverKilled() async { await with { opencode in await killed(opencode) } }

  private func plain(_ opencode: OpenCodeUnderTest) async {
    let probe = await opened(opencode)
    probe.submit("p_1", "[[fake:plain]] hello")
    #expect(await probe.end(of: "p_1") == TurnEnd(.completed, proof: "idle, finish stop"))
    #expect(probe.transcript(of: "p_1") == ["text Hello from the scripted model. This is plain text."])
    probe.submit("p_2", "[[fake:reasoning]] think")
    #expect(await probe.end(of: "p_2").outcome == .completed)
    #expect(probe.transcript(of: "p_2") == ["reasoning Let me think about it.", "text Reasoned answer."])
  }

  private func permission(_ opencode: OpenCodeUnderTest) async {
    let probe = await opened(opencode)
    probe.submit("p_1", "[[fake:bash|echo once]]")
    let ask = await probe.ask()
    #expect(ask.title == "run echo once")
    probe.conversation?.answer(ask.key, with: AskAnswer(choices: ["once"]))
    #expect(await probe.end(of: "p_1").outcome == .completed)
    #expect(probe.transcript(of: "p_1").contains("bash echo once completed"))
    probe.submit("p_2", "[[fake:bash|ls -l]]")
    probe.conversation?.answer(await probe.ask(2).key, with: AskAnswer(choices: ["reject"]))
    #expect(await probe.end(of: "p_2").outcome == .cancelled)
  }

  private func question(_ opencode: OpenCodeUnderTest) async {
    let probe = await opened(opencode)
    probe.submit("p_1", "[[fake:question]]")
    let ask = await probe.ask()
    #expect(ask.title == "Which color?")
    probe.conversation?.answer(ask.key, with: AskAnswer(choices: ["2"]))
    #expect(await probe.end(of: "p_1").outcome == .completed)
  }

  private func child(_ opencode: OpenCodeUnderTest) async {
    let probe = await opened(opencode)
    probe.submit("p_1", "[[fake:task|bash~uname -a]]")
    let ask = await probe.ask()
    #expect(ask.subagent == "general")
    probe.conversation?.answer(ask.key, with: AskAnswer(choices: ["once"]))
    #expect(await probe.end(of: "p_1").outcome == .completed)
  }

  private func cancelling(_ opencode: OpenCodeUnderTest) async {
    let probe = await opened(opencode)
    probe.submit("p_1", "[[fake:slow|60]]")
    _ = await probe.first { if case .itemDelta = $0.what { true } else { false } }
    probe.conversation?.cancel(PromptID("p_1"), force: false)
    #expect(await probe.end(of: "p_1").outcome == .cancelled)

    probe.submit("p_2", "[[fake:bash|echo begin; sleep 45]]")
    probe.conversation?.answer(await probe.ask().key, with: AskAnswer(choices: ["once"]))
    _ = await probe.first { if case .itemDelta(_, "begin\n") = $0.what { true } else { false } }
    probe.conversation?.cancel(PromptID("p_2"), force: false)
    #expect(await probe.end(of: "p_2").outcome == .cancelled)

    probe.submit("p_3", "[[fake:bash|echo never]]")
    let ask = await probe.ask(2)
    probe.conversation?.cancel(PromptID("p_3"), force: false)
    #expect(await probe.end(of: "p_3").outcome == .cancelled)
    _ = await probe.first { if case .askWithdrawn(ask.key, _) = $0.what { true } else { false } }

    probe.submit("p_4", "[[fake:plain]]")
    #expect(await probe.end(of: "p_4").outcome == .completed)
  }

  private func cancelledAtOnce(_ opencode: OpenCodeUnderTest) async {
    // Where nobody has prompted before.
    let place = TemporaryDirectory()
    let probe = await opened(opencode, in: place.path)
    for number in 1...5 {
      probe.submit("p_\(number)", "[[fake:plain]] \(number)")
      probe.conversation?.cancel(PromptID("p_\(number)"), force: false)
      let end = await probe.end(of: "p_\(number)")
      #expect(end.outcome == .cancelled, "\(end)")
    }
    probe.submit("p_9", "[[fake:plain]]")
    let end = await probe.end(of: "p_9")
    #expect(end.outcome == .completed, "\(end)")
  }

  private func errors(_ opencode: OpenCodeUnderTest) async {
    let probe = await opened(opencode)
    for (index, (marker, failure)) in [("err401", TurnFailure.authentication), ("err400", .invalidRequest)]
      .enumerated()
    {
      probe.submit("p_\(index)", "[[fake:\(marker)]]")
      #expect(await probe.end(of: "p_\(index)").outcome == .failed(failure))
    }
    probe.submit("p_8", "[[fake:err429]]")
    _ = await probe.first { if case .retrying = $0.what { true } else { false } }
    probe.conversation?.cancel(PromptID("p_8"), force: false)
    #expect(await probe.end(of: "p_8").outcome == .cancelled)
    probe.submit("p_9", "[[fake:flaky500|live]]")
    #expect(await probe.end(of: "p_9").outcome == .completed)
  }

  @Test("A daemon that restarts in mid turn adopts the server, and the turn ends by proof")
  func restart() async throws {
    let opencode = OpenCodeUnderTest(environment)
    let probe = ConversationProbe(opencode, directory: project)
    let session = await probe.opened()
    probe.submit("p_1", "[[fake:slow|4]]")
    let accepted = await probe.first { if case .accepted = $0.what { true } else { false } }
    _ = await probe.first { if case .itemDelta = $0.what { true } else { false } }
    guard case .accepted(let mark) = accepted.what else { return }
    let pid = opencode.children.living.values.first
    opencode.restart()
    let next = ConversationProbe(opencode, directory: project, resume: session)
    next.conversation?.settle(
      UnsettledTurn(
        id: PromptID("p_1"), text: "[[fake:slow|4]]", dispatchedAt: Instant(ms: Clock.wallMs()), mark: mark,
        cancelledAt: nil))
    let end = await next.end(of: "p_1")
    #expect(end == TurnEnd(.completed, proof: "idle, finish stop"))
    #expect(next.transcript(of: "p_1").first?.hasPrefix("text tick 1 tick 2") == true)
    #expect(opencode.children.living.values.first == pid)
    next.submit("p_2", "[[fake:plain]]")
    #expect(await next.end(of: "p_2").outcome == .completed)
    await opencode.stop()
  }

  private func killed(_ opencode: OpenCodeUnderTest) async {
    let probe = await opened(opencode)
    probe.submit("p_1", "[[fake:slow|60]]")
    _ = await probe.first { if case .itemDelta = $0.what { true } else { false } }
    for pid in opencode.children.living.values { kill(pid_t(-pid), SIGKILL) }
    #expect(await probe.end(of: "p_1").outcome == .interrupted)
    probe.submit("p_2", "[[fake:plain]]")
    #expect(await probe.end(of: "p_2").outcome == .completed)
  }

  private func workspaces(_ opencode: OpenCodeUnderTest) async {
    let other = TemporaryDirectory()
    let probe = await opened(opencode)
    let second = ConversationProbe(opencode, directory: other.path)
    _ = await second.opened()
    probe.submit("p_1", "[[fake:slow|2]]")
    second.submit("p_2", "[[fake:plain]]")
    #expect(await probe.end(of: "p_1").outcome == .completed)
    #expect(await second.end(of: "p_2").outcome == .completed)
    #expect(second.transcript(of: "p_2") == ["text Hello from the scripted model. This is plain text."])
    #expect(opencode.children.living.count == 1)
  }
}
