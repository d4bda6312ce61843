/// The table of verbs. Help, completion and the parser all read it, so that they cannot disagree.
package enum Verbs {
  package static let global: [OptionSpec] = [
    OptionSpec(
      "--host", .required("ENDPOINT"),
      "the daemon to talk to: unix:///path, ssh://[user@]host[:port] (ARROBA_HOST)"),
    OptionSpec(
      "--workspace", .required("DIR"), "the directory that is meant, where the daemon is (default: this one)"),
    OptionSpec("--json", "results as JSON, exactly as the protocol has them"),
    OptionSpec("--quiet", short: "-q", "only what was asked for, no remarks"),
    OptionSpec("--no-color", "no colours (NO_COLOR)"),
    OptionSpec("--no-start", "never start a daemon"),
    OptionSpec("--help", short: "-h", "help for the verb"),
  ]

  /// In the order in which help lists them.
  package static let all: [VerbSpec] =
    sessions + talking + terminals + casts + agents + watching + relaying + daemon + others

  package static let groups = ["agent", "provider", "daemon", "machine", "relay"]

  private static let force = OptionSpec("--force", short: "-f", "also when an agent still runs")
  private static let status = OptionSpec("--status", "exit with the program's own status (128 + its signal)")
  private static let detachKeys = OptionSpec(
    "--detach-keys", .required("KEYS"), "keys that detach, like 'C-b d' (default C-\\); none: no such keys")

  private static let birth: [OptionSpec] = [
    OptionSpec("--alias", short: "-a", .required("A"), "a name for it"),
    OptionSpec("--provider", short: "-p", .required("P"), "what runs it; with CMD: terminal"),
    OptionSpec("--model", short: "-m", .required("M"), "the provider's model"),
    OptionSpec(
      "--env", short: "-e", .required("NAME=VALUE"), "one more environment variable; may be repeated"),
  ]

  private static let sessions: [VerbSpec] = [
    VerbSpec(
      "new", synopsis: "[--alias A] [--provider P] [--model M] [-d] [-- CMD ARG…]",
      "a session with one agent; with CMD a terminal agent that runs CMD",
      options: birth + [
        OptionSpec("--detach", short: "-d", "do not attach; print the session's id"),
        detachKeys, status, OptionSpec("--force", short: "-f", "attach even from within an agent"),
      ], takesProgram: true,
      examples: ["arroba new -- vim notes.md", "arroba new -d --alias build -- make -j8"]),
    VerbSpec(
      "ls", aliases: ["list"], synopsis: "[--all] [--agents]", "sessions: alias, agents, activity, workspace",
      options: [
        OptionSpec("--all", short: "-a", "ended ones too"),
        OptionSpec("--agents", "one more line for each agent"),
      ], examples: ["arroba ls", "arroba ls --json"]),
    VerbSpec(
      "show", synopsis: "[REF]", "one session in full", words: 0...1, takesReference: true,
      examples: ["arroba show build"]),
    VerbSpec(
      "rename", synopsis: "REF ALIAS", "give a session another alias; '' takes it away", words: 2...2,
      takesReference: true, examples: ["arroba rename s_4f build"]),
    VerbSpec(
      "end", synopsis: "[REF] [--force]", "stop a session's agents, keep its record", options: [force],
      words: 0...1, takesReference: true, examples: ["arroba end build"]),
    VerbSpec(
      "rm", aliases: ["delete"], synopsis: "REF [--force]", "end a session and remove its record",
      options: [force],
      words: 1...1, takesReference: true, examples: ["arroba rm build --force"]),
  ]

  private static let terminals: [VerbSpec] = [
    VerbSpec(
      "attach", aliases: ["a"], synopsis: "[REF[/AGENT]] [--view] [--detach-keys KEYS] [--raw] [--status]",
      "the agent's own terminal; Ctrl-\\ detaches",
      options: [
        OptionSpec("--view", "look only: nothing is typed; q, Ctrl-C and the detach keys leave"), detachKeys,
        OptionSpec("--raw", "bytes only: no remarks, no modes put back; needs no terminal"), status,
        OptionSpec("--force", short: "-f", "even from within an agent"),
      ], words: 0...1, takesReference: true,
      notes: "Leaving never stops the program. A connection that is lost is taken up again for a minute.",
      examples: ["arroba attach", "arroba a build --view", "arroba a build --detach-keys 'C-b d'"]),
    VerbSpec(
      "screen", synopsis: "[REF[/AGENT]] [--ansi]", "what is on the agent's screen now",
      options: [
        OptionSpec("--ansi", "with styles, as the bytes that repaint it"),
        OptionSpec("--history", .required("N"), "and N lines above it"),
      ], words: 0...1, takesReference: true, examples: ["arroba screen build", "arroba --json screen build"]),
    VerbSpec(
      "type", synopsis: "[REF[/AGENT]] [-l] [--] KEYS…", "type keys by name (Enter, C-c, Up) or text",
      options: [OptionSpec("--literal", short: "-l", "all of it is text, no word is a key")], words: 0...4096,
      takesProgram: true, takesReference: true,
      notes: """
        With two words or more the first is the REF, unless it has spaces or names a key; put -- before the keys to say
        that there is no REF, or that words begin with a dash.
        """,
      examples: ["arroba type build 'make test' Enter", "arroba type build C-c", "arroba type -- ls Enter"]),
    VerbSpec(
      "resize", synopsis: "[REF[/AGENT]] COLSxROWS", "give the agent's terminal another size", words: 1...2,
      takesReference: true, examples: ["arroba resize build 120x40"]),
  ]

  private static let agents: [VerbSpec] = [
    VerbSpec(
      "agent spawn", synopsis: "[REF] [--alias A] [--provider P] [--count N] [-- CMD ARG…]",
      "one more agent in a session",
      options: birth + [OptionSpec("--count", short: "-n", .required("N"), "as many of them")], words: 0...1,
      takesProgram: true, takesReference: true,
      examples: ["arroba agent spawn build --alias log -- tail -f log"]),
    VerbSpec(
      "agent ls", aliases: ["agent list"], synopsis: "[REF]", "the agents of a session", words: 0...1,
      takesReference: true),
    VerbSpec(
      "agent focus", synopsis: "[REF]/AGENT", "send untargeted prompts and keys there", words: 1...1,
      takesReference: true, examples: ["arroba agent focus build/log", "arroba agent focus /log"]),
    VerbSpec("agent cycle", synopsis: "[REF]", "focus the next agent", words: 0...1, takesReference: true),
    VerbSpec(
      "agent rename", synopsis: "[REF]/AGENT ALIAS", "give an agent another alias; '' takes it away",
      words: 2...2, takesReference: true, examples: ["arroba agent rename build/a_3x log"]),
    VerbSpec(
      "agent restart", synopsis: "[REF[/AGENT]] [--force]", "start its program again, as it was",
      options: [force], words: 0...1, takesReference: true),
    VerbSpec(
      "agent rm", aliases: ["agent delete"], synopsis: "[REF]/AGENT [--force]", "stop an agent, remove it",
      options: [force], words: 1...1, takesReference: true, examples: ["arroba agent rm build/log --force"]),
  ]

  private static let watching: [VerbSpec] = [
    VerbSpec(
      "events", synopsis: "[--after SEQ|start] [--follow] [REF]",
      "what happened, and with --follow what happens",
      options: [
        OptionSpec(
          "--after", .required("SEQ|start"), "from there; without: all, or with --follow only new ones"),
        OptionSpec("--follow", short: "-f", "go on until interrupted"),
      ], words: 0...1, takesReference: true,
      examples: ["arroba events build", "arroba --json events --follow"]),
    VerbSpec(
      "wait", synopsis: "REF[/AGENT] --for idle|waiting|done|exit [--timeout S] [--status]",
      "wait until an agent is idle, waits, is done, or its program has ended",
      options: [
        OptionSpec("--for", .required("STATE"), "idle, waiting, done (idle, stopped or failed) or exit"),
        OptionSpec("--timeout", short: "-t", .required("S"), "give up after so many seconds: exit code 3"),
        status,
      ], words: 0...1, takesReference: true, examples: ["arroba wait build --for exit --status"]),
    VerbSpec("health", "how the daemon is"),
    VerbSpec(
      "provider list", aliases: ["provider ls"],
      "what can run an agent here: version and program, or what is missing",
      examples: ["arroba provider list", "arroba --json provider list"]),
    VerbSpec("doctor", "check each thing that can be wrong, and say how to mend it"),
  ]

  private static let daemon: [VerbSpec] = [
    VerbSpec("daemon run", synopsis: "[-- ARG…]", "be the daemon, in the foreground", takesProgram: true),
    VerbSpec(
      "daemon start", "start it, if it does not run",
      notes: "A supervisor that has given up its daemon, and kept the agents, tries again."),
    VerbSpec(
      "daemon stop", "stop it and everything that runs in it",
      notes: "Also a supervisor that has given up its daemon, with the agents that it kept."),
    VerbSpec("daemon restart", "a new daemon takes over; agents keep running"),
    VerbSpec("daemon status", "whether it runs: exit code 0 or 69"),
    VerbSpec("daemon logs", synopsis: "[--follow] [--level L] …", "its process log", options: logOptions),
    VerbSpec(
      "daemon unit", "print a systemd user unit",
      examples: ["arroba daemon unit > ~/.config/systemd/user/arroba.service"]),
  ]

  private static let logOptions: [OptionSpec] = [
    OptionSpec("--follow", short: "-f", "go on until interrupted"),
    OptionSpec("--level", .required("L"), "that level and above: debug info warn error"),
    OptionSpec("--session", .required("S"), "of that session (REF; of one that is gone, its id)"),
    OptionSpec("--process-kind", .required("K"), "of daemons, supervisors or clients"),
    OptionSpec("--component", .required("C"), "of that part of a process"),
    OptionSpec("--limit", short: "-n", .required("N"), "the last N (default 200)"),
  ]

  private static let others: [VerbSpec] = [
    VerbSpec(
      "logs",
      synopsis: "[--follow] [--level L] [--session S] [--process-kind K] [--component C] [--limit N]",
      "the process logs of daemon, supervisor and clients", options: logOptions,
      examples: ["arroba logs --level warn", "arroba logs -f --process-kind daemon"]),
    VerbSpec(
      "completions", synopsis: "bash|zsh|fish", "completion for a shell", words: 1...1,
      examples: ["source <(arroba completions bash)", "arroba completions fish | source"]),
    VerbSpec("bridge", "the protocol on stdin and stdout (for ssh)"),
    VerbSpec("version", "the version of this program"),
    VerbSpec("help", synopsis: "[VERB]", "this, or help for a verb", words: 0...2),
  ]
}
