import ArrobaJSON
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("The first words of a connection", .journey)
struct HelloJourneys {
  @Test("Hello is answered with protocol, daemon, log and heartbeat")
  func welcome() throws {
    try withDaemon { daemon in
      let answer = try daemon.connect().hello()
      #expect(try answer.number("protocol") == 1)
      #expect(try answer.words("daemon.version") == arrobaVersion)
      #expect(try answer.number("daemon.pid") != Int(daemon.pid), "the supervisor is not the daemon")
      #expect(
        try answer.words("daemon.startedAt").wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
      #expect(try answer.words("log.id").hasPrefix("l_"))
      #expect(try answer.number("log.head") >= 1)
      #expect(try answer.number("heartbeatMs") == 5000)
    }
  }

  @Test("Anything else than hello first is refused with hello_required, and the connection closes")
  func helloRequired() throws {
    try withDaemon { daemon in
      let requests = [
        #"{"jsonrpc":"2.0","id":7,"method":"daemon.health"}"#, #"{"jsonrpc":"2.0","method":"hello"}"#,
        "garbage",
        #"{"jsonrpc":"2.0","id":7,"method":"session.list","params":{}}"#, "[]", "17",
      ]
      for request in requests {
        let client = try daemon.connect()
        try client.write(request + "\n")
        let error = request.contains("\"id\":7") ? try client.error(of: 7) : try client.orphan()
        #expect(error.kind == .helloRequired, "\(request)")
        try client.awaitClose()
      }
    }
  }

  @Test("Another protocol version is refused with both versions and the side to upgrade")
  func versions() throws {
    try withDaemon { daemon in
      for (version, side) in [(2, "daemon"), (0, "client"), (99, "daemon")] {
        let client = try daemon.connect()
        let error = try client.refusal("hello", ["protocol": .int(version)])
        #expect(error.kind == .protocolUnsupported)
        #expect(error.details["client"]?.int == version && error.details["daemon"]?.int == 1)
        #expect(error.details["upgrade"]?.string == side && error.message.contains(side))
        try client.awaitClose()
      }
    }
  }

  @Test("A hello whose parameters are wrong says which")
  func wrongParameters() throws {
    try withDaemon { daemon in
      let cases: [(JSON, String)] = [
        ([:], "protocol"), (["protocol": "1"], "protocol"), (["protocol": 1, "client": 5], "params"),
        (["protocol": 1, "client": ["instance": 5]], "instance"),
      ]
      for (params, field) in cases {
        let error = try daemon.connect().refusal("hello", params)
        #expect(error.code == WireError.invalidParams && error.details["field"]?.string == field, "\(error)")
      }
    }
  }

  @Test("A second hello is an invalid request, and the connection stays")
  func twice() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      #expect(try client.refusal("hello", ["protocol": 1]).code == WireError.invalidRequest)
      try client.request("daemon.ping")
    }
  }

}
