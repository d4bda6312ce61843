internal import CPty
internal import Glibc

/// What a process knows of itself and of the machine it runs on.
package enum ThisProcess {
  package static var pid: Int32 { getpid() }
  package static var uid: UInt32 { getuid() }

  /// The file that this process runs, links resolved; nil where /proc is missing.
  package static var executable: String? { Files.canonical("/proc/self/exe") }

  package static func leave(_ code: Int32) -> Never { exit(code) }

  /// Ctrl-C ends a client with the exit code 130 (cli.md), wherever it waits.
  package static func leaveOnInterrupt() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in _exit(130) }
    sigaction(SIGINT, &action, nil)
  }

  /// Stops as a shell's Ctrl-Z does; returns when somebody sends SIGCONT.
  package static func stop() { kill(getpid(), SIGSTOP) }

  /// Whether a process of that number exists (also one that we may not signal).
  package static func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 || errno == EPERM }

  /// How many descriptors this process may open now, and to how many it may raise that.
  package static var descriptorLimit: (soft: Int, hard: Int) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
  }

  /// Bytes that an ordinary user may still write where `path` is; nil where the system does not say.
  package static func freeBytes(at path: String) -> Int? {
    var found = statvfs()
    guard statvfs(path, &found) == 0 else { return nil }
    return Int(clamping: UInt64(found.f_bavail) * UInt64(found.f_frsize))
  }

  package static func isWritable(_ path: String) -> Bool { access(path, W_OK) == 0 }

  /// Whether somebody holds the lock (flock) on a file; nil where it cannot be opened.
  package static func isLocked(_ path: String) -> Bool? {
    guard let file = try? Files.openForReading(path) else { return nil }  // a missing lock file is an answer
    guard flock(file.raw, LOCK_SH | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
    return false
  }
}
