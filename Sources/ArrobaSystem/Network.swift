internal import CPty
internal import Glibc

/// TCP between machines. All sockets are close-on-exec from birth.
package enum Network {
  private static let type =
    Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)

  package struct Listener {
    package let socket: Descriptor
    /// As it came about: port 0 asks for any free one.
    package let port: Int
  }

  /// Listens at a numeric address of this machine; the socket does not block.
  package static func listen(host: String, port: Int, backlog: Int32) throws(SystemError) -> Listener {
    let place = "\(host):\(port)"
    let addresses = try Addresses(host: host, port: port, isPassive: true)
    guard let address = addresses.list.first else { throw SystemError("find", place, code: EADDRNOTAVAIL) }
    let number = socket(address.ai_family, type, 0)
    guard number >= 0 else { throw .last("make a socket for", place) }
    let descriptor = Descriptor(owning: number)
    // The list is the object's: it must outlive the calls.
    defer { withExtendedLifetime(addresses) {} }
    set(SOL_SOCKET, SO_REUSEADDR, 1, of: descriptor)
    guard bind(number, address.ai_addr, address.ai_addrlen) == 0, Glibc.listen(number, backlog) == 0 else {
      throw .last("listen at", place)
    }
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let isNamed = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &length) == 0 }
    }
    guard isNamed else { throw .last("name", place) }
    // At the same place for both families.
    let bound = withUnsafeBytes(of: &storage) { Int($0[2]) << 8 | Int($0[3]) }
    return Listener(socket: descriptor, port: bound)
  }

  /// Connects to the first address of a host that answers. Blocks until then, for at most that time; the socket does
  /// not block afterwards.
  package static func connect(host: String, port: Int, timeoutMs: Int) throws(SystemError) -> Descriptor {
    let place = "\(host):\(port)"
    let deadline = Clock.monotonicMs() + timeoutMs
    var failure = SystemError("find", place, code: EADDRNOTAVAIL)
    let addresses = try Addresses(host: host, port: port, isPassive: false)
    defer { withExtendedLifetime(addresses) {} }
    for address in addresses.list {
      let left = deadline - Clock.monotonicMs()
      guard left > 0 else { throw .timedOut("connect to", place) }
      let number = socket(address.ai_family, type, 0)
      guard number >= 0 else { throw .last("make a socket for", place) }
      let descriptor = Descriptor(owning: number)
      var code: Int32 = 0
      if Glibc.connect(number, address.ai_addr, address.ai_addrlen) != 0 {
        code = errno
        if code == EINPROGRESS {
          guard PollSet.waitWritable(number, timeoutMs: left) else {
            failure = .timedOut("connect to", place)
            continue
          }
          var length = socklen_t(MemoryLayout<Int32>.size)
          getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length)
        }
      }
      if code == 0 {
        prepare(descriptor)
        return descriptor
      }
      failure = SystemError("connect to", place, code: code)
    }
    throw failure
  }

  /// Small messages leave at once, and a peer that is gone without a word is noticed within a minute.
  package static func prepare(_ socket: Descriptor) {
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1, of: socket)
    set(SOL_SOCKET, SO_KEEPALIVE, 1, of: socket)
    set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 20, of: socket)
    set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10, of: socket)
    set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3, of: socket)
  }

  private static func set(_ level: Int32, _ option: Int32, _ value: Int32, of socket: Descriptor) {
    var value = value
    // A connection without the option still works; only sockets of other families refuse it.
    _ = setsockopt(socket.raw, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Where the other side of a connection is, without its port; nil where it is gone already.
  package static func peerHost(of socket: Descriptor) -> String? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard getpeername(socket.raw, address, &length) == 0 else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { room in
          guard let base = room.baseAddress,
            getnameinfo(address, length, base, 64, nil, 0, Int32(NI_NUMERICHOST)) == 0
          else { return nil }
          return String(cString: base)
        }
      }
    }
  }

  /// The addresses of a host, as the system finds them.
  private final class Addresses {
    private let first: UnsafeMutablePointer<addrinfo>?
    let list: [addrinfo]

    init(host: String, port: Int, isPassive: Bool) throws(SystemError) {
      var hints = addrinfo()
      hints.ai_family = AF_UNSPEC
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
      hints.ai_flags = isPassive ? AI_PASSIVE | AI_NUMERICHOST : 0
      var found: UnsafeMutablePointer<addrinfo>?
      let code = getaddrinfo(host, String(port), &hints, &found)
      guard code == 0 else {
        throw SystemError("find the host", host, code: code == EAI_SYSTEM ? errno : EADDRNOTAVAIL)
      }
      first = found
      var list: [addrinfo] = []
      var next = found
      while let entry = next?.pointee {
        list.append(entry)
        next = entry.ai_next
      }
      self.list = list
    }

    deinit { freeaddrinfo(first) }
  }
}
