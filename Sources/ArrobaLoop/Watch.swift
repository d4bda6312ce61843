internal import CPty

/// A descriptor that the loop watches. Its owner cancels it before the descriptor is closed.
@LoopActor
package final class Watch {
  package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32

    package nonisolated init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The other side will send no more, or all is over. Always reported, asked for or not.
    package static let hungUp = Readiness(rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue)
    /// The other side of a socket will send no more (EPOLLRDHUP).
    package static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
  }

  /// Whose turn comes first within a round.
  package enum Urgency: Sendable {
    case socket, terminal
    static let inOrder: [Urgency] = [.socket, .terminal]
  }

  let descriptor: Int32
  let urgency: Urgency
  let handler: @LoopActor (Readiness) -> Void
  var key: UInt64 = 0
  package private(set) var interest: Readiness
  private var isActive = true

  init(
    descriptor: Int32, interest: Readiness, urgency: Urgency,
    handler: @escaping @LoopActor (Readiness) -> Void
  ) {
    self.descriptor = descriptor
    self.interest = interest
    self.urgency = urgency
    self.handler = handler
  }

  /// Changes what is waited for; nothing happens where it is the same.
  package func set(_ interest: Readiness) {
    guard isActive, interest != self.interest else { return }
    self.interest = interest
    Loop.shared.change(self)
  }

  /// No more calls, also not in the round that is under way.
  package func cancel() {
    guard isActive else { return }
    isActive = false
    Loop.shared.remove(self)
  }
}

/// Slots for watches. A key is slot and generation, so that an event of a round never reaches a slot's next owner.
struct WatchTable {
  private var slots: [(generation: UInt32, watch: Watch?)] = []
  private var free: [Int] = []

  mutating func insert(_ watch: Watch) -> UInt64 {
    let index: Int
    if let reused = free.popLast() {
      index = reused
      slots[index].watch = watch
    } else {
      index = slots.count
      slots.append((0, watch))
    }
    return UInt64(slots[index].generation) << 32 | UInt64(index)
  }

  func watch(for key: UInt64) -> Watch? {
    let index = Int(key & 0xFFFF_FFFF)
    guard index < slots.count, slots[index].generation == UInt32(truncatingIfNeeded: key >> 32) else {
      return nil
    }
    return slots[index].watch
  }

  mutating func remove(_ key: UInt64) {
    guard watch(for: key) != nil else { return }
    let index = Int(key & 0xFFFF_FFFF)
    slots[index].watch = nil
    slots[index].generation &+= 1
    free.append(index)
  }
}
