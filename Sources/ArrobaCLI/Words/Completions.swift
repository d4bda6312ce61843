/// Completion for three shells, made from the table of verbs. Sessions are asked of a running daemon, never started.
package enum Completions {
  package static func script(for shell: Invocation.Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: FishCompletions.script
    }
  }

  /// Lists what a REF may be: each session, and each agent in it.
  static let references = "arroba --quiet --no-start ls --agents 2>/dev/null"

  /// What an option's value may be, where that can be listed.
  static let values: [(option: String, words: String)] = [
    ("--for", Invocation.Goal.allCases.map(\.rawValue).joined(separator: " ")),
    ("--level", LogFilter.levels.joined(separator: " ")),
    ("--process-kind", LogFilter.processKinds.joined(separator: " ")),
    ("--after", "start"), ("--provider", providers.joined(separator: " ")),
    ("--on-ask", Sending.OnAsk.allCases.map(\.rawValue).joined(separator: " ")),
  ]

  /// What a daemon of this version has; it is not asked, so that completion needs none.
  package static let providers = ["opencode", "claude-code", "terminal", "scripted"]

  static var verbWords: String {
    (Verbs.all.filter { $0.group == nil }.flatMap { [$0.name] + $0.aliases } + Verbs.groups)
      .joined(separator: " ")
  }

  static func subverbs(of group: String) -> String {
    Verbs.all.filter { $0.group == group }.map(\.lastName).joined(separator: " ")
  }

  /// The plain words that a verb takes, beside options and references.
  static func plainWords(of verb: VerbSpec) -> String? {
    switch verb.name {
    case "completions": Invocation.Shell.allCases.map(\.rawValue).joined(separator: " ")
    case "help": verbWords
    case "machine trust": "ls rm"
    case "queue": "ls edit move rm clear"
    default: nil
    }
  }

  private static var bash: String {
    """
    # bash completion for arroba: source <(arroba completions bash)
    _arroba() {
      local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb= choices= refs= word
      local -a before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
      COMPREPLY=()
    \(body(behindDashes: "return 0"))
      COMPREPLY=($(compgen -W "$choices" -- "$cur"))
    }
    complete -o default -F _arroba arroba
    """
  }

  private static var zsh: String {
    """
    #compdef arroba
    # zsh completion for arroba: source <(arroba completions zsh)
    _arroba() {
      local cur=${words[CURRENT]} prev=${words[CURRENT-1]} verb= choices= refs= word
      local -a before=("${(@)words[2,CURRENT-1]}")
    \(body(behindDashes: "_files; return"))
      compadd -- ${=choices}
    }
    compdef _arroba arroba
    """
  }

  /// What bash and zsh share: from the words `before` the cursor, `prev` and `cur`, to the `choices` that may follow.
  private static func body(behindDashes: String) -> String {
    """
      for word in "${before[@]}"; do
        case $word in
          --) \(behindDashes) ;;
          -*) ;;
          *)
            if [[ -z $verb ]]; then verb=$word
            elif [[ \(Verbs.groups.map { "$verb == \($0)" }.joined(separator: " || ")) ]]; then verb="$verb $word"; fi ;;
        esac
      done
      case $verb in
    \(cases)
      esac
      case $prev in
    \(values.map { "    \($0.option)) choices='\($0.words)' refs= ;;" }.joined(separator: "\n"))
      esac
      if [[ -n $refs && $cur != -* ]]; then choices="$choices $(\(references))"; fi
    """
  }

  private static var cases: String {
    let global = Verbs.global.map(\.long).joined(separator: " ")
    var lines = ["    '') choices='\(verbWords) \(global)' ;;"]
    for group in Verbs.groups { lines.append("    '\(group)') choices='\(subverbs(of: group))' ;;") }
    for verb in Verbs.all {
      let names = ([verb.name] + verb.aliases).map { "'\($0)'" }.joined(separator: "|")
      let words = [plainWords(of: verb), verb.options.map(\.long).joined(separator: " "), global]
        .compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
      lines.append("    \(names)) choices='\(words)'\(verb.takesReference ? " refs=1" : "") ;;")
    }
    return lines.joined(separator: "\n")
  }
}
