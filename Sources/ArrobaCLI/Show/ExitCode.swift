internal import ArrobaWire

/// What the process says by its exit code (cli.md).
package enum ExitCode {
  package static let done: Int32 = 0
  package static let failed: Int32 = 1
  package static let usage: Int32 = 2
  package static let timeout: Int32 = 3
  package static let notFound: Int32 = 4
  package static let denied: Int32 = 5
  /// It would end or overwrite something, and nobody said that this is meant (`--force`).
  package static let notConfirmed: Int32 = 7
  package static let unreachable: Int32 = 69
  package static let tryAgain: Int32 = 75
  package static let interrupted: Int32 = 130

  /// A program's own status: its exit code, or 128 and the signal that ended it (minus the signal on the wire).
  package static func ofProgram(_ status: Int32) -> Int32 {
    status >= 0 ? status & 0xFF : 128 + (-status & 0x7F)
  }

  /// What became of a prompt. `wasDenied`: the agent was told no by somebody in its turn.
  package static func of(_ end: Piece.End, wasDenied: Bool) -> Int32 {
    switch end.state {
    case "completed": done
    case "cancelled": wasDenied ? denied : interrupted
    case "interrupted": interrupted
    default: end.failure == "rate_limited" ? tryAgain : failed
    }
  }

  static func of(_ error: WireError) -> Int32 {
    guard let kind = error.kind else { return error.code == WireError.invalidParams ? usage : failed }
    switch kind {
    case .sessionNotFound, .agentNotFound, .promptNotFound, .askNotFound, .providerNotFound,
      .terminalNotFound,
      .attachmentNotFound, .workspaceNotFound:
      return notFound
    case .forbidden, .relayRefused: return denied
    case .busy, .overloaded, .commandConflict, .aliasConflict, .claimConflict, .shuttingDown, .storageFull,
      .relayUnreachable:
      return tryAgain
    case .invalidReference, .aliasInvalid: return usage
    case .helloRequired, .protocolUnsupported, .lineTooLong, .sessionAmbiguous, .sessionEnded,
      .agentAmbiguous,
      .agentLimit, .promptNotActive, .askAlreadyAnswered, .providerUnavailable, .providerFailed,
      .terminalNotAvailable, .worktreeFailed, .configInvalid, .storageFailed, .notSupported, .internal:
      return failed
    }
  }
}
