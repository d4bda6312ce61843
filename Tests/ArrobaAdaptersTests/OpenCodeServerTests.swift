import ArrobaHTTP
import ArrobaJSON
import ArrobaLoop
import ArrobaModel
import ArrobaSupervision
import ArrobaProvider
import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

@testable import ArrobaAdapters

/// The server that is ours: born, remembered, adopted, reaped, ended; and what is no server for us.
@Suite @LoopActor struct OpenCodeServerTests {
  private func failure(_ probe: ConversationProbe) async -> String {
    let signal = await probe.first { if case .failed = $0.what { true } else { false } }
    guard case .failed(let reason, let hint, _) = signal.what else { return "" }
    return hint.map { "\(reason) | \($0)" } ?? reason
  }

  @Test(
    "The server is born on 127.0.0.1 with a password that stands in its environment and nowhere else (GOTCHAS 9 and 10.12)"
  )
  func birth() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = try OpenCodeUnderTest(managing: peer)
    #expect(await opencode.open().opened() == "ses_1")
    let birth = try #require(opencode.children.births.first)
    let port = try #require(peer.base.split(separator: ":").last)
    #expect(birth.arguments == ["opencode", "serve", "--hostname", "127.0.0.1", "--port", "\(port)"])
    let variable = try #require(birth.environment.first { $0.hasPrefix("OPENCODE_SERVER_PASSWORD=") })
    let password = String(variable.dropFirst("OPENCODE_SERVER_PASSWORD=".count))
    #expect(password.utf8.count >= 24)
    #expect(!birth.arguments.joined().contains(password))
    #expect(birth.environment.contains("OPENCODE_ENABLE_QUESTION_TOOL=1"))
    let basic = "Basic \(Base64.encode(Array("opencode:\(password)".utf8)))"
    #expect(peer.calls.allSatisfy { $0.authorization == basic })
    let note = opencode.place.path("state/opencode/server.json")
    #expect(Files.status(note)?.permissions == 0o600)
    #expect(OpenCodeServerNote.read(in: opencode.place.path("state"))?.password == password)
    await opencode.stop()
    #expect(Files.status(note) == nil)
    #expect(opencode.children.living.isEmpty)
  }

  @Test("All conversations share one server and one stream of events (GOTCHAS 10.11, #17908)")
  func shared() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = try OpenCodeUnderTest(managing: peer)
    let probes = (0..<5).map { _ in opencode.open() }
    for probe in probes { _ = await probe.opened() }
    _ = await peer.call("GET /global/event")
    #expect(opencode.children.births.count == 1)
    #expect(peer.calls("GET /global/event").count == 1)
    #expect(Set(peer.calls.map(\.authorization)).count == 1)
    // Never a route of the second runner, which loses events (#38458).
    #expect(!peer.calls.contains { $0.path.hasPrefix("/api") })
    await opencode.stop()
  }

  @Test("A port that another process took in between is given up for another one")
  func lostPort() async throws {
    let peer = try ScriptedOpenCode()
    let place = TemporaryDirectory()
    let script = """
      #!/bin/sh
      if mkdir "$PLACE/first"; then
        echo "$5" >"$PLACE/port"
        read -r line <"$PLACE/go"
        exit 1
      fi
      echo 'opencode server listening on \(peer.base)'
      exec sleep 1000
      """
    try ProgramFile.write(place.path("opencode"), script)
    let opencode = OpenCodeUnderTest(
      [
        "ARROBA_OPENCODE_BIN": place.path("opencode"), "PATH": "/usr/bin:/bin", "HOME": place.path,
        "PLACE": place.path,
      ], place: place)
    #expect(mkfifo(place.path("port"), 0o600) == 0 && mkfifo(place.path("go"), 0o600) == 0)
    let probe = opencode.open()
    let taken: (Descriptor, port: Int)? = await withCheckedContinuation { continuation in
      Threads.start("port") {
        let words = (try? Files.read(place.path("port"), atMost: 100)).map {
          String(decoding: $0, as: UTF8.self)
        }
        let port = words.flatMap { Int($0.filter(\.isNumber)) }
        let listener = port.flatMap { try? Sockets.listen(port: $0, backlog: 1) }
        try? Files.append(place.path("go"), Array("\n".utf8))
        continuation.resume(returning: listener)
      }
    }
    #expect(taken != nil)
    #expect(await probe.opened() == "ses_1")
    #expect(opencode.children.births.count == 2)
    taken?.0.close()
    await opencode.stop()
  }

  @Test(
    "What is no server for us is named, with what to do",
    arguments: [
      ("exit 3", "OpenCode ended with status 3 before it was ready"),
      (
        "echo 'cannot find config' >&2; exit 1",
        "OpenCode ended with status 1 before it was ready: cannot find config"
      ),
      (
        "echo 'server listening on http://127.0.0.1:1'; exec sleep 1000",
        "OpenCode 2 speaks another protocol, which is not supported yet; 1.18 is"
      ),
      ("echo '{\"url\":\"http://127.0.0.1:1\"}'; exec sleep 1000", "OpenCode 2 speaks another protocol"),
    ])
  func broken(script: String, words: String) async throws {
    let place = TemporaryDirectory()
    try ProgramFile.write(place.path("opencode"), "#!/bin/sh\n\(script)\n")
    let opencode = OpenCodeUnderTest(
      ["ARROBA_OPENCODE_BIN": place.path("opencode"), "PATH": "/usr/bin:/bin"], place: place)
    let probe = opencode.open()
    probe.submit("p_1", "plain")
    let end = await probe.end(of: "p_1")
    #expect(end.outcome == .failed(.notAccepted))
    #expect(end.reason?.hasPrefix(words) == true, "\(end.reason ?? "")")
    #expect(await failure(probe).hasPrefix(words))
    await opencode.stop()
    #expect(opencode.children.living.isEmpty)
  }

  @Test("A server that never says where it listens is ended, and that is said")
  func neverReady() async throws {
    let place = TemporaryDirectory()
    try ProgramFile.write(place.path("opencode"), "#!/bin/sh\nexec sleep 1000\n")
    var patience = OpenCodePatience()
    patience.readyMs = 1
    let opencode = OpenCodeUnderTest(
      ["ARROBA_OPENCODE_BIN": place.path("opencode"), "PATH": "/usr/bin:/bin"], patience: patience,
      place: place)
    #expect(await failure(opencode.open()).hasPrefix("OpenCode did not say within 0 s where it listens"))
    await opencode.stop()
    #expect(opencode.children.living.isEmpty)
  }

  @Test("A program that is not there is named before anything is started")
  func noProgram() async throws {
    let opencode = OpenCodeUnderTest(["PATH": "/nowhere", "HOME": "/nowhere"])
    #expect(
      opencode.provider.availability()
        == .unavailable(
          reason: "there is no opencode on PATH", executable: "opencode", hint: OpenCodeInstallation.advice))
    let failed = await failure(opencode.open())
    #expect(
      failed
        == "there is no opencode on PATH | install OpenCode 1.18 (https://opencode.ai/docs), or set ARROBA_OPENCODE_BIN to where it is"
    )
  }

  @Test("Another daemon adopts the server, talks to it with the same password, and starts no other")
  func adopted() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = try OpenCodeUnderTest(managing: peer)
    let session = await opencode.open().opened()
    let pid = opencode.children.living.values.first
    opencode.restart()
    #expect(await opencode.open(resume: session).opened() == session)
    #expect(opencode.children.births.isEmpty)
    #expect(opencode.children.living.values.first == pid)
    let passwords = Set(peer.calls.map(\.authorization))
    #expect(passwords.count == 1)
    await opencode.stop()
    #expect(opencode.children.living.isEmpty)
  }

  @Test("A server that lost its supervisor is reaped before another one is started (#13001)")
  func reaped() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = try OpenCodeUnderTest(managing: peer)
    _ = await opencode.open().opened()
    let orphans = opencode.children
    let pid = try #require(orphans.living.values.first)
    opencode.restart(losingChildren: true)
    _ = await opencode.open().opened()
    #expect(Processes.startTicks(of: pid) == nil)
    #expect(opencode.children.births.count == 1)
    await opencode.stop()
    withExtendedLifetime(orphans) {}
  }

  @Test(
    "Ending a server ends its commands, each in a group of its own, and helpers that ignore every request (GOTCHAS 7 and 10.10, #15808)"
  )
  func nothingIsLeft() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = try OpenCodeUnderTest(
      managing: peer,
      then: """
        setsid sh -c 'trap "" TERM HUP; echo $$ > "$PLACE/command"; while true; do sleep 1000; done' &
        sh -c 'trap "" TERM HUP; echo $$ > "$PLACE/helper"; while true; do sleep 1000; done' &
        mkfifo "$PLACE/fifo"; while true; do read line < "$PLACE/fifo"; done
        """)
    let place = opencode.place
    _ = await opencode.open().opened()
    let pids = try await pids(["command", "helper"], in: place)
    await opencode.stop()
    for pid in pids { await gone(pid) }
    #expect(opencode.children.living.isEmpty)
  }

  /// Written by processes that tell it to nobody else.
  private func pids(_ names: [String], in place: TemporaryDirectory) async throws -> [Int] {
    var found: [Int] = []
    for name in names {
      while true {
        let text = (try? Files.read(place.path(name), atMost: 64)) ?? []  // not yet there
        if text.last == 10, let pid = Int(String(decoding: text.dropLast(), as: UTF8.self)) {
          found.append(pid)
          break
        }
        await turn()
      }
    }
    return found
  }

  private func gone(_ pid: Int) async { while Processes.startTicks(of: pid) != nil { await turn() } }

  private func turn() async {
    await withCheckedContinuation { continuation in Loop.shared.after(5) { continuation.resume() } }
  }

  @Test("A server that nobody talks to any more is ended")
  func idle() async throws {
    let peer = try ScriptedOpenCode()
    var patience = OpenCodePatience()
    patience.idleMs = 1
    let opencode = try OpenCodeUnderTest(managing: peer, patience: patience)
    let probe = opencode.open()
    _ = await probe.opened()
    #expect(opencode.children.living.count == 1)
    probe.conversation?.close()
    _ = await peer.call("POST /global/dispose")
    while !opencode.children.living.isEmpty { await turn() }
    #expect(await opencode.open().opened().hasPrefix("ses_"))
    await opencode.stop()
  }

  @Test(
    "A server that dies interrupts what it did; the next prompt starts another one, in the same session (#43093)"
  )
  func dies() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = try OpenCodeUnderTest(managing: peer)
    let probe = opencode.open()
    let session = await probe.opened()
    probe.submit("p_1", "ask")
    let ask = await probe.ask()
    for id in opencode.children.living.keys { opencode.children.signal(id, Int(SIGKILL)) }
    let end = await probe.end(of: "p_1")
    #expect(end.outcome == .interrupted)
    #expect(end.reason == "OpenCode's server ended by signal 9")
    // What it asked is gone with it (#2264).
    _ = await probe.first { if case .askWithdrawn(ask.key, _) = $0.what { true } else { false } }
    peer.status(session, "idle")
    probe.submit("p_2", "plain")
    #expect(await probe.end(of: "p_2").outcome == .completed)
    #expect(opencode.children.births.count == 2)
    await opencode.stop()
  }

  @Test("A server that already runs is talked to, and neither started nor ended")
  func endpoint() async throws {
    let peer = try ScriptedOpenCode()
    let opencode = OpenCodeUnderTest(at: peer)
    let probe = opencode.open()
    _ = await probe.opened()
    probe.submit("p_1", "plain")
    #expect(await probe.end(of: "p_1").outcome == .completed)
    await opencode.stop()
    #expect(opencode.children.births.isEmpty)
    #expect(peer.calls("POST /global/dispose").isEmpty)
  }

  @Test(
    "A server that has grown is ended when nobody is busy, a huge one as soon as that is (#20695)",
    arguments: [
      (0, OpenCodeUpkeep.Verdict.fine), (2 << 30, .fine),
      ((2 << 30) + 1, .recycleWhenIdle("OpenCode's server takes 2.0 GiB")),
      (6 << 30, .recycleWhenIdle("OpenCode's server takes 6.0 GiB")),
      ((6 << 30) + 1, .recycleSoon("OpenCode's server takes 6.0 GiB")),
    ])
  func upkeep(bytes: Int, verdict: OpenCodeUpkeep.Verdict) {
    #expect(OpenCodeUpkeep.judge(residentBytes: bytes) == verdict)
  }
}
