package import ArrobaJSON

/// Who comes to a relay, and what for: what both sides prove to each other that they mean the same by.
package struct RelayClaim: Equatable, Sendable {
  package static let nonceBytes = 32

  package enum Purpose: String, Sendable, CaseIterable {
    /// A machine says that it is there. `name` is its name, `subject` its id.
    case stand
    /// A machine takes up a stream that it was asked for. `name` is its id, `subject` the ticket.
    case join
    /// A client wants to know which machines are there.
    case watch
    /// A client wants a stream to a machine. `name` is that machine's name.
    case reach

    package var role: RelayRole {
      switch self {
      case .stand, .join: .machine
      case .watch, .reach: .client
      }
    }
  }

  package let token: String
  package let purpose: Purpose
  package let name: String
  package let subject: String
  package let nonce: [UInt8]

  package init(token: String, purpose: Purpose, name: String, subject: String, nonce: [UInt8]) {
    self.token = token
    self.purpose = purpose
    self.name = name
    self.subject = subject
    self.nonce = nonce
  }

  package enum Side: String, Sendable {
    case guest, relay
  }

  /// What one side proves that it has the token by. Each field stands with its length, so that no two claims read alike;
  /// the side is among them, so that no proof can be sent back as one's own.
  package func proof(of side: Side, secret: [UInt8], relayNonce: [UInt8]) -> [UInt8] {
    let fields: [[UInt8]] = [
      Array("arroba-relay/1".utf8), Array(side.rawValue.utf8), Array(purpose.role.rawValue.utf8),
      Array(purpose.rawValue.utf8), Array(token.utf8), Array(name.utf8), Array(subject.utf8), nonce,
      relayNonce,
    ]
    var message: [UInt8] = []
    for field in fields {
      for shift in [24, 16, 8, 0] { message.append(UInt8(truncatingIfNeeded: field.count >> shift)) }
      message += field
    }
    return HMAC.code(of: message, key: secret)
  }
}

extension RelayClaim {
  /// The line by which it is made.
  package func json(proof: [UInt8], details: JSON) -> JSON {
    [
      "token": .string(token), "purpose": .string(purpose.rawValue), "name": .string(name),
      "subject": .string(subject), "nonce": .string(Hex.text(nonce)), "proof": .string(Hex.text(proof)),
      "details": details,
    ]
  }

  /// The claim that a line makes, with its proof; nil where it is none.
  package static func read(_ json: JSON) -> (claim: RelayClaim, proof: [UInt8], details: JSON)? {
    guard let token = json["token"]?.string, RelayToken.isID(token),
      let purpose = json["purpose"]?.string.flatMap({ Purpose(rawValue: $0) }),
      let name = json["name"]?.string, name.utf8.count <= RelayMachine.longestName,
      let subject = json["subject"]?.string, subject.utf8.count <= 64,
      let nonce = json["nonce"]?.string.flatMap({ Hex.bytes($0) }), nonce.count == nonceBytes,
      let proof = json["proof"]?.string.flatMap({ Hex.bytes($0) }), proof.count == SHA256.digestBytes
    else { return nil }
    let claim = RelayClaim(token: token, purpose: purpose, name: name, subject: subject, nonce: nonce)
    return (claim, proof, json["details"] ?? [:])
  }
}
