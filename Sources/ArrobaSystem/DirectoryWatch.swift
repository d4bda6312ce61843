internal import CPty
internal import Glibc

/// Tells when something in a directory was made or written (inotify(7)).
package final class DirectoryWatch {
  private let descriptor: Descriptor

  package init(_ path: String) throws(SystemError) {
    let number = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
    guard number >= 0 else { throw .last("watch", path) }
    descriptor = Descriptor(owning: number)
    let events = UInt32(IN_MODIFY) | UInt32(IN_CREATE) | UInt32(IN_MOVED_TO)
    guard inotify_add_watch(number, path, events) >= 0 else { throw .last("watch", path) }
  }

  /// For a loop that waits for other things as well; `take` then.
  package var raw: Int32 { descriptor.raw }

  /// Takes out what has been told.
  package func take() {
    var room = [UInt8](repeating: 0, count: 16 << 10)
    while case .moved = room.withUnsafeMutableBytes({ descriptor.read(into: $0) }) {}
  }

  /// Waits for the next change; false when the time is up. Changes that came together count once.
  package func wait(timeoutMs: Int) -> Bool {
    guard PollSet.waitReadable(descriptor.raw, timeoutMs: timeoutMs) else { return false }
    take()
    return true
  }
}
