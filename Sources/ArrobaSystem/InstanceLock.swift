internal import CPty
internal import Glibc

/// One instance for each state directory: whoever holds the lock file's lock. The kernel lets go of it when the last
/// process that holds the descriptor ends, however it ends.
package enum InstanceLock {
  package enum Outcome {
    case taken(Descriptor)
    /// What the holder has written into the file.
    case held(note: String)
  }

  package static func take(_ path: String) throws(SystemError) -> Outcome {
    let file = try Files.open(path, O_RDWR | O_CREAT)
    guard flock(file.raw, LOCK_EX | LOCK_NB) != 0 else { return .taken(file) }
    guard errno == EWOULDBLOCK else { throw .last("lock", path) }
    let note = try Files.read(path, atMost: 4096)
    return .held(note: String(decoding: note, as: UTF8.self))
  }
}
