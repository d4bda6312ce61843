internal import ArrobaLoop
internal import ArrobaModel

/// Joins streamed text over at most 30 ms or 4 KiB (protocol.md, section 7), so that an agent that writes a word at a
/// time does not make an event of each. Everything else passes at once, behind the text before it.
@LoopActor
final class DeltaJoiner {
  private static let longestMs = 30
  private static let mostBytes = 4096

  private let pass: @LoopActor (ProviderSignal) -> Void
  private var held: (run: RunID, turn: PromptID?, key: String, text: String)?
  private var timer: LoopTimer?

  init(_ pass: @escaping @LoopActor (ProviderSignal) -> Void) { self.pass = pass }

  func take(_ signal: ProviderSignal) {
    guard case .itemDelta(let key, let text) = signal.what else {
      flush()
      return pass(signal)
    }
    if let held, held.key == key, held.run == signal.run, held.turn == signal.turn {
      self.held?.text += text
    } else {
      flush()
      held = (signal.run, signal.turn, key, text)
      timer = Loop.shared.after(Self.longestMs) { [weak self] in self?.flush() }
    }
    if let held, held.text.utf8.count >= Self.mostBytes { flush() }
  }

  func flush() {
    timer?.cancel()
    timer = nil
    guard let held else { return }
    self.held = nil
    pass(ProviderSignal(run: held.run, turn: held.turn, .itemDelta(key: held.key, text: held.text)))
  }
}
