import ArrobaTestSupport
import Synchronization

/// Stands between the adapter and a server, and disturbs the stream of events. Calls go through as they are.
final class FaultProxy: Sendable {
  enum Fault: String, CaseIterable, Sendable {
    /// Cut in the middle of an event, again and again; what is said until somebody listens again is lost.
    case cut
    /// Held back until the server is silent for a while, and then all at once.
    case late
    /// Each event twice.
    case twice
    /// Each two events in the other order, unless both are pieces of a text: those make another text.
    case swapped
    /// Byte by byte.
    case crumbs
  }

  private static let quietMs = 40
  private static let eventsOfAStream = 6

  private let fault: Fault
  /// The port of the server, once it is known.
  private let upstream: @Sendable () -> Int?
  private let server = Mutex<LocalServer?>(nil)

  init(_ fault: Fault, before upstream: @escaping @Sendable () -> Int?) throws {
    self.fault = fault
    self.upstream = upstream
    let server = try LocalServer { [weak self] request, client in self?.pass(request, client) }
    self.server.withLock { $0 = server }
  }

  var base: String { server.withLock { $0?.base ?? "" } }

  // MARK: passing on

  private func pass(_ request: LocalServer.Request, _ client: LocalServer.Connection) {
    // It may have ended.
    guard let port = upstream(), let server = try? LocalServer.Connection(toPort: port) else {
      return client.cut()
    }
    let query = request.query.isEmpty ? "" : "?\(request.query)"
    let headers = request.headers.map { "\($0.key): \($0.value)\r\n" }.joined()
    server.send("\(request.method) \(request.path)\(query) HTTP/1.1\r\n\(headers)\r\n\(request.text)")
    guard let head = server.read(through: Array("\r\n\r\n".utf8)) else { return client.cut() }
    let words = String(decoding: head, as: UTF8.self)
    client.send(words)
    if words.contains("text/event-stream") {
      passEvents(server, client)
      client.cut()
    } else if let length = Self.length(in: words), let body = server.read(count: length) {
      client.send(String(decoding: body, as: UTF8.self))
    }
    server.cut()
  }

  private static func length(in head: String) -> Int? {
    let name = "content-length:"
    let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix(name) }
    return line.flatMap { Int($0.dropFirst(name.count).filter(\.isNumber)) }
  }

  // MARK: disturbing

  private func passEvents(_ server: LocalServer.Connection, _ client: LocalServer.Connection) {
    var held: [String] = []
    var count = 0
    while true {
      if !held.isEmpty, !server.hasMore(withinMs: Self.quietMs) {
        for chunk in held { client.chunk(chunk) }
        held = []
      }
      guard let chunk = Self.chunk(from: server) else { return }
      count += 1
      switch fault {
      case .cut:
        guard count > Self.eventsOfAStream else {
          client.chunk(chunk)
          continue
        }
        return client.send("\(String(chunk.utf8.count, radix: 16))\r\n\(chunk.prefix(chunk.count / 2))")
      case .late: held.append(chunk)
      case .twice:
        client.chunk(chunk)
        client.chunk(chunk)
      case .swapped:
        guard let first = held.popLast() else {
          held = [chunk]
          continue
        }
        let pair = Self.isPiece(first) && Self.isPiece(chunk) ? [first, chunk] : [chunk, first]
        for chunk in pair { client.chunk(chunk) }
      case .crumbs:
        // Cut within characters as well: chunks are bytes, and the client puts them together.
        client.crumbs(chunk)
      }
    }
  }

  private static func isPiece(_ chunk: String) -> Bool { chunk.contains("message.part.delta") }

  /// The server says one event in each chunk.
  private static func chunk(from server: LocalServer.Connection) -> String? {
    guard let line = server.read(through: [13, 10]),
      let length = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16), length > 0,
      let body = server.read(count: length + 2)
    else { return nil }
    return String(decoding: body.dropLast(2), as: UTF8.self)
  }
}
