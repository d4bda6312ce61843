internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSupervision
internal import ArrobaSystem

/// Verbs about the daemon itself.
extension Context {
  /// An orderly end takes 2 s at most; a log that must be flushed to a slow disk may take longer.
  private static let endMs = 30_000
  private static let supervisorEndMs = 5000

  func health() throws -> Int32 {
    let health = try client.ask("daemon.health", [:])
    if output.isJSON { output.json(health) } else { output.lines(FactsText.rows(health)) }
    return ExitCode.done
  }

  func daemon(_ action: Invocation.DaemonAction) throws -> Int32 {
    switch action {
    case .run(let arguments): throw becomeDaemon(arguments)
    case .start: return try startDaemon()
    case .stop: return try stopDaemon()
    case .restart: return try restartDaemon()
    case .status: return try daemonStatus()
    case .unit: return ExitCode.done
    }
  }

  /// Returns only when it could not.
  private func becomeDaemon(_ arguments: [String]) -> Failure {
    guard let program = Programs.find("arroba-daemon", searchPath: environment["PATH"]) else {
      return Failure(
        "arroba-daemon is neither beside this program nor on PATH", hint: "build it with scripts/build",
        kind: "failed", exitCode: ExitCode.failed)
    }
    let error = Programs.become(program, arguments: [program] + arguments, environment: Environment.entries)
    return Failure("\(error)", kind: "failed", exitCode: ExitCode.failed)
  }

  private func startDaemon() throws -> Int32 {
    guard let locator = client.road.locator else {
      // The bridge at the far end has started one where there was none.
      return try tell { "running on \(client.road.name), pid \($0)" }
    }
    if try locator.connectIfListening() != nil { return try tell { "already running, pid \($0)" } }
    guard locator.path == places.socket else {
      throw ClientError.unreachable(
        "no daemon listens at \(locator.path)", hint: "start it on its own machine")
    }
    if let stalled = stalledSupervisor { return try startAgain(stalled, locator) }
    client.use(ByteStream(try locator.start()))
    return try tell { "started, pid \($0)" }
  }

  /// The supervisor that holds this state directory and starts no daemon any more, by its own note; its agents live on.
  private var stalledSupervisor: Int32? {
    guard let note = supervisorNote, case .gaveUp = note.state else { return nil }
    return note.pid
  }

  private func startAgain(_ supervisor: Int32, _ locator: DaemonLocator) throws -> Int32 {
    guard Processes.ask(supervisor, to: .tryAgain) else { throw Self.isGone(supervisor) }
    let began = Clock.monotonicMs()
    var tries = false
    while true {
      if let socket = try locator.connectIfListening() {
        client.use(ByteStream(socket))
        return try tell { "started again, pid \($0)" }
      }
      let waited = Clock.monotonicMs() - began
      switch supervisorNote?.state {
      case .running: tries = true
      // The note that made us ask stands until the supervisor has heard us.
      case .gaveUp(let reason) where tries || waited > Self.hearingMs:
        throw ClientError.unreachable("it has given up again: \(reason)", hint: "arroba doctor")
      case .gaveUp: break
      case nil: throw Self.isGone(supervisor)
      }
      guard waited < DaemonLocator.startDeadlineMs else {
        throw ClientError.unreachable(
          "the supervisor with pid \(supervisor) was asked to start a daemon again, and nobody listens yet",
          hint: "arroba daemon logs --level warn")
      }
      PollSet.pause(milliseconds: 10)
    }
  }

  /// A supervisor without a daemon has nothing else to do.
  private static let hearingMs = 3000

  /// What the supervisor that holds this state directory says of itself; nil where there is none.
  private var supervisorNote: LockNote? {
    InstanceLock.note(ofHolder: "\(places.state)/lock").flatMap { LockNote(line: $0) }
  }

  private static func isGone(_ supervisor: Int32) -> Failure {
    Failure(
      "the supervisor with pid \(supervisor) has just gone", hint: "try again", kind: "failed",
      exitCode: ExitCode.tryAgain)
  }

  /// The daemon's health as JSON, or a sentence with its pid.
  private func tell(_ sentence: (String) -> String) throws -> Int32 {
    let health = try client.ask("daemon.health", [:])
    return say(health) { sentence($0["pid"]?.int.map(String.init) ?? "?") }
  }

  private func stopDaemon() throws -> Int32 {
    guard let connection = try connectionIfRunning() else { return try stopSupervisor() }
    // Elsewhere the number means some other process, or none.
    let pid = try connection.call("daemon.health", [:], timeoutMs: nil)["supervisor"]?["pid"]?.int
    let supervisor = client.road.isRemote ? nil : pid
    let answer = try connection.call("daemon.shutdown", ["mode": "stop"], timeoutMs: nil)
    guard connection.waitForEnd(timeoutMs: Self.endMs) else { throw Self.isNotEnding }
    // The lock is the supervisor's: only when it is gone too can a new daemon start.
    if let supervisor { _ = waitForEnd(of: Int32(clamping: supervisor)) }
    return say(answer) { _ in "stopped" }
  }

  /// Where nobody listens there may still be a supervisor that has given up, with agents that run.
  private func stopSupervisor() throws -> Int32 {
    guard !client.road.isRemote, client.road.locator?.path == places.socket, let stalled = stalledSupervisor
    else {
      output.note("no daemon is running")
      return ExitCode.done
    }
    guard Processes.ask(stalled, to: .end) else { throw Self.isGone(stalled) }
    guard waitForEnd(of: stalled) else { throw Self.isNotEnding }
    return say(["mode": "stop"]) { _ in "stopped; its supervisor had given up" }
  }

  private func waitForEnd(of supervisor: Int32) -> Bool {
    let deadline = Clock.monotonicMs() + Self.supervisorEndMs
    // One that nobody has reaped yet holds nothing any more.
    while Processes.startTicks(of: Int(supervisor)) != nil {
      guard Clock.monotonicMs() < deadline else { return false }
      PollSet.pause(milliseconds: 10)
    }
    return true
  }

  private func restartDaemon() throws -> Int32 {
    guard let connection = try connectionIfRunning() else { return try startDaemon() }
    let answer = try connection.call("daemon.shutdown", ["mode": "restart"], timeoutMs: nil)
    let before = connection.daemon?.pid
    guard connection.waitForEnd(timeoutMs: Self.endMs) else { throw Self.isNotEnding }
    let next = try client.reconnect(patienceMs: DaemonLocator.startDeadlineMs)
    _ = try next.call("daemon.ping", [:], timeoutMs: DaemonLocator.startDeadlineMs)
    let pids = "pid \(before.map(String.init) ?? "?"), now \(next.daemon?.pid.map(String.init) ?? "?")"
    return say(answer) { _ in "restarted: was \(pids), version \(next.daemon?.version ?? "?")" }
  }

  private static var isNotEnding: Failure {
    Failure(
      "the daemon said that it would end, but has not within \(endMs / 1000) s", hint: "arroba daemon logs",
      kind: "timeout", exitCode: ExitCode.timeout)
  }

  private func daemonStatus() throws -> Int32 {
    guard let connection = try connectionIfRunning() else {
      throw ClientError.unreachable(
        "no daemon listens at \(client.road.locator?.path ?? client.road.name)", hint: "arroba daemon start")
    }
    let health = try connection.call("daemon.health", [:], timeoutMs: Doctor.answerMs)
    return say(health) { health in
      let uptime = health["uptimeMs"]?.int.map { ", up \(Humane.age($0))" } ?? ""
      return "running, pid \(health["pid"]?.int ?? 0), version \(health["version"]?.string ?? "?")\(uptime)"
    }
  }

  func connectionIfRunning() throws(ClientError) -> Connection? {
    guard let stream = try client.road.openIfThere() else { return nil }
    return client.use(stream)
  }

  /// The protocol on standard input and output, for ssh.
  func bridge() throws -> Int32 {
    let stream = try client.road.open()
    let hasAnswered = Bridge(socket: stream.socket, seat: .standard).run()
    if !hasAnswered, let fault = stream.fault() { throw fault }
    return ExitCode.done
  }
}
