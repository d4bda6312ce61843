internal import CPty
internal import Glibc

/// A few descriptors to wait for, in one call of poll(2). For clients; the daemon has its loop.
package struct PollSet {
  private var entries: [pollfd] = []

  package init() { entries.reserveCapacity(4) }

  package mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Adds a descriptor and answers its place. With neither wish only its breaking is reported.
  @discardableResult
  package mutating func add(_ number: Int32, reading: Bool, writing: Bool) -> Int {
    let events = (reading ? POLLIN : 0) | (writing ? POLLOUT : 0)
    entries.append(pollfd(fd: number, events: Int16(events), revents: 0))
    return entries.count - 1
  }

  /// Waits until one of them is ready; false when the time is up or a signal came. Negative: without end.
  @discardableResult
  package mutating func wait(timeoutMs: Int) -> Bool {
    let ready = poll(&entries, nfds_t(entries.count), Int32(clamping: timeoutMs))
    if ready > 0 { return true }
    for index in entries.indices { entries[index].revents = 0 }
    return false
  }

  /// Something to read, or an end or error that reading will tell.
  package func isReadable(_ place: Int) -> Bool { happened(place, POLLIN | POLLHUP | POLLERR | POLLNVAL) }

  /// Room to write, or an error that writing will tell.
  package func isWritable(_ place: Int) -> Bool { happened(place, POLLOUT | POLLERR | POLLNVAL) }

  /// The other side is gone.
  package func isBroken(_ place: Int) -> Bool { happened(place, POLLHUP | POLLERR | POLLNVAL) }

  private func happened(_ place: Int, _ events: Int32) -> Bool {
    Int32(entries[place].revents) & events != 0
  }

  /// Waits for one descriptor to become readable; false when the time is up.
  package static func waitReadable(_ number: Int32, timeoutMs: Int) -> Bool {
    var set = PollSet()
    set.add(number, reading: true, writing: false)
    return set.wait(timeoutMs: timeoutMs)
  }

  /// Waits for one descriptor to take bytes; false when the time is up.
  package static func waitWritable(_ number: Int32, timeoutMs: Int) -> Bool {
    var set = PollSet()
    set.add(number, reading: false, writing: true)
    return set.wait(timeoutMs: timeoutMs)
  }

  /// Lets time pass. Only for the growing pauses between attempts to reach a daemon that is starting.
  package static func pause(milliseconds: Int) {
    var none = PollSet()
    none.wait(timeoutMs: milliseconds)
  }
}
