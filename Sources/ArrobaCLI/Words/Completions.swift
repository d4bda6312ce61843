/// Completion for three shells, made from the table of verbs. Sessions are asked of a running daemon, never started.
package enum Completions {
  package static func script(for shell: Invocation.Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  private static let references = "arroba --quiet --no-start ls 2>/dev/null"
  /// Values that can be listed, by option.
  private static let values: [(option: String, words: String)] = [
    ("--for", "idle waiting done exit"), ("--level", "debug info warn error"),
    ("--process-kind", "client daemon supervisor"), ("--after", "start"), ("--provider", "terminal"),
  ]

  private static var plainVerbs: [VerbSpec] { Verbs.all.filter { $0.group == nil } }
  private static var verbWords: String {
    (plainVerbs.flatMap { [$0.name] + $0.aliases } + Verbs.groups).joined(separator: " ")
  }

  private static func subverbs(of group: String) -> String {
    Verbs.all.filter { $0.group == group }.map { String($0.name.dropFirst(group.count + 1)) }.joined(
      separator: " ")
  }

  private static func options(_ verb: VerbSpec) -> String {
    (verb.options + Verbs.global).map(\.long).joined(separator: " ")
  }

  /// The `case` lines that bash and zsh share.
  private static var cases: String {
    var lines = ["    '') words='\(verbWords) \(Verbs.global.map(\.long).joined(separator: " "))' ;;"]
    for group in Verbs.groups { lines.append("    '\(group)') words='\(subverbs(of: group))' ;;") }
    for verb in Verbs.all {
      let names = ([verb.name] + verb.aliases).map { "'\($0)'" }.joined(separator: "|")
      let extra =
        verb.name == "completions" ? "bash zsh fish " : verb.name == "help" ? "\(verbWords) " : ""
      let refs = verb.takesReference ? " refs=1" : ""
      lines.append("    \(names)) words='\(extra)\(options(verb))'\(refs) ;;")
    }
    return lines.joined(separator: "\n")
  }

  private static var valueCases: String {
    values.map { "    \($0.option)) words='\($0.words)' refs= ;;" }.joined(separator: "\n")
  }

  /// Finds the verb among the words before the cursor; `$1` is the name of the array's first word behind `arroba`.
  private static let findVerb = """
      for word in "${before[@]}"; do
        case $word in
          --) return 0 ;;
          -*) ;;
          *)
            if [[ -z $verb ]]; then verb=$word
            elif [[ $verb == agent || $verb == daemon ]]; then verb="$verb $word"; fi ;;
        esac
      done
    """

  private static var bash: String {
    """
    # bash completion for arroba: source <(arroba completions bash)
    _arroba() {
      local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb= words= refs= word
      local -a before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
      COMPREPLY=()
    \(findVerb)
      case $verb in
    \(cases)
      esac
      case $prev in
    \(valueCases)
      esac
      if [[ -n $refs && $cur != -* ]]; then words="$words $(\(references))"; fi
      COMPREPLY=($(compgen -W "$words" -- "$cur"))
    }
    complete -o default -F _arroba arroba
    """
  }

  private static var zsh: String {
    """
    #compdef arroba
    # zsh completion for arroba: source <(arroba completions zsh)
    _arroba() {
      local cur=${words[CURRENT]} prev=${words[CURRENT-1]} verb= refs= word
      local -a before=("${(@)words[2,CURRENT-1]}")
      local words=
    \(findVerb)
      case $verb in
    \(cases)
      esac
      case $prev in
    \(valueCases)
      esac
      if [[ -n $refs && $cur != -* ]]; then words="$words $(\(references))"; fi
      compadd -- ${=words}
    }
    compdef _arroba arroba
    """
  }

  private static var fish: String {
    var lines = ["# fish completion for arroba: arroba completions fish | source", "complete -c arroba -f"]
    for verb in plainVerbs {
      lines.append(
        "complete -c arroba -n __fish_use_subcommand -a \(verb.name) -d '\(quoted(verb.summary))'")
    }
    for group in Verbs.groups {
      lines.append("complete -c arroba -n __fish_use_subcommand -a \(group)")
      lines.append(
        "complete -c arroba -n '__fish_seen_subcommand_from \(group)' -a '\(subverbs(of: group))'")
    }
    for option in Verbs.global {
      lines.append("complete -c arroba -l \(option.long.dropFirst(2)) -d '\(quoted(option.help))'")
    }
    for verb in plainVerbs {
      let condition = "'__fish_seen_subcommand_from \(([verb.name] + verb.aliases).joined(separator: " "))'"
      for option in verb.options {
        let requires = if case .required = option.value { " -r" } else { "" }
        lines.append(
          "complete -c arroba -n \(condition) -l \(option.long.dropFirst(2))\(requires) -d '\(quoted(option.help))'"
        )
      }
      if verb.takesReference { lines.append("complete -c arroba -n \(condition) -a '(\(references))'") }
    }
    return lines.joined(separator: "\n")
  }

  private static func quoted(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      if character == "'" || character == "\\" { result.append("\\") }
      result.append(character)
    }
  }
}
