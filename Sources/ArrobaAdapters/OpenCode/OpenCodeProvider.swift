internal import ArrobaJSON
package import ArrobaLoop
package import ArrobaModel
package import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem
internal import ArrobaWire

/// OpenCode: one server for all agents of this user, a session of it for each of them.
package final class OpenCodeProvider: ConversationProvider {
  package let name = "opencode"
  private let installation: OpenCodeInstallation
  let server: OpenCodeServer
  private let versions = ProgramVersions()

  /// `state`: the daemon's state directory. `host`: a share of the children for this provider alone.
  @LoopActor
  package convenience init(environment: [String: String], state: String, host: any ChildHost) {
    self.init(environment: environment, state: state, host: host, patience: OpenCodePatience())
  }

  /// `noClient`: why the program has no client of its own, where it has none.
  @LoopActor
  init(
    environment: [String: String], state: String, host: any ChildHost, patience: OpenCodePatience,
    noClient: String? = nil
  ) {
    installation = OpenCodeInstallation(environment, noClient: noClient)
    server = OpenCodeServer(installation, state: state, host: host, patience: patience)
  }

  package func availability() -> ProviderAvailability {
    let found = Self.availability(of: installation)
    // An endpoint's version is asked for when it is talked to.
    guard case .available(nil, let path?) = found, installation.endpoint == nil else { return found }
    let environment = installation.environment.entries(adding: [:])
    return .available(
      version: versions.version(of: path, name: "opencode", environment: environment), executable: path)
  }

  /// The same without a daemon, for the doctor: it also asks the program for its version.
  package static func check(in environment: [String: String]) -> ProviderAvailability {
    let installation = OpenCodeInstallation(environment)
    guard case .available(nil, let path?) = availability(of: installation), installation.endpoint == nil
    else { return availability(of: installation) }
    switch installation.version(of: path) {
    case .success(let version): return .available(version: version, executable: path)
    case .failure(let trouble): return .unavailable(reason: trouble.reason, hint: trouble.hint)
    }
  }

  private static func availability(of installation: OpenCodeInstallation) -> ProviderAvailability {
    if let trouble = installation.trouble {
      return .unavailable(reason: trouble.reason, executable: installation.endpoint, hint: trouble.hint)
    }
    if let endpoint = installation.endpoint { return .available(version: nil, executable: endpoint) }
    switch installation.executable() {
    case .success(let path): return .available(version: nil, executable: path)
    case .failure(let trouble):
      return .unavailable(
        reason: trouble.reason, executable: installation.named ?? "opencode", hint: trouble.hint)
    }
  }

  package func complete(_ spec: AgentSpec) throws(Refusal) -> AgentSpec {
    var spec = spec
    spec.directory = try spec.canonicalDirectory()
    guard spec.arguments.isEmpty else {
      throw Refusal(kind: .notSupported, message: "an OpenCode agent takes no program and no arguments")
    }
    guard spec.environment.isEmpty else {
      throw Refusal(
        kind: .notSupported,
        message: "all OpenCode agents share one server, so one of them cannot have variables of its own",
        hint: "set them where the daemon is started")
    }
    if let model = spec.model, OpenCodeModel(model) == nil {
      throw Refusal(
        kind: .notSupported, message: "OpenCode knows no model '\(Words.quoted(model))'",
        hint: "name it as provider/model, as `opencode models` lists them")
    }
    if let trouble = installation.trouble {
      throw trouble.refusal(.providerUnavailable)
    }
    guard installation.endpoint == nil else { return spec }
    switch installation.executable() {
    case .success(let path): spec.executable = path
    case .failure(let trouble): throw trouble.refusal(.providerUnavailable)
    }
    return spec
  }

  @LoopActor
  package func open(_ opening: ConversationOpening) -> any Conversation {
    let conversation = OpenCodeConversation(opening, server: server)
    conversation.open()
    return conversation
  }

  @LoopActor
  package func stopAll(done: @escaping @LoopActor () -> Void) { server.stopForGood(done) }
}

extension OpenCodeConversation {
  private var awayNow: Refusal {
    Refusal(
      kind: .terminalNotAvailable, message: "OpenCode's server is not running for this agent now",
      hint: "send it a prompt, or try again in a moment")
  }

  /// A server that was started anew has another password, where it has the same port.
  var nativeClient: NativeClient {
    if let reason = server.installation.noClient {
      return .none(Refusal(kind: .terminalNotAvailable, message: reason, hint: "arroba talk"))
    }
    guard let connection, session != nil, directory != nil else { return .away(awayNow) }
    return .at(place: "\(connection.base) \(connection.password)")
  }

  func nativeTerminal(for run: RunID, columns: UInt16, rows: UInt16) throws(Refusal) -> ChildBirth {
    guard let connection, let session, let directory else { throw awayNow }
    let program: String
    switch server.installation.executable() {
    case .success(let path): program = path
    case .failure(let trouble): throw trouble.refusal(.terminalNotAvailable)
    }
    // The password goes by the environment: a command line is everybody's to read.
    let environment = server.installation.environment.ofTerminal(
      opening.spec, opening.identity,
      adding: [
        "OPENCODE_SERVER_PASSWORD": connection.password,
        "OPENCODE_SERVER_USERNAME": OpenCodeInstallation.user,
        "PWD": directory,
      ])
    return ChildBirth(
      id: run.text,
      kind: .terminal(columns: columns, rows: rows, ringCapacity: TerminalLimits.ringCapacity), path: program,
      // With another directory than the session's it sees no events (#11522).
      arguments: ["opencode", "attach", connection.base, "--session", session, "--dir", directory],
      environment: environment, directory: directory)
  }
}
