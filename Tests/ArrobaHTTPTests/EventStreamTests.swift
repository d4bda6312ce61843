import ArrobaHTTP
import ArrobaLoop
import ArrobaTestSupport
import Synchronization
import Testing

/// News of one stream, to be waited for.
@LoopActor
private final class Listener {
  private var news: [EventStreamNews<String>] = []
  private var waiter: CheckedContinuation<EventStreamNews<String>, Never>?
  var stream: EventStream?

  func hear(_ item: EventStreamNews<String>) {
    if let waiter {
      self.waiter = nil
      waiter.resume(returning: item)
    } else {
      news.append(item)
    }
  }

  func next() async -> EventStreamNews<String> {
    // Looked at within, since the way there may be another turn of the loop.
    await withCheckedContinuation { waiting in
      if news.isEmpty { waiter = waiting } else { waiting.resume(returning: news.removeFirst()) }
    }
  }

  /// The events that come until there are that many, or the stream ends.
  func events(_ count: Int) async -> [String] {
    var found: [String] = []
    while found.count < count {
      switch await next() {
      case .opened: break
      case .came(let events, _): found += events
      case .ended: return found
      }
    }
    return found
  }

  func end() async -> HTTPFailure? {
    while true { if case .ended(let failure) = await next() { return failure } }
  }
}

/// Event streams against a server that does what the test tells it.
@Suite @LoopActor struct EventStreamTests {
  /// A server that answers "/prime" and streams "/stream" by `script`.
  private func server(
    _ script: @escaping @Sendable (LocalServer.Connection) -> Void
  ) throws -> LocalServer {
    try LocalServer { request, connection in
      if request.path == "/stream" { script(connection) } else { connection.json("{\"healthy\":true}") }
    }
  }

  private func open(_ client: HTTPClient) -> Listener {
    let listener = Listener()
    listener.stream = client.openStream("/stream", prime: "/prime") {
      $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self)
    } hear: { [weak listener] in
      listener?.hear($0)
    }
    return listener
  }

  @Test("Events come one by one, and the stream is on the connection that was primed")
  func events() async throws {
    let server = try server { connection in
      connection.beginStream()
      connection.event("one")
      connection.chunk(": heartbeat\n\n")
      connection.chunk("data: tw")
      connection.chunk("o\n\ndata: three\n\n")
      connection.endStream()
    }
    let client = HTTPClient(base: server.base, authorization: nil)
    defer { client.close() }
    let listener = open(client)
    #expect(await listener.events(3) == ["one", "two", "three"])
    #expect(await listener.end() == nil)
    #expect(server.accepted == 1)
  }

  @Test("What can be one with the event before it, which nobody has heard yet, becomes one with it")
  func joins() async throws {
    let server = try server { connection in
      connection.beginStream()
      connection.chunk("data: a1\n\ndata: a2\n\ndata: b1\n\ndata: a3\n\ndata: a4\n\n")
      connection.endStream()
    }
    let client = HTTPClient(base: server.base, authorization: nil)
    defer { client.close() }
    let listener = Listener()
    listener.stream = client.openStream("/stream", prime: "/prime") {
      $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self)
    } join: { last, next in
      guard last.first == next.first else { return false }
      last += next.dropFirst()
      return true
    } hear: { [weak listener] in
      listener?.hear($0)
    }
    #expect(await listener.events(3) == ["a12", "b1", "a34"])
    #expect(await listener.end() == nil)
  }

  @Test("A stream that is cut in the middle of an event says so, and hands on no half of it")
  func cut() async throws {
    let server = try server { connection in
      connection.beginStream()
      connection.event("whole")
      connection.chunk("data: ha")
      connection.cut()
    }
    let client = HTTPClient(base: server.base, authorization: nil)
    defer { client.close() }
    let listener = open(client)
    #expect(await listener.events(2) == ["whole"])
  }

  @Test("What is no stream is told with what it was")
  func notAStream() async throws {
    let server = try LocalServer { request, connection in
      if request.path == "/stream" {
        connection.answer("<html>", type: "text/html")
      } else {
        connection.json("{}")
      }
    }
    let client = HTTPClient(base: server.base, authorization: nil)
    defer { client.close() }
    let listener = open(client)
    let answer = HTTPResponse(status: 200, contentType: "text/html", body: Array("<html>".utf8))
    #expect(await listener.end() == .notAStream(answer))
  }

  @Test("A password that is refused while priming is told, and no stream is opened")
  func refused() async throws {
    let server = try LocalServer { _, connection in connection.answer("", type: nil, status: 401) }
    let client = HTTPClient(base: server.base, authorization: nil)
    defer { client.close() }
    let listener = open(client)
    #expect(await listener.end() == .notAStream(HTTPResponse(status: 401, contentType: nil, body: [])))
  }

  @Test("20,000 events at once come all, in order")
  func burst() async throws {
    let server = try server { connection in
      connection.beginStream()
      for first in stride(from: 0, to: 20_000, by: 100) {
        connection.chunk((first..<first + 100).map { "data: \($0)\n\n" }.joined())
      }
    }
    let client = HTTPClient(base: server.base, authorization: nil)
    defer { client.close() }
    let listener = open(client)
    #expect(await listener.events(20_000) == (0..<20_000).map(String.init))
  }

  @Test("A closed stream is heard of no more, and the server sees it go")
  func closing() async throws {
    let server = try server { connection in
      connection.beginStream()
      connection.event("one")
    }
    let client = HTTPClient(base: server.base, authorization: nil)
    let listener = open(client)
    #expect(await listener.events(1) == ["one"])
    listener.stream?.close()
    client.close()
    let other = HTTPClient(base: server.base, authorization: nil)
    defer { other.close() }
    #expect(await open(other).events(1) == ["one"])
  }

  @Test("What nobody takes is kept up to a limit, and then the stream ends")
  func overflow() async throws {
    let server = try server { connection in
      connection.beginStream()
      let megabyte = "data: \(String(repeating: "x", count: 1 << 20))\n"
      // One event that never ends.
      for _ in 0..<200 { connection.chunk(megabyte) }
    }
    let client = HTTPClient(base: server.base, authorization: nil)
    defer { client.close() }
    #expect(await open(client).end() == .tooLong)
  }
}
