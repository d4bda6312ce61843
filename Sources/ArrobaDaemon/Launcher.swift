internal import ArrobaJSON
internal import ArrobaSupervision
package import ArrobaSystem

/// What `arroba-daemon` does when a person or a service manager starts it: it becomes the supervisor, which starts
/// `arroba-daemon` again as the daemon proper.
package enum Launcher {
  /// Exit codes of sysexits.h, where one fits.
  package static let unavailable: Int32 = 69
  package static let temporaryFailure: Int32 = 75
  package static let configurationError: Int32 = 78
  package static let cannotRun: Int32 = 71

  /// Takes the state directory's lock and becomes the supervisor; returns only the exit code of a failure, which was
  /// said on stderr and to who waits for the daemon.
  package static func becomeSupervisor(places: Places, arguments: [String]) -> Int32 {
    let ready = ReadyNote(environment: Environment.all)
    do {
      try Files.makeDirectory(places.state)
      switch try takeLock("\(places.state)/lock") {
      case .held(let note):
        let holder = LockNote(line: note)
        return fail(ready, words(holder, state: places.state), code(holder))
      case .taken(let lock): return fail(ready, become(places, arguments, lock, ready), cannotRun)
      }
    } catch {
      return fail(ready, "\(error)", cannotRun)
    }
  }

  /// A daemon whose supervisor was killed holds the lock as well until it has ended, which it does at once: that is
  /// waited for.
  private static func takeLock(_ path: String) throws(SystemError) -> InstanceLock.Outcome {
    let deadline = Clock.monotonicMs() + longestEndMs
    while true {
      let outcome = try InstanceLock.take(path)
      guard case .held(let line) = outcome, let note = LockNote(line: line), isGone(note),
        Clock.monotonicMs() < deadline
      else { return outcome }
      PollSet.pause(milliseconds: 5)
    }
  }

  /// Its log may have to be flushed to a slow disk.
  private static let longestEndMs = 5000

  private static func isGone(_ note: LockNote) -> Bool { Processes.startTicks(of: Int(note.pid)) == nil }

  /// Somebody else serves, or is about to; or has given up, so that waiting for it helps nobody.
  private static func code(_ holder: LockNote?) -> Int32 {
    switch holder?.state {
    case nil, .running: temporaryFailure
    case .gaveUp: unavailable
    }
  }

  private static func words(_ holder: LockNote?, state: String) -> String {
    guard let note = holder else { return "another daemon is starting on \(state)" }
    guard !isGone(note) else {
      return "the supervisor with pid \(note.pid) is gone, but its daemon still holds \(state)/lock"
    }
    switch note.state {
    case .running: return "already running: the supervisor with pid \(note.pid) holds \(state)/lock"
    case .gaveUp(let reason):
      return "the supervisor with pid \(note.pid) holds \(state)/lock and has given up: \(reason); "
        + "mend that, then: arroba daemon start"
    }
  }

  private static func become(_ places: Places, _ arguments: [String], _ lock: Descriptor, _ ready: ReadyNote)
    -> String
  {
    guard let own = ThisProcess.executable, let directory = Files.parent(of: own) else {
      return "/proc is not there: the way to arroba-supervisor is unknown"
    }
    let supervisor = "\(directory)/arroba-supervisor"
    guard Files.isExecutable(supervisor) else {
      return "there is no \(supervisor); install it beside arroba-daemon"
    }
    lock.setInherited(true)
    var words = ["arroba-supervisor", "--lock-fd", "\(lock.raw)", "--state", places.state]
    words += ["--logs", places.logs]
    if let level = Environment.all["ARROBA_LOG_LEVEL"] { words += ["--log-level", level] }
    if let number = ready.number { words += ["--ready-fd", "\(number)"] }
    words += ["--daemon", own, "--"] + arguments
    let environment = Environment.entries.filter { !$0.hasPrefix("\(ReadyNote.variable)=") }
    return "\(Programs.become(supervisor, arguments: words, environment: environment))"
  }

  private static func fail(_ ready: ReadyNote, _ message: String, _ code: Int32) -> Int32 {
    ready.failed(message)
    Console.error("arroba-daemon: \(message)")
    return code
  }
}

/// Who started the daemon on demand waits at a pipe for one line: `ready`, or `error: …`.
package struct ReadyNote: Sendable {
  package static let variable = "ARROBA_READY_FD"

  package let number: Int32?

  package init(environment: [String: String]) {
    number = environment[Self.variable].flatMap { Int32($0) }.flatMap { $0 > 2 ? $0 : nil }
  }

  package func ready() { say("ready\n") }
  package func failed(_ message: String) { say("error: \(message)\n") }

  private func say(_ line: String) {
    guard let number else { return }
    let pipe = Descriptor(owning: number)
    try? pipe.writeAll(Array(line.utf8))  // nobody waits any more
    pipe.close()
  }
}
