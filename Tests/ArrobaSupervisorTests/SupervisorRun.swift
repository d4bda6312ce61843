import ArrobaSupervision
import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

/// What went wrong in the test's own machinery: with what the supervisor said, since that usually tells why.
struct Trouble: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A supervisor with a directory of its own, whose daemons are stubs that this test commands.
final class SupervisorRun {
  /// Generous: it is only reached by a test that fails.
  static let patienceMs = 15_000

  let directory: String
  let pid: Int32
  private let listener: Descriptor
  /// What a caller that starts the supervisor reads its answer from.
  let readyPipe: Descriptor
  /// A stub ends with its control socket: kept open for those of which the test kept only the pair.
  private var controls: [Descriptor] = []
  private var status: Int32?

  var lockPath: String { "\(directory)/lock" }
  var socketPath: String { "\(directory)/control" }

  /// `wrapper`: a shell command line that becomes the supervisor by `exec "$@"`.
  init(daemon: [String]? = nil, wrapper: String = "exec \"$@\"", logLevel: String = "debug") throws {
    let place = "/tmp/arroba-supervisor-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    directory = place
    try Files.makeDirectory(place)
    listener = try Sockets.listen(at: "\(place)/control", backlog: 8)
    let lock = try Files.open("\(place)/lock", O_RDWR | O_CREAT)
    guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else { throw Trouble("the lock is taken") }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Trouble("no pipe") }
    readyPipe = Descriptor(owning: ends[0])
    let readyEnd = Descriptor(owning: ends[1])
    let said = try Files.open("\(place)/said", O_RDWR | O_CREAT)
    for descriptor in [readyPipe, readyEnd] { descriptor.setInherited(false) }
    let command = daemon ?? [SupervisorBinary.stub, "\(place)/control"]
    let arguments =
      ["/bin/sh", "-c", wrapper, "sh", SupervisorBinary.path]
      + ["--lock-fd", "3", "--ready-fd", "4", "--first-delay-ms", "1", "--state", place]
      + ["--logs", "\(place)/logs", "--log-level", logLevel]
      + ["--daemon", command[0], "--"] + command.dropFirst()
    // 20: a descriptor that somebody forgot to close, which nobody of ours may inherit.
    pid = try Self.launch(arguments, [(lock, 3), (readyEnd, 4), (said, 2), (said, 1), (said, 20)])
  }

  private static func launch(_ arguments: [String], _ passed: [(Descriptor, Int32)]) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var copies: [Descriptor] = []
    for (descriptor, number) in passed {
      let copy = Descriptor(owning: fcntl(descriptor.raw, F_DUPFD_CLOEXEC, 500))
      posix_spawn_file_actions_adddup2(&actions, copy.raw, number)
      copies.append(copy)
    }
    var texts = arguments.map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin"), strdup("MARK=1"), nil]
    defer { for text in environment { free(text) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, "/bin/sh", &actions, nil, &texts, &environment)
    withExtendedLifetime(copies) {}
    guard code == 0 else { throw Trouble("cannot start the supervisor: \(SystemError.words(for: code))") }
    return pid
  }

  deinit {
    // In order first: a supervisor that is killed leaves its daemon, and so on, to init.
    signal(SIGTERM)
    if (try? waitForEnd()) == nil {  // said by the test that made it hang
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    for folder in ["\(directory)/logs", directory] {
      let names = (try? Files.list(folder)) ?? []  // left behind at worst
      for name in names { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
  }

  /// What supervisor and stubs wrote to their standard error.
  var said: String {
    let bytes = (try? Files.read("\(directory)/said", atMost: 1 << 20)) ?? []  // for words only
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The records of its process log, one a line.
  var log: [String] {
    let names = (try? Files.list("\(directory)/logs")) ?? []  // none was written
    return names.flatMap { name in
      let bytes = (try? Files.read("\(directory)/logs/\(name)", atMost: 1 << 20)) ?? []  // for words only
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
  }

  var lockNote: LockNote? {
    let text = (try? Files.read(lockPath, atMost: 4096)) ?? []  // nil is what the test then fails on
    return LockNote(line: String(decoding: text, as: UTF8.self))
  }

  /// The daemon that the supervisor starts next.
  func nextDaemon() throws -> StubDaemon {
    guard listener.waitReadable(atMostMs: Self.patienceMs),
      case .connection(let control) = Sockets.accept(from: listener), let peer = Sockets.peer(of: control)
    else { throw Trouble("no daemon was started; the supervisor said: \(said)") }
    controls.append(control)
    return StubDaemon(pid: peer.pid, control: control, run: self)
  }

  /// Whether no daemon is started within that time. For what must not happen, where nothing tells.
  func startsNoDaemon(withinMs: Int) -> Bool { !listener.waitReadable(atMostMs: withinMs) }

  /// The first daemon, which has taken over and serves.
  func firstDaemon() throws -> StubDaemon {
    let daemon = try nextDaemon()
    try daemon.passOn()
    try daemon.takeOver()
    try daemon.say(.ready)
    return daemon
  }

  func signal(_ number: Int32) {
    if status == nil { kill(pid, number) }
  }

  /// Waits for the supervisor's end; its exit status, or minus the signal.
  func waitForEnd() throws -> Int32 {
    if let status { return status }
    let deadline = Clock.monotonicMs() + Self.patienceMs
    var raw: Int32 = 0
    while waitpid(pid, &raw, WNOHANG) == 0 {
      guard Clock.monotonicMs() < deadline else {
        throw Trouble("the supervisor did not end; it said: \(said)")
      }
      usleep(1000)
    }
    let ended = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F)
    status = ended
    return ended
  }
}

/// Waits for something that no descriptor tells, asking often.
func eventually(_ what: String, _ condition: () throws -> Bool) throws {
  let deadline = Clock.monotonicMs() + SupervisorRun.patienceMs
  while try !condition() {
    guard Clock.monotonicMs() < deadline else { throw Trouble("in vain: \(what)") }
    usleep(1000)
  }
}

/// Whether a process is there and not a zombie.
func isAlive(_ pid: Int32) -> Bool {
  guard let bytes = try? Files.read("/proc/\(pid)/stat", atMost: 4096) else { return false }  // gone
  let text = String(decoding: bytes, as: UTF8.self)
  guard let bracket = text.lastIndex(of: ")") else { return false }
  return text[bracket...].dropFirst(2).first != "Z"
}
