import ArrobaJSON
import Testing

@testable import ArrobaCLI

@Suite("A conversation, as its events tell it")
struct ConversationTests {
  private let agent = TalkSample.agent

  private func conversation() -> Conversation { Conversation(session: TalkSample.whole()) }

  private func event(_ kind: String, _ data: JSON = [:], prompt: String? = TalkSample.prompt) -> JSON {
    TalkSample.event(1, kind, data, prompt: prompt)
  }

  /// Everything that is told of an item's words, joined.
  private func words(_ pieces: [Piece]) -> String {
    pieces.map { piece in
      switch piece.what {
      case .words(_, _, let text, _): text
      case .anew: "<anew>"
      case .closed: "<end>"
      default: ""
      }
    }.joined()
  }

  private func item(_ kind: String, _ text: String = "", _ more: JSON = [:]) -> JSON {
    var data = JSONObject()
    data["item"] = "i_1"
    data["type"] = "text"
    data["text"] = .string(text)
    for member in more.object?.members ?? [] { data[member.key] = member.value }
    return event("item.\(kind)", .object(data))
  }

  @Test("An agent's words are told as they come, and what the whole item adds to them")
  func streaming() {
    var talk = conversation()
    let events = [item("started", "Hel"), item("delta", "lo"), item("completed", "Hello.")]
    #expect(words(events.flatMap { talk.apply($0) }) == "Hello.<end>")
    #expect(talk.items.isEmpty)
    // An item that was never begun is told whole.
    #expect(words(talk.apply(item("completed", "all"))) == "all<end>")
  }

  @Test("An item that begins again is told on, not twice; one that says something else is told anew")
  func again() {
    var talk = conversation()
    #expect(words([item("started", "one "), item("delta", "two ")].flatMap { talk.apply($0) }) == "one two ")
    #expect(words(talk.apply(item("started", "one "))) == "")
    #expect(words(talk.apply(item("delta", "two "))) == "")
    #expect(words(talk.apply(item("delta", "three"))) == "three")
    #expect(words(talk.apply(item("started", "one two three four"))) == " four")
    #expect(words(talk.apply(item("completed", "one two three four"))) == "<end>")
    _ = talk.apply(item("started", "one "))
    #expect(words(talk.apply(item("completed", "1 2"))) == "<anew>1 2<end>")
    // Space that the provider cuts off at the end is no news.
    _ = talk.apply(item("started", "one \n"))
    #expect(words(talk.apply(item("completed", "one"))) == "<end>")
  }

  @Test("An item that is dropped is said to be, if any of it was told")
  func dropped() {
    var talk = conversation()
    _ = talk.apply(item("started", "one"))
    let pieces = talk.apply(event("item.completed", ["item": "i_1", "key": "k", "dropped": true]))
    #expect(pieces.map(\.what) == [.closed(item: "i_1"), .remark("the provider took that back")])
    _ = talk.apply(item("started", ""))
    #expect(talk.apply(event("item.completed", ["item": "i_1", "dropped": true])).count == 1)
  }

  @Test("A call is told once, with its outcome; what runs meanwhile is known")
  func calls() {
    var talk = conversation()
    let running = item("started", "", ["type": "tool", "tool": TalkSample.tool(status: "running")])
    #expect(talk.apply(running) == [] && talk[agent]?.calls.count == 1)
    #expect(talk.apply(item("delta", "12K\t.")) == [])
    #expect(talk[agent]?.calls.first?.tool["output"] == "12K\t.")
    let tool = TalkSample.tool(output: "12K")
    let pieces = talk.apply(item("completed", "", ["type": "tool", "tool": tool]))
    #expect(pieces.map(\.what) == [.tool(tool, subagent: nil)] && talk[agent]?.calls.isEmpty == true)
  }

  @Test(
    "A prompt to an agent that is free is told when it is handed over, one to a busy agent also that it waits"
  )
  func prompts() {
    var talk = conversation()
    #expect(talk.apply(event("prompt.submitted", ["text": "one"])) == [])
    #expect(talk.apply(event("prompt.dispatched")).map(\.what) == [.prompt("one", isOurs: true)])
    let second = talk.apply(event("prompt.submitted", ["text": "two"], prompt: "p_2"))
    #expect(second.map(\.what) == [.queued(id: "p_2", text: "two", place: 1)])
    _ = talk.apply(event("prompt.submitted", ["text": "three"], prompt: "p_3"))
    _ = talk.apply(event("prompt.moved", ["position": 1], prompt: "p_3"))
    _ = talk.apply(event("prompt.edited", ["text": "3"], prompt: "p_3"))
    #expect(talk[agent]?.queue == ["p_3", "p_2"] && talk.prompts["p_3"]?.text == "3")
    let removed = talk.apply(event("prompt.cancelled", ["reason": "taken"], prompt: "p_2"))
    guard case .ended(let end)? = removed.first?.what else { return #expect(Bool(false), "\(removed)") }
    #expect(!end.wasSent && end.text == "two")
    #expect(TalkText.end(end) == "not sent (taken): two")
    _ = talk.apply(event("prompt.completed"))
    #expect(talk[agent]?.active == nil && talk[agent]?.isBusy == true)
    #expect(talk.apply(event("prompt.dispatched", prompt: "p_3")).map(\.what) == [.prompt("3", isOurs: true)])
  }

  @Test("The end of a turn closes what was open in it")
  func ends() {
    var talk = conversation()
    _ = talk.apply(event("prompt.dispatched"))
    _ = talk.apply(item("started", "half"))
    _ = talk.apply(event("usage.recorded", ["input": 100, "output": 7]))
    let pieces = talk.apply(event("prompt.failed", ["reason": "no login", "failure": "authentication"]))
    #expect(pieces.first?.what == .closed(item: "i_1"))
    guard case .ended(let end)? = pieces.last?.what else { return #expect(Bool(false)) }
    #expect(end.state == "failed" && end.failure == "authentication" && end.usage?["input"] == 100)
    #expect(TalkText.end(end) == "failed: no login" && TalkText.usage(end.usage) == "107 tokens")
  }

  @Test("An ask is told once, and once what became of it, whoever answered")
  func asks() throws {
    var talk = conversation()
    let ask = try #require(OpenAsk(TalkSample.ask()))
    #expect(talk.apply(TalkSample.opened(1)).map(\.what) == [.ask(ask)])
    #expect(talk.apply(TalkSample.opened(2)) == [] && talk.ask(named: "q_22") == ask)
    let answered = TalkSample.event(3, "ask.answered", ["ask": "q_222222", "choices": ["reject"]], by: "c_2")
    #expect(
      talk.apply(answered).map(\.what) == [.answered(ask, words: "deny", by: "c_2", isDenial: true)])
    #expect(talk.apply(answered) == [] && talk.apply(TalkSample.opened(4)) == [])
    #expect(talk[agent]?.asks.isEmpty == true && talk.ask(named: "q_22") == nil)
  }

  @Test(
    "An ask that nobody answered in time says so, and what was done",
    arguments: [("deny", "denied"), ("fail", "the prompt is cancelled")])
  func expired(rule: String, words: String) throws {
    var talk = conversation()
    let ask = try #require(OpenAsk(TalkSample.ask()))
    _ = talk.apply(TalkSample.opened(1))
    let expired = TalkSample.event(
      2, "ask.expired", ["ask": "q_222222", "onDeadline": .string(rule), "deadlineMs": 600_000])
    #expect(
      talk.apply(expired).map(\.what) == [.expired(ask, words: "\(words): nobody answered within 10m 0s")])
    #expect(talk.apply(expired) == [] && talk[agent]?.asks.isEmpty == true)
  }

  @Test("What the daemon lists and what its events then repeat is one")
  func snapshot() {
    var talk = Conversation(session: TalkSample.whole([TalkSample.voice(active: "p_1", queued: 1)]))
    talk.take(prompts: [
      TalkSample.prompt("p_1"), TalkSample.prompt("p_2", state: "queued", position: 1, text: "two"),
    ])
    #expect(talk[agent]?.active == "p_1" && talk[agent]?.queue == ["p_2"])
    #expect(talk.apply(event("prompt.submitted", ["text": "two"], prompt: "p_2")) == [])
    #expect(talk[agent]?.queue == ["p_2"])
    // Of the turn under way the events tell again what it asks; of others nobody would.
    #expect(talk.take(asks: [TalkSample.ask(prompt: "p_1")]) == [])
    #expect(talk.take(asks: [TalkSample.ask(prompt: nil)]).count == 1)
  }

  @Test("Agents come, go, are renamed and focused")
  func agents() {
    var talk = conversation()
    let spawned = TalkSample.event(
      1, "agent.spawned", ["provider": "terminal", "alias": "log"], prompt: nil, agent: "a_2")
    #expect(
      talk.apply(spawned).count == 1 && talk["a_2"]?.isTalkedTo == false && talk.name(of: "a_2") == "log")
    #expect(talk.apply(spawned) == [] && talk.voices.count == 2)
    _ = talk.apply(TalkSample.event(2, "agent.focused", prompt: nil, agent: "a_2"))
    _ = talk.apply(TalkSample.event(3, "agent.renamed", ["alias": "tail"], prompt: nil, agent: "a_2"))
    #expect(talk.focused == "a_2" && talk.name(of: "a_2") == "tail")
    _ = talk.apply(TalkSample.event(4, "agent.deleted", prompt: nil, agent: "a_2"))
    #expect(talk.focused == agent && talk.voices.count == 1)
    let activity: JSON = ["state": "failed", "reason": "no such program"]
    #expect(talk.apply(event("agent.activity", activity)).map(\.what) == [.error("no such program")])
    #expect(talk[agent]?.state == "failed")
    #expect(talk.apply(event("workflow.started")) == [])
  }

  @Test(
    "A history says how a prompt ended behind its last item, before what was asked on the agent's own screen")
  func page() {
    func entry(_ type: String, _ text: String, state: String? = nil) -> JSON {
      .record(["agent": .string(agent), "type": .string(type), "text": .string(text), "state": .text(state)])
    }
    let items = [
      entry("prompt", "one", state: "failed"), entry("text", "begun"), entry("user", "two"),
      entry("text", "done"), entry("prompt", "three", state: "cancelled"),
    ]
    let lines = TalkLines(hasGutter: false, isSpaced: true).page(items, in: conversation())
    #expect(
      lines.map(\.text) == ["", "> one", "begun", "failed", "", "> two", "done", "", "> three", "cancelled"])
  }

  @Test("A page that begins in the middle of a prompt says how that one ended as well, behind its last item")
  func middle() {
    func entry(_ type: String, _ text: String, of prompt: String, state: String? = nil) -> JSON {
      .record([
        "id": type == "prompt" ? .string(prompt) : "i_1", "agent": .string(agent), "type": .string(type),
        "text": .string(text), "prompt": .string(prompt), "state": .text(state),
      ])
    }
    let items = [
      entry("text", "more", of: "p_1"), entry("error", "oh", of: "p_1"),
      entry("prompt", "two", of: "p_2", state: "completed"), entry("text", "done", of: "p_2"),
    ]
    #expect(TalkLines.promptsBefore(items) == ["p_1"])
    func shown(_ items: [JSON], _ state: String) -> [String] {
      let earlier: [JSON] = [
        ["id": "p_1", "agent": .string(agent), "state": .string(state), "reason": "no login"]
      ]
      return TalkLines(hasGutter: false).page(items, earlier: earlier, in: conversation()).map(\.text)
    }
    #expect(shown(items, "failed") == ["more", "error: oh", "failed: no login", "> two", "done"])
    #expect(shown(Array(items.prefix(2)), "failed") == ["more", "error: oh", "failed: no login"])
    #expect(shown(items, "completed") == ["more", "error: oh", "> two", "done"])
    #expect(TalkLines.promptsBefore([entry("prompt", "two", of: "p_2")]) == [])
  }
}
