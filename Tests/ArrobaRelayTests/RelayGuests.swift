import ArrobaJSON
import ArrobaRelayWire
import ArrobaSystem
import ArrobaTestSupport
import ArrobaTransport
import Testing

extension RelayUnderTest {
  func call(_ token: String, _ wish: RelayCall.Wish) throws -> RelayCall {
    let road = RelayRoad(address: try RelayAddress(url), via: nil)
    return try RelayCall.make(road, try #require(RelayToken(text: token)), wish)
  }

  /// A machine that is there.
  func machine(_ token: String, _ name: String, id: Character = "a") throws -> RawGuest {
    let call = try call(token, .machine(name, id: id))
    return RawGuest(call.socket, held: call.rest)
  }

  /// A guest that was asked who it is, and with which nonce.
  func asked() throws -> (RawGuest, nonce: [UInt8]) {
    let guest = try RawGuest(port: port)
    try guest.say(try RelayAddress(url).upgradeRequest)
    #expect(try guest.hear(upTo: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
    let greeting = try JSONReader.read(try guest.hear(upTo: "\n").utf8)
    return (guest, try #require(greeting["nonce"]?.string.flatMap { Hex.bytes($0) }))
  }

  /// What is answered to a plain request.
  func get(_ path: String, _ fields: String = "") throws -> String {
    let guest = try RawGuest(port: port)
    try guest.say("GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
    return String(decoding: try guest.hearAll(), as: UTF8.self)
  }

  func health() throws -> JSON {
    let answer = try get("/health")
    let body = try #require(answer.firstRange(of: "\r\n\r\n"))
    return try JSONReader.read(answer[body.upperBound...].utf8)
  }

  /// The ticket that the machine hears of.
  static func ticket(_ machine: RawGuest) throws -> String {
    while true {
      let line = try JSONReader.read(try machine.hear(upTo: "\n").utf8)
      if let ticket = line["ticket"]?.string { return ticket }
    }
  }

  /// A stream through it, whole: the client's end and the machine's.
  func stream(_ token: String, to name: String, _ machine: RawGuest, id: Character = "a") throws -> (
    client: RawGuest, machine: RawGuest
  ) {
    let (client, nonce) = try asked()
    let known = try #require(RelayToken(text: token))
    let claim = RelayClaim(token: known.id, purpose: .reach, name: name, subject: "", nonce: nonce)
    let proof = claim.proof(of: .guest, secret: known.secret, relayNonce: nonce)
    try client.say(RelayTerms.line(claim.json(proof: proof, details: [:])))
    let joined = try call(
      token, RelayCall.Wish(.join, name: String(repeating: id, count: 32), subject: try Self.ticket(machine)))
    #expect(try client.hear(upTo: "\n").contains("welcome"))
    return (client, RawGuest(joined.socket, held: joined.rest))
  }
}

extension RelayCall.Wish {
  static func machine(_ name: String, id: Character = "a") -> RelayCall.Wish {
    let machine = RelayMachine(
      id: String(repeating: id, count: 32), name: name, system: "Linux", version: "1", user: "me",
      hostKey: "ssh-ed25519 AAAA")
    return RelayCall.Wish(.stand, name: name, subject: machine.id, details: machine.details)
  }
}

/// The kind of the refusal that `body` is answered with.
func refusal(_ body: () throws -> RelayCall) throws -> RelayRefusal.Kind? {
  do {
    _ = try body()
    return nil
  } catch RelayFailure.refused(let refusal) { return refusal.kind }
}
