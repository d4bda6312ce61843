package import ArrobaJSON

/// A piece of a conversation: what was said, thought, done or gone wrong. The transcript is a list of these.
package struct Item: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// What the agent says.
    case text
    case reasoning
    /// A tool that the agent calls, with its outcome; `tool` says which.
    case tool
    case error
    case notice
    /// A prompt that came from elsewhere, such as the agent's own terminal client.
    case user
  }

  /// The provider's own name for it, stable over reconnects and restarts: the same key is the same item.
  package var key: String
  package var kind: Kind
  /// Markdown as the provider said it, untrusted: control characters are still in it. A tool's output stands in `tool`.
  package var text: String
  package var tool: ToolCall?
  /// Who says it, where that is an agent within the agent: a label such as "explore".
  package var subagent: String?

  package init(
    key: String, kind: Kind, text: String = "", tool: ToolCall? = nil, subagent: String? = nil
  ) {
    self.key = key
    self.kind = kind
    self.text = text
    self.tool = tool
    self.subagent = subagent
  }
}

/// A tool that an agent called.
package struct ToolCall: Sendable, Equatable {
  package enum Status: String, Sendable, CaseIterable {
    case running, completed, failed
  }

  /// The provider's name for the tool: "bash".
  package var name: String
  /// One line for people, such as the command or the file.
  package var title: String?
  /// What it was called with, as the provider recorded it.
  package var input: JSON
  /// What came of it; of a long output the beginning and the end.
  package var output: String
  package var status: Status
  /// The exit status, where it was a command that ended by itself.
  package var exitCode: Int?
  package var startedAt: Instant?
  package var endedAt: Instant?

  package init(
    name: String, title: String? = nil, input: JSON = .null, output: String = "", status: Status = .running,
    exitCode: Int? = nil, startedAt: Instant? = nil, endedAt: Instant? = nil
  ) {
    self.name = name
    self.title = title
    self.input = input
    self.output = output
    self.status = status
    self.exitCode = exitCode
    self.startedAt = startedAt
    self.endedAt = endedAt
  }
}
