import ArrobaHTTP
import ArrobaLoop
import ArrobaTestSupport
import Synchronization
import Testing

/// Requests and event streams against a server that does what the test tells it.
@Suite @LoopActor struct HTTPClientTests {
  private let patienceMs = 15_000

  private func send(_ client: HTTPClient, _ request: HTTPRequest) async -> Result<HTTPResponse, HTTPFailure> {
    await withCheckedContinuation { continuation in
      client.send(request) { continuation.resume(returning: $0) }
    }
  }

  private func get(_ client: HTTPClient, _ path: String) async -> Result<HTTPResponse, HTTPFailure> {
    await send(client, HTTPRequest(.get, path, timeoutMs: patienceMs))
  }

  @Test("A request carries method, path, query, password and body, and its answer comes whole")
  func request() async throws {
    let server = try LocalServer { request, connection in
      let seen =
        "\(request.method) \(request.path) \(request.query) \(request.headers["authorization"] ?? "") "
      connection.json(seen + request.text, status: 201)
    }
    let client = HTTPClient(base: server.base, authorization: "Basic abc")
    defer { client.close() }
    let path = "/session/ses_1/x?directory=\(HTTPRequest.encoded("/work/größe & co"))"
    let result = await send(
      client, HTTPRequest(.post, path, body: Array("{\"a\":1}".utf8), timeoutMs: patienceMs))
    let response = try result.get()
    #expect(response.status == 201)
    #expect(response.contentType == "application/json")
    #expect(
      String(decoding: response.body, as: UTF8.self)
        == "POST /session/ses_1/x directory=%2Fwork%2Fgr%C3%B6%C3%9Fe%20%26%20co Basic abc {\"a\":1}")
  }

  @Test("An empty answer and one of another type are told as they are")
  func kinds() async throws {
    let server = try LocalServer { request, connection in
      switch request.path {
      case "/none": connection.answer("", type: nil, status: 204)
      case "/locked":
        connection.send(
          "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=\"opencode\"\r\nContent-Type: application/json\r\n"
            + "Content-Length: 4\r\n\r\nnull")
      case "/html": connection.answer("<html></html>", type: "Text/HTML; charset=utf-8")
      case "/redirect":
        connection.send("HTTP/1.1 302 X\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n")
      default: connection.json("{}", status: 404)
      }
    }
    let client = HTTPClient(base: server.base, authorization: nil)
    defer { client.close() }
    #expect(try await get(client, "/none").get() == HTTPResponse(status: 204, contentType: nil, body: []))
    #expect(try await get(client, "/html").get().contentType == "text/html")
    #expect(try await get(client, "/else").get().status == 404)
    #expect(try await get(client, "/locked").get().status == 401)
    let knowing = HTTPClient(base: server.base, authorization: "Basic abc")
    defer { knowing.close() }
    #expect(try await get(knowing, "/locked").get().status == 401)
    #expect(try await get(client, "/redirect").get().status == 302)
  }

  @Test("Where nobody listens, the connection is cut, or no answer comes in time, that is said")
  func failures() async throws {
    let server = try LocalServer { request, connection in
      if request.path == "/cut" { connection.cut() }  // and no answer to any other
    }
    let client = HTTPClient(base: server.base, authorization: nil)
    defer { client.close() }
    guard case .failure(.cutOff) = await get(client, "/cut") else {
      Issue.record("a cut connection was no failure")
      return
    }
    #expect(await send(client, HTTPRequest(.get, "/silent", timeoutMs: 1)) == .failure(.timedOut))
    server.stop()
    let nobody = HTTPClient(base: "http://127.0.0.1:1", authorization: nil)
    #expect(await get(nobody, "/") == .failure(.refused))
    nobody.close()
    #expect(await get(nobody, "/") == .failure(.closed))
  }

  @Test("Closing the client ends what is under way")
  func closing() async throws {
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
    let server = try LocalServer { _, _ in arrived.yield() }
    let client = HTTPClient(base: server.base, authorization: nil)
    async let result = get(client, "/silent")
    var iterator = arrivals.makeAsyncIterator()
    await iterator.next()
    client.close()
    #expect(await result == .failure(.closed))
  }
}
