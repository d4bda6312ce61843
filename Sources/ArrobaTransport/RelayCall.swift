package import ArrobaJSON
package import ArrobaRelayWire
package import ArrobaSystem

/// Where a relay is and by what road: a TCP connection, or a program that carries the bytes on its standard streams.
package struct RelayRoad: Equatable, Sendable {
  package let address: RelayAddress
  /// A command for the shell that reaches the relay, as ssh's ProxyCommand; %h and %p are host and port.
  package let via: String?

  package init(address: RelayAddress, via: String?) {
    self.address = address
    self.via = via
  }

  /// The words of the program that carries the bytes; nil: none is needed.
  package var carrier: [String]? {
    if let via {
      let filled = via.replacing("%h", with: address.host).replacing("%p", with: String(address.port))
      return ["/bin/sh", "-c", "exec \(filled)"]
    }
    guard address.isSecure else { return nil }
    return [
      "/usr/bin/env", "openssl", "s_client", "-quiet", "-verify_quiet", "-verify_return_error",
      "-verify_hostname", address.host, "-servername", address.host, "-connect", address.authority,
    ]
  }
}

/// Why a relay was not reached, or did not do what it was asked.
package enum RelayFailure: Error, Equatable, CustomStringConvertible {
  /// Nothing came about: no such host, nobody listens, no answer in time.
  case unreachable(String)
  /// What answers there is no relay, or does not have the token either.
  case notARelay(String)
  case refused(RelayRefusal)

  package var description: String {
    switch self {
    case .unreachable(let words), .notARelay(let words): words
    case .refused(let refusal): refusal.message
    }
  }

  /// Whether trying again may do better without anybody's help.
  package var mayPass: Bool {
    switch self {
    case .unreachable: true
    case .notARelay: false
    case .refused(let refusal):
      switch refusal.kind {
      case .overloaded, .machineNotFound, .machineSilent, .replaced, .stopping, .unknown, .ticketInvalid: true
      case .refused, .forbidden, .malformed, .nameTaken, .revoked: false
      }
    }
  }
}

/// A call at a relay that was taken: both sides have proved that they have the token.
package struct RelayCall: Sendable {
  package let socket: Descriptor
  /// What came behind the welcome already.
  package let rest: [UInt8]
  package let welcome: JSON
  /// The program that carries the bytes, where there is one; to be waited for.
  package let carrier: Int32?

  /// Ends it, and waits for what carried it.
  package func end() { Self.end(socket, carrier) }

  private static func end(_ socket: Descriptor, _ carrier: Int32?) {
    socket.close()
    guard let carrier else { return }
    Processes.hangUp(carrier)
    _ = Processes.waitForExit(of: carrier)
  }
}

extension RelayCall {
  /// What is wanted of the relay.
  package struct Wish: Sendable {
    package let purpose: RelayClaim.Purpose
    package let name: String
    package let subject: String
    package let details: JSON

    package init(_ purpose: RelayClaim.Purpose, name: String = "", subject: String = "", details: JSON = [:])
    {
      self.purpose = purpose
      self.name = name
      self.subject = subject
      self.details = details
    }
  }

  /// Longer than the relay waits for a machine, so that it is the relay that says so.
  package static let patienceMs = 15_000

  /// Calls and waits for the welcome. Blocks; not for the loop.
  package static func make(_ road: RelayRoad, _ token: RelayToken, _ wish: Wish, timeoutMs: Int = patienceMs)
    throws(RelayFailure) -> RelayCall
  {
    let deadline = Clock.monotonicMs() + timeoutMs
    let socket: Descriptor
    var carrier: Int32?
    do {
      if let words = road.carrier {
        let (ours, theirs) = try Sockets.pair(messages: false)
        carrier = try Programs.startOnSocket(words, socket: theirs)
        socket = ours
      } else {
        socket = try Network.connect(host: road.address.host, port: road.address.port, timeoutMs: timeoutMs)
      }
    } catch { throw .unreachable("cannot reach the relay \(road.address): \(error.reason)") }
    socket.setBlocking(false)
    do throws(RelayFailure) {
      var talk = Talk(socket: socket, place: "\(road.address)", deadlineMs: deadline)
      return try talk.agree(road, token, wish, carrier)
    } catch {
      end(socket, carrier)
      throw error
    }
  }
}

/// The few lines that are spoken before a call is one.
private struct Talk {
  let socket: Descriptor
  let place: String
  let deadlineMs: Int
  var held: [UInt8] = []

  init(socket: Descriptor, place: String, deadlineMs: Int) {
    self.socket = socket
    self.place = place
    self.deadlineMs = deadlineMs
  }

  mutating func agree(_ road: RelayRoad, _ token: RelayToken, _ wish: RelayCall.Wish, _ carrier: Int32?)
    throws(RelayFailure) -> RelayCall
  {
    try send(road.address.upgradeRequest)
    try readHead()
    let greeting = try readLine()
    guard greeting["relay"]?.int == 1, let nonce = greeting["nonce"]?.string.flatMap({ Hex.bytes($0) }),
      nonce.count == RelayClaim.nonceBytes
    else { throw .notARelay("what answers at \(place) does not greet as a relay of version 1") }
    let claim = RelayClaim(
      token: token.id, purpose: wish.purpose, name: wish.name, subject: wish.subject,
      nonce: Randomness.bytes(RelayClaim.nonceBytes))
    let proof = claim.proof(of: .guest, secret: token.secret, relayNonce: nonce)
    try send(RelayTerms.line(claim.json(proof: proof, details: wish.details)))
    // What follows the welcome of a stream is its first bytes: not ours to read, sshd takes the socket as it is.
    let answer = try readLine(atMost: [.join, .reach].contains(wish.purpose) ? 1 : 16 << 10)
    let told = answer["proof"]?.string.flatMap { Hex.bytes($0) } ?? []
    let isProved = HMAC.isSame(told, claim.proof(of: .relay, secret: token.secret, relayNonce: nonce))
    if let refusal = RelayRefusal(json: answer) { throw .refused(refusal) }
    guard isProved, let welcome = answer["welcome"] else {
      throw .notARelay(
        "what answers at \(place) does not have this token: it is another relay, or poses as one")
    }
    return RelayCall(socket: socket, rest: held, welcome: welcome, carrier: carrier)
  }

  private func send(_ bytes: [UInt8]) throws(RelayFailure) {
    var sent = 0
    while sent < bytes.count {
      switch bytes[sent...].withUnsafeBytes({ socket.send($0) }) {
      case .moved(let count): sent += count
      case .wouldBlock:
        let left = deadlineMs - Clock.monotonicMs()
        guard left > 0, PollSet.waitWritable(socket.raw, timeoutMs: left) else { throw late }
      case .ended, .failed: throw gone
      }
    }
  }

  private var late: RelayFailure { .unreachable("the relay \(place) did not answer in time") }
  private var gone: RelayFailure {
    .unreachable("the connection to the relay \(place) ended before it answered")
  }

  private mutating func readMore(_ count: Int = 16 << 10) throws(RelayFailure) {
    guard held.count < 4 << 20 else { throw .notARelay("what answers at \(place) says too much") }
    let left = deadlineMs - Clock.monotonicMs()
    guard left > 0, PollSet.waitReadable(socket.raw, timeoutMs: left) else { throw late }
    var block = [UInt8](repeating: 0, count: count)
    switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
    case .moved(let count): held += block[..<count]
    case .wouldBlock: break
    case .ended, .failed: throw gone
    }
  }

  private mutating func readHead() throws(RelayFailure) {
    while true {
      do {
        if let head = try HTTPHead.read(held) {
          guard head.first.count > 1, head.first[1] == "101",
            head.fields["upgrade"]?.lowercased() == RelayTerms.upgrade
          else {
            let status = head.first.dropFirst().joined(separator: " ")
            throw RelayFailure.notARelay("what answers at \(place) is no relay: it says \(status)")
          }
          held.removeFirst(head.count)
          return
        }
      } catch let failure as RelayFailure {
        throw failure
      } catch { throw .notARelay("what answers at \(place) does not speak HTTP") }
      try readMore()
    }
  }

  private mutating func readLine(atMost count: Int = 16 << 10) throws(RelayFailure) -> JSON {
    while true {
      if let end = held.firstIndex(of: UInt8(ascii: "\n")) {
        let line = held[..<end]
        defer { held.removeFirst(end + 1) }
        guard let json = try? JSONReader.read(line) else {  // said in our words
          throw .notARelay("what answers at \(place) sent a line that is no JSON")
        }
        return json
      }
      try readMore(count)
    }
  }
}
