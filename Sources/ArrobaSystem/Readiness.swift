internal import CPty
internal import Glibc

/// Descriptors to wait for, each under a number of the caller's (epoll(7)): for a process of one thread that has many.
package final class Readiness {
  package struct Event {
    package let key: UInt64
    package let isReadable: Bool
    package let isWritable: Bool
    /// The other side sends no more.
    package let isHalfClosed: Bool
    /// Both directions are over, or broken.
    package let isBroken: Bool
  }

  /// What is waited for. Breaking is always reported.
  package struct Wish: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let reading = Wish(rawValue: EPOLLIN.rawValue)
    package static let writing = Wish(rawValue: EPOLLOUT.rawValue)
    package static let halfClose = Wish(rawValue: EPOLLRDHUP.rawValue)
    /// Only changes are told (EPOLLET): what was not used up is not told again.
    package static let changesOnly = Wish(rawValue: EPOLLET.rawValue)
  }

  private let descriptor: Descriptor
  private var events = [epoll_event](repeating: epoll_event(), count: 256)

  package init() throws(SystemError) {
    let number = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard number >= 0 else { throw .last("make", "an epoll descriptor") }
    descriptor = Descriptor(owning: number)
  }

  /// Whether it could be added.
  package func add(_ number: Int32, _ wish: Wish, key: UInt64) -> Bool {
    control(EPOLL_CTL_ADD, number, wish, key)
  }

  package func change(_ number: Int32, _ wish: Wish, key: UInt64) {
    _ = control(EPOLL_CTL_MOD, number, wish, key)
  }

  private func control(_ operation: Int32, _ number: Int32, _ wish: Wish, _ key: UInt64) -> Bool {
    var event = epoll_event()
    event.events = wish.rawValue
    event.data.u64 = key
    return epoll_ctl(descriptor.raw, operation, number, &event) == 0
  }

  /// What is ready, after at most `timeoutMs`; without one it waits for as long as it takes.
  package func wait(timeoutMs: Int?, _ body: (Event) -> Void) {
    let count = epoll_wait(descriptor.raw, &events, Int32(events.count), Int32(clamping: timeoutMs ?? -1))
    guard count > 0 else { return }
    for event in events[..<Int(count)] {
      let bits = event.events
      body(
        Event(
          key: event.data.u64, isReadable: bits & EPOLLIN.rawValue != 0,
          isWritable: bits & EPOLLOUT.rawValue != 0, isHalfClosed: bits & EPOLLRDHUP.rawValue != 0,
          isBroken: bits & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0))
    }
  }
}
