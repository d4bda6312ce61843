package import ArrobaSystem
internal import Glibc

/// A directory of a test's own, removed with everything in it when the last reference goes.
///
/// Its path is short, because sockets are made in it and a socket's path has room for 107 bytes.
package final class TemporaryDirectory: Sendable {
  package let path: String

  package init() throws(SystemError) {
    var template = Array("/tmp/ar-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw .last("make the directory", "/tmp/ar-XXXXXX") }
    path = template.withUnsafeBytes { String(decoding: $0.dropLast(), as: UTF8.self) }
  }

  deinit { Self.removeTree(path) }

  private static func removeTree(_ path: String) {
    for name in (try? Files.list(path)) ?? [] {  // what is gone need not be removed
      let inner = "\(path)/\(name)"
      // Links are removed, not followed: unlink first, and only what is no file is a directory.
      if unlink(inner) != 0 { removeTree(inner) }
    }
    rmdir(path)
  }
}
