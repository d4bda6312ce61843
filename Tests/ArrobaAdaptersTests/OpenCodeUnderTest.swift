import ArrobaLoop
import ArrobaSupervision
import ArrobaProvider
import ArrobaSystem
import ArrobaTestSupport

@testable import ArrobaAdapters

/// The provider with a state directory and children of its own.
@LoopActor
final class OpenCodeUnderTest {
  let place: TemporaryDirectory
  private(set) var children: LocalChildren
  private(set) var provider: OpenCodeProvider
  /// What daemons before a restart had; they died, but here they are objects.
  private var earlier: [OpenCodeProvider] = []
  private let environment: [String: String]
  private let patience: OpenCodePatience

  init(
    _ environment: [String: String], patience: OpenCodePatience = OpenCodePatience(),
    place: TemporaryDirectory = TemporaryDirectory()
  ) {
    self.place = place
    self.environment = environment
    self.patience = patience
    children = LocalChildren()
    provider = OpenCodeProvider(
      environment: environment, state: place.path("state"), host: children, patience: patience)
  }

  /// On a server that already runs.
  convenience init(at peer: ScriptedOpenCode, patience: OpenCodePatience = OpenCodePatience()) {
    self.init(["ARROBA_OPENCODE_ENDPOINT": peer.base], patience: patience)
  }

  /// A managed one: the program is a script that says it listens where the peer does, and then does what `then` says.
  convenience init(
    managing peer: ScriptedOpenCode, patience: OpenCodePatience = OpenCodePatience(),
    then rest: String = "exec sleep 1000"
  ) throws {
    let place = TemporaryDirectory()
    let script =
      "#!/bin/sh\necho 'some log line'\necho 'opencode server listening on \(peer.base)'\n\(rest)\n"
    try ProgramFile.write(place.path("opencode"), script)
    let port = peer.base.split(separator: ":").last.map(String.init) ?? ""
    self.init(
      [
        "ARROBA_OPENCODE_BIN": place.path("opencode"), "ARROBA_OPENCODE_PORT": port, "PATH": "/usr/bin:/bin",
        "HOME": place.path, "PLACE": place.path,
      ], patience: patience, place: place)
  }

  /// As a restart of the daemon does: the conversations are forgotten, the children go on.
  func restart(losingChildren: Bool = false) {
    earlier.append(provider)
    children = losingChildren ? LocalChildren() : children.handOver()
    provider = OpenCodeProvider(
      environment: environment, state: place.path("state"), host: children, patience: patience)
  }

  /// Else it would go on to look for its server, and find the one that another test has at the same port.
  isolated deinit {
    for provider in earlier + [provider] { provider.stopAll {} }
    children.killAll()
  }

  func open(resume: String? = nil) -> ConversationProbe {
    ConversationProbe(self, directory: place.path, resume: resume)
  }

  func stop() async {
    await withCheckedContinuation { continuation in provider.stopAll { continuation.resume() } }
    children.killAll()
  }
}
