internal import CPty
internal import Glibc

/// What a process knows of itself, and sets up for itself.
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

  // MARK: descriptors

  /// How many descriptors this process may open now, and to how many it may raise that.
  package static var descriptorLimit: (soft: Int, hard: Int) {
    let limit = openFiles
    return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
  }

  /// Lets this process have as many descriptors as the system allows it; children are born with the user's own limit.
  package static func raiseDescriptorLimit() {
    var limit = openFiles
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  private static var openFiles: rlimit {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return limit
  }

  // MARK: signals

  /// A file that may not grow (RLIMIT_FSIZE) makes the write fail, as a full disk does, and does not end the process.
  package static func failAtFileLimit() { signal(SIGXFSZ, SIG_IGN) }

  /// A signal is taken from this descriptor instead of interrupting; for the whole process, before its first thread.
  package static func signalDescriptor(_ numbers: [Int32]) throws(SystemError) -> Descriptor {
    var set = sigset_t()
    sigemptyset(&set)
    for number in numbers { sigaddset(&set, number) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let number = signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
    guard number >= 0 else { throw .last("take signals from", "a descriptor") }
    return Descriptor(owning: number)
  }

  /// The next signal that came; nil where there is none.
  package static func nextSignal(from descriptor: Descriptor) -> Int32? {
    var information = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    let got = withUnsafeMutableBytes(of: &information) { Glibc.read(descriptor.raw, $0.baseAddress, size) }
    return got == size ? Int32(information.ssi_signo) : nil
  }
}

/// The signals that a daemon hears, by number, so that nobody above needs the system's headers.
package enum SignalNumber {
  package static let hangUp: Int32 = SIGHUP
  package static let interrupt: Int32 = SIGINT
  package static let terminate: Int32 = SIGTERM
  package static let kill: Int32 = SIGKILL
  package static let proceed: Int32 = SIGCONT
}
