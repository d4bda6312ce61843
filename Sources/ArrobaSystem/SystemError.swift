internal import CPty
internal import Glibc

/// A call to the system that failed: what was tried, on what, and the error number.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  /// What was tried, as a person says it: "open", "connect to".
  package let action: String
  /// What it was tried on: a path, an address. Never a secret.
  package let subject: String
  /// The `errno` of the call.
  package let code: Int32

  package init(_ action: String, _ subject: String, code: Int32) {
    self.action = action
    self.subject = subject
    self.code = code
  }

  /// The error of the call that has just failed.
  package static func last(_ action: String, _ subject: String) -> SystemError {
    SystemError(action, subject, code: errno)
  }

  /// What did not come about in the time that it was given.
  package static func timedOut(_ action: String, _ subject: String) -> SystemError {
    SystemError(action, subject, code: ETIMEDOUT)
  }

  /// What the other side ended before it was done.
  package static func cutOff(_ action: String, _ subject: String) -> SystemError {
    SystemError(action, subject, code: EPIPE)
  }

  package var reason: String { Self.words(for: code) }

  package var description: String { "cannot \(action) \(subject): \(reason)" }

  package static func words(for code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let base = buffer.baseAddress, strerror_r(code, base, 256) == 0 else { return "error \(code)" }
      return String(cString: base)
    }
  }

  package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  package var isRefused: Bool { code == ECONNREFUSED }
  package var isStorageFull: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
}

/// Repeats a call that a signal has interrupted.
package func retryingInterrupted<N: FixedWidthInteger>(_ call: () -> N) -> N {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}
