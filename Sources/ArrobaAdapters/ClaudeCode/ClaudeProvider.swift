package import ArrobaLoop
package import ArrobaModel
package import ArrobaProvider
internal import ArrobaSystem
internal import ArrobaWire

/// Claude Code: a process for each agent, talked to in lines.
package final class ClaudeProvider: ConversationProvider {
  package let name = "claude-code"
  private let installation: ClaudeInstallation
  private let children: LineChildren
  private let versions = ProgramVersions()

  /// `host`: a share of the children for this provider alone.
  @LoopActor
  package init(environment: [String: String], host: any ChildHost) {
    installation = ClaudeInstallation(environment)
    children = LineChildren(host: host)
  }

  package func availability() -> ProviderAvailability {
    let found = Self.availability(of: installation)
    guard case .available(nil, let path?) = found else { return found }
    let environment = installation.environment.entries(adding: [:])
    return .available(
      version: versions.version(of: path, name: "claude", environment: environment), executable: path)
  }

  /// The same without a daemon, for the doctor.
  package static func check(in environment: [String: String]) -> ProviderAvailability {
    availability(of: ClaudeInstallation(environment))
  }

  private static func availability(of installation: ClaudeInstallation) -> ProviderAvailability {
    switch installation.executable() {
    case .success(let path): .available(version: installation.version(of: path), executable: path)
    case .failure(let trouble):
      .unavailable(reason: trouble.reason, executable: installation.named ?? "claude", hint: trouble.hint)
    }
  }

  package func complete(_ spec: AgentSpec) throws(Refusal) -> AgentSpec {
    var spec = spec
    spec.directory = try spec.canonicalDirectory()
    guard spec.arguments.isEmpty else {
      throw Refusal(kind: .notSupported, message: "a Claude Code agent takes no program and no arguments")
    }
    switch installation.executable() {
    case .success(let path): spec.executable = path
    case .failure(let trouble): throw trouble.refusal(.providerUnavailable)
    }
    return spec
  }

  @LoopActor
  package func open(_ opening: ConversationOpening) -> any Conversation {
    let conversation = ClaudeConversation(opening, installation, children)
    conversation.open()
    return conversation
  }

  @LoopActor
  package func stopAll(done: @escaping @LoopActor () -> Void) { children.endAll(done: done) }
}
