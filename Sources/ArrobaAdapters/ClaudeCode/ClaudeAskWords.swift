internal import ArrobaJSON
internal import ArrobaModel

/// How Claude Code's requests read, and how answers are said to it.
enum ClaudeAskWords {
  static let once = "once"
  static let deny = "deny"
  private static let dismiss = "dismiss"

  /// The asks that a request comes to, and what the choices that allow for longer are answered with.
  static func asks(
    _ id: String, tool: String, input: JSON, call: JSON?, suggestions: [JSON], reason: String?
  ) -> ([Ask], [String: JSON]) {
    switch tool {
    case ClaudeTools.question:
      let questions = input["questions"]?.array ?? []
      let asks = questions.prefix(20).enumerated().map { question($1, key: "\(id)#\($0 + 1)") }
      return (asks.isEmpty ? [permission(id, tool, input, [], reason)] : asks, [:])
    case ClaudeTools.plan: return plan(id, call?["plan"]?.string ?? input["plan"]?.string)
    default:
      let (choices, updates) = lasting(suggestions)
      return ([permission(id, tool, input, choices, reason)], updates)
    }
  }

  private static func denial(_ label: String) -> Ask.Choice {
    Ask.Choice(
      id: deny, label: label, hint: "the turn stops; with a note the agent reads it and goes on",
      effect: .deny)
  }

  // MARK: permissions

  private static func permission(
    _ id: String, _ tool: String, _ input: JSON, _ lasting: [Ask.Choice], _ reason: String?
  ) -> Ask {
    let (title, detail) = words(tool, input)
    let more = [detail, reason].compactMap { $0 }.joined(separator: "\n\n")
    return Ask(
      key: id, kind: .permission, title: title, detail: more.isEmpty ? nil : Bounded.output(more),
      choices: [Ask.Choice(id: once, label: "allow once", effect: .allowOnce)] + lasting + [denial("deny")])
  }

  private static func words(_ tool: String, _ input: JSON) -> (String, String?) {
    let title = ClaudeTools.title(of: tool, input)
    switch tool {
    case "Bash", "bash":
      let command = input["command"]?.string ?? ""
      let line = Bounded.line(command)
      return ("run \(line)", line == command ? nil : command)
    case "Write": return ("write \(title ?? "a file")", input["content"]?.string)
    case "Edit", "MultiEdit":
      let before = input["old_string"]?.string.map { lines($0, "-") }
      let after = input["new_string"]?.string.map { lines($0, "+") }
      let change = [before, after].compactMap { $0 }.joined(separator: "\n")
      return ("edit \(title ?? "a file")", change.isEmpty ? nil : change)
    default: return (title.map { "\(tool) \($0)" } ?? "use \(tool)", nil)
    }
  }

  private static func lines(_ text: String, _ sign: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "\(sign)\($0)" }.joined(
      separator: "\n")
  }

  /// What Claude Code proposes to remember, each a choice. Only for this conversation: nothing is written into the user's
  /// settings, or those of a project.
  private static func lasting(_ suggestions: [JSON]) -> ([Ask.Choice], [String: JSON]) {
    var choices: [Ask.Choice] = []
    var updates: [String: JSON] = [:]
    for (index, suggestion) in suggestions.prefix(8).enumerated() {
      guard case .object(var object) = suggestion, let label = label(suggestion) else { continue }
      object["destination"] = "session"
      let id = "always\(index + 1)"
      updates[id] = .object(object)
      choices.append(
        Ask.Choice(id: id, label: label, hint: "for this conversation", effect: .allowAlways))
    }
    return (choices, updates)
  }

  private static func label(_ suggestion: JSON) -> String? {
    switch suggestion["type"]?.string {
    case "addRules":
      guard suggestion["behavior"]?.string == "allow" else { return nil }
      let rules = (suggestion["rules"]?.array ?? []).compactMap { rule -> String? in
        guard let tool = rule["toolName"]?.string else { return nil }
        return rule["ruleContent"]?.string.map { "\(tool)(\($0))" } ?? tool
      }
      return rules.isEmpty ? nil : Bounded.line("always allow \(rules.joined(separator: ", "))")
    case "addDirectories":
      let places = (suggestion["directories"]?.array ?? []).compactMap(\.string)
      return places.isEmpty ? nil : Bounded.line("allow work in \(places.joined(separator: ", "))")
    case "setMode":
      switch suggestion["mode"]?.string {
      case "acceptEdits": return "accept all edits"
      case let mode?: return Bounded.line("switch to the mode \(mode)")
      case nil: return nil
      }
    default: return nil  // an answer that cannot be said in words is not offered
    }
  }

  // MARK: plans

  private static func plan(_ id: String, _ text: String?) -> ([Ask], [String: JSON]) {
    let ask = Ask(
      key: id, kind: .permission, title: "go ahead with this plan", detail: text.map { Bounded.output($0) },
      choices: [
        Ask.Choice(id: once, label: "go ahead", effect: .allowOnce),
        Ask.Choice(
          id: "edits", label: "go ahead, and accept all edits", hint: "for this conversation",
          effect: .allowAlways),
        denial("keep planning"),
      ])
    return ([ask], ["edits": ["type": "setMode", "mode": "acceptEdits", "destination": "session"]])
  }

  // MARK: questions

  private static func question(_ question: JSON, key: String) -> Ask {
    let text = question["question"]?.string ?? "?"
    var choices = (question["options"]?.array ?? []).prefix(20).enumerated().map { index, option in
      Ask.Choice(
        id: "\(index + 1)", label: option["label"]?.string ?? "\(index + 1)",
        hint: option["description"]?.string, effect: .option)
    }
    choices.append(
      Ask.Choice(id: dismiss, label: "dismiss the question", hint: "the turn stops", effect: .deny))
    let line = Bounded.line(text)
    return Ask(
      key: key, kind: .question, title: line.isEmpty ? "?" : line, detail: line == text ? nil : text,
      choices: choices, takesSeveral: question["multiSelect"]?.bool ?? false, takesText: true)
  }

  /// The input that a question is answered with: what was asked, and for each question what was said.
  static func answered(_ input: JSON, _ asks: [Ask], _ answers: [String: AskAnswer]) -> JSON {
    guard case .object(var object) = input else { return input }
    var said = JSONObject()
    for (question, ask) in zip(input["questions"]?.array ?? [], asks) {
      let answer = answers[ask.key]
      var labels = (answer?.choices ?? []).compactMap { ask.choice($0)?.label }
      if let text = answer?.text, !text.isEmpty { labels.append(text) }
      said[question["question"]?.string ?? "?"] = .string(labels.joined(separator: ", "))
    }
    object["answers"] = .object(said)
    return .object(object)
  }
}
