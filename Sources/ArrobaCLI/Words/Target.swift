/// Whom a command is about, as it was written: `REF`, `REF/AGENT`, `/AGENT`; what is left out is nil.
package struct Target: Equatable, Sendable {
  package var session: String?
  package var agent: String?

  package init(session: String? = nil, agent: String? = nil) {
    self.session = session
    self.agent = agent
  }

  package init(_ text: String?) throws(Misuse) {
    guard let text else { return }
    guard let slash = text.firstIndex(of: "/") else {
      guard !text.isEmpty else { throw Misuse("a reference is empty") }
      session = text
      return
    }
    let before = text[..<slash]
    let behind = text[text.index(after: slash)...]
    guard !behind.isEmpty, !behind.contains("/") else {
      throw Misuse("'\(text)' is no reference: REF, REF/AGENT or /AGENT is expected")
    }
    session = before.isEmpty ? nil : String(before)
    agent = String(behind)
  }

  /// The text of a session alone.
  static func session(_ text: String?) throws(Misuse) -> Target {
    let target = try Target(text)
    guard target.agent == nil else { throw Misuse("'\(text ?? "")' names an agent; a session is expected") }
    return target
  }

  /// The text of an agent, which must be named: what changes or removes an agent is never meant for just any.
  static func agent(_ text: String?) throws(Misuse) -> Target {
    let target = try Target(text)
    guard target.agent != nil else {
      throw Misuse(
        "'\(text ?? "")' names no agent", hint: "write REF/AGENT, or /AGENT in the newest session here")
    }
    return target
  }

  /// As a person writes it.
  package var text: String { (session ?? "") + (agent.map { "/\($0)" } ?? "") }
}
