internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLoop
internal import ArrobaWire

/// The structured lane of one connection: requests in, answers and events out.
@LoopActor
final class ControlLane {
  /// Requests of one connection that may be under way (protocol.md, section 2).
  static let mostInFlight = 64
  static let mostSubscriptions = 32

  /// A circle while the lane is the connection's; the connection breaks it when it closes.
  let connection: Connection
  let instance: String?
  /// Requests prepare themselves one after another, so that they enter the kernel in the order of their arrival although
  /// preparing may wait for the file system.
  let preparing = Turns()
  private var inFlight = 0
  private var subscriptions: [String: Subscription] = [:]
  private var nextSubscription = 1
  private var heartbeat: LoopTimer?
  private(set) var isStopped = false

  init(connection: Connection, instance: String?) {
    self.connection = connection
    self.instance = instance
  }

  func start() { armHeartbeat() }

  func stop() {
    isStopped = true
    heartbeat?.cancel()
    for subscription in subscriptions.values { subscription.stop() }
    subscriptions = [:]
  }

  // MARK: requests

  func received(_ line: [UInt8]) {
    switch IncomingMessage(line: line) {
    case .invalid(let id, let error): connection.send(OutgoingMessage.error(id: id, error))
    case .notification: return  // this protocol has none from clients
    case .request(let id, let method, let params): handle(id, method, params)
    }
  }

  private func handle(_ id: JSON, _ method: String, _ params: JSON) {
    let server = connection.server
    // Answered here and now, whatever else is stuck.
    if let answer = server.immediate(method) {
      return connection.send(OutgoingMessage.result(id: id, answer))
    }
    guard inFlight < Self.mostInFlight else {
      let error = WireError(
        kind: .overloaded, message: "\(Self.mostInFlight) requests of this connection are under way already",
        hint: "wait for an answer before the next request")
      return connection.send(OutgoingMessage.error(id: id, error))
    }
    inFlight += 1
    // Made here and not in the task: it takes its place among the requests of this connection.
    let exchange = Exchange(lane: self, method: method, params: params)
    Loop.shared.task { [self] in
      let reply = await exchange.reply()
      inFlight -= 1
      guard !isStopped else { return abandon(reply) }
      finish(id, reply)
    }
  }

  /// The client went before its answer came: what the answer brought with it ends too.
  private func abandon(_ reply: Exchange.Reply) {
    if case .attached(_, let client) = reply { client.stop() }
  }

  private func finish(_ id: JSON, _ reply: Exchange.Reply) {
    switch reply {
    case .result(let result): connection.send(OutgoingMessage.result(id: id, result))
    case .error(let error): connection.send(OutgoingMessage.error(id: id, error))
    case .subscribed(let result, let subscription):
      connection.send(OutgoingMessage.result(id: id, result))
      guard !isStopped else { return }  // sending has shown that the client is gone
      subscriptions[subscription.id] = subscription
      subscription.start()
    case .attached(let result, let client):
      connection.send(OutgoingMessage.result(id: id, result))
      guard !isStopped else { return abandon(reply) }
      connection.becomeTerminal(client)
      client.start()
    }
  }

  // MARK: subscriptions

  var subscriptionCount: Int { subscriptions.count }

  func newSubscriptionID() throws(WireError) -> String {
    guard subscriptions.count < Self.mostSubscriptions else {
      throw WireError(
        kind: .overloaded, message: "a connection has at most \(Self.mostSubscriptions) subscriptions",
        hint: "events.unsubscribe one, or open another connection")
    }
    defer { nextSubscription += 1 }
    return "e_\(nextSubscription)"
  }

  func unsubscribe(_ id: String) -> Bool {
    guard let subscription = subscriptions.removeValue(forKey: id) else { return false }
    subscription.stop()
    return true
  }

  /// The client has taken what was sent: its subscriptions go on.
  func drained() {
    for subscription in subscriptions.values { subscription.pump() }
  }

  // MARK: heartbeat

  private func armHeartbeat() {
    let idle = LoopClock.nowMs() - connection.lastSentMs
    heartbeat = Loop.shared.after(max(1, Server.heartbeatMs - idle)) { [weak self] in
      guard let self, !isStopped else { return }
      if LoopClock.nowMs() - connection.lastSentMs >= Server.heartbeatMs, connection.unsentCount == 0 {
        let head = JSON.int(Int(connection.server.kernel.ledger.head))
        connection.send(OutgoingMessage.notification(method: "heartbeat", params: ["head": head]))
      }
      armHeartbeat()
    }
  }
}
