internal import CPty
internal import Glibc

/// Unix sockets. All of them are close-on-exec from birth.
package enum Sockets {
  private static let stream = Int32(SOCK_STREAM.rawValue)
  private static let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)
  private static let nonBlocking = Int32(SOCK_NONBLOCK.rawValue)

  /// The longest path that an address holds, its final zero included (unix(7)).
  package static let longestPath = 107

  private static func withAddress<R>(
    of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) throws(SystemError) -> R {
    guard path.utf8.count <= longestPath else {
      throw SystemError("use the socket path", path, code: ENAMETOOLONG)
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// Connects to a listening socket; waits only as the kernel does (a full backlog).
  package static func connect(to path: String) throws(SystemError) -> Descriptor {
    let number = socket(AF_UNIX, stream | closeOnExec, 0)
    guard number >= 0 else { throw .last("make a socket for", path) }
    let descriptor = Descriptor(owning: number)
    let result = try withAddress(of: path) { address, length in
      retryingInterrupted { Glibc.connect(number, address, length) }
    }
    guard result == 0 else { throw .last("connect to", path) }
    return descriptor
  }

  /// Listens at a path, which must be free; the socket is for its owner alone (0600), and does not block.
  package static func listen(at path: String, backlog: Int32) throws(SystemError) -> Descriptor {
    let number = socket(AF_UNIX, stream | closeOnExec | nonBlocking, 0)
    guard number >= 0 else { throw .last("make a socket for", path) }
    let descriptor = Descriptor(owning: number)
    // The mode is set before the name appears: no instant at which others could connect.
    guard fchmod(number, 0o600) == 0 else { throw .last("restrict", path) }
    let bound = try withAddress(of: path) { address, length in bind(number, address, length) }
    guard bound == 0 else { throw .last("listen at", path) }
    guard chmod(path, 0o600) == 0 else { throw .last("restrict", path) }
    guard Glibc.listen(number, backlog) == 0 else { throw .last("listen at", path) }
    return descriptor
  }

  package enum Arrival {
    case connection(Descriptor)
    case none
    /// No descriptor is free in this process or in the system.
    case exhausted
    case failed(Int32)
  }

  /// The next waiting connection, as a socket that does not block.
  package static func accept(from listener: Descriptor) -> Arrival {
    let number = retryingInterrupted { accept4(listener.raw, nil, nil, closeOnExec | nonBlocking) }
    if number >= 0 { return .connection(Descriptor(owning: number)) }
    switch errno {
    case EAGAIN, ECONNABORTED: return .none
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
    default: return .failed(errno)
    }
  }

  package struct Peer: Sendable {
    package let pid: Int32
    package let uid: UInt32
  }

  /// Who connected, as the kernel saw it then (SO_PEERCRED).
  package static func peer(of socket: Descriptor) -> Peer? {
    var pid: Int32 = 0
    var uid: UInt32 = 0
    guard arroba_peer(socket.raw, &pid, &uid) == 0 else { return nil }
    return Peer(pid: pid, uid: uid)
  }

  /// Two joined sockets. `messages`: each send arrives whole (SOCK_SEQPACKET); else a stream of bytes.
  package static func pair(messages: Bool) throws(SystemError) -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    let type = messages ? Int32(SOCK_SEQPACKET.rawValue) : stream
    guard socketpair(AF_UNIX, type | closeOnExec, 0, &ends) == 0 else {
      throw .last("make", "a pair of sockets")
    }
    return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
  }

  /// Asks the kernel for room for `bytes` in flight in each direction; it may grant less.
  package static func setRoom(_ bytes: Int32, of socket: Descriptor) {
    var size = bytes
    let length = socklen_t(MemoryLayout<Int32>.size)
    _ = setsockopt(socket.raw, SOL_SOCKET, SO_SNDBUF, &size, length)
    _ = setsockopt(socket.raw, SOL_SOCKET, SO_RCVBUF, &size, length)
  }
}
