internal import ArrobaJSON
internal import ArrobaRelayWire
internal import ArrobaSystem

/// The switchboard: who is there, who may come in, whose bytes go where. One thread, one loop, nothing kept but tokens.
final class Relay {
  let options: RelayOptions
  let readiness: Readiness
  let pool = PipePool()
  private let listeners: [Network.Listener]
  private let signals: Descriptor
  private let tokenFile: TokenFile
  private let tokenWatch: DirectoryWatch
  var tokens: TokenBook

  var connections: [UInt64: RelayConnection] = [:]
  var presence = Presence()
  var tickets = Tickets()
  var pace = FailurePace()
  var challenges = Challenges()
  var counters = RelayCounters()
  /// Connections of each address that have not proved themselves.
  var unproven: [String: Int] = [:]
  var standing: [String: Int] = [:]
  var streams: [String: Int] = [:]
  var streamsOfMachine: [String: Int] = [:]
  let mostConnections: Int

  private var deadlines = Deadlines()
  /// Streams whose turn was over before their bytes were.
  private var busy: [RelayStream] = []
  private var nextKey: UInt64 = 1 << 16
  private var areListenersPaused = false
  private var isEnding = false
  let startedMs = Clock.monotonicMs()
  private(set) var nowMs = Clock.monotonicMs()
  /// One buffer for all reads; what is read is taken over before the next one.
  private var block = [UInt8](repeating: 0, count: RelayTerms.longestHead)

  private enum Key {
    static let signals: UInt64 = 0
    static let tokens: UInt64 = 1
    static let firstListener: UInt64 = 2
  }

  init(_ options: RelayOptions, signals: Descriptor) throws {
    self.options = options
    self.signals = signals
    tokenFile = TokenFile(directory: options.state)
    tokens = try tokenFile.read()
    guard !tokens.entries.isEmpty else {
      throw TokenFile.Failure(
        description: "there is no token in \(options.state), so nobody could come in",
        hint: "arroba-relay token new NAME --role both --state \(options.state)")
    }
    tokenWatch = try DirectoryWatch(options.state)
    readiness = try Readiness()
    listeners = try options.listen.map {
      try Network.listen(host: $0.host, port: $0.port, backlog: 1024)
    }
    ThisProcess.raiseDescriptorLimit()
    mostConnections = max(
      16,
      min(options.limits.connections, ThisProcess.descriptorLimit.soft - RelayLimits.reservedDescriptors))
    _ = readiness.add(signals.raw, .reading, key: Key.signals)
    _ = readiness.add(tokenWatch.raw, .reading, key: Key.tokens)
    listenAgain(isFirst: true)
  }

  private func listenAgain(isFirst: Bool = false) {
    areListenersPaused = false
    for (index, listener) in listeners.enumerated() {
      let key = Key.firstListener + UInt64(index)
      if isFirst {
        _ = readiness.add(listener.socket.raw, .reading, key: key)
      } else {
        readiness.change(listener.socket.raw, .reading, key: key)
      }
    }
  }

  // MARK: the loop

  func run() {
    for (place, listener) in zip(options.listen, listeners) {
      Console.out("arroba-relay: listening on \(place.host):\(listener.port)")
    }
    while !isEnding {
      readiness.wait(timeoutMs: waitMs) { event in
        nowMs = Clock.monotonicMs()
        hear(event)
      }
      nowMs = Clock.monotonicMs()
      let turn = busy
      busy.removeAll(keepingCapacity: true)
      for stream in turn {
        stream.isQueued = false
        if !stream.connection(.client).isClosed { pump(stream) }
      }
      while let key = deadlines.takeDue(nowMs) { lookAt(key) }
    }
    for connection in connections.values { tell(connection, RelayRefusal(.stopping, "the relay stops")) }
  }

  private var waitMs: Int? {
    if !busy.isEmpty { return 0 }
    return deadlines.firstMs.map { max(0, $0 - nowMs) }
  }

  private func hear(_ event: Readiness.Event) {
    switch event.key {
    case Key.signals:
      while let signal = ThisProcess.nextSignal(from: signals) {
        Console.error("arroba-relay: signal \(signal), leaving")
        isEnding = true
      }
    case Key.tokens:
      tokenWatch.take()
      readTokens()
    case ..<(Key.firstListener + UInt64(listeners.count)):
      accept(listeners[Int(event.key - Key.firstListener)])
    default:
      if let connection = connections[event.key] { hear(event, connection) }
    }
  }

  private func hear(_ event: Readiness.Event, _ connection: RelayConnection) {
    if case .streaming(let stream, let end) = connection.phase {
      stream.hear(event, at: end)
      return pump(stream)
    }
    if event.isBroken || event.isHalfClosed { return close(connection, "it left") }
    if event.isWritable {
      guard connection.flush() else { return close(connection, "it left") }
      if case .leaving = connection.phase, connection.unsent.isEmpty { return close(connection, nil) }
      rewatch(connection)
    }
    if event.isReadable { read(connection) }
  }

  /// Waits for what the connection, as it stands now, can go on with.
  func rewatch(_ connection: RelayConnection) {
    readiness.change(connection.socket.raw, connection.wish, key: connection.key)
  }

  private func read(_ connection: RelayConnection) {
    switch block.withUnsafeMutableBytes({ connection.socket.read(into: $0) }) {
    case .moved(let count):
      connection.input += block[..<count]
      understand(connection)
    case .wouldBlock: break
    case .ended, .failed: close(connection, "it left")
    }
  }

  // MARK: arrivals

  private func accept(_ listener: Network.Listener) {
    // A few at a time: what is connected already comes first again after that.
    for _ in 0..<64 {
      switch Sockets.accept(from: listener.socket) {
      case .connection(let socket): admit(socket)
      case .none: return
      case .exhausted, .failed:
        // Level-triggered, it would be told without end; the next look at a deadline listens again.
        for (index, listener) in listeners.enumerated() {
          readiness.change(listener.socket.raw, [], key: Key.firstListener + UInt64(index))
        }
        areListenersPaused = true
        deadlines.add(nowMs + 100, 0)
        return
      }
    }
  }

  private func admit(_ socket: Descriptor) {
    guard connections.count < mostConnections, let address = Network.peerHost(of: socket) else {
      counters.turnedAway += 1
      return
    }
    let isProxy = options.isBehindProxy && Self.isLoopback(address)
    guard isProxy || unproven[address, default: 0] < options.limits.unprovenPerAddress else {
      counters.turnedAway += 1
      return
    }
    Network.prepare(socket)
    nextKey += 1
    let connection = RelayConnection(socket, key: nextKey, address: address)
    guard readiness.add(socket.raw, connection.wish, key: connection.key) else { return }
    connections[connection.key] = connection
    unproven[address, default: 0] += 1
    counters.connections += 1
    setDue(connection, nowMs + RelayTerms.handshakeMs)
  }

  static func isLoopback(_ address: String) -> Bool {
    address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
  }

  // MARK: deadlines

  func setDue(_ connection: RelayConnection, _ dueMs: Int?) {
    let isSooner = connection.dueMs.map { due in dueMs.map { $0 < due } ?? false } ?? true
    connection.dueMs = dueMs
    guard let dueMs, !connection.isTimed || isSooner else { return }
    connection.isTimed = true
    deadlines.add(dueMs, connection.key)
  }

  private func lookAt(_ key: UInt64) {
    if key == 0, areListenersPaused { return listenAgain() }
    guard let connection = connections[key] else { return }
    guard let due = connection.dueMs else {
      connection.isTimed = false
      return
    }
    guard due <= nowMs else { return deadlines.add(due, key) }
    connection.isTimed = false
    connection.dueMs = nil
    isDue(connection)
  }

  // MARK: streams

  func pump(_ stream: RelayStream) {
    let progress = stream.pump(pool)
    counters.bytes += stream.takeBytes()
    switch progress {
    case .waits: break
    case .hasMore:
      guard !stream.isQueued else { return }
      stream.isQueued = true
      busy.append(stream)
    case .isOver: close(stream.connection(.client), nil)
    }
  }

  // MARK: tokens

  /// Somebody has changed the file. What has no valid token any more ends now.
  private func readTokens() {
    do {
      let book = try tokenFile.read()
      guard book != tokens else { return }
      tokens = book
    } catch {
      Console.error("arroba-relay: \(error); the tokens stay as they were")
      return
    }
    let wall = Clock.wallMs()
    for connection in connections.values {
      guard let token = connection.token, tokens.entry(id: token)?.isValid(wall) != true else { continue }
      tell(connection, RelayRefusal(.revoked, "the token was revoked"))
      close(connection, "its token was revoked")
    }
  }
}
