internal import CPty
internal import Glibc

/// Other processes, by number.
package enum Processes {
  /// Whether a process of that number exists (also one that we may not signal).
  package static func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 || errno == EPERM }

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

  /// What may be asked of a process that is no child of ours.
  package enum Request: Sendable {
    /// SIGTERM: to end in order.
    case end
    /// SIGUSR1: of a supervisor, to start a daemon again.
    case tryAgain
  }

  /// Asks another process; false where it is gone, or not ours.
  package static func ask(_ pid: Int32, to request: Request) -> Bool {
    guard pid > 1 else { return false }
    return switch request {
    case .end: kill(pid, SIGTERM) == 0
    case .tryAgain: kill(pid, SIGUSR1) == 0
    }
  }

  /// Waits until a child of this process has ended; its exit code, or nil where a signal ended it or it is no child.
  package static func waitForExit(of pid: Int32) -> Int32? {
    var status: Int32 = 0
    guard retryingInterrupted({ waitpid(pid, &status, 0) }) == pid, arroba_exited(status) != 0 else {
      return nil
    }
    return arroba_exit_code(status)
  }
}
