package import ArrobaJSON

/// Why a relay did not do what it was asked, as its last line says it.
package struct RelayRefusal: Error, Equatable, Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    /// Whoever has not proved itself hears this and nothing else.
    case refused
    case forbidden
    case malformed
    case overloaded
    case nameTaken = "name_taken"
    case machineNotFound = "machine_not_found"
    case machineSilent = "machine_silent"
    case ticketInvalid = "ticket_invalid"
    case replaced
    case revoked
    case stopping
    case unknown
  }

  package let kind: Kind
  package let message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package static let notProved = RelayRefusal(.refused, "the relay does not let this token in")

  package var json: JSON { ["error": ["kind": .string(kind.rawValue), "message": .string(message)]] }

  /// The refusal that a line says; nil where it says none. A kind of a later version is `unknown`.
  package init?(json: JSON) {
    guard let error = json["error"], let message = error["message"]?.string else { return nil }
    self.init(error["kind"]?.string.flatMap { Kind(rawValue: $0) } ?? .unknown, message)
  }
}

/// What is spoken between a relay and its users, in numbers (docs/RELAY.md).
package enum RelayTerms {
  package static let upgrade = "arroba-relay/1"
  package static let path = "/v1/relay"
  package static let handshakeMs = 10_000
  /// The request's head, and each line after it.
  package static let longestHead = 8 << 10
  package static let heartbeatMs = 15_000
  package static let silenceMs = 45_000
  package static let ticketMs = 10_000
  package static let ticketBytes = 16

  package static func line(_ json: JSON) -> [UInt8] { json.encoded + [UInt8(ascii: "\n")] }
}
