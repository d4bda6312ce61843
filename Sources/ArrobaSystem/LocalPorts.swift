internal import CPty
internal import Glibc

/// TCP on 127.0.0.1, where programs of one user find each other by a port.
extension Sockets {
  /// A port that nobody listens at now; nil where the system has none. Another process may take it first.
  package static func freePort() -> Int? {
    // A failure says that none is free, for whatever reason.
    guard let (descriptor, port) = try? bind(port: 0) else { return nil }
    descriptor.close()
    return port
  }

  /// Whether somebody has that port, so that no server can be started there.
  package static func isTaken(port: Int) -> Bool {
    do throws(SystemError) {
      try bind(port: port).0.close()
      return false
    } catch {
      return error.code == EADDRINUSE
    }
  }

  /// Listens at a port, or at any free one (0); the socket does not block.
  package static func listen(port: Int, backlog: Int32) throws(SystemError) -> (Descriptor, port: Int) {
    let (descriptor, port) = try bind(port: port)
    // Connections have it from here. Else a second small message waits for the other side to confirm the first: 40 ms.
    var yes: Int32 = 1
    setsockopt(
      descriptor.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard Glibc.listen(descriptor.raw, backlog) == 0 else { throw .last("listen at", "127.0.0.1:\(port)") }
    return (descriptor, port)
  }

  private static func bind(port: Int) throws(SystemError) -> (Descriptor, port: Int) {
    let place = "127.0.0.1:\(port)"
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let number = socket(AF_INET, type, 0)
    guard number >= 0 else { throw .last("make a socket for", place) }
    let descriptor = Descriptor(owning: number)
    // A server that is started again takes the port of the one before, whose connections are still fading.
    var yes: Int32 = 1
    if port != 0 {
      setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(number, $0, length) == 0 && getsockname(number, $0, &length) == 0
      }
    }
    guard isBound else { throw .last("listen at", place) }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
  }
}
