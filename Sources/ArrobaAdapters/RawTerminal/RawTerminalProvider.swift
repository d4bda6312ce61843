internal import ArrobaJSON
package import ArrobaModel
package import ArrobaProvider
package import ArrobaSupervision
internal import ArrobaSystem
internal import ArrobaWire

/// Any program on a terminal: a terminal lane and nothing else.
package struct RawTerminalProvider: TerminalProvider {
  package let name = "terminal"
  private let environment: ChildEnvironment

  package init(environment: [String: String]) { self.environment = ChildEnvironment(environment) }

  package func availability() -> ProviderAvailability {
    .available(version: nil, executable: shell)
  }

  private var shell: String {
    let named = environment["SHELL"] ?? ""
    return named.hasPrefix("/") && Files.isExecutable(named) ? named : "/bin/sh"
  }

  package func complete(_ spec: AgentSpec) throws(Refusal) -> AgentSpec {
    var spec = spec
    spec.directory = try spec.canonicalDirectory()
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
    return environment.find(program, path: spec.environment.last { $0.name == "PATH" }?.value)
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
    ChildBirth(
      id: run.text,
      kind: .terminal(columns: spec.columns, rows: spec.rows, ringCapacity: TerminalLimits.ringCapacity),
      path: spec.executable ?? spec.arguments.first ?? shell,
      arguments: spec.arguments,
      environment: environment.ofTerminal(spec, identity),
      directory: spec.directory)
  }
}

/// What each terminal may cost.
package enum TerminalLimits {
  /// Bytes of output that are kept for each terminal.
  package static let ringCapacity = 2 << 20
}
