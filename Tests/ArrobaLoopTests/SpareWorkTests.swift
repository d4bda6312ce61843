import ArrobaTestSupport
import Testing

@testable import ArrobaLoop

@Suite("Spare work") @LoopActor struct SpareWorkTests {
  private func isNothing(_ body: (@LoopActor () -> Void)?) -> Bool {
    if case .none = body { true } else { false }
  }

  @Test("It waits while others are served, the oldest goes first, and it is never put off for ever")
  func turns() {
    var work = SpareWork()
    var done: [String] = []
    work.add({ done.append("first") }, nowMs: 100)
    work.add({ done.append("second") }, nowMs: 102)
    #expect(isNothing(work.take(isIdle: false, nowMs: 100 + SpareWork.longestMs - 1)))
    work.take(isIdle: true, nowMs: 103)?()
    #expect(isNothing(work.take(isIdle: false, nowMs: 102 + SpareWork.longestMs - 1)))
    work.take(isIdle: false, nowMs: 102 + SpareWork.longestMs)?()
    #expect(done == ["first", "second"])
    #expect(work.isEmpty)
  }

  @Test("The loop does it without being woken")
  func loop() async {
    await withCheckedContinuation { continuation in
      Loop.shared.whenSpare { Loop.shared.whenSpare { continuation.resume() } }
    }
  }
}
