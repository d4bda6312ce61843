import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Glibc
import Testing

@testable import ArrobaClient

@Suite("Talking to a daemon")
struct ClientTests {
  private func client(_ daemon: FakeDaemon) -> Client {
    let places = Places(environment: ["ARROBA_SOCKET": daemon.path], home: daemon.house.path)
    return Client(road: .socket(DaemonLocator(path: daemon.path, mayStart: false, places: places)))
  }

  @Test("The hello goes with the first request, once for each connection, with the name of this process")
  func hello() throws {
    let daemon = try FakeDaemon()
    defer { daemon.end() }
    let client = client(daemon)
    _ = try client.ask("daemon.ping", [:])
    _ = try client.ask("session.list", [:])
    #expect(daemon.greetings.count == 1 && daemon.methods == ["daemon.ping", "session.list"])
    let greeting = try #require(daemon.greetings.first)
    #expect(greeting["protocol"]?.int == protocolVersion && greeting["client"]?["name"] == "arroba-cli")
    #expect(greeting["client"]?["version"] == .string(arrobaVersion))
    #expect(greeting["client"]?["instance"] == .string(client.instance))
    #expect(client.instance.wholeMatch(of: /c_[a-z2-7]{20}/) != nil)
    let identity = try client.connection().daemon
    #expect(
      identity?.pid == 4242 && identity?.logID == "l_1" && identity?.head == 7
        && identity?.version == arrobaVersion)
    client.disconnect()
    _ = try client.ask("daemon.ping", [:])
    #expect(daemon.greetings.count == 2)
  }

  @Test("A daemon that speaks another protocol refuses the hello, and that is the answer to the request")
  func version() throws {
    let refusal = WireError(kind: .protocolUnsupported, message: "upgrade the daemon")
    let daemon = try FakeDaemon(["hello": { _, _ in .error(refusal) }])
    defer { daemon.end() }
    #expect(throws: ClientError.refused(refusal, json: refusal.json)) {
      try client(daemon).ask("daemon.ping", [:])
    }
  }

  @Test("What comes unasked before an answer is kept in order for who asks for it")
  func notifications() throws {
    let daemon = try FakeDaemon([
      "daemon.ping": { _, _ in
        .lines([
          "{\"method\":\"a\",\"params\":{\"n\":1}}", "{\"id\":99,\"result\":{}}", "", "{\"method\":\"b\"}",
          "{\"id\":ID,\"result\":{\"ok\":true}}", "{\"method\":\"c\"}",
        ])
      }
    ])
    defer { daemon.end() }
    let connection = try client(daemon).connection()
    #expect(try connection.call("daemon.ping", [:], timeoutMs: nil) == ["ok": true])
    let three = try (0..<3).map { _ in try connection.nextNotification(timeoutMs: nil) }
    #expect(
      three.map { $0?.method } == ["a", "b", "c"] && three[0]?.params == ["n": 1] && three[1]?.params == .null
    )
    #expect(try connection.nextNotification(timeoutMs: 0) == nil)
  }

  private static let nonsense: [(String, String)] = [
    ("nonsense", "the daemon sent a line that is not JSON: "),
    ("[]", "the daemon sent a line that is neither answer nor notice"),
    ("{\"id\":ID}", "the daemon sent a line that is neither answer nor notice"),
    ("{\"result\":1}", "the daemon sent a line that is neither answer nor notice"),
  ]

  @Test("What is not the protocol is said to be none", arguments: nonsense)
  func malformed(_ line: String, _ words: String) throws {
    let daemon = try FakeDaemon(["daemon.ping": { _, _ in .lines([line]) }])
    defer { daemon.end() }
    let error = #expect(throws: ClientError.self) { try client(daemon).ask("daemon.ping", [:]) }
    guard case .malformed(let message) = error else {
      throw Silence("\(String(describing: error)) is another error")
    }
    #expect(message.hasPrefix(words), "\(message)")
  }

  @Test("An error that belongs to no request is the answer to the one that is out")
  func orphan() throws {
    let error = WireError(kind: .overloaded, message: "too many connections")
    let daemon = try FakeDaemon([
      "daemon.ping": { _, _ in .lines(["{\"id\":null,\"error\":\(error.json.encodedText)}"]) }
    ])
    defer { daemon.end() }
    #expect(throws: ClientError.refused(error, json: error.json)) {
      try client(daemon).ask("daemon.ping", [:])
    }
  }

  @Test("A request whose answer does not come in time is given up")
  func timeout() throws {
    let daemon = try FakeDaemon(["daemon.health": { _, _ in .silence }])
    defer { daemon.end() }
    #expect(throws: ClientError.timedOut("the daemon did not answer daemon.health in time")) {
      try client(daemon).connection().call("daemon.health", [:], timeoutMs: 0)
    }
  }

  @Test("A request whose connection was lost is sent once more, a command with the same id")
  func again() throws {
    let daemon = try FakeDaemon([
      "session.end": { _, count in count == 0 ? .hangUp : .result(["done": true]) },
      "session.get": { _, count in count == 0 ? .hangUp : .result(["got": true]) },
      "session.list": { _, _ in .hangUp },
    ])
    defer { daemon.end() }
    let client = client(daemon)
    #expect(try client.command("session.end", ["session": "s"]) == ["done": true])
    #expect(try client.ask("session.get", [:]) == ["got": true])
    let ends = daemon.requests.filter { $0.method == "session.end" }
    #expect(ends.count == 2 && ends[0] == ends[1] && ends[0].params["commandId"] != nil)
    // Twice in a row is no accident.
    let error = #expect(throws: ClientError.self) { try client.ask("session.list", [:]) }
    #expect(error?.isLoss == true)
  }

  @Test("A refusal is an answer: nothing is sent again")
  func refusal() throws {
    let error = WireError(kind: .busy, message: "it runs")
    let daemon = try FakeDaemon(["session.end": { _, _ in .error(error) }])
    defer { daemon.end() }
    #expect(throws: ClientError.refused(error, json: error.json)) {
      try client(daemon).command("session.end", [:])
    }
    #expect(daemon.methods == ["session.end"])
  }

  @Test("It is told when the daemon has closed the connection")
  func end() throws {
    let daemon = try FakeDaemon(["daemon.shutdown": { _, _ in .hangUp }])
    defer { daemon.end() }
    let connection = try client(daemon).connection()
    _ = try connection.call("daemon.ping", [:], timeoutMs: nil)
    #expect(!connection.waitForEnd(timeoutMs: 0))
    daemon.hangUp()
    #expect(connection.waitForEnd(timeoutMs: 20_000))
    #expect(throws: ClientError.self) { try connection.call("daemon.ping", [:], timeoutMs: nil) }
  }

  @Test("Messages, hints and losses of each error")
  func errors() {
    let wire = WireError(kind: .busy, message: "m", hint: "h")
    let table: [(ClientError, String?, Bool)] = [
      (.unreachable("m", hint: "h"), "h", false), (.unreachable("m", hint: nil), nil, false),
      (.lost("m"), nil, true),
      (.timedOut("m"), nil, false), (.malformed("m"), nil, false),
      (.refused(wire, json: wire.json), "h", false),
    ]
    for (error, hint, isLoss) in table {
      #expect(error.message == "m" && error.hint == hint && error.isLoss == isLoss, "\(error)")
    }
  }

  // MARK: attaching

  @Test("Attaching hands over what of the lane came with the answer, and where its output begins")
  func attach() throws {
    let daemon = try FakeDaemon(
      [
        "terminal.attach": { _, _ in
          .result(["attachment": "t_7", "offset": 5000, "inputOffset": 12, "cols": 80, "rows": 24])
        }
      ],
      lane: { lane, _ in
        try lane.output("early")
        try lane.awaitEnd()
      })
    defer { daemon.end() }
    let wish = Attachment.Wish(session: "s", agent: "a", mode: .view)
    let attached = try Attachment(try client(daemon).connection(), wish, size: (100, 30), timeoutMs: 20_000)
    #expect(attached.id == "t_7" && attached.offset == 5000 && attached.inputOffset == 12)
    #expect(
      daemon.requests[0].params == ["session": "s", "agent": "a", "mode": "view", "cols": 100, "rows": 30])
    #expect(
      wish.params(size: nil, resuming: .init(attachment: "t_6", after: 4000))
        == ["session": "s", "agent": "a", "mode": "view", "resume": "t_6", "after": 4000])
    // What did not come with the answer comes from the socket, which does not block.
    var bytes = attached.rest
    while bytes.count < 10 {
      guard PollSet.waitReadable(attached.stream.socket.raw, timeoutMs: 20_000) else {
        throw Silence("no lane")
      }
      var block = [UInt8](repeating: 0, count: 64)
      if case .moved(let count) = block.withUnsafeMutableBytes({ attached.stream.socket.read(into: $0) }) {
        bytes += block[..<count]
      }
    }
    #expect(bytes == TerminalFrame.encode(.output, Array("early".utf8)))
    attached.stream.close()
  }

  @Test("A first attach says nothing of a resumption; an answer without an attachment is none")
  func attachPlain() throws {
    let daemon = try FakeDaemon(["terminal.attach": { _, _ in .result([:]) }])
    defer { daemon.end() }
    #expect(throws: ClientError.malformed("the daemon attached, but named no attachment")) {
      try Attachment(
        try client(daemon).connection(), .init(session: "s", agent: "a", mode: .drive), size: nil,
        timeoutMs: 20_000)
    }
    #expect(daemon.requests[0].params == ["session": "s", "agent": "a", "mode": "drive"])
  }
}
