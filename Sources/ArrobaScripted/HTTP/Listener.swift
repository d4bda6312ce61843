internal import ArrobaLoop
internal import ArrobaSystem

/// Accepts connections on 127.0.0.1.
@LoopActor
final class Listener {
  let port: Int
  private let socket: Descriptor
  private let handle: @LoopActor (Request, Peer) -> Void
  private var watch: Watch?
  private var peers: [ObjectIdentifier: Peer] = [:]

  init(port: Int, handle: @escaping @LoopActor (Request, Peer) -> Void) throws(SystemError) {
    (socket, self.port) = try Sockets.listen(port: port, backlog: 128)
    self.handle = handle
    watch = Loop.shared.watch(socket.raw, for: .readable, urgency: .socket) { [weak self] _ in self?.accept()
    }
  }

  private func accept() {
    while case .connection(let descriptor) = Sockets.accept(from: socket) {
      let peer = Peer(descriptor, handle: handle)
      peers[ObjectIdentifier(peer)] = peer
      peer.onClose = { [weak self] in self?.peers[ObjectIdentifier($0)] = nil }
    }
  }
}
