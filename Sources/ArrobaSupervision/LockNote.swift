/// What a supervisor writes into its lock file, so that a second one can say who holds it: one line,
/// `pid=123 started=1764046000123 state=running` or `… state=gave-up reason=the rest of the line`.
///
/// `started` is in milliseconds since 1970. The file is empty before the first note and after an orderly end, so a note
/// in a file that nobody has locked tells of a supervisor that was killed, or of a machine that was.
package struct LockNote: Equatable, Sendable {
  package enum State: Equatable, Sendable {
    case running
    /// The supervisor starts no daemon any more, but keeps the children; SIGUSR1 makes it try again.
    case gaveUp(reason: String)
  }

  package let pid: Int32
  package let startedAtMs: UInt64
  package let state: State

  package init(pid: Int32, startedAtMs: UInt64, state: State) {
    self.pid = pid
    self.startedAtMs = startedAtMs
    self.state = state
  }

  /// The note as a line, with its end.
  package var line: String {
    let who = "pid=\(pid) started=\(startedAtMs)"
    switch state {
    case .running: return "\(who) state=running\n"
    case .gaveUp(let reason):
      let flat = String(reason.map { $0.isNewline ? " " : $0 })
      return "\(who) state=gave-up reason=\(flat)\n"
    }
  }

  /// Reads a note; nil for an empty file, or one that says something else.
  package init?(line text: String) {
    guard let line = text.split(whereSeparator: \.isNewline).first else { return nil }
    let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    guard words.count >= 3, let pid = Int32(value(of: "pid", in: words[0])),
      let startedAtMs = UInt64(value(of: "started", in: words[1]))
    else { return nil }
    switch value(of: "state", in: words[2]) {
    case "running": state = .running
    case "gave-up": state = .gaveUp(reason: words.count > 3 ? String(value(of: "reason", in: words[3])) : "")
    default: return nil
    }
    self.pid = pid
    self.startedAtMs = startedAtMs
  }
}

/// What follows "name="; nothing where the word is another one.
private func value(of name: String, in word: Substring) -> Substring {
  word.hasPrefix("\(name)=") ? word.dropFirst(name.utf8.count + 1) : ""
}
