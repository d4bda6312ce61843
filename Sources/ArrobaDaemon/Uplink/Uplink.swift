internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaRelayWire
internal import ArrobaSystem
internal import ArrobaTransport
internal import ArrobaWire

/// This machine's standing connection to a relay: made, held, and made again with growing pauses. Nothing local waits
/// for it. For each ticket a stream is dialled back and given to sshd.
@LoopActor
final class Uplink {
  private enum State {
    case off
    case calling
    case joined(Standing)
    case pausing(untilMs: Int)
  }

  /// One connection to the relay.
  private struct Standing {
    let call: RelayCall
    let sinceMs: Int
    let heartbeatMs: Int
    let silenceMs: Int
  }

  private static let longestInput = 64 << 10
  /// Streams that are open or on their way.
  private static let mostStreams = 128

  let files: UplinkFiles
  let server: HostServer
  private let environment: [String: String]
  private var state = State.off
  private(set) var settings: UplinkSettings?
  private var machine: RelayMachine?
  /// What went wrong last, until it goes well.
  private var fault: String?
  private var failures = 0
  /// Rises with each join and leave, so that what was begun before is not taken for what is wanted now.
  private var generation = 0
  private var watch: Watch?
  private var input: [UInt8] = []
  private var heardMs = 0
  private var streams: Set<ObjectIdentifier> = []
  private var dialling = 0

  init(files: UplinkFiles, server: HostServer, environment: [String: String]) {
    self.files = files
    self.server = server
    self.environment = environment
  }

  // MARK: joining

  /// Looks for what is set, and joins that.
  func begin() {
    generation += 1
    let (files, server, environment, generation) = (files, server, environment, generation)
    Threads.start("arroba-uplink") {
      do {
        guard let settings = try files.read(environment) else { return }
        let machine = try Self.machine(settings.name, files, server)
        Loop.shared.post { [self] in
          guard generation == self.generation else { return }
          self.settings = settings
          self.machine = machine
          call()
        }
      } catch {
        let words = (error as? WireError)?.message ?? "\(error)"
        Loop.shared.post { [self] in
          fault = words
          ProcessLog.shared.error("relay", "the relay cannot be joined", ["reason": words])
        }
      }
    }
  }

  /// What this machine says of itself. Blocks.
  nonisolated static func machine(_ name: String, _ files: UplinkFiles, _ server: HostServer)
    throws(WireError)
    -> RelayMachine
  {
    let key = try server.prepare()
    let id: String
    do { id = try files.machineID() } catch { throw WireError(kind: .storageFailed, message: "\(error)") }
    return RelayMachine(
      id: id, name: name, system: String(Account.system.prefix(100)), version: arrobaVersion,
      user: Account.name, hostKey: key.bare)
  }

  nonisolated static func stand(_ settings: UplinkSettings, _ machine: RelayMachine) throws(RelayFailure)
    -> RelayCall
  {
    let wish = RelayCall.Wish(
      .stand, name: machine.name, subject: machine.id, details: machine.details)
    return try RelayCall.make(settings.road, settings.token, wish)
  }

  /// Goes on with a call that was taken.
  func adopt(_ settings: UplinkSettings, _ machine: RelayMachine, _ call: RelayCall) {
    leave()
    self.settings = settings
    self.machine = machine
    joined(call)
  }

  /// No relay any more, until the next join.
  func leave() {
    generation += 1
    drop()
    state = .off
    settings = nil
    fault = nil
    failures = 0
  }

  private func call() {
    guard let settings, let machine else { return }
    state = .calling
    let generation = generation
    Threads.start("arroba-uplink") {
      let result = Result { () throws(RelayFailure) in try Self.stand(settings, machine) }
      Loop.shared.post { [self] in
        guard generation == self.generation else { return }
        switch result {
        case .success(let call): joined(call)
        case .failure(let failure): failed("\(failure)", mayPass: failure.mayPass)
        }
      }
    }
  }

  private func failed(_ reason: String, mayPass: Bool = true) {
    drop()
    failures += 1
    if fault != reason { ProcessLog.shared.warn("relay", "not joined", ["reason": reason]) }
    fault = reason
    let pause = UplinkPause.ms(failures: failures, mayPass: mayPass, chance: Double.random(in: 0...1))
    state = .pausing(untilMs: Clock.monotonicMs() + pause)
    let generation = generation
    Loop.shared.after(pause) { [weak self] in
      guard let self, generation == self.generation else { return }
      call()
    }
  }

  private func drop() {
    watch?.cancel()
    watch = nil
    input = []
    guard case .joined(let standing) = state else { return }
    Reaping.end(standing.call)
  }

  // MARK: while joined

  private func joined(_ call: RelayCall) {
    generation += 1
    failures = 0
    fault = nil
    heardMs = Clock.monotonicMs()
    let standing = Standing(
      call: call, sinceMs: Clock.wallMs(),
      heartbeatMs: call.welcome["heartbeatMs"]?.int ?? RelayTerms.heartbeatMs,
      silenceMs: call.welcome["silenceMs"]?.int ?? RelayTerms.silenceMs)
    state = .joined(standing)
    ProcessLog.shared.info("relay", "joined", ["relay": "\(settings.map { "\($0.road.address)" } ?? "?")"])
    watch = Loop.shared.watch(call.socket.raw, for: .readable, urgency: .socket) { [weak self] _ in
      self?.hear()
    }
    beat(standing, generation)
    if !call.rest.isEmpty { take(call.rest[...]) }
  }

  private func beat(_ standing: Standing, _ generation: Int) {
    guard generation == self.generation else { return }
    guard Clock.monotonicMs() - heardMs < standing.silenceMs else {
      return failed("the relay was silent for \(standing.silenceMs / 1000) s")
    }
    say(["beat": true])
    Loop.shared.after(min(max(standing.heartbeatMs, 500), RelayTerms.silenceMs)) { [weak self] in
      self?.beat(standing, generation)
    }
  }

  /// A line is small and the connection nearly idle: one that cannot be sent at once is lost, and so is the connection.
  private func say(_ json: JSON) {
    guard case .joined(let standing) = state else { return }
    let line = RelayTerms.line(json)
    guard case .moved(line.count) = line.withUnsafeBytes({ standing.call.socket.send($0) }) else {
      return failed("the connection to the relay broke")
    }
  }

  private func hear() {
    guard case .joined(let standing) = state else { return }
    var block = [UInt8](repeating: 0, count: 8 << 10)
    switch block.withUnsafeMutableBytes({ standing.call.socket.read(into: $0) }) {
    case .moved(let count): take(block[..<count])
    case .wouldBlock: break
    case .ended, .failed: failed("the relay closed the connection")
    }
  }

  private func take(_ bytes: ArraySlice<UInt8>) {
    heardMs = Clock.monotonicMs()
    input += bytes
    let generation = generation
    while generation == self.generation, let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      let json = (try? JSONReader.read(input[..<end])) ?? .null  // a line that means nothing to us
      input.removeFirst(end + 1)
      if let refusal = RelayRefusal(json: json) {
        failed(refusal.message, mayPass: RelayFailure.refused(refusal).mayPass)
      } else if let ticket = json["ticket"]?.string {
        serve(ticket)
      }
    }
    if generation == self.generation, input.count > Self.longestInput {
      failed("the relay sent too long a line")
    }
  }

  // MARK: streams

  private func serve(_ ticket: String) {
    guard let settings, let machine else { return }
    guard streams.count + dialling < Self.mostStreams else {
      return say([
        "cannot": .string(ticket), "message": .string("\(Self.mostStreams) connections are open already"),
      ])
    }
    guard let words = server.words() else {
      return say(["cannot": .string(ticket), "message": "there is no sshd there"])
    }
    dialling += 1
    Threads.start("arroba-stream") {
      let wish = RelayCall.Wish(.join, name: machine.id, subject: ticket)
      let result = Result { () throws(RelayFailure) in
        try RelayCall.make(settings.road, settings.token, wish)
      }
      Loop.shared.post { [self] in
        dialling -= 1
        switch result {
        case .success(let call): serve(call, words)
        case .failure(let failure):
          ProcessLog.shared.warn("relay", "a stream was not taken up", ["reason": "\(failure)"])
        }
      }
    }
  }

  private func serve(_ call: RelayCall, _ words: [String]) {
    do throws(SystemError) {
      let stream = try UplinkStream(call, words)
      streams.insert(ObjectIdentifier(stream))
      stream.onEnd = { [weak self] in self?.streams.remove(ObjectIdentifier($0)) }
    } catch {
      ProcessLog.shared.error("relay", "sshd cannot be started", ["reason": "\(error)"])
      Reaping.end(call)
    }
  }

  // MARK: how it is

  var status: JSON {
    let (word, since): (String, Int?) =
      switch state {
      case .off: (fault == nil ? "off" : "failed", nil)
      case .calling: ("joining", nil)
      case .joined(let standing): ("joined", standing.sinceMs)
      case .pausing: ("waiting", nil)
      }
    var retry: Int?
    if case .pausing(let untilMs) = state { retry = max(0, untilMs - Clock.monotonicMs()) }
    return .record([
      "state": .string(word), "relay": .text(settings.map { "\($0.road.address)" }),
      "name": .text(machine?.name), "since": .text(since.map { Instant(ms: $0).text }),
      "fingerprint": .text(machine.flatMap { SSHKey(line: $0.hostKey)?.fingerprint }),
      "streams": .int(streams.count), "reason": .text(fault), "retryInMs": .number(retry),
      "fromEnvironment": settings?.isFromEnvironment == true ? true : nil,
    ])
  }
}
