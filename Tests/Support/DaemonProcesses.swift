package import ArrobaSystem
internal import Glibc

/// When a test gives up waiting.
package struct Deadline {
  private let endMs: Int

  package init(seconds: Int) { endMs = Clock.monotonicMs() + seconds * 1000 }

  package var leftMs: Int { max(0, endMs - Clock.monotonicMs()) }

  /// Waits until the descriptor is ready; false when the time is up.
  package func wait(for descriptor: Descriptor, writing: Bool) -> Bool {
    var wanted = pollfd(fd: descriptor.raw, events: Int16(writing ? POLLOUT | POLLIN : POLLIN), revents: 0)
    return retryingInterrupted { poll(&wanted, 1, Int32(leftMs)) } > 0
  }

  /// A moment, for what can only be asked again and again; false when the time is up.
  package func pause() -> Bool {
    guard leftMs > 0 else { return false }
    usleep(2000)
    return true
  }

  /// Asks again and again until the answer is yes.
  package static func until(_ what: String, seconds: Int = 15, _ isSo: () throws -> Bool) throws {
    let deadline = Deadline(seconds: seconds)
    while try !isSo() {
      guard deadline.pause() else { throw Silence("waited \(seconds) s for \(what)") }
    }
  }

  /// Asks again and again until there is an answer.
  package static func until<Value>(_ what: String, seconds: Int = 15, _ answer: () throws -> Value?) throws
    -> Value
  {
    let deadline = Deadline(seconds: seconds)
    while true {
      if let value = try answer() { return value }
      guard deadline.pause() else { throw Silence("waited \(seconds) s for \(what)") }
    }
  }
}

extension Processes {
  package struct Known {
    package let pid: Int32
    package let words: String
  }

  /// Living processes (zombies are none) in whose environment that text stands.
  package static func known(by text: String) -> [Known] {
    let pids = ((try? Files.list("/proc")) ?? []).compactMap { Int32($0) }  // without /proc nothing is known
    return pids.compactMap { pid in
      // One that has gone meanwhile, or is another user's, is none of ours.
      guard pid != getpid(), let environment = try? Files.read("/proc/\(pid)/environ", atMost: 1 << 20),
        environment.split(separator: 0).contains(where: { String(decoding: $0, as: UTF8.self).contains(text) }
        ),
        let line = try? Files.read("/proc/\(pid)/cmdline", atMost: 4096)
      else { return nil }
      let words = line.map { $0 == 0 ? 0x20 : $0 }
      return Known(pid: pid, words: "\(pid) \(String(decoding: words, as: UTF8.self))")
    }
  }

  /// Whether a process lives; a zombie does not.
  package static func lives(_ pid: Int32) -> Bool { startTicks(of: Int(pid)) != nil }

  package static func awaitEnd(of pid: Int32) throws {
    try Deadline.until("the end of process \(pid)") { !lives(pid) }
  }

  package static func end(_ pid: Int32) { kill(pid, SIGKILL) }
  package static func stop(_ pid: Int32) { kill(pid, SIGSTOP) }
  package static func proceed(_ pid: Int32) { kill(pid, SIGCONT) }

  /// Bytes of memory that a process has for itself now (VmRSS).
  package static func residentBytes(of pid: Int32) throws -> Int { try memory("VmRSS:", of: pid) }

  /// The most that it ever had (VmHWM): what was only held for a moment counts too.
  package static func mostResidentBytes(of pid: Int32) throws -> Int { try memory("VmHWM:", of: pid) }

  private static func memory(_ name: String, of pid: Int32) throws -> Int {
    let status = String(decoding: try Files.read("/proc/\(pid)/status", atMost: 8192), as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
    guard let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else {
      throw Silence("process \(pid) has no \(name)")
    }
    return number * 1024
  }

  /// The environment that a process was started with.
  package static func environment(of pid: Int32) throws -> [String: String] {
    let entries = try Files.read("/proc/\(pid)/environ", atMost: 1 << 20).split(separator: 0)
    var variables: [String: String] = [:]
    for entry in entries {
      let text = String(decoding: entry, as: UTF8.self)
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
    return variables
  }
}
