internal import CPty
internal import Glibc

/// Other processes by number, and what a daemon sets up in its own.
package enum Processes {
  /// When a process was started, in clock ticks since the machine was (field 22 of /proc/PID/stat); nil where there is
  /// none of that number. Number and ticks together are never used twice in one boot.
  package static func startTicks(of pid: Int) -> Int? {
    guard let bytes = try? Files.read("/proc/\(pid)/stat", atMost: 4096) else { return nil }  // gone
    // The name stands in parentheses and may hold anything; what follows the last one is plain.
    guard let close = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, fields[0] != [UInt8(ascii: "Z")] else { return nil }
    return Int(String(decoding: fields[19], as: UTF8.self))
  }

  /// Sends a signal to a process group; nothing happens where it is gone.
  package static func signalGroup(_ group: Int, _ number: Int) {
    guard group > 1 else { return }
    _ = kill(pid_t(-group), Int32(number))
  }

  /// Lets this process have as many descriptors as the system allows it; children are born with the user's own limit.
  package static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

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
