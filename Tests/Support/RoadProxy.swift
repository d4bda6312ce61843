internal import ArrobaSystem
internal import Glibc
internal import Synchronization

/// A bad road: stands between a client and a server and passes bytes on, until it is told to cut, to stall or to pass
/// them in crumbs. A thread for each direction of a connection; ends with the object.
package final class RoadProxy: Sendable {
  /// Where it listens and where it leads.
  package enum Way: Sendable {
    case sockets(at: String, to: String)
    /// Ports of 127.0.0.1; 0 to listen at any.
    case ports(at: Int, to: Int)
  }

  private struct State {
    var connections: [[Descriptor]] = []
    var isStalled = false
    var crumb = 64 << 10
    var passedDown = 0
    var cuts = 0
    var isOver = false
  }

  package let port: Int
  private let way: Way
  private let listener: Descriptor
  private let state = Mutex(State())

  package init(_ way: Way) throws {
    self.way = way
    switch way {
    case .sockets(let path, _):
      try Files.remove(path)
      listener = try Sockets.listen(at: path, backlog: 64)
      port = 0
    case .ports(let wanted, _): (listener, port) = try Sockets.listen(port: wanted, backlog: 64)
    }
    listener.setBlocking(true)
    Threads.start("road") { [weak self, listener] in
      while case .connection(let near) = Sockets.accept(from: listener) {
        near.setBlocking(true)
        guard let self else { return }
        pass(near)
      }
    }
  }

  deinit { stop() }

  package func stop() {
    state.withLock { $0.isOver = true }
    shutdown(listener.raw, Int32(SHUT_RDWR))
    cut()
  }

  /// Cuts all connections there are; answers how many.
  @discardableResult
  package func cut() -> Int {
    let all = state.withLock { state in
      defer { state.connections = [] }
      state.cuts += state.connections.count
      return state.connections
    }
    for connection in all { for end in connection { shutdown(end.raw, Int32(SHUT_RDWR)) } }
    return all.count
  }

  /// Nothing comes down any more, or all of it again; what goes up is passed on.
  package func stall(_ isStalled: Bool) { state.withLock { $0.isStalled = isStalled } }
  /// At most so many bytes are passed on at once.
  package func crumble(to bytes: Int) { state.withLock { $0.crumb = bytes } }
  /// So many connections were cut.
  package var cuts: Int { state.withLock { $0.cuts } }
  /// So many bytes have come down in all.
  package var passedDown: Int { state.withLock { $0.passedDown } }

  private func pass(_ near: Descriptor) {
    let far: Descriptor?
    switch way {
    case .sockets(_, let path): far = try? Sockets.connect(to: path)  // nobody there: the client sees an end
    case .ports(_, let port): far = Self.connect(toPort: port)
    }
    guard let far else { return near.close() }
    let isOver = state.withLock { state in
      state.connections.append([near, far])
      return state.isOver
    }
    guard !isOver else { return near.close() }
    Threads.start("road-up") { [weak self] in Self.copy(from: near, to: far, self, isDown: false) }
    Threads.start("road-down") { [weak self] in Self.copy(from: far, to: near, self, isDown: true) }
  }

  private static func copy(from: Descriptor, to: Descriptor, _ road: RoadProxy?, isDown: Bool) {
    var block = [UInt8](repeating: 0, count: 16 << 10)
    defer {
      shutdown(from.raw, Int32(SHUT_RDWR))
      shutdown(to.raw, Int32(SHUT_RDWR))
    }
    while true {
      while isDown, let road, road.state.withLock({ $0.isStalled && !$0.isOver }) {
        PollSet.pause(milliseconds: 1)
      }
      let most = min(block.count, road?.state.withLock { $0.crumb } ?? 0)
      guard most > 0 else { return }
      let got = block.withUnsafeMutableBytes { from.read(into: .init(rebasing: $0[..<most])) }
      guard case .moved(let count) = got else { return }
      var sent = 0
      while sent < count {
        let outcome = block[sent..<count].withUnsafeBytes { to.send($0) }
        guard case .moved(let more) = outcome else { return }
        sent += more
      }
      if isDown { road?.state.withLock { $0.passedDown += count } }
    }
  }

  private static func connect(toPort port: Int) -> Descriptor? {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { return nil }
    let descriptor = Descriptor(owning: number)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return result == 0 ? descriptor : nil
  }
}
