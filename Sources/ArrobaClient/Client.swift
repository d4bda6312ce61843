package import ArrobaJSON
internal import ArrobaSystem

/// What a command talks through: a connection made when it is first needed, and made again where it was lost.
package final class Client {
  /// How long a lost daemon on this machine is waited for: its supervisor starts it again within seconds.
  package static let patienceMs = 60_000

  /// A network may break more than once; a daemon on this machine that ends twice at one request ends because of it.
  private static let mostRepetitions = 5

  package let road: Road
  /// Names this process in the daemon's records.
  package let instance: String
  private var current: Connection?

  package init(road: Road) {
    self.road = road
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
    return use(try road.open())
  }

  /// Goes on with a stream that is there already.
  @discardableResult
  package func use(_ stream: ByteStream) -> Connection {
    let made = Connection(stream, instance: instance)
    current = made
    return made
  }

  /// Forgets the connection: it was lost, or belongs to the terminal lane now.
  package func disconnect() { current = nil }

  /// A connection after one was lost, made with growing pauses; the daemon is not started, its supervisor does that.
  package func reconnect(patienceMs: Int?) throws(ClientError) -> Connection {
    var absence = Absence(nowMs: Clock.monotonicMs(), wasSilent: current?.isSilent ?? false)
    current?.end()
    current = nil
    while true {
      var reason: ClientError?
      do {
        if let made = try comeBack(absence) { return made }
      } catch {
        guard error.isPassing else { throw error }
        reason = error
      }
      let now = Clock.monotonicMs()
      absence.failed(nowMs: now, because: reason?.message)
      guard !absence.lasts(longerThan: patienceMs, nowMs: now) else {
        throw reason
          ?? .unreachable("the daemon went away and did not come back", hint: "arroba daemon status")
      }
      let left = patienceMs.map { absence.sinceMs + $0 - now } ?? Absence.longestPauseMs
      PollSet.pause(milliseconds: min(left, absence.tryAtMs - now))
    }
  }

  private func comeBack(_ absence: Absence) throws(ClientError) -> Connection? {
    guard let stream = try road.openAgain(isFresh: absence.wasSilent) else { return nil }
    let made = Connection(stream, instance: instance)
    do { try made.awaitGreeting(timeoutMs: Connection.silenceMs) } catch {
      made.abandon()
      throw error
    }
    current = made
    return made
  }

  /// Asks; changes nothing, so that it may simply be asked again on a new connection.
  package func ask(_ method: String, _ params: JSON) throws(ClientError) -> JSON {
    try retrying { connection throws(ClientError) in try connection.call(method, params, timeoutMs: nil) }
  }

  /// Changes something, once: a command repeated after a lost connection carries the same id (protocol.md, section 5).
  package func command(_ method: String, _ params: JSON) throws(ClientError) -> JSON {
    var members = params.object ?? JSONObject()
    members["commandId"] = .string("k" + Self.randomName(length: 24))
    let identified = JSON.object(members)
    return try retrying { connection throws(ClientError) in
      try connection.call(method, identified, timeoutMs: nil)
    }
  }

  private func retrying(_ request: (Connection) throws(ClientError) -> JSON) throws(ClientError) -> JSON {
    var connection = try connection()
    var left = road.isRemote ? Self.mostRepetitions : 1
    while true {
      do { return try request(connection) } catch {
        guard error.isLoss, left > 0 else { throw error }
        left -= 1
        connection = try reconnect(patienceMs: DaemonLocator.startDeadlineMs)
      }
    }
  }
}
