internal import CPty
internal import Glibc

/// Files that a user asks for by name: never written over unawares.
extension Files {
  /// Makes a file for the user alone; one that is there is emptied only where that is wanted.
  package static func create(_ path: String, overwriting: Bool) throws(SystemError) -> Descriptor {
    let flags = O_WRONLY | O_CREAT | (overwriting ? O_TRUNC : O_EXCL)
    let number = retryingInterrupted { Glibc.open(path, flags | O_CLOEXEC, 0o600) }
    guard number >= 0 else { throw .last("create", path) }
    return Descriptor(owning: number)
  }
}

extension SystemError {
  /// The name is taken.
  package var isThere: Bool { code == EEXIST }
}

extension Descriptor {
  /// Cuts a file off behind so many bytes. What is no file stays as it is.
  package func shorten(to count: Int) {
    _ = ftruncate(raw, count)
  }
}
