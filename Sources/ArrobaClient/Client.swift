package import ArrobaJSON
package import ArrobaSystem

/// What a command talks through: a connection made when it is first needed, and made again where it was lost.
package final class Client {
  /// How long a lost daemon is waited for: its supervisor starts it again within seconds.
  package static let patienceMs = 60_000

  package let locator: DaemonLocator
  /// Names this process in the daemon's records.
  package let instance: String
  private var current: Connection?

  package init(locator: DaemonLocator) {
    self.locator = locator
    instance = "c_" + Self.randomName(length: 20)
  }

  /// A name nobody else has: `length` letters and digits, five random bits each.
  package static func randomName(length: Int) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    var generator = SystemRandomNumberGenerator()
    return String(
      decoding: (0..<length).map { _ in letters[Int(generator.next(upperBound: 32 as UInt64))] },
      as: UTF8.self)
  }

  package func connection() throws(ClientError) -> Connection {
    if let current { return current }
    return use(try locator.connect())
  }

  /// Goes on with a socket that is connected already.
  @discardableResult
  package func use(_ socket: Descriptor) -> Connection {
    let made = Connection(socket: socket, instance: instance)
    current = made
    return made
  }

  /// Forgets the connection: it was lost, or belongs to the terminal lane now.
  package func disconnect() { current = nil }

  /// A connection after one was lost, made with growing pauses; the daemon is not started, its supervisor does that.
  package func reconnect(patienceMs: Int) throws(ClientError) -> Connection {
    current = nil
    guard let socket = try locator.waitUntilListening(deadlineMs: Clock.monotonicMs() + patienceMs) else {
      throw .unreachable("the daemon went away and did not come back", hint: "arroba daemon status")
    }
    return use(socket)
  }

  /// Asks; changes nothing, so that it may simply be asked again on a new connection.
  package func ask(_ method: String, _ params: JSON) throws(ClientError) -> JSON {
    try retryingOnce { connection throws(ClientError) in try connection.call(method, params, timeoutMs: nil) }
  }

  /// Changes something, once: a command repeated after a lost connection carries the same id (protocol.md, section 5).
  package func command(_ method: String, _ params: JSON) throws(ClientError) -> JSON {
    var members = params.object ?? JSONObject()
    members["commandId"] = .string("k" + Self.randomName(length: 24))
    let identified = JSON.object(members)
    return try retryingOnce { connection throws(ClientError) in
      try connection.call(method, identified, timeoutMs: nil)
    }
  }

  private func retryingOnce(_ request: (Connection) throws(ClientError) -> JSON) throws(ClientError) -> JSON {
    do { return try request(try connection()) } catch {
      guard case .lost = error else { throw error }
      return try request(try reconnect(patienceMs: DaemonLocator.startDeadlineMs))
    }
  }
}
