package import ArrobaLoop

/// Lets those who come do something one after another, in the order of their coming, although each may have to wait
/// in the middle of it.
@LoopActor
package final class Turns {
  package struct Ticket {
    fileprivate let number: Int
  }

  private var next = 0
  private var serving = 0
  private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]

  package nonisolated init() {}

  /// Takes a place, here and now; whoever takes one waits for it, and leaves it.
  package func take() -> Ticket {
    defer { next += 1 }
    return Ticket(number: next)
  }

  package func wait(for ticket: Ticket) async {
    // Asked within, since the way there may be another turn of the loop.
    await withCheckedContinuation { turn in
      if ticket.number == serving { turn.resume() } else { waiting[ticket.number] = turn }
    }
  }

  package func leave() {
    serving += 1
    waiting.removeValue(forKey: serving)?.resume()
  }
}
