import ArrobaJSON
import ArrobaRelayWire
import ArrobaSystem
import ArrobaTestSupport
import ArrobaTransport
import Testing

/// Who must not get in, by the real program.
@Suite struct RelayGateTests {
  @Test("Without a token it does not start, and says what to do")
  func noToken() throws {
    let relay = RelayUnderTest()
    try Files.makeDirectory(relay.state)
    let (code, text) = try relay.run("run", "--listen", "127.0.0.1:0")
    #expect(code == 1)
    #expect(text.contains("there is no token in \(relay.state), so nobody could come in"))
    #expect(text.contains("hint: arroba-relay token new NAME --role both --state \(relay.state)"))
  }

  @Test("It does not start with tokens that others can read")
  func openTokens() throws {
    let relay = RelayUnderTest()
    _ = try relay.token("box", role: "both")
    let path = "\(relay.state)/tokens.json"
    #expect(Files.status(path)?.permissions == 0o600)
    let bytes = try Files.read(path, atMost: 4096)
    try Files.remove(path)
    try Files.replace(path, with: bytes, mode: 0o640)
    let (code, text) = try relay.run("run", "--listen", "127.0.0.1:0")
    #expect(
      code == 1 && text.contains("\(path) can be read by others (mode 640)") && text.contains("chmod 600"))
  }

  @Test("A wrong, a changed, an expired and an unknown token are all answered alike")
  func wrongTokens() throws {
    let relay = RelayUnderTest()
    let good = try #require(RelayToken(text: try relay.token("good", role: "client")))
    _ = try relay.token("old", role: "client", expires: "1s")
    let old = try #require(
      try JSONReader.read(try Files.read("\(relay.state)/tokens.json", atMost: 4096))["tokens"]?.array?.last)
    try relay.start()
    try Deadline.until("the end of the old token") {
      Clock.wallMs() > (old["expiresMs"]?.int ?? 0)
    }
    let wrong = [
      RelayToken(id: good.id, secret: RelayToken.random().secret), RelayToken.random(),
      try #require(old["token"]?.string.flatMap { RelayToken(text: $0) }),
    ]
    for token in wrong {
      #expect(throws: RelayFailure.refused(.notProved)) {
        try relay.call(token.text, RelayCall.Wish(.watch))
      }
    }
    // A client's token is no machine's.
    #expect(throws: RelayFailure.refused(.notProved)) { try relay.call(good.text, .machine("box")) }
    _ = try relay.call(good.text, RelayCall.Wish(.watch))
    #expect(try relay.health()["machines"]?.int == 0)
  }

  @Test("What was said in one handshake opens no other")
  func replay() throws {
    let relay = RelayUnderTest()
    let token = try #require(RelayToken(text: try relay.token("box", role: "both")))
    try relay.start()
    let (first, nonce) = try relay.asked()
    let claim = RelayClaim(token: token.id, purpose: .watch, name: "", subject: "", nonce: nonce)
    let proof = claim.proof(of: .guest, secret: token.secret, relayNonce: nonce)
    let line = RelayTerms.line(claim.json(proof: proof, details: [:]))
    try first.say(line)
    #expect(try first.hear(upTo: "\n").contains("welcome"))
    let (second, other) = try relay.asked()
    #expect(other != nonce)
    try second.say(line)
    #expect(try second.hearAll() == RelayTerms.line(RelayRefusal.notProved.json))
    // Nor is the relay's own proof good for a guest.
    let (third, last) = try relay.asked()
    let mirrored = RelayClaim(token: token.id, purpose: .watch, name: "", subject: "", nonce: last)
    let echo = mirrored.proof(of: .relay, secret: token.secret, relayNonce: last)
    try third.say(RelayTerms.line(mirrored.json(proof: echo, details: [:])))
    #expect(try third.hearAll() == RelayTerms.line(RelayRefusal.notProved.json))
  }

  @Test("A ticket opens one stream, for the machine that it was made for, and no second")
  func tickets() throws {
    let relay = RelayUnderTest()
    let token = try relay.token("all", role: "both")
    let other = try relay.token("other", role: "machine")
    try relay.start()
    let box = try relay.machine(token, "box")
    let crate = try relay.machine(other, "crate", id: "b")
    let (client, nonce) = try relay.asked()
    let known = try #require(RelayToken(text: token))
    let claim = RelayClaim(token: known.id, purpose: .reach, name: "box", subject: "", nonce: nonce)
    let proof = claim.proof(of: .guest, secret: known.secret, relayNonce: nonce)
    try client.say(RelayTerms.line(claim.json(proof: proof, details: [:])))
    let ticket = try RelayUnderTest.ticket(box)
    let a = String(repeating: "a", count: 32)
    let b = String(repeating: "b", count: 32)
    func join(_ token: String, _ id: String, _ ticket: String) throws -> RelayCall {
      try relay.call(token, RelayCall.Wish(.join, name: id, subject: ticket))
    }
    #expect(try refusal { try join(other, b, ticket) } == .ticketInvalid)
    #expect(try refusal { try join(other, a, ticket) } == .ticketInvalid)
    #expect(try refusal { try join(token, a, String(repeating: "0", count: 32)) } == .ticketInvalid)
    let joined = try join(token, a, ticket)
    #expect(try client.hear(upTo: "\n").contains("welcome"))
    #expect(try refusal { try join(token, a, ticket) } == .ticketInvalid)
    try client.say("through")
    #expect(try RawGuest(joined.socket, held: joined.rest).hear(count: 7) == Array("through".utf8))
    withExtendedLifetime(crate) {}
  }

  @Test("A client whose machine does not come is told so when the ticket is over, and the ticket with it")
  func lateTicket() throws {
    let relay = RelayUnderTest()
    let token = try relay.token("all", role: "both")
    try relay.start()
    let box = try relay.machine(token, "box")
    #expect(try refusal { try relay.call(token, RelayCall.Wish(.reach, name: "box")) } == .machineSilent)
    let ticket = try RelayUnderTest.ticket(box)
    let late = RelayCall.Wish(.join, name: String(repeating: "a", count: 32), subject: ticket)
    #expect(try refusal { try relay.call(token, late) } == .ticketInvalid)
    #expect(try relay.health()["streams"]?.int == 0)
  }

  @Test("A revoked token ends what it holds open, at once, and nothing else")
  func revoked() throws {
    let relay = RelayUnderTest()
    let lent = try relay.token("lent", role: "machine")
    let own = try relay.token("own", role: "both")
    try relay.start()
    let box = try relay.machine(lent, "box")
    let crate = try relay.machine(own, "crate", id: "b")
    let stream = try relay.stream(own, to: "crate", crate, id: "b")
    #expect(try relay.run("token", "revoke", "lent").code == 0)
    let words = String(decoding: try box.hearAll(), as: UTF8.self)
    #expect(words.contains("\"revoked\""))
    #expect(try refusal { try relay.call(lent, .machine("box")) } == .refused)
    try stream.client.say("on")
    #expect(try stream.machine.hear(count: 2) == Array("on".utf8))
    #expect(try relay.run("token", "revoke", "own").code == 0)
    #expect(try stream.client.hearAll() == [] && stream.machine.hearAll() == [])
    #expect(try relay.run("token", "revoke", "own").code == 1)
  }

  @Test(
    "Garbage is answered and closed, late, and opens nothing",
    arguments: [
      "\u{0}\u{1}\u{2}\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "GET /v1/relay HTTP/1.1\nUpgrade: x\r\n\r\n",
      "GET /" + String(repeating: "a", count: 9000),
      "GET /v1/relay HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: arroba-relay/1\r\n\r\nearly",
    ])
  func garbage(text: String) throws {
    let relay = RelayUnderTest()
    _ = try relay.token("box", role: "both")
    try relay.start()
    let guest = try RawGuest(port: relay.port)
    try guest.say(text)
    let answer = String(decoding: try guest.hearAll(), as: UTF8.self)
    #expect(answer.hasPrefix("HTTP/1.1 4") || answer.isEmpty || answer.hasPrefix("HTTP/1.1 505"), "\(answer)")
    #expect(try relay.health()["connections"]?.int == 1)
  }

  @Test(
    "Instead of a claim, garbage, too much, or a claim with something behind it is refused as a wrong token is"
  )
  func wrongClaims() throws {
    let relay = RelayUnderTest()
    let token = try #require(RelayToken(text: try relay.token("box", role: "both")))
    try relay.start()
    for text in ["{}\n", "nothing\n", "\n", String(repeating: "x", count: 8192)] {
      let (guest, _) = try relay.asked()
      try guest.say(text)
      #expect(try guest.hearAll() == RelayTerms.line(RelayRefusal.notProved.json))
    }
    let (guest, nonce) = try relay.asked()
    let claim = RelayClaim(token: token.id, purpose: .watch, name: "", subject: "", nonce: nonce)
    let proof = claim.proof(of: .guest, secret: token.secret, relayNonce: nonce)
    try guest.say(RelayTerms.line(claim.json(proof: proof, details: [:])) + [0x78])
    #expect(try guest.hearAll() == RelayTerms.line(RelayRefusal.notProved.json))
  }

  @Test("Who says nothing, or goes on saying little, is let go; so many at once are let in and no more")
  func slow() throws {
    let relay = RelayUnderTest()
    _ = try relay.token("box", role: "both")
    try relay.start(["--unproven-per-address", "3"])
    let silent = try RawGuest(port: relay.port)
    let halfway = try relay.asked().0
    let trickling = try RawGuest(port: relay.port)
    try trickling.say("GET ")
    try halfway.say("{")
    let fourth = try RawGuest(port: relay.port)
    #expect(try fourth.hearAll() == [])
    for guest in [silent, halfway, trickling] { #expect(try guest.hearAll(seconds: 40) == []) }
    #expect(try relay.health()["connections"]?.int == 1)
  }

  @Test("A client that was given another relay's address notices: that relay cannot prove the token")
  func otherRelay() throws {
    let relay = RelayUnderTest()
    let token = try #require(RelayToken(text: try relay.token("box", role: "both")))
    let (listener, port) = try Sockets.listen(port: 0, backlog: 4)
    Threads.start("other-relay") {
      guard Deadline(seconds: 20).wait(for: listener, writing: false),
        case .connection(let socket) = Sockets.accept(from: listener)
      else { return }
      let guest = RawGuest(socket)
      _ = try? guest.hear(upTo: "\r\n\r\n")  // what fails here shows in the call's answer
      let nonce = Hex.text(Randomness.bytes(32))
      _ = try? guest.say(
        "HTTP/1.1 101 x\r\nUpgrade: arroba-relay/1\r\n\r\n{\"relay\":1,\"nonce\":\"\(nonce)\"}\n"
          + "{\"welcome\":{},\"proof\":\"\(nonce)\"}\n")
      _ = try? guest.hearAll()
    }
    let road = RelayRoad(address: try RelayAddress("relay://127.0.0.1:\(port)"), via: nil)
    #expect(
      throws: RelayFailure.notARelay(
        "what answers at relay://127.0.0.1:\(port) does not have this token: it is another relay, or poses as one"
      )
    ) { try RelayCall.make(road, token, RelayCall.Wish(.watch)) }
  }
}
