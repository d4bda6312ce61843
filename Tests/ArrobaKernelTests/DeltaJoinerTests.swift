import ArrobaLoop
import ArrobaModel
import Testing

@testable import ArrobaKernel

/// Streamed text is joined, everything keeps its order, and nothing is missing.
@LoopActor
@Suite struct DeltaJoinerTests {
  private final class Heard {
    var signals: [ProviderSignal] = []
    var turn: CheckedContinuation<Void, Never>?

    var texts: [String] {
      signals.map { signal in
        if case .itemDelta(let key, let text) = signal.what { "\(key):\(text)" } else { "other" }
      }
    }
  }

  private let heard = Heard()

  private func joiner() -> DeltaJoiner {
    DeltaJoiner { [heard] signal in
      heard.signals.append(signal)
      heard.turn?.resume()
      heard.turn = nil
    }
  }

  private func delta(_ key: String, _ text: String) -> ProviderSignal {
    ProviderSignal(run: RunID("r"), turn: PromptID("p"), .itemDelta(key: key, text: text))
  }

  @Test("Text of one item is joined; another item, or anything else, sends what was held first")
  func order() {
    let joiner = joiner()
    for text in ["a", "b", "c"] { joiner.take(delta("k", text)) }
    #expect(heard.signals.isEmpty)
    joiner.take(delta("l", "d"))
    joiner.take(ProviderSignal(run: RunID("r"), turn: PromptID("p"), .notice("n")))
    #expect(heard.texts == ["k:abc", "l:d", "other"])
    joiner.flush()
    #expect(heard.signals.count == 3)
  }

  @Test("What nothing follows is sent after a while")
  func time() async {
    let joiner = joiner()
    await withCheckedContinuation { done in
      heard.turn = done
      joiner.take(delta("k", "alone"))
    }
    #expect(heard.texts == ["k:alone"])
  }

  @Test("A burst of 20,000 is complete, in order, and in pieces of about 4 KiB")
  func burst() {
    let joiner = joiner()
    for number in 0..<20_000 { joiner.take(delta("k", "\(number) ")) }
    joiner.flush()
    let pieces = heard.texts.map { String($0.dropFirst(2)) }
    #expect(pieces.joined() == (0..<20_000).map { "\($0) " }.joined())
    #expect(pieces.allSatisfy { $0.utf8.count < 4096 + 8 })
    #expect(pieces.count <= 30)
  }
}
