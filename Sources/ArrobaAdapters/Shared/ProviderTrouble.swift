internal import ArrobaModel
internal import ArrobaWire

/// Why a provider cannot be used, and what to do about it.
struct ProviderTrouble: Error, Sendable, Equatable {
  var reason: String
  var hint: String?

  init(_ reason: String, hint: String? = nil) {
    self.reason = reason
    self.hint = hint
  }

  func refusal(_ kind: ErrorKind) -> Refusal { Refusal(kind: kind, message: reason, hint: hint) }
}
