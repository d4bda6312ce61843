/// The commands that are typed into a conversation behind a slash.
package enum Slash {
  package struct Command: Equatable, Sendable {
    package let name: String
    package let synopsis: String
    package let summary: String
    /// The words that may follow it first.
    package let verbs: [String]

    init(_ name: String, _ synopsis: String = "", _ summary: String, verbs: [String] = []) {
      self.name = name
      self.synopsis = synopsis
      self.summary = summary
      self.verbs = verbs
    }

    package var usage: String { "/\(name)\(synopsis.isEmpty ? "" : " \(synopsis)")" }
  }

  /// In the order in which /help lists them.
  package static let commands: [Command] = [
    Command("stop", "[--force]", "cancel what the focused agent works on", verbs: ["--force"]),
    Command(
      "queue", "[ls|edit ID TEXT|move ID N|rm ID|clear]", "the prompts that wait",
      verbs: ["ls", "edit", "move", "rm", "clear"]),
    Command("approve", "[ASK]", "allow once what an agent asks for"),
    Command("deny", "[ASK] [NOTE]", "refuse it; a note tells the agent why"),
    Command(
      "session", "create [ALIAS]|attach REF|delete [REF]|list|rename ALIAS", "sessions of this workspace",
      verbs: ["create", "attach", "delete", "list", "rename"]),
    Command(
      "agent", "spawn [ALIAS] [MODEL]|spawn N|delete [AGENT]|focus AGENT|list|cycle",
      "agents of this session",
      verbs: ["spawn", "delete", "focus", "list", "cycle"]),
    Command("view", "split|individual", "all agents, or the focused one", verbs: ["split", "individual"]),
    Command("model", "", "the focused agent's model"),
    Command("provider", "", "which providers there are"),
    Command("history", "[N]", "the last N items of the focused agent"),
    Command("screen", "", "what is on the focused agent's screen"),
    Command("attach", "", "the focused agent's own terminal"),
    Command("health", "", "how the daemon is"),
    Command("help", "[COMMAND]", "this"),
    Command("exit", "", "leave; agents go on"),
  ]

  /// A command that was typed.
  package struct Line: Equatable {
    package let command: Command
    package let words: [String]
    /// What stands behind the command as it was written.
    package let rest: String
  }

  /// The name that a line begins with; nil for a prompt. A path is none, nor is what follows a space.
  package static func name(in line: String) -> String? {
    guard line.first == "/" else { return nil }
    let word = line.dropFirst().prefix { !$0.isWhitespace }
    guard !word.isEmpty, word.allSatisfy({ $0.isLetter || $0 == "-" }) else { return nil }
    return String(word)
  }

  /// The command of a line that begins with one; nil: it is a prompt.
  package static func read(_ line: String) throws(Misuse) -> Line? {
    guard let name = name(in: line) else { return nil }
    let wanted = name == "quit" ? "exit" : name
    guard let command = commands.first(where: { $0.name == wanted }) else {
      let names = commands.map { "/\($0.name)" }
      throw Misuse(
        "there is no command /\(name)",
        hint: Nearest.hint(for: "/\(name)", among: names) ?? "/help lists them; a space before / sends it")
    }
    let rest = line.dropFirst(name.count + 1).trimmed
    let words = rest.split(whereSeparator: \.isWhitespace).map(String.init)
    if let verb = words.first, !command.verbs.isEmpty, !command.verbs.contains(verb) {
      throw Misuse(
        "/\(name) does not know '\(verb)'",
        hint: Nearest.hint(for: verb, among: command.verbs) ?? command.usage)
    }
    return Line(command: command, words: words, rest: rest)
  }

  /// Help on one command, or on all.
  package static func help(on name: String?) throws(Misuse) -> [String] {
    if let name {
      let plain = name.hasPrefix("/") ? String(name.dropFirst()) : name
      guard let command = commands.first(where: { $0.name == plain }) else {
        throw Misuse(
          "there is no command /\(plain)",
          hint: Nearest.hint(for: plain, among: commands.map(\.name)) ?? "/help")
      }
      return [command.usage, "  \(command.summary)"]
    }
    let rows = commands.map { [Cell("  /\($0.name)"), Cell($0.summary)] }
    return Table.lines(rows, usesColour: false) + [
      "  /help COMMAND tells more.",
      "  All else is a prompt to the focused agent; while it works, prompts queue.",
      "  \\ + Enter or Alt-Enter: a new line · Tab: complete · Ctrl-R: search",
      "  Ctrl-A: the next agent · Ctrl-L: redraw · Ctrl-Z: suspend",
      "  Ctrl-C: cancel the turn or clear the line, twice: leave · Ctrl-D: leave",
    ]
  }
}
