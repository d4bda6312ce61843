import ArrobaLoop
import ArrobaProvider
import ArrobaSystem
import ArrobaTestSupport

@testable import ArrobaAdapters

/// The OpenCode adapter with `arroba-scripted` as its server.
@LoopActor
final class ScriptedContestant: Contestant {
  private let place = TemporaryDirectory()
  private(set) var children = LocalChildren()
  private(set) var provider: any ConversationProvider
  private let environment: [String: String]
  /// The last gate that a prompt was given, and those that were opened.
  private var gates = 0

  init(environment: [String: String]) {
    self.environment = environment.merging([
      "PATH": "/usr/bin:/bin", "HOME": place.path, "ARROBA_TEST_PLACE": place.path,
    ]) { own, _ in own }
    provider = Self.provider(self.environment, place, children)
  }

  private static func provider(
    _ environment: [String: String], _ place: TemporaryDirectory, _ children: LocalChildren
  ) -> any ConversationProvider {
    let programs = Files.parent(of: DaemonUnderTest.beside("arroba-scripted"))
    return ScriptedProvider(
      environment: environment, state: place.path("state"), host: children, programs: programs)
  }

  var directory: String { place.path }
  var strangers: [String] { ["session.novelty", "part hologram"] }

  func prompt(_ situation: Situation) -> String {
    switch situation {
    case .stubborn: return "[[hold]] [[stubborn \(nextGate())]]"
    case .passingFailure: return "[[500 2 20]]"
    case .limitForHours: return "[[429 1 7200000]]"
    case .brokenOff: return "[[cut-answer 2 20]]"
    case .endsInNothing: return "[[broken]]"
    case .cutEvents: return "[[cut]]"
    case .noEvents: return "[[silent]]"
    case .doubledEvents: return "[[double]] [[reasoning]] [[tool]]"
    default: return Self.usual(situation, gate: nextGate)
    }
  }

  private func nextGate() -> String {
    gates += 1
    return "gate-\(gates)"
  }

  func letGo() throws { try Files.replace(place.path("gate-\(gates)"), with: []) }

  func restart() {
    children = children.handOver()
    provider = Self.provider(environment, place, children)
  }

  func killServer() {
    for id in children.living.keys { children.signal(id, Int(SignalNumber.kill)) }
  }

  func stop() async {
    await withCheckedContinuation { continuation in provider.stopAll { continuation.resume() } }
    children.killAll()
  }
}
