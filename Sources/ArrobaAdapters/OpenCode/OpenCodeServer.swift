internal import ArrobaHTTP
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSystem

/// The one OpenCode server of this user: ours, started when it is first needed and stopped when nobody needs it any more;
/// or one that already runs, which is only talked to.
@LoopActor
final class OpenCodeServer {
  enum Phase {
    case down
    /// A child of ours, on its way. `port` and `password` are what it was born with.
    case starting(OpenCodeLaunch)
    case connecting
    case up(OpenCodeConnection)
    /// Told to end, or ended and its last words are on their way; those who want it next wait for that.
    case stopping
  }

  typealias Connected = Result<OpenCodeConnection, ProviderTrouble>

  let room: OpenCodeRoom
  let patience: OpenCodePatience
  let installation: OpenCodeInstallation
  let state: String
  private let host: any ChildHost
  private(set) var phase = Phase.down
  /// The child that is ours, by its name in our share and its number.
  private(set) var child: (id: String, pid: Int)?
  private var waiters: [@LoopActor (Connected) -> Void] = []
  private var afterStop: [@LoopActor () -> Void] = []
  /// What the server left behind is being ended.
  private var isReaping = false
  private static let mostLostPorts = 3
  private var lostPorts = 0
  private var idle: LoopTimer?
  var upkeep: LoopTimer?
  /// Set where the server should be started anew as soon as nobody is busy on it.
  var recycleReason: String?
  /// No prompt begins before it has been started anew.
  var isTooLarge = false
  /// The daemon stops: nothing is started any more.
  private var isOver = false

  init(
    _ installation: OpenCodeInstallation, state: String, host: any ChildHost, patience: OpenCodePatience
  ) {
    room = OpenCodeRoom(patience)
    self.patience = patience
    self.installation = installation
    self.state = state
    self.host = host
    host.onExit = { [weak self] id, status in self?.exited(id, status) }
    takeOver()
  }

  /// It begins nothing more, and another one will.
  var isLeaving: Bool {
    if case .stopping = phase { return true }
    return isTooLarge
  }

  /// Its last words may still be on their way.
  var hasEnded: Bool {
    if case .stopping = phase { return child == nil }
    return false
  }

  // MARK: being there

  /// Calls `body` once with a connection, after starting what is missing.
  func connect(_ body: @escaping @LoopActor (Connected) -> Void) {
    idle?.cancel()
    if case .up(let connection) = phase { return body(.success(connection)) }
    waiters.append(body)
    guard case .down = phase else { return }
    begin()
  }

  private func begin() {
    if let trouble = installation.trouble { return fail(trouble) }
    if let endpoint = installation.endpoint {
      return check(base: endpoint, password: installation.endpointPassword ?? "")
    }
    phase = .connecting
    let state = state
    let hasChild = child != nil
    Threads.start("opencode-find") {
      guard let note = OpenCodeServerNote.read(in: state), note.isAlive else {
        return Loop.shared.post { self.findProgram() }
      }
      if hasChild {
        return Loop.shared.post { self.checkAgain(note, untilMs: LoopClock.nowMs() + self.patience.readyMs) }
      }
      // Its supervisor has died: nobody else would ever end it.
      let left = ProcessTree.descendants(of: note.pid)
      Loop.shared.post {
        OpenCodeReaper.reap(
          pid: note.pid, startTicks: note.startTicks, with: left, politeMs: self.patience.politeMs
        ) { self.findProgram() }
      }
    }
  }

  private func findProgram() {
    let installation = installation
    let state = state
    Threads.start("opencode-find") {
      OpenCodeServerNote.remove(in: state)
      let executable = installation.executable()
      let port = installation.port ?? Sockets.freePort()
      Loop.shared.post { self.launch(executable, port: port) }
    }
  }

  private func launch(_ executable: Result<String, ProviderTrouble>, port: Int?) {
    switch executable {
    case .failure(let trouble): fail(trouble)
    case .success(let path):
      guard let port else { return fail(ProviderTrouble("there is no free port on 127.0.0.1")) }
      let launch = OpenCodeLaunch(executable: path, port: port, readyMs: patience.readyMs)
      phase = .starting(launch)
      launch.start(installation, state: state, host: host) { [weak self] outcome in
        self?.launched(launch, outcome)
      }
    }
  }

  private func launched(_ launch: OpenCodeLaunch, _ outcome: OpenCodeLaunch.Outcome) {
    guard case .starting(let current) = phase, current === launch else { return }
    switch outcome {
    case .born(let id, let pid): child = (id, pid)
    case .ready(let base):
      lostPorts = 0
      check(base: base, password: launch.password)
    case .failed(let trouble):
      // The port was free when it was looked for, and another process was faster.
      if child == nil, installation.port == nil, lostPorts < Self.mostLostPorts,
        Sockets.isTaken(port: launch.port)
      {
        lostPorts += 1
        return findProgram()
      }
      failAndStop(child == nil ? installation.judged(trouble) : trouble)
    }
  }

  /// A server that an earlier daemon started may still be on its way, and what it said of that has been read already.
  private func checkAgain(_ note: OpenCodeServerNote, untilMs: Int) {
    guard case .connecting = phase else { return }
    check(base: "http://127.0.0.1:\(note.port)", password: note.password) { [weak self] failure in
      guard let self, failure.isPassing, child?.pid == note.pid, LoopClock.nowMs() < untilMs else {
        return false
      }
      Loop.shared.after(patience.notYetMs) { [weak self] in self?.checkAgain(note, untilMs: untilMs) }
      return true
    }
  }

  /// Whether what listens there is what we can talk to. Nobody is told of a failure that is `taken` care of.
  private func check(
    base: String, password: String, taken: @escaping @LoopActor (HTTPFailure) -> Bool = { _ in false }
  ) {
    phase = .connecting
    let client = OpenCodeConnection.client(base: base, password: password.isEmpty ? nil : password)
    client.send(OpenCodeCall.health) { [weak self] result in
      switch result {
      case .failure(let failure):
        client.close()
        if taken(failure) { return }
        self?.failAndStop(
          ProviderTrouble("\(OpenCodeAnswer.Failure.unreachable(failure).words) (at \(base))"))
      case .success(let response):
        self?.identified(OpenCodeIdentity.health(response, at: base), client, base: base, password: password)
      }
    }
  }

  private func identified(_ identity: OpenCodeIdentity, _ client: HTTPClient, base: String, password: String)
  {
    switch identity {
    case .usable(let version):
      let connection = OpenCodeConnection(
        client, base: base, password: password, version: version, patience: patience
      ) {
        [weak self] in self?.hear($0)
      }
      phase = .up(connection)
      room.connected(connection)
      connection.openStream()
      keepUp()
      answer(.success(connection))
    case .trouble(let trouble):
      client.close()
      failAndStop(trouble)
    case .mustAskForInfo:
      client.send(OpenCodeCall.info) { [weak self] result in
        client.close()
        var identity = OpenCodeIdentity.trouble(
          ProviderTrouble("what answers at \(base) is no OpenCode server"))
        if case .success(let response) = result { identity = OpenCodeIdentity.info(response, at: base) }
        if case .trouble(let trouble) = identity { self?.failAndStop(trouble) }
      }
    }
  }

  private func answer(_ result: Connected) {
    let waiting = waiters
    waiters = []
    for body in waiting { body(result) }
  }

  private func fail(_ trouble: ProviderTrouble) {
    phase = .down
    answer(.failure(trouble))
  }

  private func failAndStop(_ trouble: ProviderTrouble) {
    let trouble = installation.advised(trouble)
    let hadChild = child != nil
    phase = .down
    if hadChild { stop {} }
    answer(.failure(trouble))
  }

  // MARK: what an earlier daemon left

  /// The child that was handed over is ours if the note says so; what it is gets asked when somebody needs it.
  private func takeOver() {
    let left = host.takeHandedOver()
    guard !left.isEmpty else { return }
    let note = OpenCodeServerNote.read(in: state)
    for one in left {
      if one.exit == nil, one.pid == note?.pid, child == nil {
        child = (one.id, one.pid)
        // What it writes is of no interest any more, and it must not wait for somebody to read it.
        one.pipes?.start(onOutput: { _ in }, onErrorOutput: { _ in }, onEnd: {})
        drains = one.pipes
      } else {
        host.forget(one.id)
      }
    }
    stopIfIdle()
  }

  private var drains: (any PipeLane)?

  // MARK: its end

  private func exited(_ id: String, _ status: ExitStatus) {
    host.forget(id)
    guard child?.id == id else { return }
    child = nil
    drains = nil
    OpenCodeServerNote.remove(in: state)
    switch phase {
    case .down: break
    case .stopping: stopped()
    case .starting(let launch): launch.ended(status)
    case .connecting:
      fail(ProviderTrouble("OpenCode's server ended \(status.words) while it was asked what it is"))
    case .up(let connection):
      upkeep?.cancel()
      phase = .stopping
      isReaping = true
      connection.drain { [weak self] in
        self?.isReaping = false
        self?.stopped(reason: "OpenCode's server ended \(status.words)")
      }
    }
  }

  /// The stream's news; all but one are the room's.
  private func hear(_ news: OpenCodeConnection.News) {
    if case .isAnother(let trouble) = news {
      phase = .down
      upkeep?.cancel()
      room.lose(reason: trouble.reason)
      if child != nil { stop {} } else { room.goOn() }
      return
    }
    room.hear(news)
    recycleIfPossible()
  }

  /// Ends the server in order: what runs is aborted, plugins are told, and commands that would outlive it are killed.
  func stop(_ done: @escaping @LoopActor () -> Void) {
    idle?.cancel()
    upkeep?.cancel()
    recycleReason = nil
    var connection: OpenCodeConnection?
    if case .up(let current) = phase { connection = current }
    if case .stopping = phase {
      afterStop.append(done)
      return
    }
    guard let child else {
      phase = .down
      room.lose(reason: "Arroba let go of OpenCode's server")
      return done()
    }
    afterStop.append(done)
    phase = .stopping
    OpenCodeReaper.stop(pid: child.pid, connection: connection, politeMs: patience.politeMs) { [host] in
      host.signal(child.id, Int(SignalNumber.terminate))
    } quiet: { [weak self] in
      self?.room.lose(reason: "OpenCode's server was stopped")
    } done: { [weak self] in
      self?.isReaping = false
      self?.stopped()
    }
    isReaping = true
    Loop.shared.after(patience.stopMs) { [weak self] in
      guard let self, case .stopping = phase, self.child?.id == child.id else { return }
      // The kernel holds it; whoever waits does not wait with it.
      isReaping = false
      exited(child.id, .signal(Int(SignalNumber.kill)))
    }
  }

  private func stopped(reason: String = "OpenCode's server was stopped") {
    guard case .stopping = phase, !isReaping, child == nil else { return }
    phase = .down
    isTooLarge = false
    room.lose(reason: reason)
    let waiting = afterStop
    afterStop = []
    for body in waiting { body() }
    guard !isOver else { return }
    // What waited for this server goes on with the next one.
    room.goOn()
    if !waiters.isEmpty, case .down = phase { begin() }
  }

  func stopForGood(_ done: @escaping @LoopActor () -> Void) {
    isOver = true
    stop(done)
  }

  /// Called whenever a conversation has gone.
  func stopIfIdle() {
    guard room.isEmpty, child != nil else { return }
    idle?.cancel()
    idle = Loop.shared.after(patience.idleMs) { [weak self] in
      guard let self, room.isEmpty else { return }
      stop {}
    }
  }
}
