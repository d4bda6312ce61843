package import ArrobaJSON

/// The stable part of an error (protocol.md, section 4). A kind never changes its meaning.
package enum ErrorKind: String, Sendable, CaseIterable {
  case helloRequired = "hello_required"
  case protocolUnsupported = "protocol_unsupported"
  case lineTooLong = "line_too_long"
  case overloaded
  case commandConflict = "command_conflict"
  case invalidReference = "invalid_reference"
  case sessionNotFound = "session_not_found"
  case sessionAmbiguous = "session_ambiguous"
  case sessionEnded = "session_ended"
  case aliasInvalid = "alias_invalid"
  case aliasConflict = "alias_conflict"
  case agentNotFound = "agent_not_found"
  case agentAmbiguous = "agent_ambiguous"
  case agentLimit = "agent_limit"
  case promptNotFound = "prompt_not_found"
  case promptNotActive = "prompt_not_active"
  case askNotFound = "ask_not_found"
  case askAlreadyAnswered = "ask_already_answered"
  case providerNotFound = "provider_not_found"
  case providerUnavailable = "provider_unavailable"
  case providerFailed = "provider_failed"
  case terminalNotFound = "terminal_not_found"
  case terminalNotAvailable = "terminal_not_available"
  case attachmentNotFound = "attachment_not_found"
  case workspaceNotFound = "workspace_not_found"
  case worktreeFailed = "worktree_failed"
  case claimConflict = "claim_conflict"
  case configInvalid = "config_invalid"
  case busy
  case storageFull = "storage_full"
  case storageFailed = "storage_failed"
  case shuttingDown = "shutting_down"
  case forbidden
  case relayUnreachable = "relay_unreachable"
  case relayRefused = "relay_refused"
  case notSupported = "not_supported"
  case `internal`

  /// Whether the same request may succeed later without any change of it.
  package var isRetryable: Bool {
    switch self {
    case .overloaded, .busy, .storageFull, .shuttingDown, .claimConflict, .relayUnreachable: true
    case .helloRequired, .protocolUnsupported, .lineTooLong, .commandConflict, .invalidReference,
      .sessionNotFound,
      .sessionAmbiguous, .sessionEnded, .aliasInvalid, .aliasConflict, .agentNotFound, .agentAmbiguous,
      .agentLimit,
      .promptNotFound, .promptNotActive, .askNotFound, .askAlreadyAnswered, .providerNotFound,
      .providerUnavailable,
      .providerFailed, .terminalNotFound, .terminalNotAvailable, .attachmentNotFound, .workspaceNotFound,
      .worktreeFailed, .configInvalid, .storageFailed, .forbidden, .relayRefused, .notSupported,
      .internal:
      false
    }
  }
}

/// An error as it crosses the wire: the JSON-RPC code, the words, and `data` with the kind.
package struct WireError: Error, Sendable, Equatable {
  package static let parseError = -32700
  package static let invalidRequest = -32600
  package static let methodNotFound = -32601
  package static let invalidParams = -32602
  package static let domain = -32000

  package let code: Int
  package let message: String
  /// nil for errors of JSON-RPC itself.
  package let kind: ErrorKind?
  package let hint: String?
  package let details: JSONObject

  package init(
    code: Int = Self.domain, kind: ErrorKind?, message: String, hint: String? = nil,
    details: JSONObject = JSONObject()
  ) {
    self.code = code
    self.kind = kind
    self.message = message
    self.hint = hint
    self.details = details
  }

  package var isRetryable: Bool { kind?.isRetryable ?? false }

  package var json: JSON {
    var data = JSONObject()
    if let kind {
      data["kind"] = .string(kind.rawValue)
      data["retryable"] = .bool(kind.isRetryable)
    }
    if let hint { data["hint"] = .string(hint) }
    for member in details.members { data[member.key] = member.value }
    var error = JSONObject()
    error["code"] = .int(code)
    error["message"] = .string(message)
    if !data.members.isEmpty { error["data"] = .object(data) }
    return .object(error)
  }

  /// The error that a daemon sent. A kind of a later version is kept in `details` and counts as `internal`.
  package init(json: JSON) {
    let data = json["data"]
    let name = data?["kind"]?.string
    code = json["code"]?.int ?? Self.domain
    message = json["message"]?.string ?? "an error without words"
    kind = name.map { ErrorKind(rawValue: $0) ?? .internal }
    hint = data?["hint"]?.string
    var details = data?.object ?? JSONObject()
    for key in ["kind", "retryable", "hint"] { details[key] = nil }
    if kind == .internal, let name, name != ErrorKind.internal.rawValue {
      details["unknownKind"] = .string(name)
    }
    self.details = details
  }
}
