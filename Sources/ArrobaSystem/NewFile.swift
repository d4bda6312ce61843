internal import CPty
internal import Glibc

/// Files that a user asks for by name: never written over unawares.
extension Files {
  /// Makes a file for the user alone; one that is there is emptied only where that is wanted.
  package static func create(_ path: String, overwriting: Bool) throws(SystemError) -> Descriptor {
    try open(path, O_WRONLY | O_CREAT | (overwriting ? O_TRUNC : O_EXCL), to: "create")
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
