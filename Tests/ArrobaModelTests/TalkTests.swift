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
