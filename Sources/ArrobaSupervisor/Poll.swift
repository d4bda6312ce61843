internal import ArrobaSystem
internal import CPty
internal import Glibc

/// The descriptors that the supervisor waits for, level-triggered (epoll(7)).
///
/// Not the daemon's loop: that one is an executor on a thread of its own, and this process has only one.
final class Poll {
  enum Source: Equatable {
    case signals
    case daemon
    case outlet(UInt32)

    fileprivate var key: UInt64 {
      switch self {
      case .signals: 0
      case .daemon: 1
      case .outlet(let serial): 1 << 32 | UInt64(serial)
      }
    }

    fileprivate init(key: UInt64) {
      switch key {
      case 0: self = .signals
      case 1: self = .daemon
      default: self = .outlet(UInt32(truncatingIfNeeded: key))
      }
    }
  }

  struct Event {
    let source: Source
    let isWritable: Bool
    /// Readable, at its end, or broken: a read tells which.
    let isReadable: Bool
  }

  private let descriptor: Descriptor
  private var events = [epoll_event](repeating: epoll_event(), count: 64)

  init() throws(SystemError) {
    let number = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard number >= 0 else { throw .last("make", "an epoll descriptor") }
    descriptor = Descriptor(owning: number)
  }

  /// Whether it could be added.
  @discardableResult
  func add(_ watched: Descriptor, as source: Source) -> Bool {
    control(EPOLL_CTL_ADD, watched, source, EPOLLIN.rawValue)
  }

  func setWanted(readable: Bool, writable: Bool, of watched: Descriptor, as source: Source) {
    let wanted = (readable ? EPOLLIN.rawValue : 0) | (writable ? EPOLLOUT.rawValue : 0)
    _ = control(EPOLL_CTL_MOD, watched, source, wanted)
  }

  /// To be called before the descriptor is closed: a duplicate in another process would keep it watched.
  func remove(_ watched: Descriptor) {
    _ = control(EPOLL_CTL_DEL, watched, .signals, 0)
  }

  private func control(_ operation: Int32, _ watched: Descriptor, _ source: Source, _ wanted: UInt32) -> Bool
  {
    var event = epoll_event()
    event.events = wanted
    event.data.u64 = source.key
    return epoll_ctl(descriptor.raw, operation, watched.raw, &event) == 0
  }

  /// What is ready, after at most `timeoutMs`; without one it waits for as long as it takes.
  func wait(timeoutMs: Int?) -> [Event] {
    let count = epoll_wait(descriptor.raw, &events, Int32(events.count), Int32(clamping: timeoutMs ?? -1))
    guard count > 0 else { return [] }
    return events[..<Int(count)].map { event in
      Event(
        source: Source(key: event.data.u64),
        isWritable: event.events & EPOLLOUT.rawValue != 0,
        isReadable: event.events & ~EPOLLOUT.rawValue != 0)
    }
  }
}
