internal import ArrobaJSON
internal import ArrobaModel

/// How a tool call of Claude Code's reads for people.
enum ClaudeTools {
  static let question = "AskUserQuestion"
  static let plan = "ExitPlanMode"

  /// The one thing about a call that tells it from others.
  static func title(of name: String, _ input: JSON) -> String? {
    if name == question { return input["questions"]?.array?.first?["question"]?.string.map(Bounded.line) }
    let members =
      switch name {
      case "Bash", "bash": ["command"]
      case "Read", "Write", "Edit", "MultiEdit": ["file_path"]
      case "NotebookEdit": ["notebook_path"]
      case "Glob", "Grep": ["pattern"]
      case "Task", "Agent": ["description", "prompt"]
      case "WebFetch": ["url"]
      case "WebSearch": ["query"]
      case "Skill": ["skill", "command"]
      case plan: ["plan"]
      default: ["description", "file_path", "command", "subject", "query", "url"]
      }
    return members.lazy.compactMap { input[$0]?.string }.first.map(Bounded.line)
  }

  /// Who an agent within the agent is, by the call that started it.
  static func subagent(_ input: JSON) -> String {
    input["subagent_type"]?.string ?? input["description"]?.string.map(Bounded.line) ?? "agent"
  }

  /// What came of a call: its result is a text, or pieces of which some are texts.
  static func output(_ content: JSON?) -> String {
    switch content {
    case .string(let text): return Bounded.output(text)
    case .array(let pieces):
      return Bounded.output(
        pieces.map { $0["text"]?.string ?? "[\($0["type"]?.string ?? "something else")]" }.joined(
          separator: "\n"))
    default: return ""
    }
  }

  /// A command that failed says so in the first line of its result: "Exit code 3" (2.1.330).
  static func exitCode(_ name: String, _ output: String, isError: Bool) -> Int? {
    guard name == "Bash" || name == "bash" else { return nil }
    let first = output.prefix { $0 != "\n" }
    guard isError, first.hasPrefix("Exit code ") else { return isError ? nil : 0 }
    return Int(first.dropFirst("Exit code ".count))
  }
}
