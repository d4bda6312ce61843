internal import CPty
internal import Glibc

/// A process as /proc shows it. Number and start together are never used twice in one boot.
package struct ProcessEntry: Sendable, Equatable {
  package let pid: Int
  package let parent: Int
  package let group: Int
  package let startTicks: Int
}

/// Which processes descend from which. Looks at all of /proc, a few milliseconds: never on the loop.
package enum ProcessTree {
  /// The descendants of a process that are there now, in no order; not the process itself.
  package static func descendants(of root: Int) -> [ProcessEntry] {
    let all = entries()
    var children: [Int: [ProcessEntry]] = [:]
    for entry in all { children[entry.parent, default: []].append(entry) }
    var found: [ProcessEntry] = []
    var next = children[root] ?? []
    while let entry = next.popLast() {
      found.append(entry)
      next += children[entry.pid] ?? []
    }
    return found
  }

  private static func entries() -> [ProcessEntry] {
    let names = (try? Files.list("/proc")) ?? []  // without /proc nothing descends from anything
    return names.compactMap { Int($0) }.compactMap { entry($0) }
  }

  package static func entry(_ pid: Int) -> ProcessEntry? {
    guard let bytes = try? Files.read("/proc/\(pid)/stat", atMost: 4096),  // gone meanwhile
      let close = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    let fields = bytes[(close + 1)...].split(separator: UInt8(ascii: " ")).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard fields.count > 19, fields[0] != "Z", let parent = Int(fields[1]), let group = Int(fields[2]),
      let ticks = Int(fields[19])
    else { return nil }
    return ProcessEntry(pid: pid, parent: parent, group: group, startTicks: ticks)
  }

  /// What a process was called with; empty where it is gone.
  package static func arguments(of pid: Int) -> [String] {
    let bytes = (try? Files.read("/proc/\(pid)/cmdline", atMost: 256 << 10)) ?? []  // as it says
    return bytes.split(separator: 0, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Resident memory in bytes; nil where the process is gone.
  package static func residentBytes(of pid: Int) -> Int? {
    guard let bytes = try? Files.read("/proc/\(pid)/statm", atMost: 256) else { return nil }  // gone
    let fields = bytes.split(separator: UInt8(ascii: " "))
    guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return nil }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Kills the groups of these processes, as far as they are still the same processes.
  package static func killGroups(of entries: [ProcessEntry]) {
    let own = Int(getpgrp())
    for entry in entries where Self.entry(entry.pid)?.startTicks == entry.startTicks && entry.group != own {
      Processes.signalGroup(entry.group, Int(SIGKILL))
    }
  }
}
