internal import ArrobaSupervision
internal import ArrobaSystem
internal import CPty
internal import Glibc

/// The daemon that runs now: its process, our end of the pair of sockets, and what it has not taken from us yet.
final class DaemonProcess {
  /// Room for a hand-over of a hundred children without waiting; the kernel may grant less.
  private static let socketRoom: Int32 = 1 << 20
  /// Requests of a daemon that leaves its notices lying wait, so that their answers cannot pile up here.
  private static let mostUnsent = 256

  let pid: Int32
  let startedMs: Int
  let socket: Descriptor
  /// It has said hello, and was told what an earlier daemon left.
  var hasTakenOver = false
  var farewell: Farewell?
  /// When it is killed, once it was asked to end, or has closed its side.
  var killAtMs: Int?
  private var unsent: [(packet: [UInt8], descriptors: [Descriptor])] = []
  /// The kernel takes no more descriptors in flight for now, and does not tell when it will.
  private(set) var retryAtMs: Int?

  private init(pid: Int32, socket: Descriptor, startedMs: Int) {
    self.pid = pid
    self.socket = socket
    self.startedMs = startedMs
  }

  /// The daemon's descriptors: 0 /dev/null, 1 and 2 as ours, then these. All others are closed at its exec.
  private enum Number {
    static let socket: Int32 = 3
    /// The lock, so that nobody else writes to the state while a daemon lives whose supervisor was killed.
    static let lock: Int32 = 4
    static let ready: Int32 = 5
  }

  static func start(_ options: Options, lock: Descriptor, ready: Descriptor?, nowMs: Int) throws(SystemError)
    -> DaemonProcess
  {
    let (ours, theirs) = try Sockets.pair(messages: true)
    for end in [ours, theirs] {
      Sockets.setRoom(socketRoom, of: end)
      end.setBlocking(false)
    }
    var passed = [(theirs, Number.socket), (lock, Number.lock)]
    if let ready { passed.append((ready, Number.ready)) }
    let environment =
      Self.environment() + ["ARROBA_SUPERVISOR_FD=\(Number.socket)"]
      + (ready == nil ? [] : ["ARROBA_READY_FD=\(Number.ready)"])
    let arguments = [options.daemon] + options.daemonArguments
    let pid = try spawn(options.daemon, arguments, environment, passing: passed)
    return DaemonProcess(pid: pid, socket: ours, startedMs: nowMs)
  }

  private static func environment() -> [String] {
    var texts: [String] = []
    var next = arroba_environment()
    while let pointer = next, let text = pointer.pointee {
      texts.append(String(cString: text))
      next = pointer + 1
    }
    return texts.filter { !$0.hasPrefix("ARROBA_SUPERVISOR_FD=") && !$0.hasPrefix("ARROBA_READY_FD=") }
  }

  private static func spawn(
    _ path: String, _ arguments: [String], _ environment: [String], passing: [(Descriptor, Int32)]
  ) throws(SystemError) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)
    var copies: [Descriptor] = []  // above all targets, so that no target overwrites a source
    for (descriptor, number) in passing {
      let copy = fcntl(descriptor.raw, F_DUPFD_CLOEXEC, 64)
      guard copy >= 0 else { throw .last("duplicate", "a descriptor for the daemon") }
      copies.append(Descriptor(owning: copy))
      posix_spawn_file_actions_adddup2(&actions, copy, number)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    // A group of its own: Ctrl-C in the terminal of a supervisor started by hand reaches the supervisor alone.
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var pid: pid_t = 0
    let code = CStrings.with(arguments) { arguments in
      CStrings.with(environment) { posix_spawn(&pid, path, &actions, &attributes, arguments, $0) }
    }
    withExtendedLifetime(copies) {}
    guard code == 0 else { throw SystemError("start", path, code: code) }
    return pid
  }

  // The talk.

  var takesRequests: Bool { unsent.count < Self.mostUnsent }
  var hasUnsent: Bool { !unsent.isEmpty }

  func say(_ notice: SupervisorNotice, passing descriptors: [Descriptor] = []) {
    unsent.append((notice.packet, descriptors))
  }

  /// Sends what the socket takes now.
  func flush(nowMs: Int) {
    retryAtMs = nil
    var sent = 0
    defer { unsent.removeFirst(sent) }
    while sent < unsent.count {
      let (packet, descriptors) = unsent[sent]
      let outcome = packet.withUnsafeBytes {
        DescriptorPassing.send($0, passing: descriptors.map(\.raw), over: socket)
      }
      switch outcome {
      case .moved: sent += 1
      case .wouldBlock: return
      case .failed(ETOOMANYREFS), .failed(ENOBUFS), .failed(ENOMEM):
        retryAtMs = nowMs + 10
        return
      case .ended, .failed:
        // It is gone, or has closed its side: its end is reported by SIGCHLD.
        sent = unsent.count
      }
    }
  }
}
