internal import CPty
internal import Glibc

/// The two clocks: one that only goes forward, one that people read.
package enum Clock {
  /// Milliseconds of a clock that never steps back and stands still for nobody. Only differences mean anything.
  package static func monotonicMs() -> Int { monotonicUs() / 1000 }

  /// Microseconds of that clock; all processes of the machine read the same one.
  package static func monotonicUs() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
  }

  /// Milliseconds since 1970 in UTC.
  package static func wallMs() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  /// Changes with each start of the machine; empty where the kernel does not say.
  package static func bootID() -> String {
    let text = try? Files.read("/proc/sys/kernel/random/boot_id", atMost: 64)  // absent outside Linux
    return String(decoding: text ?? [], as: UTF8.self).filter { $0 != "\n" }
  }
}
