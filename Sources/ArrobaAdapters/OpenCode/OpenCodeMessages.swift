internal import ArrobaJSON
internal import ArrobaModel

// What an OpenCode server of the 1.18 line says, as values. `OpenCodeDecoding` reads them: what is missing is nil, what is
// unknown is kept by name, and nothing of it is an error.

/// A session; one with a parent belongs to an agent within the agent.
struct OpenCodeSession: Sendable, Equatable {
  var id: String
  var parent: String?
  var title: String?
  var agent: String?
  var directory: String?
}

/// A message without its parts.
struct OpenCodeMessage: Sendable, Equatable {
  enum Role: Sendable, Equatable {
    case user, assistant, other
  }

  var id: String
  var session: String
  var role: Role
  var createdMs: Int
  var completedMs: Int?
  /// "stop", "tool-calls", "length", "content-filter", "unknown", …
  var finish: String?
  var error: OpenCodeError?
  /// What one step of the model used; zero until it has ended.
  var usage: Usage?
  /// It is the summary that a compaction made.
  var isSummary: Bool
  /// "provider/model".
  var model: String?

  /// Nothing is added to it any more.
  var isFinal: Bool { completedMs != nil || error != nil }
}

/// A message with its parts, as the calls give it.
struct OpenCodeStoredMessage: Sendable, Equatable {
  var info: OpenCodeMessage
  var parts: [OpenCodePart]
}

/// A part of a message; each report of it has the whole of it.
struct OpenCodePart: Sendable, Equatable {
  enum Content: Sendable, Equatable {
    case text(Text)
    case reasoning(Text)
    case tool(OpenCodeTool)
    /// The conversation so far is replaced by a summary of it.
    case compaction(isAutomatic: Bool)
    case file(name: String?)
    /// Bookkeeping of OpenCode's own.
    case bookkeeping
    case unknown(String)
  }

  struct Text: Sendable, Equatable {
    var text: String
    var isEnded: Bool
    /// Put in by OpenCode and meant for the model alone.
    var isSynthetic: Bool
  }

  var id: String
  var session: String
  var message: String
  var content: Content
}

/// A tool call.
struct OpenCodeTool: Sendable, Equatable {
  enum Status: Sendable, Equatable {
    /// Its arguments are still being written.
    case pending
    case running, completed, failed
    case unknown
  }

  var callID: String?
  var name: String
  var status: Status
  var input: JSON
  var title: String?
  /// What the model got to see; of a failed one, why it failed.
  var output: String?
  var metadata: JSON
  var startedMs: Int?
  var endedMs: Int?

  /// What a command has written, as far as OpenCode tells it while it runs.
  var liveOutput: String? { metadata["output"]?.string }
}

/// A question whether the agent may.
struct OpenCodePermission: Sendable, Equatable {
  var id: String
  var session: String
  /// "bash", "edit", "external_directory", "doom_loop", …
  var permission: String
  var patterns: [String]
  /// What "always" would allow from then on.
  var always: [String]
  var metadata: JSON
  var callID: String?
}

/// Questions that the agent puts to the user, answered all at once.
struct OpenCodeQuestions: Sendable, Equatable {
  struct Question: Sendable, Equatable {
    var text: String
    var header: String?
    var options: [(label: String, description: String?)]
    var takesSeveral: Bool
    var takesText: Bool

    static func == (a: Self, b: Self) -> Bool {
      a.text == b.text && a.header == b.header && a.takesSeveral == b.takesSeveral
        && a.takesText == b.takesText
        && a.options.map(\.label) == b.options.map(\.label)
        && a.options.map(\.description) == b.options.map(\.description)
    }
  }

  var id: String
  var session: String
  var questions: [Question]
  var callID: String?
}

/// What a session does, as far as this server runs it.
enum OpenCodeStatus: Sendable, Equatable {
  case idle, busy
  /// The model's service failed; tried again at `nextMs` since 1970.
  case retry(attempt: Int, message: String, nextMs: Int?)
  case unknown(String)
}

/// An error of a message or a session.
struct OpenCodeError: Sendable, Equatable {
  var name: String
  var message: String?
  var statusCode: Int?
}
