/// Completion for fish, which wants a line for each thing that may be written, with the words that explain it.
enum FishCompletions {
  static var script: String {
    var lines = ["# fish completion for arroba: arroba completions fish | source", "complete -c arroba -f"]
    for option in Verbs.global { lines.append(line(nil, option)) }
    for verb in Verbs.all where verb.group == nil {
      lines.append(
        "complete -c arroba -n __fish_use_subcommand -a \(verb.name) -d '\(quoted(verb.summary))'")
    }
    for group in Verbs.groups {
      lines.append("complete -c arroba -n __fish_use_subcommand -a \(group) -d 'verbs about \(group)s'")
      let none = "not __fish_seen_subcommand_from \(Completions.subverbs(of: group))"
      for verb in Verbs.all where verb.group == group {
        lines.append(
          "complete -c arroba -n '\(seen([group])); and \(none)' -a \(verb.lastName) "
            + "-d '\(quoted(verb.summary))'")
      }
    }
    for verb in Verbs.all { lines += self.lines(of: verb) }
    return lines.joined(separator: "\n")
  }

  private static func lines(of verb: VerbSpec) -> [String] {
    let condition =
      if let group = verb.group { "\(seen([group])); and \(seen([verb.lastName]))" } else {
        seen([verb.name] + verb.aliases)
      }
    var lines = verb.options.map { line(condition, $0) }
    if verb.takesReference {
      lines.append("complete -c arroba -n '\(condition)' -a '(\(Completions.references))'")
    }
    if let words = Completions.plainWords(of: verb) {
      lines.append("complete -c arroba -n '\(condition)' -a '\(words)'")
    }
    // Behind -- stands a program, which is found like any other.
    if verb.takesProgram { lines.append("complete -c arroba -n '\(condition); and \(seen(["--"]))' -F") }
    return lines
  }

  private static func line(_ condition: String?, _ option: OptionSpec) -> String {
    var line = "complete -c arroba"
    if let condition { line += " -n '\(condition)'" }
    line += " -l \(option.long.dropFirst(2))"
    if let short = option.short { line += " -s \(short.dropFirst(1))" }
    if case .required = option.value { line += " -x" }
    if let words = Completions.values.first(where: { $0.option == option.long })?.words {
      line += " -a '\(words)'"
    }
    return line + " -d '\(quoted(option.help))'"
  }

  private static func seen(_ words: [String]) -> String {
    "__fish_seen_subcommand_from \(words.joined(separator: " "))"
  }

  /// As it stands between single quotes.
  private static func quoted(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      if character == "'" || character == "\\" { result.append("\\") }
      result.append(character)
    }
  }
}
