import ArrobaJSON
import ArrobaRelayWire
import Testing

@Suite struct RelayClaimTests {
  private let secret = [UInt8](repeating: 7, count: 32)
  private let relayNonce = [UInt8](repeating: 9, count: 32)

  private func claim(
    token: String = "0123456789ab", purpose: RelayClaim.Purpose = .reach, name: String = "box",
    subject: String = "", nonce: UInt8 = 1
  ) -> RelayClaim {
    RelayClaim(
      token: token, purpose: purpose, name: name, subject: subject,
      nonce: [UInt8](repeating: nonce, count: 32))
  }

  @Test("A proof holds for one claim, one side, one secret and one relay's nonce, and for nothing else")
  func proofs() {
    let whole = claim().proof(of: .guest, secret: secret, relayNonce: relayNonce)
    #expect(whole == claim().proof(of: .guest, secret: secret, relayNonce: relayNonce))
    let others = [
      claim(token: "0123456789ac"), claim(purpose: .watch), claim(purpose: .stand), claim(name: "bo"),
      claim(name: "bo", subject: "x"), claim(subject: "box"), claim(nonce: 2),
    ].map { $0.proof(of: .guest, secret: secret, relayNonce: relayNonce) }
    let further = [
      claim().proof(of: .relay, secret: secret, relayNonce: relayNonce),
      claim().proof(of: .guest, secret: [UInt8](repeating: 8, count: 32), relayNonce: relayNonce),
      claim().proof(of: .guest, secret: secret, relayNonce: [UInt8](repeating: 1, count: 32)),
    ]
    #expect(Set(others + further + [whole]).count == others.count + further.count + 1)
  }

  @Test("Fields that only together read alike give different proofs")
  func boundaries() {
    let left = claim(name: "ab", subject: "c").proof(of: .guest, secret: secret, relayNonce: relayNonce)
    let right = claim(name: "a", subject: "bc").proof(of: .guest, secret: secret, relayNonce: relayNonce)
    #expect(left != right)
  }

  @Test("A claim is read back as it was made, and any member that is missing or wrong makes it none")
  func reading() throws {
    let made = claim(purpose: .stand, subject: String(repeating: "a", count: 32))
    let proof = made.proof(of: .guest, secret: secret, relayNonce: relayNonce)
    let json = made.json(proof: proof, details: ["system": "Linux"])
    let read = try #require(RelayClaim.read(json))
    #expect(read.claim == made && read.proof == proof && read.details == ["system": "Linux"])
    for key in ["token", "purpose", "name", "subject", "nonce", "proof"] {
      var object = try #require(json.object)
      object[key] = nil
      #expect(RelayClaim.read(.object(object)) == nil, "without \(key)")
      object[key] = .string(String(repeating: "z", count: 65))
      #expect(RelayClaim.read(.object(object)) == nil, "wrong \(key)")
      object[key] = 1
      #expect(RelayClaim.read(.object(object)) == nil, "a number as \(key)")
    }
  }

  @Test("Each purpose belongs to one role, and a token may be what its role says")
  func roles() {
    #expect(RelayClaim.Purpose.allCases.map(\.role) == [.machine, .machine, .client, .client])
    #expect(RelayRole.both.may(be: .machine) && RelayRole.both.may(be: .client))
    #expect(RelayRole.machine.may(be: .machine) && !RelayRole.machine.may(be: .client))
    #expect(RelayRole.client.may(be: .client) && !RelayRole.client.may(be: .machine))
  }

  @Test("A token is read back from its text, and nothing that is cut or changed is one")
  func tokens() {
    let token = RelayToken(id: "0123456789ab", secret: secret)
    #expect(token.text == "arroba1_0123456789ab_" + String(repeating: "07", count: 32))
    #expect(RelayToken(text: token.text) == token)
    #expect(RelayToken(text: " \(token.text)\n") == token)
    for count in 0..<token.text.count { #expect(RelayToken(text: token.text.prefix(count)) == nil) }
    #expect(RelayToken(text: token.text + "0") == nil && RelayToken(text: "\(token.text) x") == nil)
    #expect(RelayToken(text: token.text.uppercased()) == nil)
    #expect(Set((0..<50).map { _ in RelayToken.random().text }).count == 50)
    #expect(RelayToken(text: RelayToken.random().text) != nil)
  }

  @Test("A machine's name is plain, and what it says of itself is bounded and can be shown")
  func machines() throws {
    for name in ["a", "box-1", "A.b_c", String(repeating: "x", count: 64)] {
      #expect(RelayMachine.isName(name), "\(name)")
    }
    for name in ["", "-a", ".a", "_a", "a b", "a/b", "ä", "a\n", String(repeating: "x", count: 65)] {
      #expect(!RelayMachine.isName(name), "\(name)")
    }
    let id = String(repeating: "0f", count: 16)
    let details: JSON = [
      "system": "Linux", "version": "0.1.0", "user": "me", "hostKey": "ssh-ed25519 AAAA",
    ]
    let machine = try #require(RelayMachine(id: id, name: "box", details: details))
    #expect(RelayMachine(json: machine.json) == machine)
    #expect(machine.details == details)
    #expect(RelayMachine(id: "0f", name: "box", details: details) == nil)
    for key in ["system", "version", "user", "hostKey"] {
      var object = try #require(details.object)
      object[key] = "a\u{1B}[31m"
      #expect(RelayMachine(id: id, name: "box", details: .object(object)) == nil, "escape in \(key)")
      object[key] = .string(String(repeating: "a", count: 1025))
      #expect(RelayMachine(id: id, name: "box", details: .object(object)) == nil, "long \(key)")
    }
  }

  @Test("A refusal is read back; a kind of a later version is unknown")
  func refusals() {
    for kind in RelayRefusal.Kind.allCases {
      #expect(RelayRefusal(json: RelayRefusal(kind, "so").json) == RelayRefusal(kind, "so"))
    }
    #expect(RelayRefusal(json: ["error": ["kind": "later", "message": "m"]])?.kind == .unknown)
    #expect(RelayRefusal(json: ["welcome": [:]]) == nil)
  }
}
