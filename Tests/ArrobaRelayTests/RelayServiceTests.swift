import ArrobaJSON
import ArrobaRelayWire
import ArrobaSystem
import ArrobaTestSupport
import ArrobaTransport
import Testing

/// What a relay does for those who may come in, by the real program.
@Suite struct RelayServiceTests {
  private func relay(_ words: [String] = []) throws -> (RelayUnderTest, token: String) {
    let relay = RelayUnderTest()
    let token = try relay.token("all", role: "both")
    try relay.start(words)
    return (relay, token)
  }

  @Test("Bytes go both ways unchanged, many and cut anywhere, and each end is passed on by itself")
  func bytes() throws {
    let (relay, token) = try relay()
    let box = try relay.machine(token, "box")
    let stream = try relay.stream(token, to: "box", box)
    var random = SeededGenerator(seed: 6)
    for size in [1, 7, 4096, 70_000, 3_000_000] {
      let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let back = Array(bytes.reversed())
      Threads.start("sender") {
        // What was not sent is missed below.
        _ = try? stream.client.say(bytes)
      }
      #expect(try stream.machine.hear(count: size) == bytes)
      Threads.start("sender") { _ = try? stream.machine.say(back) }  // as above
      #expect(try stream.client.hear(count: size) == back)
    }
    Sockets.endSending(of: stream.client.socket)
    #expect(try stream.machine.hearAll() == [])
    try stream.machine.say("still here")
    stream.machine.socket.close()
    #expect(try stream.client.hearAll() == Array("still here".utf8))
    try Deadline.until("the end of the stream") { try relay.health()["streams"]?.int == 0 }
    #expect(try #require(try relay.health()["bytes"]?.int) > 6_000_000)
  }

  @Test("Who does not read holds up the sender, not the relay nor another stream")
  func backPressure() throws {
    let (relay, token) = try relay()
    let box = try relay.machine(token, "box")
    let stuck = try relay.stream(token, to: "box", box)
    let block = [UInt8](repeating: 1, count: 1 << 16)
    var sent = 0
    // Until the kernel takes no more: what it holds of both connections, and one pipe.
    while PollSet.waitWritable(stuck.client.socket.raw, timeoutMs: 500) {
      guard case .moved(let count) = block.withUnsafeBytes({ stuck.client.socket.send($0) }) else { break }
      sent += count
    }
    let resident = try Processes.residentBytes(of: relay.pid)
    #expect(resident < 64 << 20, "\(sent) bytes were sent")
    let other = try relay.stream(token, to: "box", box)
    try other.client.say("quick")
    #expect(try other.machine.hear(count: 5) == Array("quick".utf8))
    #expect(try stuck.machine.hear(count: sent).count == sent)
  }

  @Test("A client sees who is there, who comes and who goes, without asking")
  func presence() throws {
    let (relay, token) = try relay()
    let box = try relay.machine(token, "box")
    let watch = try relay.call(token, RelayCall.Wish(.watch))
    #expect(watch.welcome["machines"]?.array?.compactMap { $0["name"]?.string } == ["box"])
    let eyes = RawGuest(watch.socket, held: watch.rest)
    let crate = try relay.machine(token, "crate", id: "b")
    #expect(try eyes.hear(upTo: "\n").contains("\"arrived\":{\"id\":\"bbbb"))
    crate.socket.close()
    let left = try JSONReader.read(try eyes.hear(upTo: "\n").utf8)
    #expect(left["left"]?["name"] == "crate")
    let again = try relay.machine(token, "box")
    #expect(String(decoding: try box.hearAll(), as: UTF8.self).contains("\"replaced\""))
    #expect(try eyes.hear(upTo: "\n").contains("\"arrived\""))
    #expect(try refusal { try relay.call(token, .machine("box", id: "c")) } == .nameTaken)
    withExtendedLifetime(again) {}
  }

  @Test("A machine that is silent is gone; one that gives signs of life stays, and hears the relay's")
  func heartbeats() throws {
    let (relay, token) = try relay(["--heartbeat", "1"])
    let watch = try relay.call(token, RelayCall.Wish(.watch))
    #expect(watch.welcome["heartbeatMs"]?.int == 1000 && watch.welcome["silenceMs"]?.int == 3000)
    let eyes = RawGuest(watch.socket, held: watch.rest)
    let silent = try relay.machine(token, "silent")
    let lively = try relay.machine(token, "lively", id: "b")
    var beats = 0
    var heard = ""
    while !heard.contains("\"left\"") {
      try lively.say("{\"beat\":true}\n")
      try eyes.say("{\"beat\":true}\n")
      if try lively.hear(upTo: "\n") == "{\"beat\":true}\n" { beats += 1 }
      while PollSet.waitReadable(eyes.socket.raw, timeoutMs: 0) { heard += try eyes.hear(upTo: "\n") }
    }
    #expect(heard.contains("\"name\":\"silent\",\"reason\":\"it was silent\"") && beats >= 2)
    #expect(try relay.health()["machines"]?.int == 1)
    withExtendedLifetime(silent) {}
  }

  @Test("Whom nobody knows, and a machine that cannot, is answered with words")
  func unreachable() throws {
    let (relay, token) = try relay()
    #expect(
      throws: RelayFailure.refused(RelayRefusal(.machineNotFound, "no machine 'box' is at this relay now"))
    ) { try relay.call(token, RelayCall.Wish(.reach, name: "box")) }
    let box = try relay.machine(token, "box")
    Threads.start("machine") {
      guard let ticket = try? RelayUnderTest.ticket(box) else { return }  // missed by the call below
      _ = try? box.say("{\"cannot\":\"\(ticket)\",\"message\":\"there is no sshd\"}\n")
    }
    #expect(
      throws: RelayFailure.refused(
        RelayRefusal(.machineSilent, "the machine cannot take up a connection: there is no sshd"))
    ) { try relay.call(token, RelayCall.Wish(.reach, name: "box")) }
  }

  @Test("A client that waits hears at once that its machine has left")
  func leftBehind() throws {
    let (relay, token) = try relay()
    let box = try relay.machine(token, "box")
    Threads.start("machine") {
      _ = try? RelayUnderTest.ticket(box)  // missed by the call below
      box.socket.close()
    }
    #expect(
      throws: RelayFailure.refused(RelayRefusal(.machineSilent, "the machine has just left"))
    ) { try relay.call(token, RelayCall.Wish(.reach, name: "box")) }
  }

  @Test("Health and metrics are for everybody, the machines for a client that proves itself, once")
  func front() throws {
    let (relay, text) = try relay()
    let box = try relay.machine(text, "box")
    let health = try relay.health()
    #expect(health["status"] == "ok" && health["machines"]?.int == 1 && health["streams"]?.int == 0)
    #expect(
      try relay.get("/metrics").contains("\n# TYPE arroba_relay_machines gauge\narroba_relay_machines 1\n"))
    #expect(try relay.get("/nothing").hasPrefix("HTTP/1.1 404 "))
    let challenge = try relay.get("/v1/machines")
    #expect(challenge.hasPrefix("HTTP/1.1 401 ") && !challenge.contains("box"))
    let mark = try #require(challenge.firstRange(of: "WWW-Authenticate: Arroba relay=\""))
    let nonce = try #require(Hex.bytes(challenge[mark.upperBound...].prefix(64)))
    let token = try #require(RelayToken(text: text))
    let claim = RelayClaim(
      token: token.id, purpose: .watch, name: "", subject: "", nonce: Randomness.bytes(32))
    let proof = Hex.text(claim.proof(of: .guest, secret: token.secret, relayNonce: nonce))
    let field =
      "Authorization: Arroba token=\"\(token.id)\", nonce=\"\(Hex.text(claim.nonce))\", "
      + "relay=\"\(Hex.text(nonce))\", proof=\"\(proof)\"\r\n"
    let answer = try relay.get("/v1/machines", field)
    #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("\"name\":\"box\""))
    #expect(try relay.get("/v1/machines", field).hasPrefix("HTTP/1.1 401 "), "the same proof again")
    withExtendedLifetime(box) {}
  }

  @Test("Told to end it says so to who is there, and ends in order; started again it knows its tokens")
  func restart() throws {
    let (relay, token) = try relay()
    let box = try relay.machine(token, "box")
    let stream = try relay.stream(token, to: "box", box)
    #expect(relay.stop() == 0)
    #expect(String(decoding: try box.hearAll(), as: UTF8.self).contains("\"stopping\""))
    #expect(try stream.client.hearAll() == [])
    try relay.start()
    _ = try relay.machine(token, "box")
  }

  @Test("A command carries the connection where it is told to, and its end is the connection's")
  func carrier() throws {
    let (relay, token) = try relay()
    let known = try #require(RelayToken(text: token))
    let broken = RelayRoad(address: try RelayAddress("relay://nowhere:1"), via: "false %h %p")
    #expect(
      throws: RelayFailure.unreachable(
        "the connection to the relay relay://nowhere:1 ended before it answered")
    ) { try RelayCall.make(broken, known, RelayCall.Wish(.watch)) }
    let carried = RelayRoad(
      address: try RelayAddress("relay://elsewhere:1"),
      via: "bash -c 'exec 3<>/dev/tcp/127.0.0.1/\(relay.port); cat <&3 & cat >&3'")
    let call = try RelayCall.make(carried, known, RelayCall.Wish(.watch))
    #expect(call.welcome["machines"]?.array?.isEmpty == true)
    Processes.hangUp(try #require(call.carrier))
    _ = Processes.waitForExit(of: try #require(call.carrier))
    #expect(
      RelayRoad(address: try RelayAddress("relay://box:9"), via: "nc %h %p").carrier
        == ["/bin/sh", "-c", "exec nc box 9"])
    let secure = try #require(RelayRoad(address: try RelayAddress("relays://box"), via: nil).carrier)
    #expect(secure.contains("-verify_return_error") && secure.suffix(2) == ["-connect", "box:443"])
  }
}
