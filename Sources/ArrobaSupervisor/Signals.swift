internal import ArrobaSystem
internal import CPty
internal import Glibc

/// The signals that mean something to the supervisor, as a descriptor; nothing interrupts it anywhere else.
final class Signals {
  enum Arrival {
    case childEnded
    case end
    case tryAgain
  }

  let descriptor: Descriptor

  /// Replaces whatever mask and dispositions the caller of this program had.
  init() throws(SystemError) {
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1] {
      // An inherited "ignore" of SIGCHLD would throw exit statuses away.
      signal(number, SIG_DFL)
      sigaddset(&wanted, number)
    }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGUSR2, SIG_IGN)
    // Making a ring then fails, as it does without memory, and ends nobody.
    signal(SIGXFSZ, SIG_IGN)
    sigprocmask(SIG_SETMASK, &wanted, nil)
    let number = signalfd(-1, &wanted, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
    guard number >= 0 else { throw .last("make", "a signal descriptor") }
    descriptor = Descriptor(owning: number)
  }

  /// The next one that has come; nil where there is none.
  func next() -> Arrival? {
    var found = signalfd_siginfo()
    let outcome = withUnsafeMutableBytes(of: &found) { descriptor.read(into: $0) }
    guard outcome == .moved(MemoryLayout<signalfd_siginfo>.size) else { return nil }
    switch Int32(found.ssi_signo) {
    case SIGCHLD: return .childEnded
    case SIGUSR1: return .tryAgain
    default: return .end
    }
  }
}
