package import ArrobaSystem
internal import Glibc

/// A relay of one test: the real binary, on a port and with tokens of its own.
package final class RelayUnderTest {
  package let house: TemporaryDirectory
  package private(set) var port = 0
  package private(set) var pid: Int32 = 0

  package init(in house: TemporaryDirectory = TemporaryDirectory()) { self.house = house }

  deinit {
    guard pid > 0 else { return }
    kill(pid, SIGKILL)
    _ = Processes.waitForExit(of: pid)
  }

  package var state: String { house.path("relay") }
  package var url: String { "relay://127.0.0.1:\(port)" }
  private var said: String { house.path("relay.out") }

  /// What a verb of the program said, and its exit code.
  @discardableResult
  package func run(_ words: String...) throws -> (code: Int32?, text: String) {
    let result = try Programs.run([DaemonUnderTest.binary("arroba-relay")] + words + ["--state", state])
    return (result.code, String(decoding: result.said, as: UTF8.self))
  }

  /// The text of a new token.
  package func token(_ name: String, role: String, expires: String? = nil) throws -> String {
    let words =
      ["token", "new", name, "--role", role, "--state", state] + (expires.map { ["--expires", $0] } ?? [])
    let result = try Programs.run([DaemonUnderTest.binary("arroba-relay")] + words)
    let text = String(decoding: result.said, as: UTF8.self)
    guard result.code == 0 else { throw Silence("no token was made", text) }
    return String(text.dropLast())
  }

  /// Starts it, at the port that it had before where there was one.
  package func start(_ more: [String] = []) throws {
    try Files.replace(said, with: [])
    let output = try Files.open(said, O_WRONLY | O_APPEND)
    let (reading, writing) = try Pipes.make()
    let place = "127.0.0.1:\(port)"
    pid = try Programs.startDetached(
      DaemonUnderTest.binary("arroba-relay"),
      arguments: ["arroba-relay", "run", "--listen", place, "--state", state] + more, environment: [],
      output: output, passing: writing, passedAs: 9)
    reading.close()
    port = try Deadline.until("the relay's port") {
      let text = try words()
      guard let range = text.firstRange(of: "listening on 127.0.0.1:") else {
        guard Processes.lives(pid) else { throw Silence("the relay did not start", text) }
        return nil
      }
      let digits = text[range.upperBound...].prefix { $0.isNumber }
      return text[range.upperBound...].contains("\n") ? Int(digits) : nil
    }
  }

  /// What it has said so far.
  package func words() throws -> String {
    String(decoding: try Files.read(said, atMost: 4 << 20), as: UTF8.self)
  }

  /// Ends it as a service manager does; answers its exit code.
  @discardableResult
  package func stop() -> Int32? {
    kill(pid, SIGTERM)
    defer { pid = 0 }
    return Processes.waitForExit(of: pid)
  }

  /// Ends it as a crash does.
  package func crash() {
    kill(pid, SIGKILL)
    _ = Processes.waitForExit(of: pid)
    pid = 0
  }
}

/// Somebody who connects to a port and says what he likes.
package final class RawGuest: @unchecked Sendable {
  // @unchecked: one thread says, one hears; only the latter touches what is held.
  package let socket: Descriptor
  private var held: [UInt8] = []

  package init(port: Int) throws {
    socket = try Network.connect(host: "127.0.0.1", port: port, timeoutMs: 10_000)
  }

  package init(_ socket: Descriptor, held: [UInt8] = []) {
    self.socket = socket
    self.held = held
    socket.setBlocking(false)
  }

  /// false where the other side is gone.
  @discardableResult
  package func say(_ bytes: [UInt8]) throws -> Bool {
    var sent = 0
    let deadline = Deadline(seconds: 20)
    while sent < bytes.count {
      switch bytes[sent...].withUnsafeBytes({ socket.send($0) }) {
      case .moved(let count): sent += count
      case .wouldBlock:
        guard deadline.wait(for: socket, writing: true) else { throw Silence("nobody takes what is sent") }
      case .ended, .failed: return false
      }
    }
    return true
  }

  @discardableResult
  package func say(_ text: String) throws -> Bool { try say(Array(text.utf8)) }

  private func more(_ deadline: Deadline) throws -> Bool {
    guard deadline.wait(for: socket, writing: false) else { throw Silence("nothing came", hearing) }
    var block = [UInt8](repeating: 0, count: 64 << 10)
    switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
    case .moved(let count):
      held += block[..<count]
      return true
    case .wouldBlock: return true
    case .ended, .failed: return false
    }
  }

  private var hearing: String { String(decoding: held.prefix(500), as: UTF8.self) }

  /// The next bytes, up to and with that text.
  package func hear(upTo text: String, seconds: Int = 20) throws -> String {
    let deadline = Deadline(seconds: seconds)
    let wanted = Array(text.utf8)
    while true {
      if let start = held.indices.first(where: { held[$0...].starts(with: wanted) }) {
        let end = start + wanted.count
        defer { held.removeFirst(end) }
        return String(decoding: held[..<end], as: UTF8.self)
      }
      guard try more(deadline) else { throw Silence("it ended before '\(text)'", hearing) }
    }
  }

  package func hear(count: Int, seconds: Int = 30) throws -> [UInt8] {
    let deadline = Deadline(seconds: seconds)
    while held.count < count {
      guard try more(deadline) else { throw Silence("it ended after \(held.count) of \(count) bytes") }
    }
    defer { held.removeFirst(count) }
    return Array(held[..<count])
  }

  /// All that comes until the other side ends.
  package func hearAll(seconds: Int = 30) throws -> [UInt8] {
    let deadline = Deadline(seconds: seconds)
    while try more(deadline) {}
    defer { held = [] }
    return held
  }
}
