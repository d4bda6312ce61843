internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLog
package import ArrobaLoop
internal import ArrobaModel
package import ArrobaProvider
package import ArrobaSupervision
package import ArrobaSystem
internal import ArrobaWire

/// What the daemon needs of its supervisor beyond the birth of children.
@LoopActor
package protocol Supervising: ChildHost {
  var supervisorPid: Int { get }
  var onSupervisorGone: (@LoopActor () -> Void)? { get set }
  func takeKept(_ name: String) -> Descriptor?
  func keep(_ name: String, _ descriptor: Descriptor) throws(SystemError)
  func ready()
  func bye(_ farewell: Farewell)
}

/// What a daemon tells its supervisor as it leaves.
/// The daemon proper: start-up and the orderly end, each in one screen.
@LoopActor
package final class Daemon {
  private let places: Places
  private let supervisor: any Supervising
  private let providers: ProviderRegistry
  private let signals: Descriptor
  private var signalWatch: Watch?
  private var server: Server?
  private var chronicle: Chronicle?
  private var isEnding = false

  /// The listening socket stays with the supervisor, so that clients that come while a daemon is replaced just wait.
  private static let listenerName = "listener"

  package init(places: Places, supervisor: any Supervising, providers: ProviderRegistry, signals: Descriptor)
  {
    self.places = places
    self.supervisor = supervisor
    self.providers = providers
    self.signals = signals
  }

  /// Opens the log, takes over what is there, then serves. Returns once clients are served.
  package func start() async throws {
    let startedAt = Clock.wallMs()
    let startedMonotonic = Clock.monotonicMs()
    supervisor.onSupervisorGone = { [weak self] in self?.supervisorGone() }
    var recovered = RecoveredState()
    let logDirectory = "\(places.state)/log"
    try Files.makeDirectory(logDirectory)
    let (log, recovery) = try EventLog.open(directory: logDirectory, options: .standard) { seq, payload in
      recovered.fold(seq, payload)
    }
    report(recovery, recovered)
    let kernel = Kernel(
      log: log, recovered: recovered, host: supervisor, providers: providers, surroundings: surroundings())
    chronicle = Chronicle(of: kernel.ledger)
    try await kernel.record(
      .started(version: arrobaVersion, pid: Int(ThisProcess.pid), boot: Clock.bootID()), durable: false)
    kernel.recover(from: supervisor)
    let identity = Server.Identity(
      pid: Int(ThisProcess.pid), startedAt: Instant(ms: startedAt), startedMonotonicMs: startedMonotonic,
      supervisorPid: supervisor.supervisorPid, logPath: logDirectory, recovery: recovery.summary)
    let server = Server(
      kernel: kernel, providers: providers, identity: identity,
      configuration: ConfigurationFile(path: places.config), uid: ThisProcess.uid)
    server.follow(server.configurationFile.read())
    server.onShutdown = { [weak self] mode, reason in self?.end(mode, reason) }
    server.listen(on: try listener())
    self.server = server
    signalWatch = Loop.shared.watch(signals.raw, for: .readable, urgency: .socket) { [weak self] _ in
      self?.hearSignals()
    }
    supervisor.ready()
    let environment = Environment.all
    let relay = "\(places.state)/relay"
    let uplink = Uplink(
      files: UplinkFiles(directory: relay),
      server: HostServer(directory: relay, socket: places.socket, searchPath: environment["PATH"]),
      environment: environment)
    server.uplink = uplink
    uplink.begin()
    ProcessLog.shared.info(
      "daemon", "serving",
      ["socket": places.socket, "records": "\(recovery.records)", "version": arrobaVersion])
  }

  private func report(_ recovery: LogRecovery, _ recovered: RecoveredState) {
    for hole in recovery.holes { ProcessLog.shared.error("log", "\(hole)", [:]) }
    if let setAside = recovery.setAside { ProcessLog.shared.warn("log", "\(setAside)", [:]) }
    if let first = recovered.unreadable.first {
      let count = "\(recovered.unreadable.count)"
      ProcessLog.shared.error(
        "log", "records that are no events were passed over", ["first": "\(first)", "count": count])
    }
  }

  private func surroundings() -> Kernel.Surroundings {
    Kernel.Surroundings(
      now: { Instant(ms: Clock.wallMs()) }, boot: Clock.bootID(),
      startTicks: { Processes.startTicks(of: $0) },
      endOrphan: { pid in
        Processes.signalGroup(pid, Int(SignalNumber.hangUp))
        Processes.signalGroup(pid, Int(SignalNumber.proceed))
        Loop.shared.post {
          Loop.shared.after(1000) { Processes.signalGroup(pid, Int(SignalNumber.kill)) }
        }
      }, socket: places.socket)
  }

  // MARK: the socket

  private func listener() throws -> Descriptor {
    if let kept = supervisor.takeKept(Self.listenerName), Files.status(places.socket)?.isSocket ?? false {
      return kept
    }
    try places.prepareSocketDirectory()
    if Files.status(places.socket) != nil {
      if (try? Sockets.connect(to: places.socket)) != nil {  // refused: a leftover, which may go
        throw SocketTaken(path: places.socket)
      }
      try Files.remove(places.socket)
    }
    let listener = try Sockets.listen(at: places.socket, backlog: 512)
    try supervisor.keep(Self.listenerName, listener)
    return listener
  }

  private struct SocketTaken: Error, CustomStringConvertible {
    let path: String
    var description: String {
      "another daemon, of another state directory, listens at \(path); stop it or name another ARROBA_SOCKET"
    }
  }

  // MARK: the end

  private func hearSignals() {
    while let number = ThisProcess.nextSignal(from: signals) {
      end(.stop, "signal \(number)")
    }
  }

  /// All that was acknowledged is in the log; what is open is told; then the supervisor ends or replaces this process.
  private func end(_ mode: Server.ShutdownMode, _ reason: String) {
    guard !isEnding, let server else { return }
    isEnding = true
    ProcessLog.shared.info("daemon", "ending", ["mode": mode.rawValue, "reason": reason])
    server.stopListening()
    server.kernel.beginShutdown()
    // A full disk or a stuck one must not keep the user waiting: the log is whole without this as well.
    Loop.shared.after(Self.patienceMs) { [self] in leave(mode, code: 1) }
    Loop.shared.task { [self] in
      // Not written: the log cannot be; then there is nothing to lose by going on.
      try? await server.kernel.record(.stopping(reason: "\(mode.rawValue): \(reason)"), durable: false)
      if mode == .stop {
        await endPrograms(server.kernel)
        await endConversations(server.kernel)
      }
      server.closeAll()
      server.kernel.ledger.log.close { [self] _ in leave(mode, code: 0) }
    }
  }

  private static let patienceMs = 1400
  /// Programs that are hung up have that long to end by themselves.
  private static let programsMs = 800

  private static let conversationsMs = 500

  private func endPrograms(_ kernel: Kernel) async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      kernel.terminals.endAll(limitMs: Self.programsMs) { done.resume() }
    }
    for (run, session, agent) in kernel.terminals.living {
      let lost = RunSignal.lost(run, reason: "interrupted: the daemon was stopped")
      // Not written: the next start finds the run without its program and says so itself.
      _ = try? await kernel.submit(
        .agent(session, agent, .absorb(lost)), from: Kernel.Origin(by: nil, command: nil, fingerprint: nil))
    }
  }

  /// What becomes of the turns that were under way is said by the next daemon, by what the providers know.
  private func endConversations(_ kernel: Kernel) async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      kernel.conversations.stopAll(limitMs: Self.conversationsMs) { done.resume() }
    }
  }

  private func leave(_ mode: Server.ShutdownMode, code: Int32) {
    switch mode {
    case .stop:
      try? Files.remove(places.socket)  // gone already
      supervisor.bye(.stop)
    case .restart: supervisor.bye(.restart)
    }
    ThisProcess.leave(code)
  }

  private func supervisorGone() {
    ProcessLog.shared.error("daemon", "the supervisor is gone", [:])
    guard let server else { ThisProcess.leave(70) }
    server.stopListening()
    server.kernel.ledger.log.close { _ in ThisProcess.leave(70) }
    Loop.shared.after(Self.patienceMs) { ThisProcess.leave(70) }
  }
}

extension LogRecovery {
  fileprivate var summary: JSON {
    [
      "records": .int(Int(records)), "holes": .array(holes.map { .string("\($0)") }),
      "setAside": setAside.map { .string($0.file) } ?? .null,
    ]
  }
}
