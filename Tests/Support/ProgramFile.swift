internal import ArrobaSystem
internal import Glibc

/// A file that a test runs as a program.
package enum ProgramFile {
  /// Puts it there by processes of their own. What this process holds open for writing, a child that another thread forks
  /// at that moment holds as well until its exec, and nobody can run it meanwhile ("Text file busy").
  package static func write(_ path: String, _ text: String) throws {
    try write(path, Array(text.utf8))
  }

  package static func write(_ path: String, _ bytes: [UInt8]) throws {
    let beside = "\(path).text"
    try Files.replace(beside, with: bytes)
    let script = "cp \"$1\" \"$2.new\" && chmod 755 \"$2.new\" && mv \"$2.new\" \"$2\" && rm \"$1\""
    let words = ["/bin/sh", "-c", script, "sh", beside, path]
    let arguments = words.map { strdup($0) } + [nil]
    let environment = [strdup("PATH=/usr/bin:/bin"), nil]
    defer { for word in arguments + environment { free(word) } }
    var pid = pid_t()
    let code = posix_spawn(&pid, "/bin/sh", nil, nil, arguments, environment)
    guard code == 0 else { throw Silence("cannot run a shell: \(SystemError.words(for: code))") }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    guard status == 0 else { throw Silence("\(path) could not be made executable") }
  }
}
