internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSupervision
internal import ArrobaSystem
internal import ArrobaTransport
internal import ArrobaWire

extension Context {
  func doctor() -> Int32 {
    let findings = Doctor(context: self).findings()
    let hasFailed = findings.contains { $0.verdict == .fail }
    if output.isJSON {
      output.json(["ok": .bool(!hasFailed), "checks": .array(findings.map(\.json))])
    } else {
      for line in Finding.lines(findings, usesColour: output.usesColour) { output.line(line) }
    }
    return hasFailed ? ExitCode.failed : ExitCode.done
  }
}

/// Looks at everything that has ever kept a daemon from working, without starting one. What it means is for `Diagnosis`.
struct Doctor {
  let context: Context
  /// Health is answered while everything else is stuck; what takes longer is stuck itself.
  static let answerMs = 2000

  func findings() -> [Finding] {
    if context.client.road.isRemote { return findingsFromAfar() }
    let places = context.places
    let limit = ThisProcess.descriptorLimit
    let unit = Diagnosis.unitPath(context.environment)
    let (daemon, health, providers) = self.daemon()
    let check = selfCheck()
    let log =
      health == nil ? check.map { [Diagnosis.closedLog(fault: $0["log"]?["fault"]?.string)] } ?? [] : []
    return [
      program("arroba-daemon"), program("arroba-supervisor"), socketDirectory(),
      directory("state directory", places.state), directory("log directory", places.logs),
      configuration(health ?? check),
    ] + daemon + log + (providers ?? check?["providers"]?.array ?? []).map { Diagnosis.provider($0) } + [
      Diagnosis.locale(context.environment),
      Diagnosis.terminal(context.environment["TERM"] ?? "", isTerminal: Terminals.isTerminal(1)),
      Diagnosis.descriptors(soft: limit.soft, hard: limit.hard),
      Diagnosis.unit(unit, isThere: Files.status(unit) != nil),
    ]
  }

  /// What a daemon that is started from here would find; nil where there is none that tells.
  private func selfCheck() -> JSON? {
    guard let program = Programs.find("arroba-daemon", searchPath: context.environment["PATH"]) else {
      return nil
    }
    // The variables that this command line was given, which need not be all of this process's.
    let entries = context.environment.filter { $0.key != "ARROBA_SUPERVISOR_FD" }.map {
      "\($0.key)=\($0.value)"
    }
    let answer = Companion.answer(
      of: program, arguments: [program, "--check"], environment: entries, withinMs: Self.checkMs)
    return answer.flatMap { try? JSONReader.read(Array($0.utf8)) }  // an older one knows no --check
  }

  /// It may ask other programs for their versions.
  private static let checkMs = 15_000

  /// Of another machine only its daemon can be seen from here; what else may be wrong there its own doctor says.
  private func findingsFromAfar() -> [Finding] {
    daemon().0 + [
      Diagnosis.locale(context.environment),
      Diagnosis.terminal(context.environment["TERM"] ?? "", isTerminal: Terminals.isTerminal(1)),
    ]
  }

  private func program(_ name: String) -> Finding {
    let path = Programs.find(name, searchPath: context.environment["PATH"])
    return Diagnosis.program(name, at: path, beside: ThisProcess.executable)
  }

  private func socketDirectory() -> Finding {
    let path = context.places.socket
    let directory = Files.parent(of: path) ?? "."
    let isThere = Files.status(directory) != nil
    var fault: String?
    // Only where it is there: looking must not make it.
    if isThere { do { try context.places.prepareSocketDirectory() } catch { fault = "\(error)" } }
    return Diagnosis.socketDirectory(of: path, isThere: isThere, fault: fault)
  }

  private func directory(_ name: String, _ path: String) -> Finding {
    var existing = path
    while Files.status(existing) == nil, let parent = Files.parent(of: existing), parent != existing {
      existing = parent
    }
    return Diagnosis.directory(
      name, path, nearest: existing, isWritable: Files.isWritable(existing),
      free: Files.freeBytes(at: existing))
  }

  /// What a daemon that runs makes of the file; else whether it can be read at all.
  private func configuration(_ health: JSON?) -> Finding {
    if let told = health?["configuration"] {
      let isThere = told["path"]?.string.flatMap { Files.status($0) } != nil
      return Diagnosis.configuration(told, isThere: isThere)
    }
    let path = context.places.config
    guard Files.status(path) != nil else { return Diagnosis.configuration(path, isThere: false, fault: nil) }
    do {
      _ = try JSONReader.read(try Files.read(path, atMost: 4 << 20))
      return Diagnosis.configuration(path, isThere: true, fault: nil)
    } catch { return Diagnosis.configuration(path, isThere: true, fault: "\(error)") }
  }

  private func daemon() -> ([Finding], health: JSON?, providers: [JSON]?) {
    let road = context.client.road
    do {
      guard let connection = try context.connectionIfRunning() else { return ([notRunning()], nil, nil) }
      let begun = Clock.monotonicMs()
      let health = try connection.call("daemon.health", [:], timeoutMs: Self.answerMs)
      let took = Clock.monotonicMs() - begun
      let supervisor = health["supervisor"]?["pid"]?.int
      var findings = [
        Diagnosis.daemon(health, tookMs: took, at: road.locator?.path ?? road.name),
        Diagnosis.versions(own: arrobaVersion, running: connection.daemon?.version),
      ]
      if !road.isRemote {
        findings.append(
          Diagnosis.supervisor(
            supervisor, isAlive: supervisor.map { Processes.exists(Int32(clamping: $0)) } ?? false))
      }
      // Where it does not answer that, what would be found from here is told.
      let listed = try? connection.call("provider.list", [:], timeoutMs: Self.checkMs)
      let providers = listed?["providers"]?.array
      return (findings + [Diagnosis.log(health["log"]), relay(health["relay"])], health, providers)
    } catch { return ([Diagnosis.unanswered(error)], nil, nil) }
  }

  private func relay(_ told: JSON?) -> Finding {
    let isThere = SSHServer.program(searchPath: context.environment["PATH"]) != nil
    return Diagnosis.relay(told, hasServer: isThere)
  }

  private func notRunning() -> Finding {
    let lock = "\(context.places.state)/lock"
    let holder = InstanceLock.note(ofHolder: lock)
    return Diagnosis.notRunning(
      lock: lock, isHeld: holder != nil, note: holder.flatMap { LockNote(line: $0) },
      socket: context.places.socket)
  }
}
