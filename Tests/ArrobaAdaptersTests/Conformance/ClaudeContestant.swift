import ArrobaLoop
import ArrobaProvider
import ArrobaSystem
import ArrobaTestSupport

@testable import ArrobaAdapters

/// The adapter of Claude Code with `claude-stub` as its program.
@LoopActor
final class ClaudeContestant: Contestant {
  private let place = TemporaryDirectory()
  private(set) var children = LocalChildren()
  private(set) var provider: any ConversationProvider
  private let environment: [String: String]
  /// The last gate that a prompt was given.
  private var gates = 0

  init() {
    environment = [
      "PATH": "/usr/bin:/bin", "HOME": place.path, "CLAUDE_STUB_DATA": place.path,
      "ARROBA_CLAUDE_BIN": DaemonUnderTest.beside("claude-stub"),
    ]
    provider = ClaudeProvider(environment: environment, host: children)
  }

  var directory: String { place.path }
  var strangers: [String] { ["session_novelty", "system hologram"] }

  func prompt(_ situation: Situation) -> String {
    switch situation {
    case .stubborn: return "[[stubborn \(nextGate())]] [[hold]]"
    case .passingFailure: return "[[500]]"
    case .brokenOff: return "[[cut-answer]]"
    case .limitForHours, .endsInNothing, .cutEvents, .noEvents, .doubledEvents:
      preconditionFailure("\(situation) cannot come about")
    default: return Self.usual(situation, gate: nextGate)
    }
  }

  private func nextGate() -> String {
    gates += 1
    return place.path("gate-\(gates)")
  }

  func letGo() throws { try Files.replace(place.path("gate-\(gates)"), with: []) }

  func restart() {
    children = children.handOver()
    provider = ClaudeProvider(environment: environment, host: children)
  }

  func killServer() {
    for id in children.living.keys { children.signal(id, Int(SignalNumber.kill)) }
  }

  func stop() async {
    await withCheckedContinuation { continuation in provider.stopAll { continuation.resume() } }
    children.killAll()
  }
}
