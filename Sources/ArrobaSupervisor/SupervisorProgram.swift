internal import ArrobaSystem
internal import CPty
internal import Glibc

/// The program as a whole: from its arguments to its exit.
package enum SupervisorProgram {
  private static let misused: Int32 = 64  // EX_USAGE

  package static func run() -> Never {
    let options: Options
    do {
      options = try Options(Array(CommandLine.arguments.dropFirst()))
    } catch {
      Console.say(.error, "supervisor", error.message)
      exit(misused)
    }
    do {
      leaveInherited(keeping: [options.lock] + (options.ready.map { [$0] } ?? []))
      if let logs = options.logs {
        ProcessLog.start(
          kind: "supervisor", directory: logs, level: ProcessLog.level(named: options.logLevel))
      }
      let supervisor = try Supervisor(options, fileLimit: raiseFileLimit())
      exit(supervisor.run())
    } catch {
      Console.say(.error, "supervisor", "\(error)")
      exit(1)
    }
  }

  /// Whoever started us may wait for the end of a pipe that we happen to hold, and none of it is a child's business.
  private static func leaveInherited(keeping kept: [Int32]) {
    let null = open("/dev/null", O_RDWR)
    if null >= 0 {
      dup2(null, 0)
      for standard in [Int32(1), 2] where fcntl(standard, F_GETFD) < 0 { dup2(null, standard) }
    }
    var first: UInt32 = 3
    for number in kept.sorted() where number >= 3 {
      if UInt32(number) > first { _ = arroba_close_range(first, UInt32(number) - 1) }
      first = UInt32(number) + 1
      _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }
    _ = arroba_close_range(first, UInt32.max)
  }

  /// Each child takes two or more descriptors for as long as it is remembered. Returns the limit as it was, for them.
  private static func raiseFileLimit() -> rlimit {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    var raised = limit
    raised.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
    return limit
  }
}
