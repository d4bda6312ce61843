internal import CPty
internal import Glibc

/// Finding, starting and becoming other programs, for clients. Agents are born in the supervisor.
package enum Programs {
  /// POSIX_SPAWN_SETSID of <spawn.h>, which only shows it to GNU sources.
  private static let newSession: Int16 = 0x80

  /// The program of that name beside our own executable, else on the search path.
  package static func find(_ name: String, searchPath: String?) -> String? {
    if let own = ThisProcess.executable, let directory = Files.parent(of: own) {
      let beside = "\(directory)/\(name)"
      if Files.isExecutable(beside) { return beside }
    }
    for directory in (searchPath ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
      let path = "\(directory)/\(name)"
      if Files.isExecutable(path) { return path }
    }
    return nil
  }

  /// Starts a program away from any terminal: own session, no input, both outputs to `output`, and one further
  /// descriptor under the number `passedAs`. It inherits nothing else, or a pipe of the caller's shell would stay open.
  package static func startDetached(
    _ path: String, arguments: [String], environment: [String], output: Descriptor, passing: Descriptor,
    passedAs number: Int32
  ) throws(SystemError) -> Int32 {
    keepToOurselves()
    return try spawn(path, arguments, environment, in: .newSession) { actions in
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_adddup2(&actions, output.raw, 1)
      posix_spawn_file_actions_adddup2(&actions, output.raw, 2)
      posix_spawn_file_actions_adddup2(&actions, passing.raw, number)
    }
  }

  /// Starts a program that works for this one: same session and terminal, input and output on `stream`, error output to
  /// `errors`. What we block or ignore of signals for ourselves it does not.
  static func startBeside(
    _ path: String, arguments: [String], environment: [String], stream: Descriptor, errors: Descriptor
  ) throws(SystemError) -> Int32 {
    keepToOurselves()
    return try spawn(path, arguments, environment, in: .ours) { actions in
      posix_spawn_file_actions_adddup2(&actions, stream.raw, 0)
      posix_spawn_file_actions_adddup2(&actions, stream.raw, 1)
      posix_spawn_file_actions_adddup2(&actions, errors.raw, 2)
    }
  }

  /// Whose signals a program that is started hears.
  enum Session {
    /// Those of the user's terminal, as we do. What we ignore for ourselves (SIGPIPE) it does not.
    case ours
    /// None of anybody's terminal, and none of them blocked or ignored.
    case newSession
  }

  /// Starts a program with no signal blocked; `prepare` says what its descriptors are.
  static func spawn(
    _ path: String, _ arguments: [String], _ environment: [String], in session: Session,
    _ prepare: (inout posix_spawn_file_actions_t) -> Void
  ) throws(SystemError) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    prepare(&actions)
    var none = sigset_t()
    var usual = sigset_t()
    sigemptyset(&none)
    var flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
    switch session {
    case .ours:
      sigemptyset(&usual)
      sigaddset(&usual, SIGPIPE)
    case .newSession:
      sigfillset(&usual)
      flags |= newSession
    }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setflags(&attributes, flags)
    var pid = pid_t()
    let code = withStrings(arguments) { argv in
      withStrings(environment) { envp in posix_spawn(&pid, path, &actions, &attributes, argv, envp) }
    }
    guard code == 0 else { throw SystemError("start", path, code: code) }
    return pid
  }

  /// Whether a shared library can be loaded; it stays loaded then.
  package static func canLoad(_ library: String) -> Bool { dlopen(library, RTLD_NOW | RTLD_LOCAL) != nil }

  /// This process becomes that program; returns only with an error.
  package static func become(_ path: String, arguments: [String], environment: [String]) -> SystemError {
    _ = withStrings(arguments) { argv in withStrings(environment) { envp in execve(path, argv, envp) } }
    return .last("run", path)
  }

  /// Marks what our own caller left open as not to be inherited further.
  private static func keepToOurselves() {
    let names = (try? Files.list("/proc/self/fd")) ?? []  // without /proc there is nothing to go by
    for number in names.compactMap({ Int32($0) }) where number > 2 { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
  }

  private static func withStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    var pointers = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        preconditionFailure("an array with its final nil is not empty")
      }
      return body(base)
    }
  }
}

/// A pipe whose both ends are close-on-exec.
package enum Pipes {
  package static func make() throws(SystemError) -> (reading: Descriptor, writing: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .last("make", "a pipe") }
    let pair = (reading: Descriptor(owning: ends[0]), writing: Descriptor(owning: ends[1]))
    pair.reading.setInherited(false)
    pair.writing.setInherited(false)
    return pair
  }
}

extension Files {
  /// A file for the error output of a program that is started: empty, and appended to by whoever shares it.
  package static func openErrorFile(_ path: String) throws(SystemError) -> Descriptor {
    try open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND)
  }
}
