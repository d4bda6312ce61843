/// What may be written where the cursor stands in a line of a conversation.
package struct Completion: Equatable {
  /// What can be named.
  package struct Names: Equatable {
    package var sessions: [String] = []
    package var agents: [String] = []
    package var prompts: [String] = []
    package var asks: [String] = []

    package init() {}
  }

  /// The piece before the cursor that is to be replaced.
  package let typed: String
  /// What may stand in its place, in order.
  package let candidates: [String]

  /// What follows where there is nothing to choose: as much as all candidates have in common, with a space behind it
  /// where there is one only.
  package var insertion: String? {
    guard let first = candidates.first else { return nil }
    let common = candidates.dropFirst().reduce(first) { String(zip($0, $1).prefix { $0 == $1 }.map(\.0)) }
    let more = common.dropFirst(typed.count)
    return candidates.count == 1 ? String(more) + " " : more.isEmpty ? nil : String(more)
  }

  /// nil where nothing can be completed.
  package init?(before text: String, in names: Names) {
    guard text.first == "/", !text.contains("\n") else { return nil }
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    let typed = words.last ?? ""
    let earlier = words.dropLast().filter { !$0.isEmpty }
    self.typed = typed
    candidates = Self.words(behind: earlier, in: names).filter { $0.hasPrefix(typed) && $0 != "" }
    if candidates.isEmpty { return nil }
  }

  private static func words(behind earlier: [String], in names: Names) -> [String] {
    guard let first = earlier.first else { return Slash.commands.map { "/\($0.name)" } }
    guard let command = Slash.commands.first(where: { "/\($0.name)" == first }) else { return [] }
    if earlier.count == 1 {
      switch command.name {
      case "help": return Slash.commands.map(\.name)
      case "approve", "deny": return names.asks
      default: return command.verbs
      }
    }
    guard earlier.count == 2 else { return [] }
    switch (command.name, earlier[1]) {
    case ("session", "attach"), ("session", "delete"): return names.sessions
    case ("agent", "focus"), ("agent", "delete"): return names.agents
    case ("queue", "edit"), ("queue", "move"), ("queue", "rm"): return names.prompts
    default: return []
    }
  }

  /// Whether the names of sessions are needed for the line.
  package static func needsSessions(_ text: String) -> Bool {
    ["/session attach ", "/session delete "].contains { text.hasPrefix($0) }
  }
}
