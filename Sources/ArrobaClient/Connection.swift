package import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaWire

/// The daemon at the other end, as its hello told.
package struct DaemonIdentity: Equatable, Sendable {
  package let version: String
  package let pid: Int?
  package let logID: String
  package let head: Int

  package init(hello: JSON) {
    version = hello["daemon"]?["version"]?.string ?? "?"
    pid = hello["daemon"]?["pid"]?.int
    logID = hello["log"]?["id"]?.string ?? ""
    head = hello["log"]?["head"]?.int ?? 0
  }
}

/// One connection to a daemon on its structured lane: a request, its answer, and what comes unasked in between.
///
/// For one thread. The hello travels with the first request, so that a short command costs one round trip.
package final class Connection {
  package struct Notification: Equatable, Sendable {
    package let method: String
    package let params: JSON
  }

  private enum Arrival {
    case answer(id: Int?, Result<JSON, ClientError>)
    case notification(Notification)
  }

  /// Three of the daemon's heartbeats missing: the connection is dead, whatever the kernel says.
  package static let silenceMs = 15_000

  private let stream: ByteStream
  private var socket: Descriptor { stream.socket }
  package private(set) var daemon: DaemonIdentity?
  /// Nothing came for so long that it was given up.
  package private(set) var isSilent = false
  private var lines = LineSplitter()
  private var notifications: [Notification] = []
  private var unsent: [UInt8]
  private var nextID = 1
  private var block = [UInt8](repeating: 0, count: 32 << 10)

  package init(_ stream: ByteStream, instance: String) {
    self.stream = stream
    unsent = Self.hello(instance)
  }

  /// The first line of every connection; its answer has the id 0.
  package static func hello(_ instance: String) -> [UInt8] {
    OutgoingMessage.request(
      id: 0, method: "hello",
      params: [
        "protocol": .int(protocolVersion),
        "client": ["name": "arroba-cli", "version": .string(arrobaVersion), "instance": .string(instance)],
      ])
  }

  /// The result of one request. Answers come in the order of the daemon; only one request of ours is ever out.
  package func call(_ method: String, _ params: JSON, timeoutMs: Int?) throws(ClientError) -> JSON {
    let id = nextID
    nextID += 1
    try send(OutgoingMessage.request(id: id, method: method, params: params), for: method)
    let deadline = timeoutMs.map { Clock.monotonicMs() + $0 }
    while true {
      guard let arrival = try next(until: deadline, waitingFor: method) else {
        throw .timedOut("the daemon did not answer \(method) in time")
      }
      switch arrival {
      case .notification(let notification): notifications.append(notification)
      case .answer(0, let result): try greet(result)
      case .answer(nil, let result):
        // An error with id null: the daemon could not read what we sent, or closes the connection.
        _ = try result.get()
      case .answer(let answered, let result):
        if answered == id { return try result.get() }
      }
    }
  }

  /// Waits until the daemon has greeted, before anything is asked.
  package func awaitGreeting(timeoutMs: Int) throws(ClientError) {
    guard daemon == nil else { return }
    try send([], for: "hello")
    let deadline = Clock.monotonicMs() + timeoutMs
    while daemon == nil {
      switch try next(until: deadline, waitingFor: "hello") {
      case .answer(0, let result): try greet(result)
      case .answer(_, let result): _ = try result.get()
      case .notification(let notification): notifications.append(notification)
      case nil: throw .timedOut("\(stream.name) did not answer hello in time")
      }
    }
  }

  /// Hangs up.
  package func end() { stream.close() }

  /// Hangs up on somebody who does not answer.
  package func abandon() { stream.abandon() }

  private func greet(_ result: Result<JSON, ClientError>) throws(ClientError) {
    daemon = DaemonIdentity(hello: try result.get())
  }

  /// The next thing that came unasked; nil when the time is up.
  package func nextNotification(timeoutMs: Int?) throws(ClientError) -> Notification? {
    if !notifications.isEmpty { return notifications.removeFirst() }
    let deadline = timeoutMs.map { Clock.monotonicMs() + $0 }
    while let arrival = try next(until: deadline, waitingFor: "events") {
      if case .notification(let notification) = arrival { return notification }
    }
    return nil
  }

  /// Waits until the daemon closes the connection; false when the time is up first.
  package func waitForEnd(timeoutMs: Int) -> Bool {
    let deadline = Clock.monotonicMs() + timeoutMs
    while true {
      do {
        guard try next(until: deadline, waitingFor: "the end") != nil else { return false }
      } catch {
        return true
      }
    }
  }

  /// Gives the connection to the terminal lane, with the bytes of it that came already.
  package func takeLane() -> (stream: ByteStream, rest: [UInt8]) {
    socket.setBlocking(false)
    return (stream, lines.takeRest())
  }

  private func send(_ request: [UInt8], for method: String) throws(ClientError) {
    var bytes = unsent
    unsent = []
    bytes += request
    var sent = 0
    while sent < bytes.count {
      let outcome = bytes[sent...].withUnsafeBytes { socket.send($0) }
      switch outcome {
      case .moved(let count): sent += count
      case .wouldBlock: _ = PollSet.waitWritable(socket.raw, timeoutMs: -1)
      case .ended: throw loss("\(stream.name) closed the connection before it read \(method)")
      case .failed(let code):
        throw loss("cannot send \(method) to \(stream.name): \(SystemError.words(for: code))")
      }
    }
  }

  /// What a stream's end means: before the greeting whoever carries it may know more.
  private func loss(_ words: String) -> ClientError {
    (daemon == nil ? stream.fault() : nil) ?? .lost(words)
  }

  /// What arrives next; nil when the deadline passes first.
  private func next(until deadline: Int?, waitingFor what: String) throws(ClientError) -> Arrival? {
    while true {
      let line: [UInt8]?
      do { line = try lines.next() } catch {
        throw .malformed("the daemon sent a line of more than \(error.limit) bytes")
      }
      if let line { return try arrival(line) }
      guard try waitForBytes(until: deadline) else { return nil }
      switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
      case .moved(let count): lines.feed(block[..<count])
      case .wouldBlock: _ = PollSet.waitReadable(socket.raw, timeoutMs: -1)
      case .ended: throw loss("\(stream.name) closed the connection while \(what) was awaited")
      case .failed(let code):
        throw loss("the connection to \(stream.name) broke: \(SystemError.words(for: code))")
      }
    }
  }

  /// False when the deadline passes first. Who has greeted gives a sign of life more often than we wait for one.
  private func waitForBytes(until deadline: Int?) throws(ClientError) -> Bool {
    let now = Clock.monotonicMs()
    let silence = daemon == nil ? nil : now + Self.silenceMs
    guard let end = [deadline, silence].compactMap({ $0 }).min() else { return true }
    if end > now, PollSet.waitReadable(socket.raw, timeoutMs: end - now) { return true }
    guard let silence, Clock.monotonicMs() >= silence else { return false }
    isSilent = true
    stream.abandon()
    throw .lost("nothing was heard from \(stream.name) for \(Self.silenceMs / 1000) s")
  }

  private func arrival(_ line: [UInt8]) throws(ClientError) -> Arrival {
    let value: JSON
    do {
      value = try line.withUnsafeBufferPointer { buffer throws(JSONError) in try JSONReader.read(buffer) }
    } catch {
      guard stream.isRemote, daemon == nil else {
        throw .malformed("the daemon sent a line that is not JSON: \(error)")
      }
      throw .barred(
        "\(stream.name) answered '\(String(decoding: line.prefix(80), as: UTF8.self))', and not as Arroba does",
        hint: "what a shell there prints when it starts must not go to standard output")
    }
    if let method = value["method"]?.string {
      return .notification(Notification(method: method, params: value["params"] ?? .null))
    }
    if let error = value["error"] {
      return .answer(id: value["id"]?.int, .failure(.refused(WireError(json: error), json: error)))
    }
    guard let result = value["result"], let id = value["id"]?.int else {
      throw .malformed("the daemon sent a line that is neither answer nor notice")
    }
    return .answer(id: id, .success(result))
  }
}
