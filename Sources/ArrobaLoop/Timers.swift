/// A call at a later time. Dropping the reference does not cancel it.
@LoopActor
package final class LoopTimer {
  let dueMs: Int
  private var body: (@LoopActor () -> Void)?

  init(dueMs: Int, body: @escaping @LoopActor () -> Void) {
    self.dueMs = dueMs
    self.body = body
  }

  package var isPending: Bool { body != nil }

  package func cancel() { body = nil }

  func fire() {
    let body = self.body
    self.body = nil
    body?()
  }
}

/// Pending timers, the earliest first (a binary heap). Cancelled ones leave when their time comes, or when they are
/// more than half of all.
@LoopActor
struct TimerHeap {
  private var heap: [LoopTimer] = []

  mutating func insert(_ timer: LoopTimer) {
    if heap.count > 64, heap.count(where: { !$0.isPending }) > heap.count / 2 {
      heap = heap.filter(\.isPending).sorted { $0.dueMs < $1.dueMs }
    }
    heap.append(timer)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].dueMs < heap[parent].dueMs else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func popFirst() -> LoopTimer? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].dueMs < heap[least].dueMs { least = child }
      }
      guard least != parent else { return first }
      heap.swapAt(least, parent)
      parent = least
    }
  }

  /// Takes out what is due, the earliest first; the caller fires it, when nothing holds the heap any more.
  mutating func takeDue(now: Int) -> [LoopTimer] {
    var due: [LoopTimer] = []
    while let first = heap.first, first.dueMs <= now {
      if let timer = popFirst(), timer.isPending { due.append(timer) }
    }
    return due
  }

  /// Milliseconds until the next timer; -1 where there is none.
  func waitMs(now: Int) -> Int {
    guard let first = heap.first else { return -1 }
    return max(0, first.dueMs - now)
  }
}
