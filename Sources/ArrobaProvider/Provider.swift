package import ArrobaModel
package import ArrobaSupervision

/// What an adapter must be for the kernel to run agents of its kind: a `TerminalProvider` or a `ConversationProvider`.
package protocol Provider: Sendable {
  /// The name by which it is asked for: "terminal".
  var name: String { get }

  /// Whether agents of this kind can be started here and now. May look at files; called off the loop.
  func availability() -> ProviderAvailability

  /// Checks what was asked for and completes it: the program's path, the directory. May look at files; called off the
  /// loop.
  func complete(_ spec: AgentSpec) throws(Refusal) -> AgentSpec
}

/// A provider whose agents are programs on a terminal.
package protocol TerminalProvider: Provider {
  /// What a run's child is to be born as. Pure.
  func birth(of spec: AgentSpec, run: RunID, identity: AgentIdentity) -> ChildBirth
}

/// Whether a provider can start anything here, and with what.
package enum ProviderAvailability: Sendable, Equatable {
  case available(version: String?, executable: String?)
  /// `executable`: what was looked for; `hint`: what makes it available.
  case unavailable(reason: String, executable: String? = nil, hint: String? = nil)
}

/// What a program inside an agent is told of where it runs.
package struct AgentIdentity: Sendable, Equatable {
  package let session: SessionID
  package let agent: AgentID
  package let socket: String

  package init(session: SessionID, agent: AgentID, socket: String) {
    self.session = session
    self.agent = agent
    self.socket = socket
  }
}

/// The adapters of this daemon by name, in the order in which they are listed.
package struct ProviderRegistry: Sendable {
  package let providers: [any Provider]

  package init(_ providers: [any Provider]) { self.providers = providers }

  package func provider(named name: String) -> (any Provider)? { providers.first { $0.name == name } }
}
