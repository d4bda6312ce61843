package import ArrobaJSON

/// A connection that has become the terminal lane of one agent.
package struct Attachment {
  package enum Mode: String, Sendable {
    case drive, view
  }

  /// What is to be attached to, and how.
  package struct Wish {
    package let session: String
    package let agent: String
    package let mode: Mode
    /// We say what we have taken, so that no more is under way than the road carries.
    package let isPaced: Bool

    package init(session: String, agent: String, mode: Mode, isPaced: Bool = false) {
      self.session = session
      self.agent = agent
      self.mode = mode
      self.isPaced = isPaced
    }

    /// The parameters of `terminal.attach`.
    package func params(size: (columns: Int, rows: Int)?, resuming resumption: Resumption?) -> JSON {
      .record([
        "session": .string(session), "agent": .string(agent), "mode": .string(mode.rawValue),
        "cols": .number(size?.columns), "rows": .number(size?.rows), "resume": .text(resumption?.attachment),
        "after": .number(resumption?.after.map { Int(clamping: $0) }), "paced": isPaced ? true : nil,
      ])
    }
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
  package let stream: ByteStream
  /// Where the output begins, if it does not begin with a repaint.
  package let offset: UInt64
  /// How much of our input the daemon has accepted.
  package let inputOffset: Int
  /// The daemon wants to know what we have taken.
  package let isPaced: Bool
  /// The size of the agent's terminal.
  package let columns: Int
  package let rows: Int
  /// What of the lane came with the answer.
  package let rest: [UInt8]

  /// Attaches through `connection`, which thereby ends as a structured one.
  package init(
    _ connection: Connection, _ wish: Wish, size: (columns: Int, rows: Int)?, timeoutMs: Int
  ) throws(ClientError) {
    let answer = try connection.call(
      "terminal.attach", wish.params(size: size, resuming: nil), timeoutMs: timeoutMs)
    let (stream, rest) = connection.takeLane()
    try self.init(answer: answer, on: stream, rest: rest, size: size)
  }

  /// What the daemon answered on `stream`, and what of the lane came with that.
  package init(
    answer: JSON, on stream: ByteStream, rest: [UInt8], size: (columns: Int, rows: Int)?
  ) throws(ClientError) {
    guard let id = answer["attachment"]?.string else {
      throw .malformed("the daemon attached, but named no attachment")
    }
    self.id = id
    self.stream = stream
    self.rest = rest
    offset = UInt64(clamping: answer["offset"]?.int ?? 0)
    isPaced = answer["paced"] == true
    inputOffset = answer["inputOffset"]?.int ?? 0
    columns = answer["cols"]?.int ?? size?.columns ?? 80
    rows = answer["rows"]?.int ?? size?.rows ?? 24
  }
}
