internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSystem
internal import ArrobaWire

/// What a child inherits: the daemon's own environment, without what belongs to the daemon alone.
struct ChildEnvironment: Sendable {
  private let inherited: [String: String]

  /// What a program must not inherit: it would take itself for part of the daemon, or of another agent.
  private static let own: Set<String> = [
    "ARROBA_SUPERVISOR_FD", "ARROBA_READY_FD", "ARROBA_SESSION", "ARROBA_AGENT", "ARROBA_RELAY_TOKEN",
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_PID", "LISTEN_FDNAMES", "TMUX", "TMUX_PANE", "STY", "WINDOW", "COLUMNS", "LINES", "TERMCAP",
    "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "VTE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "OLDPWD",
  ]

  init(_ environment: [String: String]) {
    inherited = environment.filter { !Self.own.contains($0.key) }
  }

  subscript(name: String) -> String? { Environment.variable(name, in: inherited) }

  /// "NAME=value" each, in order, with these on top.
  func entries(adding variables: [String: String]) -> [String] {
    inherited.merging(variables) { _, new in new }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }

  /// Of a program on a terminal of ours.
  func ofTerminal(_ spec: AgentSpec, _ identity: AgentIdentity, adding more: [String: String] = [:])
    -> [String]
  {
    var variables = ["TERM": "xterm-256color", "COLORTERM": "truecolor", "PWD": spec.directory]
    for variable in spec.environment { variables[variable.name] = variable.value }
    variables.merge(more) { _, new in new }
    variables["ARROBA_SESSION"] = identity.session.text
    variables["ARROBA_AGENT"] = identity.agent.text
    variables["ARROBA_SOCKET"] = identity.socket
    return entries(adding: variables)
  }

  /// A program of a provider's.
  enum Located {
    case at(String)
    /// The user named this one, and it is none.
    case misnamed(String)
    case nowhere
  }

  /// The program that the user named, else one along PATH, else one where its own installers put it, below the home: a
  /// daemon started by systemd may have a short PATH.
  func locate(_ program: String, named: String?, belowHome places: [String]) -> Located {
    if let named { return named.hasPrefix("/") && Files.isExecutable(named) ? .at(named) : .misnamed(named) }
    if let found = find(program) { return .at(found) }
    let known = self["HOME"].map { home in places.map { "\(home)/\($0)" } } ?? []
    return known.first { Files.isExecutable($0) }.map { .at($0) } ?? .nowhere
  }

  /// A program along PATH.
  func find(_ program: String, path: String? = nil) -> String? {
    let path = path ?? inherited["PATH"] ?? "/usr/bin:/bin"
    for directory in path.split(separator: ":") where directory.hasPrefix("/") {
      let candidate = "\(directory)/\(program)"
      if Files.isExecutable(candidate) { return candidate }
    }
    return nil
  }
}

extension AgentSpec {
  /// The directory as it is without links, refused where there is none.
  func canonicalDirectory() throws(Refusal) -> String {
    guard directory.hasPrefix("/"), let canonical = Files.canonical(directory),
      Files.status(canonical)?.isDirectory ?? false
    else {
      throw Refusal(
        kind: .workspaceNotFound, message: "there is no directory \(Words.quoted(directory))",
        details: ["directory": .string(Words.quoted(directory))])
    }
    return canonical
  }
}
