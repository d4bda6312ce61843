import ArrobaLoop
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
  private let environment: [String: String]

  init(_ environment: [String: String], place: TemporaryDirectory = TemporaryDirectory()) {
    self.place = place
    self.environment = environment
    children = LocalChildren()
    provider = OpenCodeProvider(environment: environment, state: place.path("state"), host: children)
  }

  /// As a restart of the daemon does: the conversations are forgotten, the children go on.
  func restart() {
    children = children.handOver()
    provider = OpenCodeProvider(environment: environment, state: place.path("state"), host: children)
  }

  func stop() async {
    await withCheckedContinuation { continuation in provider.stopAll { continuation.resume() } }
    children.killAll()
  }
}
