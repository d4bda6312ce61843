internal import ArrobaJSON
package import ArrobaSystem

/// A connection that has become the terminal lane of one agent.
package struct Attachment {
  package enum Mode: String, Sendable {
    case drive, view
  }

  /// Where an attachment is taken up whose connection was lost.
  package struct Resumption: Equatable, Sendable {
    package let attachment: String
    /// Up to where the output has come; nil asks for a repaint.
    package let after: UInt64?

    package init(attachment: String, after: UInt64?) {
      self.attachment = attachment
      self.after = after
    }
  }

  package let id: String
  package let socket: Descriptor
  /// Where the output begins, if it does not begin with a repaint.
  package let offset: UInt64
  /// How much of our input the daemon has accepted.
  package let inputOffset: Int
  /// The size of the agent's terminal.
  package let columns: Int
  package let rows: Int
  /// What of the lane came with the answer.
  package let rest: [UInt8]

  /// A daemon that is stopped, or swamped, must not keep the keys of the user's terminal for longer.
  private static let answerMs = 2000

  /// Attaches through `connection`, which thereby ends as a structured one.
  package init(
    _ connection: Connection, session: String, agent: String, mode: Mode, size: (columns: Int, rows: Int)?,
    resuming resumption: Resumption?, timeoutMs: Int? = nil
  ) throws(ClientError) {
    let result = try connection.call(
      "terminal.attach",
      .record([
        "session": .string(session), "agent": .string(agent), "mode": .string(mode.rawValue),
        "cols": .number(size?.columns), "rows": .number(size?.rows), "resume": .text(resumption?.attachment),
        "after": .number(resumption?.after.map { Int(clamping: $0) }),
      ]),
      timeoutMs: timeoutMs ?? Self.answerMs)
    guard let id = result["attachment"]?.string else {
      throw .malformed("the daemon attached, but named no attachment")
    }
    self.id = id
    offset = UInt64(clamping: result["offset"]?.int ?? 0)
    inputOffset = result["inputOffset"]?.int ?? 0
    columns = result["cols"]?.int ?? size?.columns ?? 80
    rows = result["rows"]?.int ?? size?.rows ?? 24
    (socket, rest) = connection.takeLane()
  }
}
