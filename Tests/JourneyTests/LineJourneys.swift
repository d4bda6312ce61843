import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Lines and requests", .journey)
struct LineJourneys {
  @Test("Bad JSON and what is no request are answered with the id that is known, and the connection stays")
  func badLines() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      for line in ["{", "nonsense", "{\"a\":}", "\u{1}\u{2}", "\"open"] {
        try client.write(line + "\n")
        #expect(try client.orphan().code == -32700, "\(line)")
      }
      for line in [
        "[]", "17", "null", "{}", #"{"jsonrpc":"1.0","method":"daemon.ping"}"#, #"{"method":"daemon.ping"}"#,
      ] {
        try client.write(line + "\n")
        #expect(try client.orphan().code == -32600, "\(line)")
      }
      try client.write(#"{"id":90,"method":"daemon.ping"}"# + "\n")
      #expect(try client.error(of: 90).code == -32600)
      try client.write([0xFF, 0xFE, 0x0A])
      #expect(try client.orphan().code == -32700)
      let unknown = try client.refusal("session.explode")
      #expect(unknown.code == -32601 && unknown.message.contains("session.explode"))
      try client.request("daemon.ping")
    }
  }

  @Test("Bad parameters are named: the field, what was expected, and what came")
  func badParameters() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session("exec sleep 1000", by: client).words("id")
      for (method, params, field, words) in Self.wrong(
        session: .string(id), workspace: .string(daemon.workspace))
      {
        let error = try client.refusal(method, params)
        let label = "\(method) \(params.shown): \(error)"
        #expect(error.code == -32602 && error.details["field"]?.string == field, "\(label)")
        #expect(error.message.contains("expected") && error.message.contains(words), "\(label)")
      }
    }
  }

  @Test("No error repeats what was typed, or a variable's value")
  func secrets() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let session = JSON.string(try daemon.session("exec cat").words("id"))
      let secret = "TOPSECRET!!"
      let long = String(repeating: secret, count: 100_000)
      let requests: [(String, JSON)] = [
        ("terminal.input", ["session": session, "bytes": .string(secret)]),
        ("terminal.input", ["session": session, "keys": .string(secret)]),
        ("terminal.input", ["session": session, "keys": [.string("\0" + secret)]]),
        ("terminal.input", ["session": session, "text": .string(long)]),
        ("agent.spawn", ["session": session, "argv": ["cat"], "env": .string("A=\(secret)")]),
        ("agent.spawn", ["session": session, "argv": ["cat"], "env": [.string("A=\(secret)")]]),
        ("agent.spawn", ["session": session, "argv": ["cat"], "env": ["A=TOPSECRET!!": ""]]),
        ("agent.spawn", ["session": session, "argv": .string(secret)]),
        ("agent.spawn", ["session": session, "argv": [.string("\0" + secret)]]),
        ("prompt.submit", ["session": session, "text": .string(long)]),
        ("ask.answer", ["ask": "x", "choice": .string(long)]),
        ("ask.answer", ["ask": "x", "choice": "a", "note": .string(long)]),
      ]
      for (method, params) in requests {
        let error = try client.refusal(method, params)
        #expect(!"\(error)".contains("TOPSECRET"), "\(method): \(error)")
      }
    }
  }

  private static func wrong(session: JSON, workspace: JSON) -> [(String, JSON, String, String)] {
    [
      ("session.create", [:], "workspace", "nothing came"),
      ("session.create", ["workspace": 5], "workspace", "5 came"),
      ("session.create", ["workspace": "relative"], "workspace", "'relative' came"),
      ("session.create", ["workspace": workspace, "agents": [:]], "agents", "an object came"),
      ("session.create", ["workspace": workspace, "agents": [[:]]], "provider", "nothing came"),
      ("session.create", ["workspace": workspace, "alias": true], "alias", "a boolean came"),
      ("session.get", [:], "session", "nothing came"),
      ("session.get", [], "params", "an array came"),
      ("session.rename", ["session": session], "alias", "nothing came"),
      ("session.end", ["session": session, "force": "yes"], "force", "'yes' came"),
      ("agent.focus", ["session": session], "agent", "nothing came"),
      ("agent.spawn", ["session": session, "argv": "ls"], "argv", "an array"),
      ("agent.spawn", ["session": session, "argv": ["ls", 5]], "argv[1]", "5 came"),
      ("agent.spawn", ["session": session, "argv": ["ls"], "count": 0], "count", "0 came"),
      ("agent.spawn", ["session": session, "argv": ["ls"], "env": ["A=B": "x"]], "env", "names without '='"),
      ("agent.spawn", ["session": session, "argv": ["ls"], "env": ["A": 5]], "env.A", "a whole number came"),
      ("terminal.attach", ["session": session], "cols", "nothing came"),
      ("terminal.attach", ["session": session, "cols": 80], "rows", "nothing came"),
      ("terminal.attach", ["session": session, "cols": 0, "rows": 24], "cols", "0 came"),
      (
        "terminal.attach", ["session": session, "cols": 80, "rows": 24, "mode": "steal"], "mode",
        "'steal' came"
      ),
      ("terminal.attach", ["session": session, "cols": 80, "rows": 24, "after": -1], "after", "-1 came"),
      ("terminal.input", ["session": session], "text", "nothing came"),
      ("terminal.input", ["session": session, "bytes": "!"], "bytes", "a string of 1 byte came"),
      ("terminal.resize", ["session": session], "cols", "nothing came"),
      ("terminal.screen", ["session": session, "format": "png"], "format", "'png' came"),
      ("events.subscribe", ["after": "yesterday"], "after", "'yesterday' came"),
      ("events.subscribe", ["after": ["log": "l_x"]], "after.seq", "nothing came"),
      ("events.subscribe", ["after": ["seq": 5]], "after.log", "nothing came"),
      ("events.subscribe", ["kinds": "all"], "kinds", "'all' came"),
      ("events.unsubscribe", ["subscription": "e_9"], "subscription", "'e_9' came"),
      ("daemon.shutdown", ["mode": "explode"], "mode", "'explode' came"),
      ("session.create", ["workspace": workspace, "commandId": ""], "commandId", "A-Z"),
      ("session.create", ["workspace": workspace, "commandId": "a b"], "commandId", "'a b' came"),
      (
        "session.create",
        ["workspace": workspace, "commandId": .string(String(repeating: "x", count: 65))], "commandId",
        "1 to 64"
      ),
    ]
  }

  @Test("A line of 8 MiB passes; with one byte more it is refused, and the connection closes")
  func longestLine() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      try client.write(Self.ping(id: 50, bytes: 8 << 20) + [0x0A])
      #expect(try client.result(of: 50).get() == [:])
      _ = try client.writeAsFarAsTaken(Self.ping(id: 51, bytes: (8 << 20) + 1) + [0x0A])
      let error = try client.orphan()
      #expect(error.kind == .lineTooLong && error.message.contains("8388608"))
      try client.awaitClose()
    }
  }

  private static func ping(id: Int, bytes: Int) -> [UInt8] {
    let head = Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"daemon.ping","params":{"pad":""#.utf8)
    let tail = Array("\"}}".utf8)
    return head + [UInt8](repeating: 0x78, count: bytes - head.count - tail.count) + tail
  }

  @Test("Blank lines and unknown fields are ignored, and a request may come byte by byte")
  func tolerance() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      try client.write("\n\r\n   \t\n")
      try client.write(
        #"{"jsonrpc":"2.0","id":5,"extra":[1],"method":"session.list","params":{"future":{"a":1}}}"# + "\r\n")
      #expect(try client.result(of: 5).get().list("sessions") == [])
      for byte in #"{"jsonrpc":"2.0","id":"six","method":"daemon.ping"}"#.utf8 + [0x0A] {
        try client.write([byte])
      }
      for id in 100..<400 {
        try client.write(#"{"jsonrpc":"2.0","id":\#(id),"method":"daemon.ping"}"# + "\n")
      }
      for id in 100..<400 { _ = try client.result(of: id).get() }
    }
  }

  @Test("A notification is not answered, a null id is given back")
  func notifications() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      try client.write(#"{"jsonrpc":"2.0","method":"session.explode"}"# + "\n")
      try client.write(#"{"jsonrpc":"2.0","id":null,"method":"session.explode"}"# + "\n")
      try client.request("daemon.ping")
      #expect(try client.orphan().code == -32601)
      #expect(try client.request("daemon.health").words("status") == "ok")
    }
  }

  @Test("64 requests may be under way; the next one is overloaded, while health and ping are answered")
  func inFlight() throws {
    try withDaemon { daemon in
      // A birth that does not come to pass holds up those who ask for its terminal.
      Processes.stop(daemon.pid)
      defer { Processes.proceed(daemon.pid) }
      let client = try daemon.client()
      let id = try daemon.session("exec sleep 1000", by: client).words("id")
      let waiting = try (0..<64).map { _ in try client.send("terminal.screen", ["session": .string(id)]) }
      let error = try client.refusal("session.list")
      #expect(error.kind == .overloaded && error.isRetryable && error.message.contains("64"))
      try client.request("daemon.ping")
      try client.request("daemon.health")
      #expect(try waiting.allSatisfy { try !client.hasAnswer(to: $0) })
      Processes.proceed(daemon.pid)
      for request in waiting { _ = try client.result(of: request).get() }
      try client.request("session.list")
    }
  }
}
