internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLog
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSystem
internal import ArrobaWire

/// Accepts connections and keeps their number, and what they hold, within bounds.
@LoopActor
final class Server {
  static let heartbeatMs = 5000
  static let mostConnections = 1024
  /// Connections that have not said hello; the oldest of them makes room for the next.
  static let mostFresh = 128
  static let greetingMs = 10_000
  /// Unfinished lines of all connections together.
  static let mostHeldInput = 64 << 20

  let kernel: Kernel
  let providers: ProviderRegistry
  let workers = Workers()
  let identity: Identity
  let configurationFile: ConfigurationFile
  /// Changes of the file, one after another.
  let configuring = Turns()
  /// What holds: the file as it was read last.
  var configuration = ConfigurationReading(JSONObject())
  /// This machine at a relay.
  var uplink: Uplink?
  /// Asked by `daemon.shutdown`.
  var onShutdown: (@LoopActor (ShutdownMode, String) -> Void)?
  /// One buffer for all reads: what is read is taken over before the next one.
  var inputBuffer = [UInt8](repeating: 0, count: 64 << 10)
  var heldInput = 0

  private let uid: UInt32
  private var connections: [ObjectIdentifier: Connection] = [:]
  private var listener: Descriptor?
  private var watch: Watch?
  private var turnedAway = 0

  enum ShutdownMode: String, CaseIterable {
    case stop, restart
  }

  struct Identity {
    var pid: Int
    var startedAt: Instant
    var startedMonotonicMs: Int
    var supervisorPid: Int
    var logPath: String
    var recovery: JSON
  }

  init(
    kernel: Kernel, providers: ProviderRegistry, identity: Identity, configuration: ConfigurationFile,
    uid: UInt32
  ) {
    self.kernel = kernel
    self.providers = providers
    self.identity = identity
    configurationFile = configuration
    self.uid = uid
  }

  // MARK: arrivals

  func listen(on listener: Descriptor) {
    self.listener = listener
    watch = Loop.shared.watch(listener.raw, for: .readable, urgency: .socket) { [weak self] _ in
      self?.accept()
    }
  }

  func stopListening() {
    watch?.cancel()
    watch = nil
  }

  private func accept() {
    guard let listener else { return }
    // A few at a time: what is connected already comes first again after that.
    for _ in 0..<16 {
      switch Sockets.accept(from: listener) {
      case .connection(let socket): admit(socket)
      case .none: return
      case .exhausted:
        ProcessLog.shared.warn("server", "no descriptor is free for a new connection", [:])
        dropOldestFresh()
        return
      case .failed(let code):
        ProcessLog.shared.warn("server", "accept failed", ["error": SystemError.words(for: code)])
        return
      }
    }
  }

  private func admit(_ socket: Descriptor) {
    // Others are turned away without a word: they are not to learn what listens here.
    guard let peer = Sockets.peer(of: socket), peer.uid == uid || peer.uid == 0 else {
      ProcessLog.shared.warn("server", "a connection of another user was closed", [:])
      return
    }
    let fresh = connections.values.count(where: \.isFresh)
    if fresh >= Self.mostFresh { dropOldestFresh() }
    guard connections.count < Self.mostConnections else {
      turnedAway += 1
      let error = WireError(
        kind: .overloaded, message: "\(Self.mostConnections) clients are connected already",
        hint: "close some of them")
      OutgoingMessage.error(id: .null, error).withUnsafeBytes { _ = socket.send($0) }
      return
    }
    let connection = Connection(socket, server: self)
    connections[ObjectIdentifier(connection)] = connection
    Loop.shared.after(Self.greetingMs) { [weak connection] in
      guard let connection, connection.isFresh else { return }
      connection.close()
    }
  }

  private func dropOldestFresh() {
    connections.values.filter(\.isFresh).min { $0.arrivedMs < $1.arrivedMs }?.close()
  }

  func forget(_ connection: Connection) {
    connections[ObjectIdentifier(connection)] = nil
  }

  func closeAll() {
    for connection in connections.values { connection.closeWhenSent() }
  }

  // MARK: what is answered at once

  var hello: JSON {
    [
      "protocol": .int(protocolVersion),
      "daemon": [
        "version": .string(arrobaVersion), "pid": .int(identity.pid),
        "startedAt": .string(identity.startedAt.text),
      ],
      "log": ["id": .string(kernel.ledger.log.id), "head": .int(Int(kernel.ledger.head))],
      "heartbeatMs": .int(Self.heartbeatMs),
    ]
  }

  /// Answers that wait for nothing and nobody.
  func immediate(_ method: String) -> JSON? {
    switch method {
    case "daemon.ping": [:]
    case "daemon.health": health
    default: nil
    }
  }

  private var health: JSON {
    let world = kernel.world
    let sessions = world.inOrder
    let load = kernel.load
    let subscriptions = connections.values.reduce(0) { count, connection in
      guard case .structured(let lane) = connection.lane else { return count }
      return count + lane.subscriptionCount
    }
    let log = kernel.ledger.log
    return [
      "status": "ok", "version": .string(arrobaVersion), "protocol": .int(protocolVersion),
      "pid": .int(identity.pid), "startedAt": .string(identity.startedAt.text),
      "uptimeMs": .int(LoopClock.nowMs() - identity.startedMonotonicMs),
      "supervisor": ["pid": .int(identity.supervisorPid)],
      "log": [
        "id": .string(log.id), "head": .int(Int(log.head)), "oldest": .int(Int(log.oldest)),
        "path": .string(identity.logPath), "recovery": identity.recovery,
      ],
      "sessions": [
        "open": .int(sessions.count(where: \.isOpen)), "ended": .int(sessions.count { !$0.isOpen }),
      ],
      "agents": [
        "total": .int(sessions.reduce(0) { $0 + $1.agents.count }),
        "live": .int(sessions.reduce(0) { $0 + $1.agents.count(where: \.isLive) }),
      ],
      "terminals": ["open": .int(kernel.terminals.count), "attached": .int(kernel.terminals.attached)],
      "connections": [
        "open": .int(connections.count), "limit": .int(Self.mostConnections), "turnedAway": .int(turnedAway),
        "heldInputBytes": .int(heldInput),
      ],
      "subscriptions": .int(subscriptions),
      "commands": [
        "lanes": .int(load.lanes), "deepestLane": .int(load.deepest),
        "laneLimit": .int(Kernel.longestCommandLane),
      ],
      "configuration": configurationHealth,
      "relay": uplink?.status ?? .null,
    ]
  }
}
