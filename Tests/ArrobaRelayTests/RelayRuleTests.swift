import ArrobaRelay
import ArrobaRelayWire
import Testing

/// The rules that a relay lives by, as values.
@Suite struct RelayRuleTests {
  @Test("A failure is answered later each time, up to a limit, and forgotten after a while")
  func pace() {
    var pace = FailurePace()
    let waits = (0..<8).map { pace.fail("a", nowMs: $0) }
    #expect(waits == [250, 500, 1000, 2000, 4000, 8000, 8000, 8000])
    #expect(pace.fail("b", nowMs: 8) == 250)
    #expect(pace.fail("a", nowMs: 7 + FailurePace.forgetAfterMs) == 8000)
    #expect(pace.fail("a", nowMs: 8 + 2 * FailurePace.forgetAfterMs) == 250)
  }

  @Test("Addresses that fail are remembered up to a limit; who failed most is not forgotten first")
  func paceLimit() {
    var pace = FailurePace()
    for _ in 0..<3 { _ = pace.fail("bad", nowMs: 0) }
    for number in 0..<(2 * FailurePace.mostAddresses) { _ = pace.fail("\(number)", nowMs: 1) }
    #expect(pace.addresses == FailurePace.mostAddresses)
    #expect(pace.fail("bad", nowMs: 2) == 2000)
  }

  @Test("A ticket serves its machine and token, once, and not too late")
  func tickets() {
    var tickets = Tickets()
    let text = tickets.issue(client: 7, machine: "m", token: "t", nowMs: 100)
    #expect(tickets.redeem(text, machine: "n", token: "t", nowMs: 100) == nil)
    #expect(tickets.redeem(text, machine: "m", token: "u", nowMs: 100) == nil)
    #expect(tickets.redeem(String(text.dropLast()), machine: "m", token: "t", nowMs: 100) == nil)
    #expect(tickets.redeem(text, machine: "m", token: "t", nowMs: 99 + RelayTerms.ticketMs)?.client == 7)
    #expect(tickets.redeem(text, machine: "m", token: "t", nowMs: 101) == nil)
    let late = tickets.issue(client: 8, machine: "m", token: "t", nowMs: 0)
    #expect(tickets.redeem(late, machine: "m", token: "t", nowMs: RelayTerms.ticketMs) == nil)
    tickets.withdraw(client: 8)
    #expect(tickets.count == 0)
  }

  private func entry(_ id: Character, _ name: String, token: String = "t", connection: UInt64 = 1)
    -> Presence.Entry
  {
    let machine = RelayMachine(
      id: String(repeating: id, count: 32), name: name, system: "Linux", version: "1", user: "me",
      hostKey: "k")
    return Presence.Entry(machine: machine, token: token, connection: connection, sinceMs: 0)
  }

  @Test("The same machine takes its own place again; another machine or token does not take it")
  func presence() {
    var presence = Presence()
    #expect(presence.arrive(entry("a", "box")) == .new)
    #expect(presence.arrive(entry("a", "box", connection: 2)) == .replaces(1))
    #expect(presence.leave(entry("a", "box").machine.id, connection: 1) == nil, "the older connection ends")
    #expect(presence.named("box")?.connection == 2)
    for other in [entry("b", "box"), entry("b", "BOX"), entry("a", "box", token: "u")] {
      guard case .refused(let refusal) = presence.arrive(other) else {
        Issue.record("\(other) was let in")
        continue
      }
      #expect(refusal.kind == .nameTaken)
    }
    #expect(presence.arrive(entry("a", "crate", connection: 3)) == .replaces(2), "it may change its name")
    #expect(presence.named("box") == nil && presence.named("crate")?.connection == 3)
    #expect(presence.arrive(entry("b", "box", connection: 4)) == .new)
    #expect(presence.all.map(\.machine.name) == ["box", "crate"])
    #expect(presence.leave(entry("a", "crate").machine.id, connection: 3)?.name == "crate")
    #expect(presence.count == 1 && presence.named("crate") == nil)
  }

  @Test("A book of tokens is read back as it was written; one that is damaged anywhere is refused whole")
  func book() throws {
    var book = TokenBook()
    let tokens = ["one", "two"].map { name in
      TokenBook.Entry(
        token: .random(), name: name, role: name == "one" ? .machine : .both, createdMs: 5,
        expiresMs: name == "one" ? 9 : nil)
    }
    for entry in tokens { book.add(entry) }
    #expect(try TokenBook(file: book.file) == book)
    #expect(tokens[0].isValid(8) && !tokens[0].isValid(9) && tokens[1].isValid(Int.max))
    for cut in 0..<(book.file.count - 1) {
      #expect(throws: TokenBook.Malformed.self, "cut at \(cut)") {
        try TokenBook(file: Array(book.file[..<cut]))
      }
    }
    var twice = book
    twice.add(tokens[0])
    #expect(throws: TokenBook.Malformed.self) { try TokenBook(file: twice.file) }
    let removed = [book.remove(named: "one"), book.remove(named: "one")]
    #expect(removed == [true, false] && book.entries.count == 1)
  }

  @Test("A challenge serves once, for a while, and cannot be made by anybody else")
  func challenges() {
    var ours = Challenges()
    var theirs = Challenges()
    let nonce = ours.make(nowMs: 1000)
    let others = [theirs.use(nonce, nowMs: 1000), ours.use(Array(nonce.dropLast()), nowMs: 1000)]
    #expect(others == [false, false])
    for index in nonce.indices {
      var other = nonce
      other[index] ^= 1
      let isTaken = ours.use(other, nowMs: 1000)
      #expect(!isTaken, "byte \(index)")
    }
    let twice = [ours.use(nonce, nowMs: 999 + Challenges.lifeMs), ours.use(nonce, nowMs: 1001)]
    #expect(twice == [true, false])
    let late = ours.make(nowMs: 0)
    let isLateTaken = ours.use(late, nowMs: Challenges.lifeMs)
    #expect(!isLateTaken)
  }

  private static func head(_ request: String, _ fields: String = "") throws -> HTTPHead {
    try #require(try HTTPHead.read(Array("\(request)\r\n\(fields)\r\n".utf8)))
  }

  @Test(
    "A request goes where it says, and what is no request of ours goes nowhere",
    arguments: [
      ("GET /health HTTP/1.1", "", Front.Route.health), ("GET /metrics HTTP/1.0", "", .metrics),
      ("GET /v1/machines HTTP/1.1", "", .machines(nil)),
      ("GET /v1/machines HTTP/1.1", "Authorization: Basic x\r\n", .machines(nil)),
      ("GET /v1/relay HTTP/1.1", "Connection: Upgrade\r\nUpgrade: arroba-relay/1\r\n", .upgrade),
      ("GET /v1/relay HTTP/1.1", "Connection: keep-alive, upgrade\r\nUpgrade: arroba-relay/1\r\n", .upgrade),
      ("GET /v1/relay HTTP/1.1", "Upgrade: arroba-relay/1\r\n", .refuse(426)),
      ("GET /v1/relay HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n", .refuse(426)),
      ("GET /v1/relay HTTP/1.1", "", .refuse(426)), ("POST /health HTTP/1.1", "", .refuse(405)),
      ("GET /Health HTTP/1.1", "", .refuse(404)), ("GET /health/ HTTP/1.1", "", .refuse(404)),
      ("GET /x/../health HTTP/1.1", "", .refuse(404)), ("GET /%68ealth HTTP/1.1", "", .refuse(404)),
      ("GET http://a/health HTTP/1.1", "", .refuse(404)), ("GET /health?x HTTP/1.1", "", .refuse(404)),
      ("GET /health HTTP/2", "", .refuse(505)), ("GET /health", "", .refuse(505)),
      ("GET /health HTTP/1.1", "Content-Length: 5\r\n", .refuse(400)),
      ("GET /health HTTP/1.1", "Transfer-Encoding: chunked\r\n", .refuse(400)),
    ])
  func routes(request: String, fields: String, route: Front.Route) throws {
    #expect(Front.route(try Self.head(request, fields)) == route)
  }

  @Test("Of the addresses that a proxy passes on, the last one is the one that it saw")
  func forwarded() throws {
    let head = try Self.head("GET / HTTP/1.1", "X-Forwarded-For: 6.6.6.6, 1.2.3.4 \r\n")
    #expect(Front.forwarded(head) == "1.2.3.4")
    #expect(Front.forwarded(try Self.head("GET / HTTP/1.1")) == nil)
    let long = String(repeating: "1", count: 65)
    #expect(Front.forwarded(try Self.head("GET / HTTP/1.1", "X-Forwarded-For: \(long)\r\n")) == nil)
  }

  @Test("The command line means what it says")
  func words() throws {
    let run = try RelayCommand([
      "run", "--listen", "127.0.0.1:0", "--listen=[::]:7437", "--state", "/s", "--behind-proxy",
    ])
    guard case .run(let options) = run else { throw Unexpected(run) }
    #expect(options.listen.map(\.host) == ["127.0.0.1", "::"] && options.listen.map(\.port) == [0, 7437])
    #expect(options.isBehindProxy && options.state == "/s" && options.heartbeatMs == 15_000)
    let token = try RelayCommand([
      "token", "new", "box", "--role", "both", "--expires", "30d", "--state", "/s",
    ])
    #expect(
      token == .makeToken(name: "box", role: .both, lifeMs: 2_592_000_000, state: "/s", isJSON: false))
    #expect(
      try RelayCommand(["token", "ls", "--json", "--state", "s"]) == .listTokens(state: "s", isJSON: true))
    #expect(
      try RelayCommand(["token", "revoke", "box", "--state", "s"]) == .revokeToken(name: "box", state: "s"))
    #expect(try RelayCommand([]) == .help && RelayCommand(["run", "-h"]) == .help)
    #expect(try RelayCommand(["--version"]) == .version)
  }

  private struct Unexpected: Error {
    let command: RelayCommand
    init(_ command: RelayCommand) { self.command = command }
  }

  @Test(
    "What is not understood is refused with words",
    arguments: [
      (["go"], "'go' is no verb of arroba-relay"),
      (["run", "--state", "s"], "--listen ADDR:PORT is missing"),
      (
        ["run", "--listen", "x", "--state", "s"],
        "'x' is no place to listen at: ADDR:PORT is expected, like 127.0.0.1:7437"
      ),
      (["run", "--listen", "a:1"], "--state DIR is missing"),
      (["run", "--listen", "a:1", "--state", "s", "--color"], "--color is no option of this verb"),
      (["run", "--listen", "a:1", "--state", "s", "more"], "'more' is one word too many"),
      (["token"], "arroba-relay token needs a verb: new, ls or revoke"),
      (["token", "new", "box", "--state", "s"], "--role machine|client|both is missing"),
      (
        ["token", "new", "box", "--role", "king", "--state", "s"],
        "'king' is no role: machine, client or both is expected"
      ),
      (
        ["token", "new", "box", "--role", "both", "--expires", "soon", "--state", "s"],
        "'soon' is no duration: a number with s, m, h or d is expected, like 30d"
      ),
      (
        ["token", "revoke", "a b", "--state", "s"],
        "a name has 1 to 64 letters, digits and - _ . and begins with a letter or a digit"
      ),
    ])
  func misuse(arguments: [String], message: String) {
    #expect(throws: RelayCommand.Misuse(message)) { try RelayCommand(arguments) }
  }
}
