internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaRelayWire
internal import ArrobaSystem
internal import ArrobaTransport

/// Verbs about relays.
extension Context {
  func relaying(_ action: Relaying) throws -> Int32 {
    switch action {
    case .join(let choice, let name): return try joinRelay(choice, name: name)
    case .status:
      let status = try client.ask("relay.status", [:])
      if output.isJSON { output.json(status) } else { output.lines(FactsText.rows(status)) }
      return ExitCode.done
    case .leave: return say(try client.command("relay.leave", [:])) { _ in "left" }
    case .login(let choice): return try loginRelay(choice)
    case .pipe(let machine): return try pipe(machine)
    case .machines: return try listMachines()
    case .add(let name, let fingerprint): return try addMachine(name, fingerprint)
    case .renameMachine(let name, let new): return try renameMachine(name, new)
    case .forget(let name): return try forgetMachine(name)
    case .configuration(let name): return try machineConfiguration(name)
    case .trust(let key): return try trust(key)
    case .trusted: return try listTrusted()
    case .distrust(let fingerprint):
      return say(try client.command("relay.distrust", ["fingerprint": .string(fingerprint)])) { _ in
        "trusted no more: \(fingerprint)"
      }
    }
  }

  var desk: RelayDesk { RelayDesk(state: places.state, environment: environment) }

  private func joinRelay(_ choice: RelayChoice, name: String?) throws -> Int32 {
    _ = try Self.road(choice)
    let token = try token(choice)
    let status = try client.command(
      "relay.join",
      .record([
        "url": .string(choice.url), "token": .string(token.text), "name": .text(name),
        "via": .text(choice.via),
      ]))
    guard !output.isJSON else { return say(status) { _ in "" } }
    let known = status["name"]?.string ?? "?"
    let fingerprint = status["fingerprint"]?.string ?? "?"
    output.line("joined \(status["relay"]?.string ?? "?") as \(known)")
    output.line("where you want to reach it from: arroba machine add \(known) --fingerprint \(fingerprint)")
    return ExitCode.done
  }

  private func loginRelay(_ choice: RelayChoice) throws -> Int32 {
    let road = try Self.road(choice)
    let token = try token(choice)
    let machines: [RelayMachine]
    do { machines = try RelayDesk.present(road, token) } catch { throw Failure(relay: error) }
    do { try desk.keep(road, token) } catch { throw Failure(desk: error) }
    let names = machines.map(\.name)
    return say(["relay": .string("\(road.address)"), "machines": .array(names.map { .string($0) })]) { _ in
      let list = names.isEmpty ? "no machine is there now" : "there now: \(names.joined(separator: ", "))"
      return "logged in at \(road.address); \(list)"
    }
  }

  private static func road(_ choice: RelayChoice) throws -> RelayRoad {
    do { return RelayRoad(address: try RelayAddress(choice.url), via: choice.via) } catch {
      throw Misuse(error.message)
    }
  }

  /// From the file that is named, from the environment, or asked of who sits there.
  private func token(_ choice: RelayChoice) throws -> RelayToken {
    if let file = choice.tokenFile {
      do { return try SecretFile.read(file) } catch {
        throw Failure(
          error.description, hint: error.hint, kind: "failed", exitCode: ExitCode.failed)
      }
    }
    let text: String
    if let named = environment["ARROBA_RELAY_TOKEN"], !named.isEmpty {
      text = named
    } else {
      guard seat.isTerminal, let asked = SecretPrompt(seat: seat).ask("token: ") else {
        throw Misuse(
          "the token is missing",
          hint: "--token-file FILE, or ARROBA_RELAY_TOKEN; on a terminal it is asked for")
      }
      text = asked
    }
    guard let token = RelayToken(text: text) else {
      throw Misuse("that is no token", hint: "one looks like arroba1_…, as arroba-relay token new prints it")
    }
    return token
  }

  // MARK: the stream

  private func pipe(_ name: String) throws -> Int32 {
    let (road, token) = try access()
    let entry: MachineBook.Entry?
    do { entry = try desk.book().entry(name) } catch { throw Failure(desk: error) }
    let wish = RelayCall.Wish(.reach, name: entry?.nameAtRelay ?? name)
    let call: RelayCall
    do { call = try RelayCall.make(road, token, wish) } catch { throw Failure(relay: error) }
    defer { call.end() }
    _ = Bridge(socket: call.socket, seat: .standard).run()
    return ExitCode.done
  }

  func access() throws -> (RelayRoad, RelayToken) {
    do { return try desk.access() } catch { throw Failure(desk: error) }
  }

  // MARK: who may come in

  private func trust(_ word: String) throws -> Int32 {
    var line = word
    if SSHKey(line: word) == nil {
      let bytes: [UInt8]
      do { bytes = try Files.read(word, atMost: 64 << 10) } catch {
        throw Failure(
          "'\(word)' is neither a public key nor a file with one: \(error.reason)",
          hint: "a key looks like ssh-ed25519 AAAA… and is in a file that ends in .pub", kind: "failed",
          exitCode: ExitCode.failed)
      }
      let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      guard let key = lines.lazy.compactMap({ SSHKey(line: $0) }).first else {
        throw Failure(
          "there is no public key in \(word)", hint: "a key looks like ssh-ed25519 AAAA…", kind: "failed",
          exitCode: ExitCode.failed)
      }
      line = key.line
    }
    return say(try client.command("relay.trust", ["key": .string(line)])) { key in
      "trusted: \(key["fingerprint"]?.string ?? "?") \(key["comment"]?.string ?? "")"
    }
  }

  private func listTrusted() throws -> Int32 {
    let answer = try client.ask("relay.trusted", [:])
    guard !output.isJSON else { return say(answer) { _ in "" } }
    output.lines(
      (answer["keys"]?.array ?? []).map { key in
        ["fingerprint", "kind", "comment"].map { Cell(key[$0]?.string ?? "") }
      })
    return ExitCode.done
  }
}

extension Failure {
  init(desk error: any Error) {
    guard let known = error as? RelayDesk.Failure else {
      self.init(error)
      return
    }
    self.init(known.message, hint: known.hint, kind: "failed", exitCode: ExitCode.failed)
  }

  init(relay error: RelayFailure) {
    switch error {
    case .unreachable(let words):
      self.init(
        words, hint: "is the relay running, and the address right?", kind: "unreachable",
        exitCode: ExitCode.unreachable)
    case .notARelay(let words): self.init(words, kind: "failed", exitCode: ExitCode.failed)
    case .refused(let refusal):
      switch refusal.kind {
      case .machineNotFound:
        self.init(refusal.message, hint: "arroba machine ls", kind: "not_found", exitCode: ExitCode.notFound)
      case .machineSilent, .overloaded, .stopping:
        self.init(refusal.message, kind: refusal.kind.rawValue, exitCode: ExitCode.tryAgain)
      case .refused, .forbidden, .revoked:
        self.init(
          refusal.message, hint: "ask whoever runs the relay for a token", kind: "forbidden",
          exitCode: ExitCode.denied)
      case .malformed, .nameTaken, .ticketInvalid, .replaced, .unknown:
        self.init(refusal.message, kind: refusal.kind.rawValue, exitCode: ExitCode.failed)
      }
    }
  }
}
