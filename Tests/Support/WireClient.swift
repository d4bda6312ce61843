package import ArrobaJSON
package import ArrobaSystem
package import ArrobaWire
internal import Glibc

/// A client of the structured lane that waits for what it wants, with a deadline.
package final class WireClient {
  package let socket: Descriptor
  private let diagnosis: () -> String
  private var lines = LineSplitter()
  private var nextID = 1
  private var answers: [Int: Result<JSON, WireError>] = [:]
  /// Notifications that nobody has asked for yet, in order.
  package private(set) var notifications: [JSON] = []
  /// Errors that belong to no request.
  private var orphans: [WireError] = []
  private var isEnded = false

  static let patienceSeconds = 20

  init(_ socket: Descriptor, diagnosis: @escaping () -> String) {
    self.socket = socket
    self.diagnosis = diagnosis
    socket.setBlocking(false)
  }

  /// Over a stream that leads to a daemon by whatever road.
  package convenience init(over socket: Descriptor) { self.init(socket, diagnosis: { "" }) }

  // MARK: requests

  @discardableResult
  package func hello(_ instance: String = "c_test") throws -> JSON {
    let client: JSON = ["name": "journey", "version": "0", "instance": .string(instance)]
    return try request("hello", ["protocol": .int(protocolVersion), "client": client])
  }

  /// Sends a request and waits for its result; throws the error that it was answered with.
  @discardableResult
  package func request(_ method: String, _ params: JSON = [:]) throws -> JSON {
    try result(of: try send(method, params)).get()
  }

  /// Sends a request and waits for the error that it is answered with.
  package func refusal(_ method: String, _ params: JSON = [:]) throws -> WireError {
    switch try result(of: try send(method, params)) {
    case .success(let json): throw Silence("\(method) was answered with \(json.shown) instead of an error")
    case .failure(let error): return error
    }
  }

  package func send(_ method: String, _ params: JSON = [:]) throws -> Int {
    let id = nextID
    nextID += 1
    try write(OutgoingMessage.request(id: id, method: method, params: params))
    return id
  }

  /// The answer to a request that was sent.
  package func result(of id: Int) throws -> Result<JSON, WireError> {
    try wait("the answer to request \(id)") { self.answers.removeValue(forKey: id) }
  }

  /// Whether an answer has come already; reads what is there and does not wait.
  package func hasAnswer(to id: Int) throws -> Bool {
    while try readSome(Deadline(seconds: 0)) {}
    while let line = try lines.next() { take(line) }
    return answers[id] != nil
  }

  // MARK: notifications

  /// The next event of any subscription.
  package func event() throws -> JSON {
    try wait("an event") {
      guard let index = self.notifications.firstIndex(where: { $0["method"]?.string == "event" }) else {
        return nil
      }
      return self.notifications.remove(at: index)["params"]
    }
  }

  /// Passes events over until one fits.
  @discardableResult
  package func event(_ kind: String, where fits: (JSON) -> Bool = { _ in true }) throws -> JSON {
    while true {
      let event = try event()
      if event["kind"]?.string == kind && fits(event) { return event }
    }
  }

  /// Events in order until one fits, that one included.
  package func events(until fits: (JSON) -> Bool) throws -> [JSON] {
    var list: [JSON] = []
    while true {
      list.append(try event())
      if fits(list[list.count - 1]) { return list }
    }
  }

  package func notification(_ method: String) throws -> JSON {
    try wait("a notification '\(method)'") {
      guard let index = self.notifications.firstIndex(where: { $0["method"]?.string == method }) else {
        return nil
      }
      return self.notifications.remove(at: index)["params"]
    }
  }

  /// The next error that belongs to no request.
  package func orphan() throws -> WireError {
    try wait("an error with the id null") { self.orphans.isEmpty ? nil : self.orphans.removeFirst() }
  }

  // MARK: bytes

  package func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Writes all of it, and reads meanwhile, so that neither side waits for the other.
  package func write(_ bytes: [UInt8]) throws {
    let sent = try writeAsFarAsTaken(bytes)
    guard sent == bytes.count else { throw Silence("the daemon closed the connection", diagnosis()) }
  }

  /// Writes until all is written or the daemon has closed; answers how much went out.
  package func writeAsFarAsTaken(_ bytes: [UInt8]) throws -> Int {
    let deadline = Deadline(seconds: Self.patienceSeconds)
    var sent = 0
    while sent < bytes.count {
      switch bytes.withUnsafeBytes({ socket.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
      case .moved(let count): sent += count
      case .wouldBlock:
        guard deadline.wait(for: socket, writing: true) else {
          throw Silence("the daemon takes nothing more after \(sent) bytes", diagnosis())
        }
        guard !isEnded else { return sent }
        _ = try readSome(Deadline(seconds: 0))
      case .ended, .failed: return sent
      }
    }
    return sent
  }

  /// Writes without ever taking an answer; false where nothing more is taken for a second.
  package func writeWithoutReading(_ bytes: [UInt8]) -> Bool {
    let deadline = Deadline(seconds: 1)
    var sent = 0
    while sent < bytes.count {
      switch bytes.withUnsafeBytes({ socket.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
      case .moved(let count): sent += count
      case .wouldBlock: guard deadline.pause() else { return false }
      case .ended, .failed: return false
      }
    }
    return true
  }

  /// Waits until the daemon has closed the connection.
  package func awaitClose() throws {
    let deadline = Deadline(seconds: Self.patienceSeconds)
    while !isEnded {
      guard deadline.leftMs > 0 else {
        throw Silence("the daemon does not close the connection", diagnosis())
      }
      _ = try readSome(deadline)
    }
  }

  package func close() { HangUp.now(socket) }

  /// Gives the connection away for frames: what came behind the last line belongs to them.
  func becomeTerminal() -> (Descriptor, rest: [UInt8], diagnosis: () -> String) {
    (socket, lines.takeRest(), diagnosis)
  }

  /// Looks after each line, so that nothing behind an attach is taken for one.
  private func wait<Value>(_ what: String, _ look: () -> Value?) throws -> Value {
    let deadline = Deadline(seconds: Self.patienceSeconds)
    while true {
      if let value = look() { return value }
      if let line = try lines.next() {
        take(line)
        continue
      }
      guard !isEnded else { throw Silence("the daemon closed the connection before \(what)", diagnosis()) }
      guard deadline.leftMs > 0 else { throw Silence("waited for \(what)", diagnosis()) }
      _ = try readSome(deadline)
    }
  }

  private func take(_ line: [UInt8]) {
    guard let message = try? line.withUnsafeBufferPointer({ try JSONReader.read($0) }) else {  // said below
      orphans.append(WireError(kind: nil, message: "not JSON: \(String(decoding: line, as: UTF8.self))"))
      return
    }
    if message["method"] != nil {
      notifications.append(message)
    } else if let id = message["id"]?.int {
      answers[id] =
        message["error"].map { .failure(WireError(json: $0)) } ?? .success(message["result"] ?? .null)
    } else {
      orphans.append(WireError(json: message["error"] ?? .null))
    }
  }

  /// Reads once; false where nothing came until the deadline or the connection has ended.
  private func readSome(_ deadline: Deadline) throws -> Bool {
    guard !isEnded, deadline.wait(for: socket, writing: false) else { return false }
    var block = [UInt8](repeating: 0, count: 256 << 10)
    switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
    case .moved(let count):
      lines.feed(block[..<count])
      return true
    case .wouldBlock: return true
    case .ended, .failed:
      isEnded = true
      return false
    }
  }
}
