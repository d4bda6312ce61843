import ArrobaJSON
import ArrobaModel
import ArrobaWire
import Testing

/// Prompts and asks over their life.
@Suite struct TalkTests {
  private static let first = TalkGround.first
  private static let second = TalkGround.second

  @Test("Prompts go in the order in which they came, and a moved one goes where it was moved to")
  func order() throws {
    var ground = try TalkGround(.running)
    for number in 2...5 { try ground.submit(PromptID("p_\(number)")) }
    try ground.command(.move(PromptID("p_5"), position: 1))
    try ground.command(.move(PromptID("p_2"), position: 99))
    #expect(try ground.talk().prompts.map(\.id.text) == ["p_1", "p_5", "p_3", "p_4", "p_2"])
    #expect(try ground.talk().position(of: PromptID("p_5")) == 1)
    var order: [String] = []
    while let active = try ground.talk().active {
      order.append(active.id.text)
      try ground.hear(.turnEnded(TalkGround.done), of: active.id)
    }
    #expect(order == ["p_1", "p_5", "p_3", "p_4", "p_2"])
    #expect(try ground.talk().settled.count == 5 && ground.agent().activity.state == .idle)
  }

  @Test("An agent that has a prompt on its way is not idle, whatever its provider says")
  func neverIdleInBetween() throws {
    var ground = try TalkGround(.queued)
    try ground.hear(.turnEnded(TalkGround.done), of: Self.first)
    try ground.hear(.activity(.idle, reason: nil))
    #expect(try ground.agent().activity.state == .working)
  }

  @Test("Why the last turn ended as it did is still said when its provider is idle")
  func reasonStays() throws {
    var ground = try TalkGround(.running)
    try ground.hear(
      .turnEnded(TurnEnd(.failed(.authentication), reason: "no key", proof: "idle")), of: Self.first)
    try ground.hear(.activity(.idle, reason: nil))
    #expect(try ground.agent().activity.reason == "failed: no key")
  }

  @Test("A prompt that was never taken failed; one that was taken and lost its conversation is interrupted")
  func failed() throws {
    for (state, expected) in [(TalkGround.State.dispatching, "failed"), (.running, "interrupted")] {
      var ground = try TalkGround(state)
      try ground.submit(Self.second)
      try ground.hear(.failed(reason: "no server", hint: "install it"))
      try ground.hear(.turnEnded(TurnEnd(.failed(.notAccepted), reason: "x", proof: "y")), of: Self.first)
      let talk = try ground.talk()
      #expect(talk.settled.map { "\($0.id.text) \($0.state.rawValue)" } == ["p_1 \(expected)"])
      #expect(talk.settled.first?.end?.reason == "no server (install it)")
      // The one behind it was not sent, and waits for somebody to try again.
      #expect(talk.queued.map(\.id) == [Self.second] && talk.active == nil)
      #expect(try !ground.agent().isLive)
    }
  }

  @Test("The first valid answer wins, and the second is told who gave the first")
  func answers() throws {
    var ground = try TalkGround(.asking)
    try ground.command(.answer(TalkGround.ask, AskAnswer(choices: ["once"])))
    let late = try refusal { try ground.command(.answer(TalkGround.ask, AskAnswer(choices: ["reject"]))) }
    #expect(late.kind == .askAlreadyAnswered)
    #expect(late.details["answer"]?["choices"] == ["once"])
    // Told again by a provider that does not know the answer yet: it is given again.
    let again = TalkGround.signal(.askOpened(TalkGround.permission), of: Self.first)
    #expect(ground.outcome(again) == "|")
  }

  private static func expire(_ rule: AskRule, at now: Instant) -> Command {
    .agent(Ground.one, TalkGround.agent, .expire(TalkGround.ask, rule, at: now))
  }

  @Test("An ask is due to the millisecond, and its deadline counts as an answer: the first, or none")
  func deadline() throws {
    let rule = AskRule(deadlineMs: 60_000, onDeadline: .deny)
    var ground = try TalkGround(.asking)
    let opened = try #require(ground.talk().openAsks.first?.openedAt.ms)
    #expect(ground.outcome(Self.expire(rule, at: Instant(ms: opened + 59_999))) == "|")
    try ground.run(Self.expire(rule, at: Instant(ms: opened + 60_000)))
    #expect(ground.outcome(Self.expire(rule, at: Instant(ms: opened + 70_000))) == "|")
    let late = try refusal { try ground.command(.answer(TalkGround.ask, AskAnswer(choices: ["once"]))) }
    #expect(late.kind == .askAlreadyAnswered && late.message.contains("in time"))
    #expect(late.details["onDeadline"] == "deny" && late.details["answer"]?["choices"] == ["reject"])
    // Told again by a provider that does not know of it yet: it is told no again.
    let again = TalkGround.signal(.askOpened(TalkGround.permission), of: Self.first)
    #expect(ground.outcome(again) == "| answer k of a_x: reject")

    var answered = try TalkGround(.asking)
    try answered.command(.answer(TalkGround.ask, AskAnswer(choices: ["once"])))
    #expect(answered.outcome(Self.expire(rule, at: Instant(ms: opened + 60_000))) == "|")
  }

  @Test("What cannot be denied is given up, and what belongs to no prompt of ours is only denied")
  func deadlineByKind() throws {
    let rule = AskRule(deadlineMs: 1000, onDeadline: .deny)
    let late = Instant(ms: 1 << 50)
    var ground = try TalkGround(.running)
    let question = Ask(
      key: "k", kind: .question, title: "which?", choices: [.init(id: "a", label: "A", effect: .option)])
    try ground.hear(.askOpened(question), of: Self.first)
    #expect(
      ground.outcome(Self.expire(rule, at: late))
        == "ask.expired prompt.cancelling agent.activity | cancel p_1 of a_x")

    var foreign = try TalkGround(.idle)
    try foreign.hear(.askOpened(TalkGround.permission))
    let fail = AskRule(deadlineMs: 1000, onDeadline: .fail)
    #expect(
      foreign.outcome(Self.expire(fail, at: late)) == "ask.expired agent.activity | answer k of a_x: reject")
  }

  @Test("Of two asks the one that is due leaves the other open, and the agent waiting")
  func deadlineOfOne() throws {
    var ground = try TalkGround(.asking)
    var other = TalkGround.permission
    other.key = "k2"
    try ground.hear(.askOpened(other), of: Self.first, ask: AskID("q_2"))
    let rule = AskRule(deadlineMs: 1000, onDeadline: .deny)
    try ground.run(Self.expire(rule, at: Instant(ms: 1 << 50)))
    #expect(try ground.talk().openAsks.map(\.id) == [AskID("q_2")])
    #expect(try ground.agent().activity.state == .waiting)
  }

  @Test("An ask that was withdrawn is not opened again, and an answer to it says why it is too late")
  func withdrawn() throws {
    var ground = try TalkGround(.asking)
    try ground.hear(.turnEnded(TalkGround.done), of: Self.first)
    try ground.submit(Self.second)
    let again = TalkGround.signal(.askOpened(TalkGround.permission), of: Self.second)
    #expect(ground.outcome(again) == "|")
    let late = try refusal { try ground.command(.answer(TalkGround.ask, AskAnswer(choices: ["once"]))) }
    #expect(late.kind == .askAlreadyAnswered && late.message.contains("the turn has ended"))
  }

  @Test("The 257th prompt that waits is turned away")
  func longestQueue() throws {
    var ground = try TalkGround(.running)
    for number in 0..<Talk.longestQueue { try ground.submit(PromptID("p_w\(number)")) }
    #expect(try refusal { try ground.submit(PromptID("p_more")) }.kind == .overloaded)
    try ground.hear(.turnEnded(TalkGround.done), of: Self.first)
    try ground.submit(PromptID("p_more"))
  }

  @Test("An agent with prompts is not deleted, and a session with such an agent not ended, without force")
  func busy() throws {
    for state in [TalkGround.State.running, .queued, .failed] {
      var ground = try TalkGround(state)
      let delete = Command.agent(Ground.one, TalkGround.agent, .delete(force: false))
      #expect(ground.outcome(delete) == "!busy", "\(state)")
      #expect(ground.outcome(.session(Ground.one, .end(force: false))) == "!busy", "\(state)")
      let end = try ground.command(.clear)
      #expect(end.effects.isEmpty)
    }
    let idle = try TalkGround(.idle)
    #expect(idle.outcome(.session(Ground.one, .end(force: false))).hasSuffix("stop r_x forget a_x"))
  }
}
