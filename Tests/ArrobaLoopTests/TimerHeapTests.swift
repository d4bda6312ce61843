import ArrobaTestSupport
import Testing

@testable import ArrobaLoop

@Suite struct TimerHeapTests {
  @LoopActor
  @Test(
    "Timers come out when they are due, the earliest first; cancelled ones never",
    arguments: [1, 2, 3] as [UInt64])
  func order(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var heap = TimerHeap()
    var wanted: [Int] = []
    for _ in 0..<600 {
      let timer = LoopTimer(dueMs: Int.random(in: 0..<1000, using: &generator)) {}
      heap.insert(timer)
      if generator.oneIn(3) { wanted.append(timer.dueMs) } else { timer.cancel() }
    }
    var found: [Int] = []
    var now = 0
    while now < 1000 {
      let due = heap.takeDue(now: now).map(\.dueMs)
      #expect(due.allSatisfy { $0 <= now })
      found += due
      now += Int.random(in: 1...40, using: &generator)
    }
    found += heap.takeDue(now: 1000).map(\.dueMs)
    #expect(found == wanted.sorted())
    #expect(heap.takeDue(now: .max).isEmpty)
  }

  @LoopActor
  @Test("The wait is until the earliest timer, none for one that is late, endless where there is none")
  func wait() {
    var heap = TimerHeap()
    #expect(heap.waitMs(now: 5) == -1)
    heap.insert(LoopTimer(dueMs: 300) {})
    heap.insert(LoopTimer(dueMs: 100) {})
    #expect(heap.waitMs(now: 40) == 60)
    #expect(heap.waitMs(now: 100) == 0)
    #expect(heap.waitMs(now: 250) == 0)
    #expect(heap.takeDue(now: 250).map(\.dueMs) == [100])
    #expect(heap.waitMs(now: 250) == 50)
  }

  @LoopActor
  @Test("A timer that has fired is not pending and does not fire again")
  func once() {
    let calls = Calls()
    let timer = LoopTimer(dueMs: 1) { calls.count += 1 }
    #expect(timer.isPending)
    timer.fire()
    timer.fire()
    #expect(calls.count == 1 && !timer.isPending)
  }
}

@LoopActor private final class Calls {
  var count = 0
}
