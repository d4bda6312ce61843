import ArrobaLoop
import ArrobaModel
import ArrobaProvider
import ArrobaSystem
import ArrobaTestSupport
import Testing

@testable import ArrobaAdapters

/// What the user's variables name: a server that already runs, a port, a program; and what is said where it cannot be.
@Suite @LoopActor struct OpenCodeEndpointTests {
  @Test("A server that already runs and dies ends the turn with words, and so does the next prompt")
  func dies() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = OpenCodeUnderTest(at: peer)
    let probe = opencode.open()
    _ = await probe.opened()
    probe.submit("p_1", "hang")
    _ = await peer.call("GET /global/event")
    _ = await probe.first { if case .accepted = $0.what { true } else { false } }
    let base = peer.base
    peer.stop()
    let end = await probe.end(of: "p_1")
    #expect(end.outcome == .interrupted)
    #expect(end.reason == "OpenCode's server could not be reached: nobody listens at \(base)")
    probe.submit("p_2", "plain")
    let next = await probe.end(of: "p_2")
    #expect(next.outcome == .failed(.notAccepted))
    #expect(
      next.reason
        == "OpenCode does not listen any more (at \(base)) (ARROBA_OPENCODE_ENDPOINT names it: start OpenCode 1.18 there, or unset it and Arroba starts its own)"
    )
    await opencode.stop()
  }

  @Test("A server that dies while its turn is being stopped has stopped it")
  func diesStopping() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = OpenCodeUnderTest(at: peer)
    let probe = opencode.open()
    _ = await probe.opened()
    probe.submit("p_1", "hang")
    _ = await probe.first { if case .accepted = $0.what { true } else { false } }
    peer.stop()
    probe.conversation?.cancel(PromptID("p_1"), force: false)
    #expect(await probe.end(of: "p_1").outcome == .cancelled)
    await opencode.stop()
  }

  @Test("A wrong password is said to be one, also where the server asks for another (WWW-Authenticate)")
  func password() async throws {
    let server = try LocalServer { _, connection in
      connection.send(
        "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=\"Secure Area\"\r\nContent-Length: 0\r\n\r\n")
    }
    let opencode = OpenCodeUnderTest([
      "ARROBA_OPENCODE_ENDPOINT": server.base, "OPENCODE_SERVER_PASSWORD": "wrong",
    ])
    let probe = opencode.open()
    probe.submit("p_1", "plain")
    let end = await probe.end(of: "p_1")
    #expect(
      end.reason
        == "the OpenCode server at \(server.base) does not accept the password (set OPENCODE_SERVER_PASSWORD as the server has it)"
    )
    await opencode.stop()
  }

  @Test(
    "A variable that cannot be is named, with what to do, before anything is tried",
    arguments: [
      (
        "ARROBA_OPENCODE_ENDPOINT", "notaurl",
        "ARROBA_OPENCODE_ENDPOINT is 'notaurl', which is no address of a server"
      ),
      (
        "ARROBA_OPENCODE_ENDPOINT", "http://",
        "ARROBA_OPENCODE_ENDPOINT is 'http://', which is no address of a server"
      ),
      ("ARROBA_OPENCODE_PORT", "abc", "ARROBA_OPENCODE_PORT is 'abc', which is no port"),
      ("ARROBA_OPENCODE_PORT", "65536", "ARROBA_OPENCODE_PORT is '65536', which is no port"),
      (
        "ARROBA_OPENCODE_BIN", "opencode",
        "ARROBA_OPENCODE_BIN names opencode, which is not the path of an executable file"
      ),
    ])
  func variables(name: String, value: String, words: String) async throws {
    let opencode = OpenCodeUnderTest([name: value, "PATH": "/nowhere"])
    guard case .unavailable(let reason, _, _) = opencode.provider.availability() else {
      Issue.record("it is available")
      return
    }
    #expect(reason == words)
    let signal = await opencode.open().first { if case .failed = $0.what { true } else { false } }
    guard case .failed(let failure, let hint, _) = signal.what else { return }
    #expect(failure == words && hint != nil)
    #expect(opencode.children.births.isEmpty)
  }

  @Test("A port that is set and taken is named")
  func takenPort() async throws {
    let place = TemporaryDirectory()
    let taken = try Sockets.listen(port: 0, backlog: 1)
    try ProgramFile.write(place.path("opencode"), "#!/bin/sh\necho ServeError >&2\nexit 1\n")
    let opencode = OpenCodeUnderTest(
      [
        "ARROBA_OPENCODE_BIN": place.path("opencode"), "ARROBA_OPENCODE_PORT": "\(taken.port)",
        "PATH": "/usr/bin:/bin",
      ], place: place)
    let probe = opencode.open()
    let signal = await probe.first { if case .failed = $0.what { true } else { false } }
    guard case .failed(let reason, let hint, _) = signal.what else { return }
    #expect(
      reason
        == "port \(taken.port), which ARROBA_OPENCODE_PORT names, is taken by another process; OpenCode ended with status 1 before it was ready: ServeError"
    )
    #expect(hint?.hasPrefix("set it to a free one") == true)
    withExtendedLifetime(taken.0) {}
    await opencode.stop()
  }

  @Test("A program is asked once what version it is, and not waited for for ever")
  func version() async throws {
    let place = TemporaryDirectory()
    try ProgramFile.write(
      place.path("opencode"), "#!/bin/sh\necho asked >>\"$PLACE/asked\"\necho opencode v1.18.34\n")
    let opencode = OpenCodeUnderTest(
      [
        "ARROBA_OPENCODE_BIN": place.path("opencode"), "PATH": "/usr/bin:/bin", "PLACE": place.path,
      ], place: place)
    for _ in 0..<2 {
      #expect(
        opencode.provider.availability()
          == .available(version: "1.18.34", executable: place.path("opencode")))
    }
    #expect(try Files.read(place.path("asked"), atMost: 100) == Array("asked\n".utf8))
    try ProgramFile.write(place.path("silent"), "#!/bin/sh\nexec sleep 1000\n")
    let impatient = ProgramVersions(patienceMs: 1)
    #expect(impatient.version(of: place.path("silent"), name: "silent", environment: []) == nil)
  }

  @Test(
    "A version is found in what a program says",
    arguments: [
      ("1.18.34\n", "1.18.34"), ("2.1.330 (Claude Code)", "2.1.330"),
      ("opencode v1.18.34-dev", "1.18.34-dev"),
      ("", nil), ("1.18", nil), ("usage: opencode [x.y.z]", nil), ("..", nil),
    ])
  func versionWords(text: String, version: String?) {
    #expect(ProgramVersions.version(in: text) == version)
  }

  @Test(
    "A huge server says so, begins nothing any more, and is started anew when the turn has ended (GOTCHAS 7)")
  func huge() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = try OpenCodeUnderTest(managing: peer)
    let first = opencode.open()
    let second = opencode.open()
    let session = await first.opened()
    _ = await second.opened()
    first.submit("p_1", "hang")
    _ = await first.first { if case .accepted = $0.what { true } else { false } }
    opencode.provider.server.weighed(7 << 30)
    opencode.provider.server.weighed(7 << 30)
    let told = first.signals.filter { if case .notice = $0.what { true } else { false } }
    #expect(
      told.map(\.what) == [
        .notice("OpenCode's server takes 7.0 GiB; it is started anew when this turn has ended")
      ])
    second.submit("p_2", "plain")
    #expect(opencode.children.births.count == 1)
    peer.answer("done", in: session)
    #expect(await first.end(of: "p_1").outcome == .completed)
    #expect(await second.end(of: "p_2").outcome == .completed)
    #expect(opencode.children.births.count == 2)
    await opencode.stop()
  }
}
