import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Glibc
import Testing

/// `arroba attach` of an agent that is talked to: the provider's own client, on the server that is there.
@Suite("The provider's own client", .journey)
struct NativeJourneys {
  /// The scripted server under OpenCode's name, with a client that says what it was born for.
  private static let opencode = """
    #!/bin/sh
    [ "$1" = attach ] || exec "\(DaemonUnderTest.binary("arroba-scripted"))" "$@"
    echo "client $$ of $2 now"
    exec sleep 1000
    """

  private static func withOpenCode(_ body: (ScriptedTalk) throws -> Void) throws {
    let daemon = DaemonUnderTest()
    try ProgramFile.write(daemon.house.path("opencode"), opencode)
    try daemon.start(
      .init(environment: [
        "ARROBA_OPENCODE_BIN": daemon.house.path("opencode"),
        "ARROBA_SCRIPTED_DATA": daemon.house.path("data"),
      ]))
    try body(ScriptedTalk(daemon, provider: "opencode"))
    try daemon.stop()
  }

  /// Waits for what the client says first: its process, and the server that it was born for.
  private static func client(_ terminal: WireTerminal) throws -> (pid: Int32, server: String) {
    var words: [Substring] = []
    try terminal.wait("the client") {
      let shown = terminal.repaints.last.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
      for text in [terminal.text, shown] {
        guard let start = text.firstRange(of: "client "),
          let end = text[start.upperBound...].firstRange(of: " now")
        else { continue }
        words = text[start.upperBound..<end.lowerBound].split(separator: " ")
      }
      return words.count == 3
    }
    return (try #require(Int32(words[0])), String(words[2]))
  }

  @Test(
    "A client whose server dies is ended with a note; the next attach opens one on the server that is there then"
  )
  func serverDies() throws {
    try Self.withOpenCode { talk in
      #expect(try talk.end(of: talk.submit("hello").words("id")) == "completed")
      let first = try talk.attach()
      let before = try Self.client(first)
      kill(try talk.serverPid(), SIGKILL)
      try first.awaitClose()
      #expect(first.exit == -1)
      #expect(
        first.notices == [
          "OpenCode's server ended by signal 9, and its client with it; arroba attach opens another one"
        ])
      try Deadline.until("the first client to be gone") { !Processes.lives(before.pid) }
      #expect(try talk.end(of: talk.submit("again").words("id")) == "completed")
      let second = try talk.attach()
      let after = try Self.client(second)
      #expect(after.pid != before.pid && after.server != before.server)
      // Over a restart of the daemon it stays the one that it is.
      try talk.daemon.killDaemon()
      try second.awaitClose()
      try talk.comeBack()
      #expect(try Self.client(talk.attach()).pid == after.pid)
    }
  }

  @Test("A client that outlived its server while there was no daemon is replaced by the next attach")
  func serverDiesUnseen() throws {
    try Self.withOpenCode { talk in
      #expect(try talk.end(of: talk.submit("hello").words("id")) == "completed")
      let before = try Self.client(talk.attach())
      let server = try talk.serverPid()
      try talk.daemon.killDaemon()
      kill(server, SIGKILL)
      try talk.comeBack()
      let after = try Self.client(talk.attach())
      #expect(after.pid != before.pid)
      try Deadline.until("the first client to be gone") { !Processes.lives(before.pid) }
    }
  }

  @Test("An agent without a screen of its own says so at once")
  func none() throws {
    try withTalk { talk in
      let error = try talk.client.refusal(
        "terminal.attach", ["session": .string(talk.session), "cols": 80, "rows": 24])
      #expect(error.kind == .terminalNotAvailable)
      #expect(error.message == "a scripted agent has no screen of its own" && error.hint == "arroba talk")
    }
  }

  @Test(
    "A conversation that works, or in which a prompt waits, is ended by force only; one at rest just ends")
  func force() throws {
    try withTalk { talk in
      let session = JSON.string(talk.session)
      try talk.submit("[[gate go]]")
      try talk.event("item.started")
      for (method, params) in [
        ("session.end", ["session": session]), ("session.delete", ["session": session]),
        ("agent.delete", ["session": session, "agent": .string(talk.agents[0])]),
      ] as [(String, JSON)] {
        #expect(try talk.client.refusal(method, params).kind == .busy, "\(method)")
      }
      try talk.open("go")
      try talk.event("prompt.completed")
      #expect(try talk.client.request("session.end", ["session": session]).list("stopped").count == 1)
    }
  }
}

extension ScriptedTalk {
  /// By a connection of its own.
  fileprivate func attach() throws -> WireTerminal { try daemon.client().attach(session) }
}
