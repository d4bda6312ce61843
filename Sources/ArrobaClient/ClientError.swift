package import ArrobaJSON
package import ArrobaWire

/// Why a client got no answer, or not the one it hoped for.
package enum ClientError: Error, Equatable {
  /// No daemon could be reached, or started.
  case unreachable(String, hint: String?)
  /// The road is closed to us: nothing changes by trying again.
  case barred(String, hint: String?)
  /// The connection ended with a request on the way: what became of it is not known.
  case lost(String)
  case timedOut(String)
  /// The daemon said no. `json` is its error object as it came.
  case refused(WireError, json: JSON)
  /// What came is not the protocol.
  case malformed(String)

  package var message: String {
    switch self {
    case .unreachable(let message, _), .barred(let message, _), .lost(let message), .timedOut(let message),
      .malformed(let message):
      message
    case .refused(let error, _): error.message
    }
  }

  /// Whether a new connection may do what this one could not.
  package var isLoss: Bool {
    if case .lost = self { return true }
    return false
  }

  /// Whether a later attempt may fare better.
  package var isPassing: Bool {
    switch self {
    case .unreachable, .lost, .timedOut: true
    case .refused(let error, _): error.isRetryable
    case .barred, .malformed: false
    }
  }

  package var hint: String? {
    switch self {
    case .unreachable(_, let hint), .barred(_, let hint): hint
    case .refused(let error, _): error.hint
    case .lost, .timedOut, .malformed: nil
    }
  }
}
