import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// The table of limits in docs/PROTOCOL.md: at the limit it passes, with one more it does not. Those of lines,
/// requests, subscriptions, connections, clients and agents stand with what they limit.
@Suite("Limits", .journey)
struct LimitJourneys {
  @Test("JSON is nested 96 deep at most")
  func nesting() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      func ping(id: Int, depth: Int) -> String {
        // The request and its parameters are two of them.
        let pad = String(repeating: "[", count: depth - 2) + String(repeating: "]", count: depth - 2)
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"daemon.ping","params":{"pad":\#(pad)}}"# + "\n"
      }
      try client.write(ping(id: 40, depth: 96))
      #expect(try client.result(of: 40).get() == [:])
      try client.write(ping(id: 41, depth: 97))
      #expect(try client.orphan().code == -32700)
      try client.write(String(repeating: "[", count: 1 << 20) + "\n")
      #expect(try client.orphan().code == -32700)
      try client.request("daemon.ping")
    }
  }

  @Test("Strings, aliases, command ids, sizes and input are as long as the table says, and not a byte longer")
  func parameters() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try ReturnJourneys.reader(of: 1 << 20, daemon)
      let session = JSON.string(id)
      func text(_ count: Int) -> JSON { .string(String(repeating: "x", count: count)) }
      let create: JSON = ["workspace": .string(daemon.workspace)]
      let rows: [(method: String, params: JSON, field: String, fits: JSON, tooMuch: JSON)] = [
        ("session.create", create, "commandId", text(64), text(65)),
        ("terminal.resize", ["session": session, "rows": 24], "cols", 2000, 2001),
        ("terminal.resize", ["session": session, "cols": 80], "rows", 2000, 2001),
        ("terminal.resize", ["session": session, "cols": 80], "rows", 1, 0),
        ("terminal.input", ["session": session], "text", text(1 << 20), text((1 << 20) + 1)),
      ]
      for row in rows {
        try client.request(row.method, row.params.with(row.field, row.fits))
        let error = try client.refusal(row.method, row.params.with(row.field, row.tooMuch))
        #expect(
          error.code == -32602 && error.details["field"]?.string == row.field, "\(row.method): \(error)")
      }
      try client.request("session.rename", ["session": session, "alias": text(64)])
      #expect(
        try client.refusal("session.rename", ["session": session, "alias": text(65)]).kind == .aliasInvalid)
      // A path may be that long, although there is none.
      let path = "/" + String(repeating: "x", count: 4095)
      #expect(try client.refusal("session.create", ["workspace": .string(path)]).kind == .workspaceNotFound)
      #expect(try client.refusal("session.create", ["workspace": .string(path + "x")]).code == -32602)
      try daemon.screen(of: id, shows: " end")
    }
  }

  @Test("The limits of numbers are those of whole numbers: neither a fraction nor a string nor one too large")
  func numbers() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session("exec sleep 1000", by: client).words("id")
      let wrong = ["80.5", "\"80\"", "1e10", "99999999999999999999", "-1", "true", "[80]"]
      for (number, value) in wrong.enumerated() {
        let params = #"{"session":"\#(id)","cols":\#(value),"rows":24}"#
        let request =
          #"{"jsonrpc":"2.0","id":\#(100 + number),"method":"terminal.resize","params":\#(params)}"#
        try client.write(request + "\n")
        let error = try client.error(of: 100 + number)
        #expect(error.code == -32602 && error.details["field"]?.string == "cols", "\(value): \(error)")
      }
      #expect(try client.request("agent.get", ["session": .string(id)]).number("cols") == 80)
    }
  }

  @Test("A frame has a payload of 1 MiB at most, a terminal 2000 columns and rows")
  func frames() throws {
    try withDaemon { daemon in
      let bytes = [UInt8](repeating: 0x78, count: 1 << 20)
      let id = try ReturnJourneys.reader(of: bytes.count, daemon)
      let terminal = try daemon.client().attach(id)
      for (columns, rows) in [(2001, 24), (80, 2001), (0, 24), (80, 0), (65_535, 65_535)]
        as [(UInt16, UInt16)]
      {
        let before = terminal.notices.count
        try terminal.resize(columns, rows)
        try terminal.wait("a notice") { terminal.notices.count > before }
      }
      #expect(terminal.notices.allSatisfy { $0.contains("2000") } && terminal.sizes.isEmpty)
      try terminal.send(.input, bytes)
      try terminal.wait("the sum") { terminal.seen.contains(" end") }
      #expect(terminal.seen.contains(ReturnJourneys.sum(bytes)), "\(terminal.seen.suffix(200))")
      try terminal.resize(2000, 2000)
      try terminal.wait("the size") { terminal.sizes == [[2000, 2000]] }
      // Only the announcement: nobody waits for the rest.
      try terminal.write([0x49, 0, 0x10, 0, 1])
      try terminal.awaitClose()
    }
  }

  @Test("The socket and what holds it are the user's alone, and so is the state")
  func permissions() throws {
    try withDaemon(.init(shell: "umask 000; rmdir $HOME/../run; exec")) { daemon in
      #expect(try daemon.permissions(of: daemon.socket) == 0o600)
      #expect(try daemon.permissions(of: daemon.house.path("run")) == 0o700)
      #expect(try daemon.permissions(of: daemon.state) == 0o700)
      let log = "\(daemon.state)/log"
      for name in try Files.list(log) {
        #expect(try daemon.permissions(of: "\(log)/\(name)") & 0o077 == 0, "\(name)")
      }
      for name in try Files.list(daemon.logs) {
        #expect(try daemon.permissions(of: "\(daemon.logs)/\(name)") & 0o077 == 0, "\(name)")
      }
    }
  }
}

extension JSON {
  fileprivate func with(_ key: String, _ value: JSON) -> JSON {
    .object(JSONObject(members + [JSONObject.Member(key: key, value: value)]))
  }
}
