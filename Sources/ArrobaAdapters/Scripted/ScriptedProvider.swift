package import ArrobaLoop
package import ArrobaModel
package import ArrobaProvider
internal import ArrobaSystem
internal import ArrobaWire

/// An agent that does what its prompts say, for trials and tests: no account, no model, no network. It is the OpenCode
/// adapter as it is, with `arroba-scripted` as its server, and with a state of its own so that the two never meet.
package final class ScriptedProvider: ConversationProvider {
  package let name = "scripted"
  private let program: String?
  private let opencode: OpenCodeProvider

  /// `programs`: the directory of our own executables; nil where it is not known.
  @LoopActor
  package init(environment: [String: String], state: String, host: any ChildHost, programs: String?) {
    program = programs.map { "\($0)/arroba-scripted" }
    var environment = environment
    environment["ARROBA_OPENCODE_BIN"] = program
    environment["ARROBA_SCRIPTED_DATA"] = "\(state)/scripted/data"
    // These are the real one's.
    for name in ["ARROBA_OPENCODE_ENDPOINT", "ARROBA_OPENCODE_PORT"] { environment[name] = nil }
    opencode = OpenCodeProvider(
      environment: environment, state: "\(state)/scripted", host: host, patience: OpenCodePatience(),
      noClient: "a scripted agent has no screen of its own")
  }

  private var trouble: String? {
    guard let program else {
      return "it is not known where arroba-daemon is, and so where arroba-scripted is"
    }
    return Files.isExecutable(program) ? nil : "there is no \(program)"
  }

  package func availability() -> ProviderAvailability {
    trouble.map { .unavailable(reason: $0, executable: program ?? "arroba-scripted") }
      ?? opencode.availability()
  }

  package func complete(_ spec: AgentSpec) throws(Refusal) -> AgentSpec {
    if let trouble {
      throw Refusal(
        kind: .providerUnavailable, message: trouble, hint: "install arroba-scripted beside arroba-daemon")
    }
    return try opencode.complete(spec)
  }

  @LoopActor
  package func open(_ opening: ConversationOpening) -> any Conversation { opencode.open(opening) }

  @LoopActor
  package func stopAll(done: @escaping @LoopActor () -> Void) { opencode.stopAll(done: done) }
}
