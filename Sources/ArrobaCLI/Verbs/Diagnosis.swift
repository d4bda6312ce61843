package import ArrobaClient
package import ArrobaJSON
package import ArrobaSupervision
internal import ArrobaSystem

/// What the doctor makes of what it saw: each thing, whether it will do, and what mends it. Nothing is looked at here.
package enum Diagnosis {
  private static let littleSpace = 200_000_000
  private static let fewDescriptors = 4096

  // MARK: places

  package static func program(_ name: String, at path: String?, beside own: String?) -> Finding {
    if let path { return Finding(name, .ok, path) }
    return Finding(
      name, .fail, "neither beside \(own ?? "this program") nor on PATH",
      mend: "build it (scripts/build) and keep the three programs in one directory")
  }

  /// `fault`: why the directory that is there will not do.
  package static func socketDirectory(of path: String, isThere: Bool, fault: String?) -> Finding {
    let name = "socket directory"
    if path.utf8.count > Sockets.longestPath {
      return Finding(
        name, .fail, "\(path) is longer than \(Sockets.longestPath) bytes",
        mend: "set ARROBA_SOCKET to a shorter path")
    }
    let directory = Files.parent(of: path) ?? "."
    guard isThere else { return Finding(name, .ok, "\(directory) will be made when it is needed") }
    guard let fault else { return Finding(name, .ok, directory) }
    return Finding(name, .fail, fault, mend: "chmod 700 \(directory), or set ARROBA_SOCKET")
  }

  /// `nearest`: the directory itself, or the one above it that is there; `free` is how much may be written in it.
  package static func directory(
    _ name: String, _ path: String, nearest: String, isWritable: Bool, free: Int?
  ) -> Finding {
    guard isWritable else {
      return Finding(name, .fail, "\(nearest) cannot be written to", mend: "make it yours: chown, chmod u+w")
    }
    guard let free, free < littleSpace else { return Finding(name, .ok, path) }
    return Finding(
      name, .warn, "\(path): only \(Humane.bytes(free)) left", mend: "make room on that file system")
  }

  package static func configuration(_ path: String, isThere: Bool, fault: String?) -> Finding {
    let name = "configuration"
    guard isThere else { return Finding(name, .ok, "none, all is as usual") }
    guard let fault else { return Finding(name, .ok, path) }
    return Finding(name, .fail, "\(path): \(fault)", mend: "mend it, or move it away")
  }

  /// The configuration by which a daemon lives, as health tells of it.
  package static func configuration(_ told: JSON, isThere: Bool) -> Finding {
    let name = "configuration"
    let path = told["path"]?.string ?? "?"
    let faults = (told["faults"]?.array ?? []).map { fault in
      let key = fault["key"]?.string.flatMap { $0.isEmpty ? nil : "\($0): " } ?? ""
      return "\(key)\(fault["reason"]?.string ?? "?"); allowed: \(fault["allowed"]?.string ?? "?")"
    }
    guard faults.isEmpty else {
      return Finding(
        name, .fail, "\(path): \(faults.joined(separator: "; "))",
        mend: "the default holds until it is mended; then: arroba daemon restart")
    }
    let unknown = (told["unknown"]?.array ?? []).compactMap(\.string)
    guard unknown.isEmpty else {
      return Finding(
        name, .warn, "\(path): \(unknown.joined(separator: ", ")) means nothing to this version",
        mend: "docs/RUNNING.md lists what does")
    }
    return Finding(name, .ok, isThere ? path : "none, all is as usual")
  }

  // MARK: the daemon

  package static func daemon(_ health: JSON, tookMs: Int, at path: String) -> Finding {
    Finding("daemon", .ok, "pid \(health["pid"]?.int ?? 0) answered in \(tookMs) ms at \(path)")
  }

  package static func unanswered(_ error: ClientError) -> Finding {
    let mend =
      switch error {
      case .timedOut: "it is stuck: arroba daemon logs; then kill it, its supervisor starts another"
      case .barred, .unreachable, .lost, .refused, .malformed: error.hint ?? "arroba daemon logs --level warn"
      }
    return Finding("daemon", .fail, error.message, mend: mend)
  }

  /// Nobody listens; perhaps somebody holds the lock all the same. `note` is what the holder wrote.
  package static func notRunning(lock: String, isHeld: Bool, note: LockNote?, socket: String) -> Finding {
    guard isHeld else { return Finding("daemon", .ok, "not running; the first command starts it") }
    guard let note else {
      return Finding("daemon", .warn, "one is starting: \(lock) is held", mend: "look again in a moment")
    }
    switch note.state {
    case .running:
      return Finding(
        "daemon", .fail, "the supervisor with pid \(note.pid) holds \(lock), but nobody listens at \(socket)",
        mend: "it listens elsewhere (ARROBA_SOCKET), or its daemon is about to start: arroba daemon logs")
    case .gaveUp(let reason):
      return Finding(
        "daemon", .fail, "the supervisor with pid \(note.pid) has given up: \(reason)",
        mend: "its agents still run; mend that, then: arroba daemon start (or stop, which ends them)")
    }
  }

  package static func versions(own: String, running: String?) -> Finding {
    guard let running, running != own else { return Finding("versions", .ok, "all \(own)") }
    return Finding(
      "versions", .warn, "this is \(own), the daemon that runs is \(running)", mend: "arroba daemon restart")
  }

  package static func supervisor(_ pid: Int?, isAlive: Bool) -> Finding {
    guard isAlive, let pid else {
      return Finding(
        "supervisor", .fail, "it is gone: agents would not outlive the daemon",
        mend: "arroba daemon stop, then start")
    }
    return Finding("supervisor", .ok, "pid \(pid)")
  }

  /// The event log, as health tells of it.
  package static func log(_ log: JSON?) -> Finding {
    let name = "event log"
    let id = log?["id"]?.string ?? "?"
    let size = log?["bytes"]?.int.map { ", \(Humane.bytes($0))" } ?? ""
    let facts = "\(id), \(log?["head"]?.int ?? 0) events\(size)"
    let recovery = log?["recovery"]
    let holes = recovery?["holes"]?.array ?? []
    if !holes.isEmpty {
      let words = holes.map { $0.string ?? $0.encodedText }.joined(separator: "; ")
      return Finding(
        name, .fail, "\(facts); damaged: \(words)", mend: "docs/LOG-FORMAT.md says what is missing, and why")
    }
    guard let aside = recovery?["setAside"]?.string else { return Finding(name, .ok, facts) }
    return Finding(
      name, .warn, "\(facts); the last start set a damaged end aside: \(aside)",
      mend: "docs/LOG-FORMAT.md says what it holds")
  }

  /// A log that no daemon has open. `fault`: why none could open it.
  package static func closedLog(fault: String?) -> Finding {
    guard let fault else { return Finding("event log", .ok, "can be opened") }
    return Finding(
      "event log", .fail, fault, mend: "start the version that wrote it, or set ARROBA_STATE_DIR elsewhere")
  }

  // MARK: providers

  /// What runs agents, as `provider.list` has it. One that is missing is missed by its users only.
  package static func provider(_ told: JSON) -> Finding {
    let name = "provider \(told["name"]?.string ?? "?")"
    guard told["available"]?.bool == true else {
      return Finding(
        name, .warn, told["reason"]?.string ?? "not here",
        mend: told["hint"]?.string ?? "arroba provider list")
    }
    let version = told["version"]?.string.map { "\($0), " } ?? ""
    return Finding(name, .ok, "\(version)\(told["executable"]?.string ?? "built in")")
  }

  /// This machine at a relay, as health tells of it. `hasServer`: there is an sshd to meet those who come.
  package static func relay(_ told: JSON?, hasServer: Bool) -> Finding {
    let name = "relay"
    let place = told?["relay"]?.string ?? "the relay"
    let reason = told?["reason"]?.string
    switch told?["state"]?.string {
    case "joined" where !hasServer:
      return Finding(
        name, .fail, "joined \(place), but there is no sshd to let anybody in",
        mend: "install the package openssh-server; its service need not run")
    case "joined": return Finding(name, .ok, "joined \(place) as \(told?["name"]?.string ?? "?")")
    case "joining", "waiting", "failed":
      return Finding(
        name, .warn, reason ?? "on the way to \(place)",
        mend: "arroba relay status; arroba relay join joins again, arroba relay leave forgets it")
    default: return Finding(name, .ok, "none is joined (arroba relay join)")
    }
  }

  // MARK: the surroundings

  package static func locale(_ environment: [String: String]) -> Finding {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"]
    let value = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    if value.lowercased().filter({ $0 != "-" }).contains("utf8") { return Finding("locale", .ok, value) }
    return Finding(
      "locale", .warn, value.isEmpty ? "none is set" : "\(value) is not UTF-8", mend: "export LANG=C.UTF-8")
  }

  package static func terminal(_ name: String, isTerminal: Bool) -> Finding {
    guard isTerminal else { return Finding("terminal", .ok, "output goes to no terminal") }
    if !name.isEmpty && name != "dumb" { return Finding("terminal", .ok, name) }
    return Finding("terminal", .warn, "TERM is '\(name)'", mend: "programs need one that can move its cursor")
  }

  package static func descriptors(soft: Int, hard: Int) -> Finding {
    guard hard < fewDescriptors else { return Finding("open files", .ok, "\(soft), at most \(hard)") }
    return Finding(
      "open files", .warn, "at most \(hard): enough for about \(hard / 4) agents",
      mend: "raise it: ulimit -Hn, or LimitNOFILE in the unit")
  }

  package static func unitPath(_ environment: [String: String]) -> String {
    let home = environment["XDG_CONFIG_HOME"] ?? "\(environment["HOME"] ?? "")/.config"
    return "\(home)/systemd/user/arroba.service"
  }

  package static func unit(_ path: String, isThere: Bool) -> Finding {
    Finding("systemd unit", .ok, isThere ? path : "none (arroba daemon unit prints one)")
  }
}
