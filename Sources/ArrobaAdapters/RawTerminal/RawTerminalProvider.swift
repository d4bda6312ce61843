internal import ArrobaJSON
package import ArrobaModel
package import ArrobaProvider
internal import ArrobaSystem
internal import ArrobaWire

/// Any program on a terminal: a terminal lane and nothing else.
package struct RawTerminalProvider: TerminalProvider {
  package let name = "terminal"
  /// The daemon's own environment, without what belongs to the daemon alone.
  private let environment: [(name: String, value: String)]

  /// What a program must not inherit: it would take itself for part of the daemon, or of another agent.
  private static let own: Set<String> = [
    "ARROBA_SUPERVISOR_FD", "ARROBA_READY_FD", "ARROBA_SESSION", "ARROBA_AGENT", "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_PID", "LISTEN_FDNAMES", "TMUX", "TMUX_PANE", "STY", "WINDOW", "COLUMNS", "LINES", "TERMCAP",
    "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "VTE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "OLDPWD",
  ]

  package init(environment: [String: String]) {
    self.environment =
      environment.filter { !Self.own.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  package func availability() -> ProviderAvailability {
    .available(version: nil, executable: shell)
  }

  private func inherited(_ name: String) -> String? {
    environment.first { $0.name == name }?.value
  }

  private var shell: String {
    let named = inherited("SHELL") ?? ""
    return named.hasPrefix("/") && Files.isExecutable(named) ? named : "/bin/sh"
  }

  package func complete(_ spec: AgentSpec) throws(Refusal) -> AgentSpec {
    var spec = spec
    guard spec.directory.hasPrefix("/"), let directory = Files.canonical(spec.directory),
      Files.status(directory)?.isDirectory ?? false
    else {
      throw Refusal(
        kind: .workspaceNotFound, message: "there is no directory \(Words.quoted(spec.directory))",
        details: ["directory": .string(Words.quoted(spec.directory))])
    }
    spec.directory = directory
    if spec.arguments.isEmpty { spec.arguments = [shell] }
    let program = spec.arguments[0]
    guard let executable = find(program, for: spec) else { throw notFound(program, for: spec) }
    spec.executable = executable
    return spec
  }

  /// The program's file: by its path where it has one, relative to the agent's directory; else along PATH.
  private func find(_ program: String, for spec: AgentSpec) -> String? {
    guard !program.isEmpty else { return nil }
    if program.contains("/") {
      let path = program.hasPrefix("/") ? program : "\(spec.directory)/\(program)"
      return Files.isExecutable(path) ? path : nil
    }
    let path = spec.environment.last { $0.name == "PATH" }?.value ?? inherited("PATH") ?? "/usr/bin:/bin"
    for directory in path.split(separator: ":") where directory.hasPrefix("/") {
      let candidate = "\(directory)/\(program)"
      if Files.isExecutable(candidate) { return candidate }
    }
    return nil
  }

  private func notFound(_ program: String, for spec: AgentSpec) -> Refusal {
    let name = Words.quoted(program)
    guard program.contains("/") else {
      return Refusal(
        kind: .providerUnavailable, message: "there is no program '\(name)' on PATH",
        hint: "install it, or give its path", details: ["program": .string(name)])
    }
    let path = program.hasPrefix("/") ? program : "\(spec.directory)/\(program)"
    let reason =
      Files.status(path) == nil ? "there is no program \(name)" : "\(name) is not an executable file"
    return Refusal(kind: .providerUnavailable, message: reason, details: ["program": .string(name)])
  }

  package func birth(of spec: AgentSpec, run: RunID, identity: AgentIdentity) -> ChildBirth {
    var variables: [String: String] = [:]
    for (name, value) in environment { variables[name] = value }
    variables["TERM"] = "xterm-256color"
    variables["COLORTERM"] = "truecolor"
    variables["PWD"] = spec.directory
    for variable in spec.environment { variables[variable.name] = variable.value }
    variables["ARROBA_SESSION"] = identity.session.text
    variables["ARROBA_AGENT"] = identity.agent.text
    variables["ARROBA_SOCKET"] = identity.socket
    return ChildBirth(
      id: run.text,
      kind: .terminal(columns: spec.columns, rows: spec.rows, ringCapacity: TerminalLimits.ringCapacity),
      path: spec.executable ?? spec.arguments.first ?? shell,
      arguments: spec.arguments,
      environment: variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
      directory: spec.directory)
  }
}

/// What each terminal may cost.
package enum TerminalLimits {
  /// Bytes of output that are kept for each terminal.
  package static let ringCapacity = 2 << 20
}
