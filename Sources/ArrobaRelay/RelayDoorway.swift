internal import ArrobaJSON
internal import ArrobaRelayWire
internal import ArrobaSystem

/// What comes from connections that are no streams: requests, claims, heartbeats.
extension Relay {
  func understand(_ connection: RelayConnection) {
    switch connection.phase {
    case .head: readHead(connection)
    case .claim(let nonce): readClaim(connection, nonce)
    case .standing, .watching: readLines(connection)
    case .condemned, .leaving, .waiting, .streaming: break
    }
  }

  // MARK: the request

  private func readHead(_ connection: RelayConnection) {
    let head: HTTPHead?
    do { head = try HTTPHead.read(connection.input) } catch {
      return condemn(connection, Front.answer(error.status))
    }
    guard let head else { return }
    connection.input.removeFirst(head.count)
    if options.isBehindProxy, Self.isLoopback(connection.address), let forwarded = Front.forwarded(head) {
      guard move(connection, to: forwarded) else { return close(connection, nil) }
    }
    switch Front.route(head) {
    case .refuse(let status): leave(connection, Front.answer(status))
    case .health: leave(connection, Front.answer(200, json: health))
    case .metrics:
      leave(connection, Front.answer(200, type: "text/plain; version=0.0.4", Array(metrics.utf8)))
    case .machines(let authorization): listMachines(connection, authorization)
    case .upgrade:
      // Whoever speaks before it is asked does not know what it will be asked.
      guard connection.input.isEmpty else { return condemn(connection, Front.answer(400)) }
      let nonce = Randomness.bytes(RelayClaim.nonceBytes)
      connection.phase = .claim(nonce: nonce)
      send(connection, Front.switching + RelayTerms.line(["relay": 1, "nonce": .string(Hex.text(nonce))]))
    }
  }

  /// Counts it for the address that the proxy tells; false where that one has too many already.
  private func move(_ connection: RelayConnection, to address: String) -> Bool {
    countProved(connection)
    connection.address = address
    guard unproven[address, default: 0] < options.limits.unprovenPerAddress else {
      counters.turnedAway += 1
      unproven[address, default: 0] += 1
      return false
    }
    unproven[address, default: 0] += 1
    return true
  }

  private func listMachines(_ connection: RelayConnection, _ authorization: Front.Authorization?) {
    guard let authorization else { return leave(connection, Front.challenge(challenges.make(nowMs: nowMs))) }
    let entry = tokens.entry(id: authorization.claim.token)
    let isProved = proves(authorization.claim, authorization.proof, authorization.relayNonce, entry)
    guard isProved, challenges.use(authorization.relayNonce, nowMs: nowMs) else {
      counters.failures += 1
      return condemn(connection, Front.challenge(challenges.make(nowMs: nowMs)))
    }
    leave(connection, Front.answer(200, json: ["machines": .array(presence.all.map(\.json))]))
  }

  // MARK: the claim

  private func readClaim(_ connection: RelayConnection, _ nonce: [UInt8]) {
    guard let end = connection.input.firstIndex(of: UInt8(ascii: "\n")) else {
      guard connection.input.count < RelayTerms.longestHead else { return failed(connection) }
      return
    }
    let line = connection.input[..<end]
    // Nothing may follow before the welcome: it would be taken for the stream's first bytes. What is no JSON is answered
    // as any failure.
    guard end == connection.input.count - 1, let json = try? JSONReader.read(line),
      let read = RelayClaim.read(json)
    else { return failed(connection) }
    let entry = tokens.entry(id: read.claim.token)
    guard proves(read.claim, read.proof, nonce, entry), let entry else { return failed(connection) }
    connection.input.removeAll()
    countProved(connection)
    connection.token = entry.token.id
    connection.heardMs = nowMs
    setDue(connection, nil)
    let proof = read.claim.proof(of: .relay, secret: entry.token.secret, relayNonce: nonce)
    admit(connection, read.claim, read.details, proof: proof)
  }

  /// The same work is done for a token that does not exist, so that the time tells nothing.
  private func proves(
    _ claim: RelayClaim, _ proof: [UInt8], _ nonce: [UInt8], _ entry: TokenBook.Entry?
  ) -> Bool {
    let secret = entry?.token.secret ?? [UInt8](repeating: 0, count: RelayToken.secretBytes)
    let isSame = HMAC.isSame(proof, claim.proof(of: .guest, secret: secret, relayNonce: nonce))
    guard let entry, isSame else { return false }
    return entry.isValid(Clock.wallMs()) && entry.role.may(be: claim.purpose.role)
  }

  private func failed(_ connection: RelayConnection) {
    counters.failures += 1
    condemn(connection, RelayTerms.line(RelayRefusal.notProved.json))
  }

  /// It is told so after a while, and nothing of it is read until then.
  private func condemn(_ connection: RelayConnection, _ words: [UInt8]) {
    connection.phase = .condemned
    connection.input = words
    setDue(connection, nowMs + pace.fail(connection.address, nowMs: nowMs))
    rewatch(connection)
  }

  // MARK: lines of those who are there

  private func readLines(_ connection: RelayConnection) {
    while let end = connection.input.firstIndex(of: UInt8(ascii: "\n")) {
      let json = try? JSONReader.read(connection.input[..<end])  // what is none is answered below
      connection.input.removeFirst(end + 1)
      guard let json, json.object != nil else {
        tell(connection, RelayRefusal(.malformed, "a line is no JSON object"))
        return close(connection, "it sent no JSON")
      }
      connection.heardMs = nowMs
      if let ticket = json["cannot"]?.string { cannot(connection, ticket, json["message"]?.string) }
    }
    guard connection.input.count < RelayTerms.longestHead else {
      tell(connection, RelayRefusal(.malformed, "a line has more than \(RelayTerms.longestHead) bytes"))
      return close(connection, "it sent too long a line")
    }
  }

  /// A machine says that it cannot take up a stream; the client hears why.
  private func cannot(_ connection: RelayConnection, _ text: String, _ reason: String?) {
    guard case .standing(let machine) = connection.phase, let token = connection.token,
      let ticket = tickets.redeem(text, machine: machine, token: token, nowMs: nowMs),
      let client = connections[ticket.client]
    else { return }
    let words = String((reason ?? "").prefix(300))
    tell(client, RelayRefusal(.machineSilent, "the machine cannot take up a connection: \(words)"))
    close(client, nil)
  }
}
