internal import ArrobaSystem
internal import Glibc
internal import Synchronization

/// An HTTP server on 127.0.0.1 that does what a test tells it: answers, streams, stays silent, cuts connections off.
/// A thread for each connection; ends with the object.
package final class LocalServer: Sendable {
  package struct Request: Sendable {
    package let method: String
    /// Without the query.
    package let path: String
    package let query: String
    package let headers: [String: String]
    package let body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }
  }

  package let port: Int
  private let listener: Descriptor
  private let connections = Mutex<[Connection]>([])
  private let handler: @Sendable (Request, Connection) -> Void

  package var base: String { "http://127.0.0.1:\(port)" }
  package var accepted: Int { connections.withLock { $0.count } }

  /// `handler` runs on the connection's thread and may keep the connection, to say more on it later.
  package init(_ handler: @escaping @Sendable (Request, Connection) -> Void) throws {
    self.handler = handler
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard number >= 0 else { throw SystemError.last("make", "a socket") }
    listener = Descriptor(owning: number)
    listener.setInherited(false)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutableBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { pointer in
        guard let base = pointer.baseAddress else { return false }
        return bind(number, base, length) == 0 && listen(number, 64) == 0
          && getsockname(number, base, &length) == 0
      }
    }
    guard isBound else { throw SystemError.last("listen at", "127.0.0.1") }
    port = Int(UInt16(bigEndian: address.sin_port))
    // The thread holds the listener: its number must not become another's while it is waited at.
    Threads.start("test-server") { [weak self, listener] in
      while true {
        let accepted = accept(listener.raw, nil, nil)
        guard accepted >= 0 else { return }
        let descriptor = Descriptor(owning: accepted)
        guard let self else { return }
        descriptor.setInherited(false)
        self.serve(Connection(descriptor))
      }
    }
  }

  deinit { stop() }

  /// Nobody listens any more, and what is open is cut off.
  package func stop() {
    shutdown(listener.raw, Int32(SHUT_RDWR))
    cutAll()
  }

  package func cutAll() {
    for connection in connections.withLock({ $0 }) { connection.cut() }
  }

  private func serve(_ connection: Connection) {
    connections.withLock { $0.append(connection) }
    Threads.start("test-connection") { [handler] in
      while let request = connection.readRequest() { handler(request, connection) }
    }
  }

  /// One connection of a client.
  package final class Connection: Sendable {
    private let descriptor: Descriptor
    private let pending = Mutex<[UInt8]>([])
    /// A test and its server may say something at the same time; what each says stays whole.
    private let sending = Mutex(())

    init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// To a server on this machine, for whoever stands between it and its clients.
    package convenience init(toPort port: Int) throws {
      let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard number >= 0 else { throw SystemError.last("make", "a socket") }
      let descriptor = Descriptor(owning: number)
      descriptor.setInherited(false)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      address.sin_port = in_port_t(port).bigEndian
      let isConnected = withUnsafeBytes(of: &address) { bytes in
        bytes.withMemoryRebound(to: sockaddr.self) { pointer in
          pointer.baseAddress.map { connect(number, $0, socklen_t(bytes.count)) == 0 } ?? false
        }
      }
      guard isConnected else { throw SystemError.last("connect to", "127.0.0.1:\(port)") }
      self.init(descriptor)
    }

    package func json(_ text: String, status: Int = 200) {
      answer(text, type: "application/json", status: status)
    }

    package func answer(_ text: String, type: String?, status: Int = 200) {
      let kind = type.map { "Content-Type: \($0)\r\n" } ?? ""
      let body = status == 204 ? "" : text
      send("HTTP/1.1 \(status) X\r\n\(kind)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    package func beginStream() {
      send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    /// One event in a chunk of its own.
    package func event(_ data: String) { chunk("data: \(data)\n\n") }

    package func chunk(_ text: String) {
      send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
    }

    /// Each byte in a chunk of its own.
    package func crumbs(_ text: String) {
      send(text.utf8.flatMap { Array("1\r\n".utf8) + [$0] + Array("\r\n".utf8) })
    }

    package func endStream() { send("0\r\n\r\n") }

    /// Fails in silence where the client has gone; what a test waits for then does not come.
    package func send(_ text: String) { send(Array(text.utf8)) }

    private func send(_ bytes: [UInt8]) {
      sending.withLock { _ in
        var rest = bytes[...]
        while !rest.isEmpty {
          let count = rest.withUnsafeBytes {
            Glibc.send(descriptor.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
          }
          guard count > 0 else { return }
          rest = rest.dropFirst(count)
        }
      }
    }

    package func cut() { shutdown(descriptor.raw, Int32(SHUT_RDWR)) }

    func readRequest() -> Request? {
      guard let head = read(through: Array("\r\n\r\n".utf8)) else { return nil }
      let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
      guard let words = lines.first?.split(separator: " "), words.count >= 2 else { return nil }
      var headers: [String: String] = [:]
      for line in lines.dropFirst() {
        let pair = line.split(separator: ":", maxSplits: 1)
        if pair.count == 2 { headers[pair[0].lowercased()] = String(pair[1].drop { $0 == " " }) }
      }
      let length = headers["content-length"].flatMap { Int($0) } ?? 0
      guard let body = read(count: length) else { return nil }
      let parts = words[1].split(separator: "?", maxSplits: 1)
      return Request(
        method: String(words[0]), path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
        headers: headers, body: body)
    }

    /// Whether more comes before so much time has passed.
    package func hasMore(withinMs ms: Int) -> Bool {
      if pending.withLock({ !$0.isEmpty }) { return true }
      var wanted = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
      return poll(&wanted, 1, Int32(ms)) != 0
    }

    package func read(through mark: [UInt8]) -> [UInt8]? {
      while true {
        let found: [UInt8]? = pending.withLock { bytes in
          guard bytes.count >= mark.count else { return nil }
          for start in 0...(bytes.count - mark.count) where Array(bytes[start..<start + mark.count]) == mark {
            defer { bytes.removeFirst(start + mark.count) }
            return Array(bytes[..<(start + mark.count)])
          }
          return nil
        }
        if let found { return found }
        guard more() else { return nil }
      }
    }

    package func read(count: Int) -> [UInt8]? {
      while true {
        let found: [UInt8]? = pending.withLock { bytes in
          guard bytes.count >= count else { return nil }
          defer { bytes.removeFirst(count) }
          return Array(bytes[..<count])
        }
        if let found { return found }
        guard more() else { return nil }
      }
    }

    private func more() -> Bool {
      var block = [UInt8](repeating: 0, count: 16 << 10)
      let count = block.withUnsafeMutableBytes { recv(descriptor.raw, $0.baseAddress, $0.count, 0) }
      guard count > 0 else { return false }
      pending.withLock { $0 += block[..<count] }
      return true
    }
  }
}
