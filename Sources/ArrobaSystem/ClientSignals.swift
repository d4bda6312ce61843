internal import CPty
internal import Glibc

/// Signals as something to read, so that a client decides in its loop and never in a handler.
///
/// From `init` to the end of the process (or of this object) they are blocked; SIGTTOU too, so that the terminal can be
/// put back also from the background.
package final class ClientSignals {
  package enum Signal: Int32, CaseIterable {
    case hangUp = 1
    case interrupt = 2
    case quit = 3
    case terminate = 15
    case resume = 18
    case suspend = 20
    case windowChanged = 28

    /// What a shell shows for a program that ended by it.
    package var exitCode: Int32 { 128 + rawValue }
  }

  package let descriptor: Descriptor
  private var before = sigset_t()

  package init() throws(SystemError) {
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for signal in Signal.allCases { sigaddset(&wanted, signal.rawValue) }
    let number = signalfd(-1, &wanted, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
    guard number >= 0 else { throw .last("watch", "signals") }
    descriptor = Descriptor(owning: number)
    sigaddset(&wanted, SIGTTOU)
    pthread_sigmask(SIG_BLOCK, &wanted, &before)
  }

  deinit {
    descriptor.close()
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }

  /// The next signal that came; nil where none waits.
  package func next() -> Signal? {
    var info = signalfd_siginfo()
    while true {
      let got = withUnsafeMutableBytes(of: &info) { descriptor.read(into: $0) }
      guard case .moved(let count) = got, count == MemoryLayout<signalfd_siginfo>.size else { return nil }
      if let signal = Signal(rawValue: Int32(info.ssi_signo)) { return signal }
    }
  }
}
