internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaRelayWire
internal import ArrobaSystem
internal import ArrobaTransport
internal import ArrobaWire

/// This machine at a relay, and who may come in by it.
extension Exchange {
  private func uplink() throws(WireError) -> Uplink {
    guard let uplink = server.uplink else {
      throw WireError(kind: .busy, message: "the daemon is starting", hint: "try again in a moment")
    }
    return uplink
  }

  func relayStatus() throws(WireError) -> JSON { try uplink().status }

  /// Calls the relay first: what does not work is not kept.
  func joinRelay(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let uplink = try uplink()
    let settings = try Self.settings(params)
    let (files, host) = (uplink.files, uplink.server)
    prepared()
    let ticket = server.configuring.take()
    await server.configuring.wait(for: ticket)
    defer { server.configuring.leave() }
    // On a thread of its own: the others that look at files must not wait for a relay.
    let result = await withCheckedContinuation {
      (done: CheckedContinuation<Result<(RelayMachine, RelayCall), WireError>, Never>) in
      Threads.start("arroba-uplink") {
        done.resume(
          returning: Result { () throws(WireError) in try Self.join(settings, files, host) })
      }
    }
    let (machine, call) = try result.get()
    uplink.adopt(settings, machine, call)
    return uplink.status
  }

  private static func settings(_ params: Params) throws(WireError) -> UplinkSettings {
    guard let url = try params.text("url") else {
      throw Params.invalid("url", expected: "relay://host:port or relays://host", got: nil)
    }
    let address: RelayAddress
    do { address = try RelayAddress(url) } catch {
      throw Params.invalid(
        "url", expected: "relay://host:port or relays://host", got: .string(Words.quoted(url)))
    }
    // The value is a secret: an answer never shows it.
    guard let token = try params.text("token").flatMap({ RelayToken(text: $0) }) else {
      throw Params.invalid("token", expected: "a token, as arroba-relay token new prints it", got: nil)
    }
    let name = try params.text("name") ?? UplinkFiles.usualName(Account.hostName)
    guard RelayMachine.isName(name) else {
      throw Params.invalid(
        "name", expected: "1 to 64 letters, digits and - _ .", got: .string(Words.quoted(name)))
    }
    let road = RelayRoad(address: address, via: try params.text("via"))
    return UplinkSettings(road: road, token: token, name: name, isFromEnvironment: false)
  }

  private nonisolated static func join(_ settings: UplinkSettings, _ files: UplinkFiles, _ host: HostServer)
    throws(WireError) -> (RelayMachine, RelayCall)
  {
    let machine = try Uplink.machine(settings.name, files, host)
    let call: RelayCall
    do { call = try Uplink.stand(settings, machine) } catch {
      throw WireError(
        kind: error.mayPass ? .relayUnreachable : .relayRefused, message: error.description,
        hint: error.mayPass ? "is the relay running, and the address right?" : nil)
    }
    do { try files.write(settings) } catch {
      call.end()
      throw error
    }
    return (machine, call)
  }

  func leaveRelay(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let uplink = try uplink()
    let files = uplink.files
    prepared()
    try await server.workers.run { () throws(WireError) in try files.forget() }
    uplink.leave()
    return uplink.status
  }

  // MARK: who may come in

  func trustedKeys() async throws(WireError) -> JSON {
    let host = try uplink().server
    let keys = try await server.workers.run { () throws(WireError) in try host.trusted() }
    return ["keys": .array(keys.map(Self.form))]
  }

  func trustKey(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    guard let key = try params.text("key", atMost: 16 << 10).flatMap({ SSHKey(line: $0) }) else {
      throw Params.invalid(
        "key", expected: "a public key, like ssh-ed25519 AAAA… comment", got: params["key"])
    }
    return try await changeKeys { host throws(WireError) in
      try host.trust(key)
      return Self.form(key)
    }
  }

  func distrustKey(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    guard let fingerprint = try params.text("fingerprint") else {
      throw Params.invalid("fingerprint", expected: "SHA256:…", got: nil)
    }
    return try await changeKeys { host throws(WireError) in
      let gone = try host.distrust(fingerprint)
      guard let key = gone.first else {
        throw WireError(
          kind: .invalidReference,
          message: "no key with the fingerprint \(Words.quoted(fingerprint)) is trusted",
          hint: "arroba machine trust ls")
      }
      return Self.form(key)
    }
  }

  private func changeKeys(_ body: @escaping @Sendable (HostServer) throws(WireError) -> JSON)
    async throws(WireError) -> JSON
  {
    let host = try uplink().server
    prepared()
    let ticket = server.configuring.take()
    await server.configuring.wait(for: ticket)
    defer { server.configuring.leave() }
    return try await server.workers.run { () throws(WireError) in try body(host) }
  }

  private nonisolated static func form(_ key: SSHKey) -> JSON {
    ["fingerprint": .string(key.fingerprint), "kind": .string(key.kind), "comment": .string(key.comment)]
  }
}
