/// When to look at which connection, the earliest first (a binary heap). One that was put off or is gone is noticed when
/// its time comes: each connection has one entry at most.
struct Deadlines {
  private var heap: [(dueMs: Int, key: UInt64)] = []

  var firstMs: Int? { heap.first?.dueMs }

  mutating func add(_ dueMs: Int, _ key: UInt64) {
    heap.append((dueMs, key))
    var child = heap.count - 1
    while child > 0, heap[child].dueMs < heap[(child - 1) / 2].dueMs {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// The first that is due, taken out.
  mutating func takeDue(_ nowMs: Int) -> UInt64? {
    guard let first = heap.first, first.dueMs <= nowMs else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].dueMs < heap[least].dueMs { least = child }
      }
      guard least != parent else { return first.key }
      heap.swapAt(least, parent)
      parent = least
    }
  }
}
