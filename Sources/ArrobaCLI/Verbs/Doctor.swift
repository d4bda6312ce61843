internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaWire

/// One thing that can be wrong: how it is, and how to mend it.
package struct Finding: Equatable {
  package enum Verdict: String {
    case ok, warn, fail
  }

  package let name: String
  package let verdict: Verdict
  package let message: String
  package let mend: String?

  package init(_ name: String, _ verdict: Verdict, _ message: String, mend: String? = nil) {
    self.name = name
    self.verdict = verdict
    self.message = message
    self.mend = mend
  }

  var json: JSON {
    .record([
      "name": .string(name), "verdict": .string(verdict.rawValue), "message": .string(message),
      "mend": .text(mend),
    ])
  }

  var row: [Cell] {
    let style: Style =
      switch verdict {
      case .ok: .green
      case .warn: .yellow
      case .fail: .red
      }
    return [Cell(verdict.rawValue, style), Cell(name), Cell(message)]
  }
}

extension Context {
  func doctor() -> Int32 {
    let findings = Doctor(context: self).findings()
    let hasFailed = findings.contains { $0.verdict == .fail }
    if output.isJSON {
      output.json(["ok": .bool(!hasFailed), "checks": .array(findings.map(\.json))])
    } else {
      for (finding, line) in zip(findings, Table.lines(findings.map(\.row), usesColour: output.usesColour)) {
        output.line(line)
        if let mend = finding.mend { output.line("      \(Clean.line(mend))") }
      }
    }
    return hasFailed ? ExitCode.failed : ExitCode.done
  }
}

/// Looks at everything that has ever kept a daemon from working, without starting one.
struct Doctor {
  let context: Context
  /// Health is answered while everything else is stuck; what takes longer is stuck itself.
  static let answerMs = 2000
  private static let littleSpace = 200_000_000
  private static let fewDescriptors = 4096

  func findings() -> [Finding] {
    let health = askHealth()
    return [
      program("arroba-daemon"), program("arroba-supervisor"), socketDirectory(),
      directory("state", context.places.state),
      directory("logs", context.places.logs), configuration(), health.finding,
    ] + (health.value.map { daemon($0, version: health.version) } ?? []) + [
      locale(), terminal(), descriptors(), unit(),
    ]
  }

  private func program(_ name: String) -> Finding {
    if let path = Programs.find(name, searchPath: context.environment["PATH"]) {
      return Finding(name, .ok, path)
    }
    return Finding(
      name, .fail, "neither beside \(ThisProcess.executable ?? "this program") nor on PATH",
      mend: "build it (scripts/build) and keep the three programs in one directory")
  }

  private func socketDirectory() -> Finding {
    let name = "socket directory"
    let path = context.places.socket
    if path.utf8.count > Sockets.longestPath {
      return Finding(
        name, .fail, "\(path) is longer than \(Sockets.longestPath) bytes",
        mend: "set ARROBA_SOCKET to a shorter path")
    }
    let directory = Files.parent(of: path) ?? "."
    guard Files.status(directory) != nil else {
      return Finding(name, .ok, "\(directory) will be made when it is needed")
    }
    do { try context.places.prepareSocketDirectory() } catch {
      return Finding(name, .fail, "\(error)", mend: "chmod 700 \(directory), or set ARROBA_SOCKET")
    }
    return Finding(name, .ok, directory)
  }

  private func directory(_ name: String, _ path: String) -> Finding {
    let name = "\(name) directory"
    var existing = path
    while Files.status(existing) == nil, let parent = Files.parent(of: existing), parent != existing {
      existing = parent
    }
    guard ThisProcess.isWritable(existing) else {
      return Finding(name, .fail, "\(existing) cannot be written to", mend: "make it yours: chown, chmod u+w")
    }
    guard let free = ThisProcess.freeBytes(at: existing), free < Self.littleSpace else {
      return Finding(name, .ok, path)
    }
    return Finding(
      name, .warn, "\(path): only \(Humane.bytes(free)) left", mend: "make room on that file system")
  }

  private func configuration() -> Finding {
    let path = context.places.config
    guard Files.status(path) != nil else { return Finding("configuration", .ok, "none, all is as usual") }
    do {
      _ = try JSONReader.read(try Files.read(path, atMost: 4 << 20))
      return Finding("configuration", .ok, path)
    } catch { return Finding("configuration", .fail, "\(path): \(error)", mend: "mend it, or move it away") }
  }

  private func askHealth() -> (finding: Finding, value: JSON?, version: String?) {
    let path = context.client.locator.path
    do {
      guard let connection = try context.connectionIfRunning() else { return (notRunning(), nil, nil) }
      let begun = Clock.monotonicMs()
      let health = try connection.call("daemon.health", [:], timeoutMs: Self.answerMs)
      let took = Clock.monotonicMs() - begun
      return (
        Finding("daemon", .ok, "pid \(health["pid"]?.int ?? 0) answered in \(took) ms at \(path)"), health,
        connection.daemon?.version
      )
    } catch {
      let mend =
        switch error {
        case .timedOut: "it is stuck: arroba daemon logs; then kill it, its supervisor starts another"
        case .unreachable, .lost, .refused, .malformed: "arroba daemon logs --level warn"
        }
      return (Finding("daemon", .fail, error.message, mend: mend), nil, nil)
    }
  }

  private func notRunning() -> Finding {
    let lock = "\(context.places.state)/lock"
    guard ThisProcess.isLocked(lock) == true else {
      return Finding("daemon", .ok, "not running; the first command starts it")
    }
    let holder = (try? Files.read(lock, atMost: 64)) ?? []  // no number: no name to give
    let pid = String(decoding: holder.prefix { 0x30...0x39 ~= $0 }, as: UTF8.self)
    return Finding(
      "daemon", .fail,
      "process \(pid.isEmpty ? "?" : pid) holds \(lock), but nobody listens at \(context.places.socket)",
      mend: "it listens elsewhere (ARROBA_SOCKET), or hangs: arroba daemon logs, then kill \(pid)")
  }

  private func daemon(_ health: JSON, version: String?) -> [Finding] {
    let supervisor = health["supervisor"]
    let versions = [version, supervisor?["version"]?.string].compactMap { $0 }
    let areEqual = versions.allSatisfy { $0 == arrobaVersion }
    let pid = supervisor?["pid"]?.int
    let isAlive = pid.map { ThisProcess.exists(Int32(clamping: $0)) } ?? false
    let log = health["log"]
    return [
      areEqual
        ? Finding("versions", .ok, "all \(arrobaVersion)")
        : Finding(
          "versions", .warn, "this is \(arrobaVersion), what runs is \(versions.joined(separator: " and "))",
          mend: "arroba daemon restart; a new supervisor needs arroba daemon stop"),
      isAlive
        ? Finding("supervisor", .ok, "pid \(pid ?? 0)")
        : Finding(
          "supervisor", .fail, "it is gone: agents would not outlive the daemon",
          mend: "arroba daemon stop, then start"),
      recovery(log),
    ]
  }

  private func recovery(_ log: JSON?) -> Finding {
    let facts =
      "\(log?["id"]?.string ?? "?"), \(log?["head"]?.int ?? 0) events, \(Humane.bytes(log?["bytes"]?.int ?? 0))"
    guard let recovery = log?["recovery"], !recovery.isNull else { return Finding("event log", .ok, facts) }
    let words = recovery.string ?? recovery.encodedText
    return Finding(
      "event log", .warn, "\(facts); last recovery: \(words)",
      mend: "docs/LOG-FORMAT.md says what was set aside")
  }

  private func locale() -> Finding {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"]
    let value = names.lazy.compactMap { context.environment[$0] }.first { !$0.isEmpty } ?? ""
    let plain = value.lowercased().filter { $0 != "-" }
    if plain.contains("utf8") { return Finding("locale", .ok, value) }
    return Finding(
      "locale", .warn, value.isEmpty ? "none is set" : "\(value) is not UTF-8", mend: "export LANG=C.UTF-8")
  }

  private func terminal() -> Finding {
    let name = context.environment["TERM"] ?? ""
    guard Terminals.isTerminal(1) else { return Finding("terminal", .ok, "output goes to no terminal") }
    if !name.isEmpty && name != "dumb" { return Finding("terminal", .ok, name) }
    return Finding("terminal", .warn, "TERM is '\(name)'", mend: "programs need one that can move its cursor")
  }

  private func descriptors() -> Finding {
    let limit = ThisProcess.descriptorLimit
    if limit.hard >= Self.fewDescriptors {
      return Finding("open files", .ok, "\(limit.soft), at most \(limit.hard)")
    }
    return Finding(
      "open files", .warn, "at most \(limit.hard): enough for about \(limit.hard / 4) agents",
      mend: "raise it: ulimit -Hn, or LimitNOFILE in the unit")
  }

  private func unit() -> Finding {
    let home = context.environment["XDG_CONFIG_HOME"] ?? "\(context.environment["HOME"] ?? "")/.config"
    let path = "\(home)/systemd/user/arroba.service"
    let isThere = Files.status(path) != nil
    return Finding("systemd unit", .ok, isThere ? path : "none (arroba daemon unit prints one)")
  }
}
