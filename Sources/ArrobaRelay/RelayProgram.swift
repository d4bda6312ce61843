internal import ArrobaJSON
internal import ArrobaRelayWire
internal import ArrobaSystem
internal import ArrobaTime
internal import ArrobaWire

/// The program as a whole: from its arguments to its exit code.
package enum RelayProgram {
  private static let help = """
    usage: arroba-relay run --listen ADDR:PORT … --state DIR
           arroba-relay token new NAME --role machine|client|both [--expires 30d] --state DIR
           arroba-relay token ls|revoke NAME --state DIR

    A switchboard for machines that nobody can reach from outside: it lets in who has a token,
    knows which machines are there, and joins two byte streams that it cannot read.

    run
      --listen ADDR:PORT   where to listen; may be repeated; port 0 takes a free one
      --state DIR          where its tokens are
      --behind-proxy       take addresses from X-Forwarded-For, where a proxy on this machine says so
      --heartbeat S        a sign of life every S seconds (15); gone after three without
      --connections N      at most so many (32768)
      --unproven-per-address N
                           at most so many of one address before they have proved themselves (64)
    token new     makes a token and prints it, this once; a relay that runs knows it at once
    token ls      the tokens, without what is secret; --json as JSON
    token revoke  the token ends, and with it all connections by it

    docs/RELAY.md has the wire format, proxies, a systemd unit, and what a relay can see.
    """

  package static func main(_ arguments: [String]) -> Int32 {
    let command: RelayCommand
    do { command = try RelayCommand(arguments) } catch {
      Console.error("arroba-relay: \(error.message)\nhint: arroba-relay --help")
      return 2
    }
    do {
      try carryOut(command)
      return 0
    } catch let failure as TokenFile.Failure {
      Console.error("arroba-relay: \(failure)\nhint: \(failure.hint)")
    } catch {
      Console.error("arroba-relay: \(error)")
    }
    return 1
  }

  private static func carryOut(_ command: RelayCommand) throws {
    switch command {
    case .help: Console.out(help)
    case .version: Console.out("arroba-relay \(arrobaVersion)")
    case .run(let options):
      StandardStreams.ignoreBrokenPipes()
      let signals = try ThisProcess.signalDescriptor([
        SignalNumber.terminate, SignalNumber.interrupt, SignalNumber.hangUp,
      ])
      try Relay(options, signals: signals).run()
    case .makeToken(let name, let role, let life, let state, let isJSON):
      try makeToken(name, role, life, state, isJSON)
    case .listTokens(let state, let isJSON): try listTokens(state, isJSON)
    case .revokeToken(let name, let state): try revokeToken(name, state)
    }
  }

  // MARK: tokens

  private static func makeToken(
    _ name: String, _ role: RelayRole, _ life: Int?, _ state: String, _ isJSON: Bool
  )
    throws
  {
    let now = Clock.wallMs()
    let entry = TokenBook.Entry(
      token: .random(), name: name, role: role, createdMs: now, expiresMs: life.map { now + $0 })
    try TokenFile(directory: state).change { book in
      guard book.entry(named: name) == nil else {
        throw TokenFile.Failure(
          description: "there is a token '\(name)' already",
          hint: "take another name, or: arroba-relay token revoke \(name) --state \(state)")
      }
      guard book.entries.count < TokenBook.most else {
        throw TokenFile.Failure(
          description: "there are \(TokenBook.most) tokens already", hint: "revoke some")
      }
      book.add(entry)
    }
    guard isJSON else { return Console.out(entry.token.text) }
    var json = form(entry).object ?? JSONObject()
    json["token"] = .string(entry.token.text)
    Console.out(JSON.object(json).encodedText)
  }

  private static func listTokens(_ state: String, _ isJSON: Bool) throws {
    let entries = try TokenFile(directory: state).read().entries
    guard !isJSON else { return Console.out(JSON.array(entries.map(form)).encodedText) }
    for entry in entries {
      let end = entry.expiresMs.map { "until \(time($0))\(entry.isValid(Clock.wallMs()) ? "" : ", over")" }
      let columns = [
        entry.name, entry.role.rawValue, entry.token.id, "since \(time(entry.createdMs))",
        end ?? "without end",
      ]
      Console.out(columns.joined(separator: "  "))
    }
  }

  private static func revokeToken(_ name: String, _ state: String) throws {
    let wasThere = try TokenFile(directory: state).change { $0.remove(named: name) }
    guard wasThere else {
      throw TokenFile.Failure(
        description: "there is no token '\(name)' in \(state)",
        hint: "arroba-relay token ls --state \(state)")
    }
  }

  private static func form(_ entry: TokenBook.Entry) -> JSON {
    .record([
      "name": .string(entry.name), "role": .string(entry.role.rawValue), "id": .string(entry.token.id),
      "createdAt": .string(time(entry.createdMs)), "expiresAt": .text(entry.expiresMs.map(time)),
    ])
  }

  private static func time(_ ms: Int) -> String { CivilTime.rfc3339(ms) }
}
