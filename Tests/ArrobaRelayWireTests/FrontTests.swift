import ArrobaRelayWire
import Testing

@Suite struct FrontTests {
  private static func head(_ text: String, limit: Int = 8192) throws -> HTTPHead? {
    try HTTPHead.read(Array(text.utf8), limit: limit)
  }

  @Test("A head is read whole, cut at every byte")
  func cuts() throws {
    let text =
      "GET /health HTTP/1.1\r\nHost: a:1\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n\r\nrest"
    let bytes = Array(text.utf8)
    for cut in 0..<(bytes.count - 4) {
      #expect(try HTTPHead.read(Array(bytes[..<cut])) == nil, "cut at \(cut)")
    }
    let head = try #require(try HTTPHead.read(bytes))
    #expect(head.first == ["GET", "/health", "HTTP/1.1"])
    #expect(head.fields == ["host": "a:1", "x-forwarded-for": "1.2.3.4, 5.6.7.8"])
    #expect(head.count == bytes.count - 4)
  }

  @Test("A head has at most its limit, to the byte")
  func limit() throws {
    let text = "GET / HTTP/1.1\r\nA: b\r\n\r\n"
    #expect(try Self.head(text, limit: text.utf8.count) != nil)
    #expect(throws: HTTPHead.Fault(status: 431)) { try Self.head(text, limit: text.utf8.count - 1) }
  }

  @Test(
    "What two readers may understand in two ways is refused",
    arguments: [
      "GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\rb: c\r\n\r\n",
      "GET / HTTP/1.1\r\nA : b\r\n\r\n", "GET / HTTP/1.1\r\n A: b\r\n\r\n", "GET / HTTP/1.1\r\nAb\r\n\r\n",
      "GET / HTTP/1.1\r\n: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/1.1\r\nUpgrade: x\r\nupgrade: y\r\n\r\n", "GET\r\n\r\n", "\r\n\r\n",
      "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nA: \u{7}\r\n\r\n", "GET / HTTP/1.1\r\nA: ä\r\n\r\n",
    ])
  func ambiguous(text: String) {
    #expect(throws: HTTPHead.Fault(status: 400)) { try Self.head(text) }
  }

  @Test("A relay's address says host, port, whether TLS is before it, and where on the site it is")
  func addresses() throws {
    let plain = try RelayAddress("relay://box:9000")
    #expect(plain.host == "box" && plain.port == 9000 && !plain.isSecure && plain.path.isEmpty)
    #expect(try RelayAddress("relay://box").port == RelayAddress.plainPort)
    let secure = try RelayAddress("relays://relay.example.org/arroba/")
    #expect(secure.port == 443 && secure.isSecure && secure.path == "/arroba")
    #expect("\(secure)" == "relays://relay.example.org:443/arroba")
    let six = try RelayAddress("relay://[::1]:7437")
    #expect(six.host == "::1" && six.authority == "[::1]:7437" && "\(six)" == "relay://[::1]:7437")
    #expect(
      String(decoding: secure.upgradeRequest, as: UTF8.self)
        == "GET /arroba/v1/relay HTTP/1.1\r\nHost: relay.example.org:443\r\nConnection: Upgrade\r\n"
        + "Upgrade: arroba-relay/1\r\n\r\n")
  }

  @Test(
    "What is no address, or would slip words into a request or a command, is none",
    arguments: [
      "", "box:9000", "http://box", "relay://", "relay://:9", "relay://box:0", "relay://box:65536",
      "relay://box:x", "relay://-oProxyCommand=x", "relay://a b", "relay://box/a b", "relay://box/a\r\nX: y",
      "relay://user@box", "relay://[::1", "relay://[::1]x",
    ])
  func noAddress(text: String) {
    #expect(throws: RelayAddress.Malformed.self) { try RelayAddress(text) }
  }
}
