internal import ArrobaJSON
internal import ArrobaRelayWire
internal import ArrobaSystem

/// What becomes of connections that have proved themselves, and how each one ends.
extension Relay {
  func admit(_ connection: RelayConnection, _ claim: RelayClaim, _ details: JSON, proof: [UInt8]) {
    let welcome: (JSON) -> [UInt8] = { facts in
      RelayTerms.line(["welcome": facts, "proof": .string(Hex.text(proof))])
    }
    do throws(RelayRefusal) {
      switch claim.purpose {
      case .stand: try stand(connection, claim, details, welcome)
      case .watch: try watch(connection, claim, welcome)
      case .reach: try reach(connection, claim, welcome([:]))
      case .join: try join(connection, claim, welcome([:]))
      }
    } catch {
      // Said with the proof: so the guest knows that it is the relay that says so.
      leave(
        connection,
        RelayTerms.line(["error": error.json["error"] ?? .null, "proof": .string(Hex.text(proof))]))
    }
  }

  private var beats: JSON {
    ["heartbeatMs": .int(options.heartbeatMs), "silenceMs": .int(3 * options.heartbeatMs)]
  }

  private func countStanding(_ token: String) throws(RelayRefusal) {
    guard standing[token, default: 0] < options.limits.standingPerToken else {
      throw RelayRefusal(
        .overloaded, "\(options.limits.standingPerToken) machines and watchers are here by this token already"
      )
    }
    standing[token, default: 0] += 1
  }

  private func stand(
    _ connection: RelayConnection, _ claim: RelayClaim, _ details: JSON, _ welcome: (JSON) -> [UInt8]
  ) throws(RelayRefusal) {
    guard let machine = RelayMachine(id: claim.subject, name: claim.name, details: details) else {
      throw RelayRefusal(.malformed, "a machine's name has 1 to 64 letters, digits and - _ . only")
    }
    try countStanding(claim.token)
    let entry = Presence.Entry(
      machine: machine, token: claim.token, connection: connection.key, sinceMs: Clock.wallMs())
    let arrival = presence.arrive(entry)
    if case .refused(let refusal) = arrival {
      release(claim.token, &standing)
      throw refusal
    }
    connection.phase = .standing(machine: machine.id)
    if case .replaces(let key) = arrival, let old = connections[key] {
      tell(old, RelayRefusal(.replaced, "this machine has come by another connection"))
      close(old, "it came again")
    }
    send(connection, welcome(beats))
    setDue(connection, nowMs + options.heartbeatMs)
    Console.error("arroba-relay: machine \(machine.name) is here (\(connection.address))")
    broadcast(["arrived": entry.json])
  }

  private func watch(
    _ connection: RelayConnection, _ claim: RelayClaim, _ welcome: (JSON) -> [UInt8]
  ) throws(RelayRefusal) {
    try countStanding(claim.token)
    connection.phase = .watching
    var facts = beats.object ?? JSONObject()
    facts["machines"] = .array(presence.all.map(\.json))
    send(connection, welcome(.object(facts)))
    setDue(connection, nowMs + options.heartbeatMs)
  }

  private func reach(_ connection: RelayConnection, _ claim: RelayClaim, _ welcome: [UInt8])
    throws(RelayRefusal)
  {
    guard let entry = presence.named(claim.name), let machine = connections[entry.connection] else {
      let name = RelayMachine.isName(claim.name) ? " '\(claim.name)'" : ""
      throw RelayRefusal(.machineNotFound, "no machine\(name) is at this relay now")
    }
    let id = entry.machine.id
    guard streams[claim.token, default: 0] < options.limits.streamsPerToken,
      streamsOfMachine[id, default: 0] < options.limits.streamsPerMachine
    else { throw RelayRefusal(.overloaded, "too many streams are open already") }
    streams[claim.token, default: 0] += 1
    streamsOfMachine[id, default: 0] += 1
    connection.phase = .waiting(machine: id, welcome: welcome)
    rewatch(connection)
    setDue(connection, nowMs + RelayTerms.ticketMs)
    let ticket = tickets.issue(client: connection.key, machine: id, token: entry.token, nowMs: nowMs)
    send(machine, RelayTerms.line(["ticket": .string(ticket)]))
  }

  private func join(_ connection: RelayConnection, _ claim: RelayClaim, _ welcome: [UInt8])
    throws(RelayRefusal)
  {
    guard
      let ticket = tickets.redeem(claim.subject, machine: claim.name, token: claim.token, nowMs: nowMs),
      let client = connections[ticket.client], case .waiting(let machine, let words) = client.phase,
      let token = client.token
    else { throw RelayRefusal(.ticketInvalid, "this ticket was used, is too old, or is another machine's") }
    let stream = RelayStream(client: client, machine: connection, id: machine, token: token)
    client.phase = .streaming(stream, .client)
    connection.phase = .streaming(stream, .machine)
    counters.streams += 1
    for (one, words) in [(client, words), (connection, welcome)] {
      one.input = []
      setDue(one, one.token.flatMap { lifeMs(of: $0) }.map { nowMs + $0 })
      _ = one.send(words)  // a side that is gone ends the stream at its first move
      rewatch(one)
    }
    pump(stream)
  }

  /// How long a token still holds; nil: for ever.
  private func lifeMs(of token: String) -> Int? {
    tokens.entry(id: token)?.expiresMs.map { max(0, $0 - Clock.wallMs()) }
  }

  // MARK: time

  func isDue(_ connection: RelayConnection) {
    switch connection.phase {
    case .head: close(connection, nil)
    case .claim: close(connection, "it did not say who it is")
    case .condemned:
      let words = connection.input
      connection.input = []
      leave(connection, words)
    case .leaving: close(connection, nil)
    case .standing, .watching: beat(connection)
    case .waiting:
      tell(connection, RelayRefusal(.machineSilent, "the machine did not answer in time"))
      close(connection, nil)
    case .streaming: close(connection, "its token is over")
    }
  }

  private func beat(_ connection: RelayConnection) {
    guard let token = connection.token, tokens.entry(id: token)?.isValid(Clock.wallMs()) == true else {
      tell(connection, RelayRefusal(.revoked, "the token is over"))
      return close(connection, "its token is over")
    }
    let silentMs = nowMs - connection.heardMs
    guard silentMs < 3 * options.heartbeatMs else { return close(connection, "it was silent") }
    send(connection, RelayTerms.line(["beat": true]))
    setDue(connection, nowMs + min(options.heartbeatMs, 3 * options.heartbeatMs - silentMs))
  }

  // MARK: words

  /// Sends a line to somebody who is there; who does not take what it is sent is let go.
  func send(_ connection: RelayConnection, _ bytes: [UInt8]) {
    guard !connection.isClosed else { return }
    guard connection.send(bytes) else { return close(connection, "it left") }
    guard connection.unsent.count <= options.limits.unsentBytes else {
      return close(connection, "it did not take what it was sent")
    }
    rewatch(connection)
  }

  /// Last words before `close`, if they can be said at once and do not stand among a stream's bytes.
  func tell(_ connection: RelayConnection, _ refusal: RelayRefusal) {
    switch connection.phase {
    case .standing, .watching, .waiting: _ = connection.send(RelayTerms.line(refusal.json))
    case .head, .claim, .condemned, .leaving, .streaming: break
    }
  }

  /// Answers, and ends once the answer is sent.
  func leave(_ connection: RelayConnection, _ words: [UInt8]) {
    connection.phase = .leaving
    guard connection.send(words), !connection.unsent.isEmpty else { return close(connection, nil) }
    setDue(connection, nowMs + RelayTerms.handshakeMs)
    rewatch(connection)
  }

  private func broadcast(_ json: JSON) {
    let line = RelayTerms.line(json)
    for connection in connections.values {
      if case .watching = connection.phase { send(connection, line) }
    }
  }

  // MARK: ends

  /// It has proved itself, or is gone: it does not count for its address any more.
  func countProved(_ connection: RelayConnection) { release(connection.address, &unproven) }

  /// `reason` is for the operator.
  func close(_ connection: RelayConnection, _ reason: String?) {
    guard !connection.isClosed else { return }
    connection.isClosed = true
    connections[connection.key] = nil
    if connection.token == nil { countProved(connection) }
    // What was said last is to arrive: with bytes of the other side unread, closing would take it back.
    Sockets.endSending(of: connection.socket)
    var scrap = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<16 {
      guard case .moved = scrap.withUnsafeMutableBytes({ connection.socket.read(into: $0) }) else { break }
    }
    connection.socket.close()
    switch connection.phase {
    case .head, .claim, .condemned, .leaving: break
    case .standing(let id):
      release(connection.token, &standing)
      guard let machine = presence.leave(id, connection: connection.key) else { break }
      Console.error("arroba-relay: machine \(machine.name) is gone: \(reason ?? "it left")")
      broadcast([
        "left": ["id": .string(machine.id), "name": .string(machine.name), "reason": .text(reason) ?? .null]
      ])
      for client in connections.values {
        guard case .waiting(id, _) = client.phase else { continue }
        tell(client, RelayRefusal(.machineSilent, "the machine has just left"))
        close(client, nil)
      }
    case .watching: release(connection.token, &standing)
    case .waiting(let machine, _):
      tickets.withdraw(client: connection.key)
      release(connection.token, &streams)
      release(machine, &streamsOfMachine)
    case .streaming(let stream, let end):
      if end == .client {
        release(stream.token, &streams)
        release(stream.machine, &streamsOfMachine)
      }
      close(stream.connection(end.other), reason)
    }
  }

  private func release(_ name: String?, _ counts: inout [String: Int]) {
    guard let name else { return }
    let left = counts[name, default: 1] - 1
    counts[name] = left > 0 ? left : nil
  }
}

extension Presence.Entry {
  var json: JSON {
    var object = machine.json.object ?? JSONObject()
    object["sinceMs"] = .int(sinceMs)
    return .object(object)
  }
}
