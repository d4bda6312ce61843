internal import ArrobaSystem
internal import Synchronization

/// Batches on their way from the loop to the writer thread, as the bytes that will be in the file.
///
/// Bounded by the log, which counts what it has handed in and not got back.
final class LogQueue: Sendable {
  struct Batch: Sendable {
    let count: UInt64
    let byteCount: Int
    let needsSync: Bool
    /// Batches of an epoch in which one failed are not written.
    let epoch: UInt64
    /// Who is told; keeps the log alive until it was.
    let log: EventLog
  }

  /// What the writer takes at once.
  struct Group: Sendable {
    var bytes: [UInt8] = []
    var batches: [Batch] = []
  }

  private struct State {
    var group = Group()
    var isEnding = false
  }

  private let state = Mutex(State())
  private let bell = Doorbell()

  func add(_ batch: Batch, _ bytes: [UInt8]) {
    let isFirst = state.withLock { state in
      state.group.bytes.append(contentsOf: bytes)
      state.group.batches.append(batch)
      return state.group.batches.count == 1
    }
    if isFirst { bell.ring() }
  }

  /// After what is queued, the writer ends.
  func end() {
    state.withLock { $0.isEnding = true }
    bell.ring()
  }

  /// Swaps everything queued for the caller's empty group, whose memory is used again. False: there was nothing.
  func take(into group: inout Group) -> Bool {
    // Kept for the next time, but not what one large batch took.
    group.bytes.removeAll(keepingCapacity: group.bytes.capacity <= 1 << 20)
    group.batches.removeAll(keepingCapacity: true)
    return state.withLock { state in
      guard !state.group.batches.isEmpty else { return false }
      swap(&state.group, &group)
      return true
    }
  }

  /// Whether nothing is queued and nothing will be.
  var isOver: Bool { state.withLock { $0.isEnding && $0.group.batches.isEmpty } }

  func wait(untilMs deadline: Int?) { bell.wait(untilMs: deadline) }
}
