import ArrobaJSON
import ArrobaLoop
import ArrobaModel
import ArrobaSupervision
import ArrobaProvider
import ArrobaSystem
import ArrobaTestSupport
import Testing

@testable import ArrobaAdapters

/// A conversation with a server that does what the test tells it.
@Suite @LoopActor struct OpenCodeConversationTests {
  private func opened(
    _ manner: ScriptedOpenCode.Manner = ScriptedOpenCode.Manner(),
    _ patience: OpenCodePatience = OpenCodePatience()
  ) async throws -> (
    peer: ScriptedOpenCode, opencode: OpenCodeUnderTest, probe: ConversationProbe, session: String
  ) {
    let peer = try ScriptedOpenCode(manner)
    let opencode = OpenCodeUnderTest(at: peer, patience: patience)
    let probe = opencode.open()
    let session = await probe.opened()
    _ = await peer.call("GET /global/event")
    return (peer, opencode, probe, session)
  }

  private func accepted(_ probe: ConversationProbe, _ turn: String) async {
    _ = await probe.first { if case .accepted = $0.what { $0.turn?.text == turn } else { false } }
  }

  // MARK: prompts

  @Test("A prompt carries text, model and files, and no id of ours (#14236, #38213)")
  func prompt() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = OpenCodeUnderTest(at: peer)
    let probe = ConversationProbe(opencode, directory: opencode.place.path, model: "fake/fake/model")
    let session = await probe.opened()
    probe.conversation?.submit(
      TurnRequest(
        id: PromptID("p_1"), text: "plain",
        files: [PromptFile(path: "/tmp/größe 1.png", mediaType: "image/png")]))
    #expect(await probe.end(of: "p_1").outcome == .completed)
    let call = await peer.call("POST /session/\(session)/prompt_async")
    #expect(
      call.body
        == "{\"parts\":[{\"type\":\"text\",\"text\":\"plain\"},{\"type\":\"file\",\"mime\":\"image/png\","
        + "\"filename\":\"größe 1.png\",\"url\":\"file:///tmp/gr%C3%B6%C3%9Fe%201.png\"}],"
        + "\"model\":{\"providerID\":\"fake\",\"modelID\":\"fake/model\"}}")
    // The session's own directory with every call, as it really is (#33737).
    let directory = try #require(Files.canonical(opencode.place.path))
    #expect(call.query == "directory=\(directory.replacing("/", with: "%2F"))")
  }

  @Test("A prompt that is refused ends its turn with the server's words")
  func refused() async throws {
    let (peer, _, probe, session) = try await opened()
    peer.change {
      $0.answers["POST /session/\(session)/prompt_async"] = (
        400, "application/json", "{\"_tag\":\"BadRequest\",\"message\":\"no parts\"}"
      )
    }
    probe.submit("p_1", "plain")
    let end = await probe.end(of: "p_1")
    #expect(
      end
        == TurnEnd(
          .failed(.invalidRequest), reason: "OpenCode refused it with status 400: no parts",
          proof: "status 400"))
    peer.change {
      $0.answers["POST /session/\(session)/prompt_async"] = (200, "text/html", "<html>")
    }
    probe.submit("p_2", "plain")
    #expect(await probe.end(of: "p_2").outcome == .failed(.notAccepted))
  }

  @Test("A session that somebody else keeps busy is waited for (#21524, #46842)")
  func busyElsewhere() async throws {
    let (peer, _, probe, session) = try await opened()
    peer.prompt("hang typed in the native client", in: session)
    _ = await probe.first { if case .activity(.working, _) = $0.what { true } else { false } }
    #expect(probe.transcript(of: nil) == ["user hang typed in the native client"])
    probe.submit("p_1", "plain")
    peer.answer("an answer for the other one", in: session)
    #expect(await probe.end(of: "p_1").outcome == .completed)
    let calls = peer.calls.map(\.line)
    #expect(calls.count { $0.hasSuffix("prompt_async") } == 1)
    #expect(probe.transcript(of: "p_1") == ["text an answer to plain"])
  }

  @Test("A turn that waits for a busy session is cancelled before it is sent")
  func cancelWaiting() async throws {
    let (peer, _, probe, session) = try await opened()
    peer.prompt("hang", in: session)
    _ = await probe.first { if case .activity(.working, _) = $0.what { true } else { false } }
    probe.submit("p_1", "plain")
    probe.conversation?.cancel(PromptID("p_1"), force: false)
    #expect(
      await probe.end(of: "p_1")
        == TurnEnd(.cancelled, reason: "cancelled before it was sent", proof: "not sent"))
    #expect(peer.calls("POST /session/\(session)/prompt_async").isEmpty)
    #expect(peer.calls("POST /session/\(session)/abort").isEmpty)
  }

  @Test(
    "A session whose newest answer is unfinished, and not on this server, is left to whoever works on it (#32010)"
  )
  func elsewhere() async throws {
    let peer = try ScriptedOpenCode()
    peer.addSession("ses_x", parent: nil, directory: "/tmp")
    peer.message("user", in: "ses_x", tell: false)
    let created = Clock.wallMs()
    peer.change {
      $0.answers["GET /session/ses_x/message"] = (
        200, "application/json",
        "[{\"info\":{\"id\":\"msg_a\",\"sessionID\":\"ses_x\",\"role\":\"assistant\",\"time\":{\"created\":\(created)}},\"parts\":[]}]"
      )
    }
    let opencode = OpenCodeUnderTest(at: peer)
    let probe = opencode.open(resume: "ses_x")
    probe.submit("p_1", "plain")
    let end = await probe.end(of: "p_1")
    #expect(end.outcome == .failed(.notAccepted))
    #expect(end.proof == "the newest answer is unfinished, and not on this server")
  }

  // MARK: the stream

  @Test(
    "A stream that is cut is opened again, and what was missed is looked up (#19584: nothing is replayed)")
  func cut() async throws {
    var patience = OpenCodePatience()
    patience.firstDelayMs = 1
    let (peer, _, probe, session) = try await opened(ScriptedOpenCode.Manner(), patience)
    probe.submit("p_1", "text")
    // The last that it says by itself.
    _ = await probe.first { signal in
      switch signal.what {
      case .itemStarted(let item): item.text.contains("half of")
      case .itemDelta(_, let text): text.contains("half of")
      default: false
      }
    }
    peer.cutStreams()
    // Said while nobody listens.
    peer.answer("the end of it", in: session)
    #expect(await probe.end(of: "p_1").outcome == .completed)
    #expect(probe.transcript(of: "p_1").contains("text the end of it"))
    // Subscribed first, looked second.
    let lines = peer.calls.map(\.line)
    let second = try #require(lines.indices.filter { lines[$0] == "GET /global/event" }.dropFirst().first)
    #expect(lines[second...].contains("GET /session/\(session)/message"))
  }

  @Test("A stream without bytes is given up and opened anew, also where it never ends by itself (PR #47571)")
  func silent() async throws {
    var patience = OpenCodePatience()
    patience.silenceMs = 50
    patience.firstDelayMs = 1
    let (peer, _, probe, _) = try await opened(ScriptedOpenCode.Manner(), patience)
    _ = await peer.call("GET /global/event", number: 3)
    withExtendedLifetime(probe) {}
  }

  @Test("Unknown and broken events, parts and states are let pass (GOTCHAS 10.3)")
  func unknown() async throws {
    let (peer, _, probe, session) = try await opened()
    peer.emitRaw("not JSON")
    peer.emitRaw(
      "{\"payload\":{\"type\":\"session.next.text\",\"properties\":{\"sessionID\":\"\(session)\"}}}")
    peer.emit("brand.new", ["sessionID": .string(session)])
    peer.emit("message.part.updated", ["sessionID": .string(session), "part": "nothing"])
    peer.emit("session.status", ["sessionID": .string(session), "status": ["type": "thinking hard"]])
    probe.submit("p_1", "plain")
    #expect(await probe.end(of: "p_1").outcome == .completed)
    let kinds = probe.signals.compactMap { if case .unrecognised(let kind) = $0.what { kind } else { nil } }
    #expect(kinds == ["brand.new", "status thinking hard"])
  }

  // MARK: cancelling

  @Test("Aborted are the children first, and then the session (t3code #7769, #44747)")
  func descendants() async throws {
    let (peer, opencode, probe, session) = try await opened()
    probe.submit("p_1", "hang")
    await accepted(probe, "p_1")
    let directory = opencode.place.path
    for (id, parent) in [("ses_child", session), ("ses_deep", "ses_child")] {
      peer.addSession(id, parent: parent, directory: directory)
      peer.emit(
        "session.created",
        ["sessionID": .string(id), "info": ["id": .string(id), "parentID": .string(parent)]])
    }
    let part = peer.text("", of: peer.message("assistant", in: session), in: session, isEnded: false)
    peer.delta("seen", of: part, in: session)
    _ = await probe.first { if case .itemStarted = $0.what { true } else { false } }
    probe.conversation?.cancel(PromptID("p_1"), force: false)
    #expect(await probe.end(of: "p_1").outcome == .cancelled)
    let aborts = peer.calls.map(\.line).filter { $0.hasSuffix("/abort") }
    #expect(aborts == ["ses_deep", "ses_child", session].map { "POST /session/\($0)/abort" })
  }

  @Test(
    "A turn that does not stop is given up after its commands were killed, and others go on (#16721, #40829)"
  )
  func stubborn() async throws {
    var patience = OpenCodePatience()
    patience.killCommandsMs = 1
    patience.recycleMs = 2
    let (peer, _, probe, session) = try await opened(ScriptedOpenCode.Manner(), patience)
    probe.submit("p_1", "ask stubborn")
    _ = await probe.ask()
    peer.change { $0.silent.insert("POST /session/\(session)/abort") }
    probe.conversation?.cancel(PromptID("p_1"), force: false)
    let end = await probe.end(of: "p_1")
    #expect(end.outcome == .interrupted)
    #expect(end.proof == "abort not confirmed")
  }

  @Test(
    "A server of ours that does not stop a turn is started anew, and that ends the turn (GOTCHAS 4)"
  )
  func recycled() async throws {
    var patience = OpenCodePatience()
    patience.killCommandsMs = 1
    patience.recycleMs = 2
    let peer = try ScriptedOpenCode()
    let opencode = try OpenCodeUnderTest(managing: peer, patience: patience)
    let probe = opencode.open()
    let session = await probe.opened()
    probe.submit("p_1", "ask stubborn")
    _ = await probe.ask()
    probe.conversation?.cancel(PromptID("p_1"), force: false)
    let end = await probe.end(of: "p_1")
    #expect(end.outcome == .cancelled)
    #expect(end.proof == "abort, server gone")
    peer.status(session, "idle")
    probe.submit("p_2", "plain")
    #expect(await probe.end(of: "p_2").outcome == .completed)
    #expect(opencode.children.births.count == 2)
    await opencode.stop()
  }

  @Test("A forced cancel ends the turn at once, and does not call it cancelled")
  func forced() async throws {
    let (peer, _, probe, session) = try await opened()
    peer.change { $0.silent.insert("POST /session/\(session)/abort") }
    probe.submit("p_1", "hang")
    await accepted(probe, "p_1")
    probe.conversation?.cancel(PromptID("p_1"), force: true)
    #expect(await probe.end(of: "p_1").outcome == .interrupted)
  }

  @Test(
    "A conversation that is let go of before its answer begins aborts it when it does, and makes room before that"
  )
  func leaving() async throws {
    let (peer, opencode, probe, session) = try await opened()
    probe.submit("p_1", "load")
    await accepted(probe, "p_1")
    let said = probe.signals.count
    probe.conversation?.close()
    #expect(peer.calls("POST /session/\(session)/abort").isEmpty)
    _ = peer.message("assistant", in: session)
    _ = await peer.call("POST /session/\(session)/abort")
    let next = opencode.open(resume: session)
    _ = await next.opened()
    next.submit("p_2", "load")
    await accepted(next, "p_2")
    next.conversation?.close()
    let last = opencode.open(resume: session)
    _ = await last.opened()
    _ = await peer.call("POST /session/\(session)/abort", number: 2)
    #expect(probe.signals.count == said)
  }

  // MARK: opening again

  @Test("A session that is gone is said to be gone")
  func noSession() async throws {
    let peer = try ScriptedOpenCode()
    let probe = OpenCodeUnderTest(at: peer).open(resume: "ses_none")
    let signal = await probe.first { if case .failed = $0.what { true } else { false } }
    #expect(
      signal.what == .failed(reason: "OpenCode has no session ses_none any more", hint: "start a new agent"))
  }

  @Test("What a resumed session holds is not told again")
  func history() async throws {
    let (peer, opencode, probe, session) = try await opened()
    probe.submit("p_1", "plain")
    #expect(await probe.end(of: "p_1").outcome == .completed)
    probe.conversation?.close()
    opencode.restart()
    let next = opencode.open(resume: session)
    _ = await next.opened()
    next.submit("p_2", "plain again")
    #expect(await next.end(of: "p_2").outcome == .completed)
    #expect(next.signals.allSatisfy { $0.turn?.text != "p_1" })
    #expect(next.transcript(of: nil).isEmpty)
    #expect(next.transcript(of: "p_2") == ["text an answer to plain again"])
    withExtendedLifetime(peer) {}
  }

  @Test("One session is open once")
  func twice() async throws {
    let (peer, opencode, _, session) = try await opened()
    let other = opencode.open(resume: session)
    let signal = await other.first { if case .failed = $0.what { true } else { false } }
    #expect(
      signal.what == .failed(reason: "another agent has the session \(session) open already", hint: nil))
    withExtendedLifetime(peer) {}
  }

  // MARK: the native client

  @Test("The native client is born on the same server and session, the password in its environment (#11522)")
  func native() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = try OpenCodeUnderTest(managing: peer)
    let probe = opencode.open()
    let session = await probe.opened()
    let birth = try #require(
      try probe.conversation?.nativeTerminal(for: RunID("r_9"), columns: 100, rows: 30))
    #expect(birth.id == "r_9")
    #expect(
      birth.arguments == [
        "opencode", "attach", peer.base, "--session", session, "--dir", opencode.place.path,
      ])
    #expect(birth.environment.contains { $0.hasPrefix("OPENCODE_SERVER_PASSWORD=") })
    #expect(birth.environment.contains("TERM=xterm-256color"))
    await opencode.stop()
    #expect(throws: Refusal.self) {
      try probe.conversation?.nativeTerminal(for: RunID("r_9"), columns: 100, rows: 30)
    }
  }
}
