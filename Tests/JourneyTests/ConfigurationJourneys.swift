import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Glibc
import Testing

/// The file of the configuration, and what the daemon makes of it.
@Suite("Configuration", .journey)
struct ConfigurationJourneys {
  private static func path(_ daemon: DaemonUnderTest) -> String {
    daemon.house.path("home/.config/arroba/config.json")
  }

  private static func write(_ text: String, for daemon: DaemonUnderTest) throws {
    try Files.makeDirectory(daemon.house.path("home/.config/arroba"))
    try Files.replace(path(daemon), with: Array(text.utf8))
  }

  private static func read(_ daemon: DaemonUnderTest) throws -> JSON {
    try JSONReader.read(Files.read(path(daemon), atMost: 1 << 20))
  }

  @Test("Without a file all is as usual; what is set is in the file, holds at once and after a restart")
  func sets() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let before = try client.request("config.get")
      #expect(try before.words("path") == Self.path(daemon))
      #expect(before["values"] == ["asks": ["deadlineMs": nil, "onDeadline": "deny"]])
      #expect(before["faults"] == [] && before["unknown"] == [])
      #expect(Files.status(Self.path(daemon)) == nil)
      let set = try client.request("config.set", ["values": ["asks.deadlineMs": 60_000]])
      #expect(try set.number("values.asks.deadlineMs") == 60_000)
      #expect(try Self.read(daemon) == ["asks": ["deadlineMs": 60_000]])
      #expect(Files.status(Self.path(daemon))?.permissions == 0o600)
      try daemon.killDaemon()
      let after = try daemon.client().request("config.get")
      #expect(try after.number("values.asks.deadlineMs") == 60_000)
      let taken = try daemon.client().request("config.set", ["values": ["asks.deadlineMs": nil]])
      #expect(try taken.at("values.asks.deadlineMs") == .null)
      #expect(try Self.read(daemon) == ["asks": [:]])
    }
  }

  @Test("What is not known is kept, and told")
  func unknown() throws {
    let daemon = DaemonUnderTest()
    try Self.write(#"{"later":{"a":[1,2]},"asks":{"colour":"red"}}"#, for: daemon)
    try daemon.start()
    let told = try daemon.client().request("config.get")
    #expect(told["unknown"] == ["later", "asks.colour"] && told["faults"] == [])
    try daemon.client().request("config.set", ["values": ["asks.onDeadline": "fail"]])
    #expect(
      try Self.read(daemon) == ["later": ["a": [1, 2]], "asks": ["colour": "red", "onDeadline": "fail"]])
    let doctor = try daemon.arroba(["doctor"])
    #expect(doctor.output.contains("later, asks.colour means nothing to this version"), "\(doctor.output)")
    try daemon.stop()
  }

  @Test("A value that will not do changes nothing, and the error says which, why and what would")
  func refused() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      try client.request("config.set", ["values": ["asks.deadlineMs": 5000]])
      let wrong = try client.refusal(
        "config.set", ["values": ["asks.deadlineMs": 7000, "asks.onDeadline": "allow"]])
      #expect(wrong.kind == .configInvalid && wrong.message.contains("asks.onDeadline: 'allow' came"))
      #expect(wrong.details["key"] == "asks.onDeadline" && wrong.details["reason"] == "'allow' came")
      #expect(wrong.details["allowed"] == "deny or fail")
      let unknown = try client.refusal("config.set", ["values": ["asks.dedlineMs": 1]])
      #expect(unknown.kind == .configInvalid && unknown.message.contains("asks.deadlineMs, asks.onDeadline"))
      #expect(try client.refusal("config.set", ["values": 5]).code == WireError.invalidParams)
      #expect(try client.refusal("config.set", [:]).code == WireError.invalidParams)
      #expect(try Self.read(daemon) == ["asks": ["deadlineMs": 5000]])
      #expect(try client.request("config.get").number("values.asks.deadlineMs") == 5000)
    }
  }

  private static let broken: [(String, String)] = [
    ("{", "allowed: a JSON object"), ("[1]", "the file is an array; allowed: a JSON object"), ("", "allowed"),
    (#"{"asks":{"deadlineMs":"soon","onDeadline":"fail"}}"#, "asks.deadlineMs: 'soon' came"),
  ]

  @Test("A broken file stops no daemon: it says so and goes on without", arguments: broken)
  func brokenFile(text: String, words: String) throws {
    let daemon = DaemonUnderTest()
    try Self.write(text, for: daemon)
    try daemon.start()
    let health = try daemon.client().request("daemon.health")
    #expect(try health.list("configuration.faults").count == 1)
    let doctor = try daemon.arroba(["doctor"])
    #expect(doctor.code == 1 && doctor.output.contains(words), "\(doctor.output)")
    #expect(doctor.output.contains("arroba daemon restart"))
    #expect(try daemon.arroba(["daemon", "logs", "--level", "error"]).output.contains("the default holds"))
    let told = try daemon.client().request("config.get")
    #expect(try told.at("values.asks.deadlineMs") == .null)
    // One wrong value takes none of the others with it.
    #expect(try told.words("values.asks.onDeadline") == (text.contains("fail") ? "fail" : "deny"))
    // What cannot be understood is never written over.
    let refused = try daemon.client().refusal("config.set", ["values": ["asks.onDeadline": "deny"]])
    #expect(refused.kind == .configInvalid && refused.details["path"] == .string(Self.path(daemon)))
    #expect(String(decoding: try Files.read(Self.path(daemon), atMost: 1000), as: UTF8.self) == text)
    try Self.write("{}", for: daemon)
    let mended = try daemon.client().request("config.set", ["values": [:]])
    #expect(mended["faults"] == [])
    try daemon.stop()
  }

  @Test("Changes of several clients at once are all in the file")
  func atOnce() throws {
    try withDaemon { daemon in
      let clients = try (0..<8).map { try daemon.client("c_\($0)") }
      let sent = try clients.enumerated().map { index, client in
        try client.send(
          "config.set",
          ["values": index % 2 == 0 ? ["asks.deadlineMs": 9000] : ["asks.onDeadline": "fail"]])
      }
      for (client, id) in zip(clients, sent) { _ = try client.result(of: id).get() }
      #expect(
        try Self.read(daemon)["asks"].map { ConfigurationJourneys.sorted($0) }
          == ["deadlineMs": 9000, "onDeadline": "fail"])
    }
  }

  private static func sorted(_ json: JSON) -> JSON {
    .object(JSONObject((json.object?.members ?? []).sorted { $0.key < $1.key }))
  }

  @Test("A configuration that is a link stays one, and what it links to is changed")
  func link() throws {
    let daemon = DaemonUnderTest()
    try Self.write("{}", for: daemon)
    let real = daemon.house.path("home/dotfiles.json")
    try Files.replace(real, with: Array("{}".utf8))
    try Files.remove(Self.path(daemon))
    #expect(symlink(real, Self.path(daemon)) == 0)
    try daemon.start()
    try daemon.client().request("config.set", ["values": ["asks.deadlineMs": 4000]])
    #expect(try JSONReader.read(Files.read(real, atMost: 1000)) == ["asks": ["deadlineMs": 4000]])
    #expect(Files.canonical(Self.path(daemon)) == Files.canonical(real))
    try daemon.stop()
  }

  @Test("A repeated change is made once, also by a daemon that did not make it")
  func repeated() throws {
    try withDaemon { daemon in
      let params: JSON = ["values": ["asks.deadlineMs": 3000], "commandId": "set-1"]
      let first = try daemon.client().request("config.set", params)
      try daemon.client().request("config.set", ["values": ["asks.deadlineMs": 4000]])
      try daemon.killDaemon()
      #expect(try daemon.client().request("config.set", params) == first)
      #expect(try Self.read(daemon) == ["asks": ["deadlineMs": 4000]])
    }
  }
}
