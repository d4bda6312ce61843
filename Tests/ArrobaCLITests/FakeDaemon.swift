import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Glibc
import Synchronization
import Testing

/// A daemon as a test plays it: it answers each method as it was told, on threads of its own, and notes what it was asked.
final class FakeDaemon: Sendable {
  enum Reply {
    case result(JSON)
    case error(WireError)
    /// Closes the connection without an answer.
    case hangUp
    /// Never answers.
    case silence
    /// These lines instead of an answer; "ID" in them is the request's id.
    case lines([String])
  }

  struct Request: Equatable {
    let method: String
    let params: JSON
  }

  /// Answers a request; `count` says how many of that method came before it.
  typealias Handler = @Sendable (_ params: JSON, _ count: Int) -> Reply
  /// Plays the daemon's side of an attached terminal, the first time with 1.
  typealias LaneScript = @Sendable (FakeLane, Int) throws -> Void

  private struct State {
    var requests: [Request] = []
    var connections: [Descriptor] = []
    var listener: Descriptor?
    var attachments = 0
    var faults: [String] = []
  }

  let house: TemporaryDirectory
  private let handlers: [String: Handler]
  private let lane: LaneScript
  private let state = Mutex(State())

  var path: String { house.path("daemon.sock") }

  init(
    in house: TemporaryDirectory = TemporaryDirectory(), _ handlers: [String: Handler] = [:],
    lane: @escaping LaneScript = { _, _ in }
  ) throws {
    self.house = house
    self.handlers = handlers
    self.lane = lane
    try listen()
  }

  /// What was asked for, the greetings left out.
  var requests: [Request] { state.withLock { $0.requests.filter { $0.method != "hello" } } }
  var methods: [String] { requests.map(\.method) }
  var greetings: [JSON] { state.withLock { $0.requests.filter { $0.method == "hello" }.map(\.params) } }
  /// What went wrong on its own side.
  var faults: [String] { state.withLock { $0.faults } }

  // MARK: listening

  func listen() throws {
    try Files.remove(path)
    let listener = try Sockets.listen(at: path, backlog: 16)
    listener.setBlocking(true)
    state.withLock { $0.listener = listener }
    Threads.start("fake daemon") { [self] in
      while case .connection(let connection) = Sockets.accept(from: listener) {
        connection.setBlocking(true)
        state.withLock { $0.connections.append(connection) }
        Threads.start("fake connection") { [self] in serve(connection) }
      }
    }
  }

  /// From now on nobody listens, as while a daemon is replaced; connections that are there stay.
  func stopListening() {
    let listener = state.withLock { state in
      defer { state.listener = nil }
      return state.listener
    }
    if let listener { shutdown(listener.raw, Int32(SHUT_RDWR)) }
    unlink(path)
  }

  /// Ends all its connections, as a daemon's death does.
  func hangUp() {
    for connection in state.withLock({ $0.connections }) { shutdown(connection.raw, Int32(SHUT_RDWR)) }
  }

  /// Sends these lines on every connection, unasked.
  func tell(_ lines: [String]) {
    for connection in state.withLock({ $0.connections }) {
      for line in lines { _ = send(Array((line + "\n").utf8), on: connection) }
    }
  }

  /// Ends it, with all its threads.
  func end() {
    stopListening()
    hangUp()
  }

  // MARK: serving

  private func serve(_ connection: Descriptor) {
    defer { shutdown(connection.raw, Int32(SHUT_RDWR)) }
    var lines = LineSplitter()
    var block = [UInt8](repeating: 0, count: 64 << 10)
    while case .moved(let count) = block.withUnsafeMutableBytes({ connection.read(into: $0) }) {
      lines.feed(block[..<count])
      while let line = try? lines.next() {  // a line of 8 MiB is none that a test sends
        guard answer(line, on: connection, &lines) else { return }
      }
    }
  }

  /// Whether the connection goes on.
  private func answer(_ line: [UInt8], on connection: Descriptor, _ lines: inout LineSplitter) -> Bool {
    guard case .request(let id, let method, let params) = IncomingMessage(line: line) else {
      state.withLock { $0.faults.append("no request: \(String(decoding: line, as: UTF8.self))") }
      return false
    }
    let count = state.withLock { state in
      defer { state.requests.append(Request(method: method, params: params)) }
      return state.requests.filter { $0.method == method }.count
    }
    let reply = handlers[method]?(params, count) ?? Self.usual(method, params)
    switch reply {
    case .hangUp: return false
    case .silence: return true
    case .error(let error): return send(OutgoingMessage.error(id: id, error), on: connection)
    case .lines(let texts):
      return texts.allSatisfy { text in
        send(Array((text.replacing("ID", with: id.encodedText) + "\n").utf8), on: connection)
      }
    case .result(let result):
      guard method == "terminal.attach" else {
        return send(OutgoingMessage.result(id: id, result), on: connection)
      }
      let number = state.withLock { state in
        state.attachments += 1
        return state.attachments
      }
      _ = send(OutgoingMessage.result(id: id, result), on: connection)
      do { try lane(FakeLane(connection, rest: lines.takeRest()), number) } catch {
        state.withLock { $0.faults.append("attachment \(number): \(error)") }
      }
      return false
    }
  }

  private func send(_ bytes: [UInt8], on connection: Descriptor) -> Bool {
    var sent = 0
    while sent < bytes.count {
      guard case .moved(let count) = bytes[sent...].withUnsafeBytes({ connection.send($0) }) else {
        return false
      }
      sent += count
    }
    return true
  }

  /// What it says where a test has nothing to say.
  private static func usual(_ method: String, _ params: JSON) -> Reply {
    switch method {
    case "hello":
      .result([
        "protocol": 1, "daemon": ["version": .string(arrobaVersion), "pid": 4242, "startedAt": "x"],
        "log": ["id": "l_1", "head": 7], "heartbeatMs": 5000,
      ])
    case "session.create", "session.get", "session.rename": .result(Sample.session())
    case "session.list": .result(["sessions": [Sample.session()], "asOf": 7])
    case "agent.get", "agent.focus", "agent.cycle", "agent.rename", "agent.restart": .result(Sample.agent())
    case "agent.list": .result(["agents": [Sample.agent()], "asOf": 7])
    case "daemon.ping", "terminal.resize": .result([:])
    case "terminal.attach":
      .result(
        JSON.record([
          "attachment": "t_1", "offset": 0, "inputOffset": 0, "cols": params["cols"], "rows": params["rows"],
        ]))
    default:
      .error(WireError(kind: .notSupported, message: "the fake daemon knows no \(method)", hint: "none"))
    }
  }
}

/// The daemon's side of an attached terminal.
final class FakeLane {
  private let connection: Descriptor
  private var decoder = FrameDecoder()
  private(set) var input: [UInt8] = []
  private(set) var sizes: [[Int]] = []

  init(_ connection: Descriptor, rest: [UInt8]) {
    self.connection = connection
    decoder.feed(rest)
  }

  func send(_ frame: [UInt8]) throws { try connection.writeAll(frame) }
  func output(_ text: String) throws { try send(TerminalFrame.encode(.output, Array(text.utf8))) }

  /// The next frame; nil at the end.
  func receive() throws -> FrameDecoder.Frame? {
    var block = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      if let frame = try decoder.next() {
        if frame.kind == .input { input += frame.payload }
        if let size = TerminalFrame.size(of: frame.payload), frame.kind == .resize {
          sizes.append([Int(size.columns), Int(size.rows)])
        }
        return frame
      }
      guard PollSet.waitReadable(connection.raw, timeoutMs: 20_000) else {
        throw Silence("the client is silent")
      }
      guard case .moved(let count) = block.withUnsafeMutableBytes({ connection.read(into: $0) }) else {
        return nil
      }
      decoder.feed(block[..<count])
    }
  }

  func awaitInput(_ text: String) throws {
    while String(decoding: input, as: UTF8.self) != text {
      guard try receive() != nil else {
        throw Silence("the client left after '\(String(decoding: input, as: UTF8.self))'")
      }
    }
  }

  func await(_ kind: TerminalFrame.Kind) throws {
    while let frame = try receive() { if frame.kind == kind { return } }
    throw Silence("the client left before \(kind)")
  }

  /// Reads on until the client has gone; the kinds of what came.
  @discardableResult
  func awaitEnd() throws -> [TerminalFrame.Kind] {
    var kinds: [TerminalFrame.Kind] = []
    while let frame = try receive() { kinds.append(frame.kind) }
    return kinds
  }
}
