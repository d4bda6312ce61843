internal import ArrobaJSON
internal import ArrobaModel

/// How OpenCode's permissions and questions read, and how answers to them are said to it.
enum OpenCodeAskWords {
  static let once = "once"
  static let always = "always"
  static let reject = "reject"
  private static let dismiss = "dismiss"

  static func ask(_ permission: OpenCodePermission, input: JSON?) -> Ask {
    let (title, detail) = words(permission, input)
    var choices = [Ask.Choice(id: once, label: "allow once", effect: .allowOnce)]
    if !permission.always.isEmpty {
      choices.append(
        Ask.Choice(
          id: always, label: "always allow", hint: permission.always.joined(separator: ", "),
          effect: .allowAlways))
    }
    choices.append(
      Ask.Choice(
        id: reject, label: "deny", hint: "the turn stops; with a note the agent reads it and goes on",
        effect: .deny))
    return Ask(key: permission.id, kind: .permission, title: title, detail: detail, choices: choices)
  }

  private static func words(_ permission: OpenCodePermission, _ input: JSON?) -> (String, String?) {
    let patterns = permission.patterns.joined(separator: ", ")
    switch permission.permission {
    case "bash":
      // Some versions leave the command out; the tool's own part has it.
      guard let command = permission.metadata["command"]?.string ?? input?["command"]?.string else {
        return ("run \(patterns)", nil)
      }
      let line = Bounded.line(command)
      return ("run \(line)", line == command ? nil : command)
    case "edit":
      let path = permission.metadata["filepath"]?.string ?? input?["filePath"]?.string ?? patterns
      return ("edit \(path)", permission.metadata["diff"]?.string.map { Bounded.output($0) })
    case "external_directory": return ("reach outside of the project: \(patterns)", nil)
    case "doom_loop":
      let tool = permission.metadata["tool"]?.string ?? patterns
      return ("go on, though \(tool) was called with the same input again and again", nil)
    case "task": return ("start the agent \(patterns)", nil)
    default: return (patterns.isEmpty ? permission.permission : "\(permission.permission) \(patterns)", nil)
    }
  }

  static func ask(_ question: OpenCodeQuestions.Question, key: String) -> Ask {
    var choices = question.options.enumerated().map { index, option in
      Ask.Choice(id: "\(index + 1)", label: option.label, hint: option.description, effect: .option)
    }
    choices.append(
      Ask.Choice(id: dismiss, label: "dismiss the question", hint: "the turn stops", effect: .deny))
    return Ask(
      key: key, kind: .question, title: Bounded.line(question.text),
      detail: Bounded.line(question.text) == question.text ? nil : question.text, choices: choices,
      takesSeveral: question.takesSeveral, takesText: question.takesText)
  }

  /// The labels that an answer chose, and the words that it added.
  static func labels(_ answer: AskAnswer?, of ask: Ask) -> [String] {
    var labels = (answer?.choices ?? []).compactMap { ask.choice($0)?.label }
    if let text = answer?.text, !text.isEmpty { labels.append(text) }
    return labels
  }
}
