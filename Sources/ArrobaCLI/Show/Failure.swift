package import ArrobaClient
package import ArrobaJSON
internal import ArrobaWire

/// A command that did not do what it was asked: words for people, a code for the shell, an object for `--json`.
package struct Failure: Error, Equatable {
  package let message: String
  package let hint: String?
  package let exitCode: Int32
  package let json: JSON

  /// `kind` is ours, beside those of the protocol: usage, unreachable, timeout, failed.
  package init(_ message: String, hint: String? = nil, kind: String, exitCode: Int32) {
    self.message = message
    self.hint = hint
    self.exitCode = exitCode
    let data = JSON.record([
      "kind": .string(kind), "retryable": .bool(exitCode == ExitCode.tryAgain), "hint": .text(hint),
    ])
    json = ["code": -32000, "message": .string(message), "data": data]
  }

  /// The daemon's refusal, and its error object as it came.
  private init(_ reason: WireError, json: JSON) {
    message = reason.message
    hint = reason.hint
    exitCode = ExitCode.of(reason)
    self.json = json
  }

  /// The daemon's refusal of what needs `--force`; its error object stays as it is.
  init(unconfirmed reason: WireError, json: JSON) {
    message = reason.message
    hint = reason.hint
    exitCode = ExitCode.notConfirmed
    self.json = json
  }

  package init(_ misuse: Misuse) {
    guard !misuse.isUnconfirmed else {
      self.init(
        misuse.message, hint: misuse.hint, kind: "not_confirmed", exitCode: ExitCode.notConfirmed)
      return
    }

    self.init(misuse.message, hint: misuse.hint, kind: "usage", exitCode: ExitCode.usage)
  }

  package init(_ error: ClientError) {
    switch error {
    case .refused(let reason, let json): self.init(reason, json: json)
    case .unreachable, .barred, .lost:
      self.init(error.message, hint: error.hint, kind: "unreachable", exitCode: ExitCode.unreachable)
    case .timedOut: self.init(error.message, kind: "timeout", exitCode: ExitCode.timeout)
    case .malformed: self.init(error.message, kind: "failed", exitCode: ExitCode.failed)
    }
  }

  /// Whatever was thrown.
  package init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let misuse as Misuse: self.init(misuse)
    case let client as ClientError: self.init(client)
    default: self.init("\(error)", kind: "failed", exitCode: ExitCode.failed)
    }
  }
}
