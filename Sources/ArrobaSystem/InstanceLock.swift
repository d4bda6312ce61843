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

  /// What the holder has written into the file; nil where nobody holds the lock, or there is no such file.
  package static func note(ofHolder path: String) -> String? {
    guard let file = try? Files.openForReading(path) else { return nil }  // a missing lock file is an answer
    guard flock(file.raw, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
    let note = (try? Files.read(path, atMost: 4096)) ?? []  // held, whatever it says
    return String(decoding: note, as: UTF8.self)
  }
}
