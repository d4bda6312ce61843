internal import ArrobaSystem
internal import Glibc

/// A directory of one test, gone with it. Its path is short, since a socket's path has 107 bytes at most.
package final class TemporaryDirectory: Sendable {
  package let path: String

  package init() {
    var template = Array("/tmp/arroba-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "no temporary directory: \(SystemError.words(for: errno))")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.removeAll(path) }

  package func path(_ name: String) -> String { "\(path)/\(name)" }

  private static func removeAll(_ path: String) {
    var found = stat()
    guard lstat(path, &found) == 0 else { return }
    if found.st_mode & S_IFMT == S_IFDIR {
      _ = chmod(path, 0o700)
      let names = (try? Files.list(path)) ?? []  // what cannot be listed stays
      for name in names { removeAll("\(path)/\(name)") }
    }
    _ = remove(path)
  }
}
