import ArrobaModel
import ArrobaSupervision
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// What a disturbed stream comes to: the same as an undisturbed one, but for how smoothly the text ran.
@Suite struct OpenCodeFaultTests {
  /// What stays of a conversation, however it was told.
  private struct Outcome: Equatable {
    var items: [String: Item] = [:]
    var asks: [String] = []
    var ends: [String] = []
    var usage: [Usage] = []

    init(_ signals: [ProviderSignal]) {
      for signal in signals {
        switch signal.what {
        case .itemCompleted(let item): items[item.key] = item
        case .itemDropped(let key): items[key] = nil
        case .askOpened(let ask): asks.append(ask.key)
        case .turnEnded(let end): ends.append("\(signal.turn?.text ?? "-") \(end.outcome) \(end.proof)")
        case .usage(let usage): self.usage.append(usage)
        default: break
        }
      }
    }
  }

  private func outcome(_ recording: Recording, _ disturb: (inout Replay) -> Void = { _ in }) -> Outcome {
    var replay = Replay(recording)
    disturb(&replay)
    replay.run()
    return Outcome(replay.signals)
  }

  @Test(
    "Each event twice, as after a reconnect, changes nothing (#916)", arguments: Recording.complete)
  func doubled(recording: Recording) {
    #expect(outcome(recording) { $0.doublesEvents = true } == outcome(recording))
  }

  @Test(
    "A stream that is lost between any two events loses no item, ask or end", arguments: Recording.complete)
  func torn(recording: Recording) {
    #expect(outcome(recording) { $0.tearsStream = true } == outcome(recording))
  }

  @Test(
    "No text is appended to after a part of it was missed (openchamber #1647)", arguments: Recording.complete)
  func noWrongText(recording: Recording) {
    var replay = Replay(recording)
    replay.run()
    var shown: [String: String] = [:]
    for signal in replay.signals {
      switch signal.what {
      case .itemStarted(let item): shown[item.key] = item.text + (item.tool?.output ?? "")
      case .itemDelta(let key, let text): shown[key, default: ""] += text
      case .itemCompleted(let item) where item.tool == nil:
        // The recorder left deltas out of two scenarios and cut their texts.
        guard let before = shown[item.key], !["bigtext", "slow-reader"].contains(recording.name) else {
          break
        }
        #expect(item.text.hasPrefix(before), "\(item.key)")
      default: break
      }
    }
  }
}
