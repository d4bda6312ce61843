/// What is asked about relays and the machines behind them.
package enum Relaying: Equatable, Sendable {
  case join(RelayChoice, name: String?)
  case status
  case leave
  case login(RelayChoice)
  case pipe(machine: String)
  case machines
  case add(name: String, fingerprint: String?)
  case renameMachine(String, to: String)
  case forget(String)
  case configuration(String)
  case trust(String)
  case trusted
  case distrust(String)
}

/// A relay as the command line names it; the token itself never stands there.
package struct RelayChoice: Equatable, Sendable {
  package let url: String
  package let tokenFile: String?
  package let via: String?

  package init(url: String, tokenFile: String?, via: String?) {
    self.url = url
    self.tokenFile = tokenFile
    self.via = via
  }
}

extension Verbs {
  private static let tokenFile = OptionSpec(
    "--token-file", .required("FILE"),
    "the token is in that file (mode 600); else ARROBA_RELAY_TOKEN, or it is asked")
  private static let via = OptionSpec(
    "--via", .required("CMD"), "a command that carries the connection; %h and %p are host and port")

  static let relaying: [VerbSpec] = [
    VerbSpec(
      "relay join", synopsis: "URL [--name N] [--token-file FILE] [--via CMD]",
      "let this machine be reached by a relay",
      options: [
        OptionSpec("--name", short: "-n", .required("N"), "its name there (else the host name)"), tokenFile,
        via,
      ],
      words: 1...1,
      notes: """
        It needs sshd of OpenSSH, which is run by the daemon as you, and need not run otherwise. Who may come in: the keys of
        your authorized_keys, and those of arroba machine trust.
        """,
      examples: ["arroba relay join relay://relay.example.org:7437 --name box --token-file token"]),
    VerbSpec("relay status", "whether this machine is at a relay, and its fingerprint"),
    VerbSpec("relay leave", "forget the relay and its token"),
    VerbSpec(
      "relay login", synopsis: "URL [--token-file FILE] [--via CMD]", "use a relay to reach machines",
      options: [tokenFile, via], words: 1...1, examples: ["arroba relay login relays://relay.example.org"]),
    VerbSpec(
      "relay pipe", synopsis: "MACHINE", "a machine's byte stream on stdin and stdout (ssh's ProxyCommand)",
      words: 1...1),
    VerbSpec("machine ls", aliases: ["machine list"], "the machines that are known, and those at the relay"),
    VerbSpec(
      "machine add", synopsis: "NAME [--fingerprint SHA256:…]", "know a machine of the relay by its host key",
      options: [
        OptionSpec(
          "--fingerprint", .required("SHA256:…"), "as relay join printed it there; else you are asked")
      ], words: 1...1, examples: ["arroba machine add box --fingerprint SHA256:…"]),
    VerbSpec("machine rename", synopsis: "NAME NEW", "give a machine another name here", words: 2...2),
    VerbSpec("machine forget", synopsis: "NAME", "know a machine and its key no more", words: 1...1),
    VerbSpec(
      "machine config", synopsis: "NAME", "print what ssh must be told to reach it", words: 1...1,
      examples: ["arroba machine config box >> ~/.ssh/config"]),
    VerbSpec(
      "machine trust", synopsis: "KEY|FILE | ls | rm SHA256:…",
      "let a key come in to this machine by a relay",
      words: 1...2,
      examples: [
        "arroba machine trust id_ed25519.pub", "arroba machine trust ls", "arroba machine trust rm SHA256:…",
      ]),
  ]
}

extension Invocation {
  static func relaying(_ verb: String, _ words: Words) throws(Misuse) -> Invocation? {
    let positionals = words.positionals
    func choice() -> RelayChoice {
      RelayChoice(url: positionals[0], tokenFile: words["--token-file"], via: words["--via"])
    }
    switch verb {
    case "relay join": return .relaying(.join(choice(), name: words["--name"]))
    case "relay status": return .relaying(.status)
    case "relay leave": return .relaying(.leave)
    case "relay login": return .relaying(.login(choice()))
    case "relay pipe": return .relaying(.pipe(machine: positionals[0]))
    case "machine ls": return .relaying(.machines)
    case "machine add": return .relaying(.add(name: positionals[0], fingerprint: words["--fingerprint"]))
    case "machine rename": return .relaying(.renameMachine(positionals[0], to: positionals[1]))
    case "machine forget": return .relaying(.forget(positionals[0]))
    case "machine config": return .relaying(.configuration(positionals[0]))
    case "machine trust":
      switch (positionals[0], positionals.count) {
      case ("ls", 1): return .relaying(.trusted)
      case ("rm", 2): return .relaying(.distrust(positionals[1]))
      case ("rm", _): throw Misuse("the fingerprint is missing", hint: "arroba machine trust ls")
      case (let key, 1): return .relaying(.trust(key))
      default:
        throw Misuse("'\(positionals[1])' is one word too many", hint: "a key with spaces belongs in quotes")
      }
    default: return nil
    }
  }
}
