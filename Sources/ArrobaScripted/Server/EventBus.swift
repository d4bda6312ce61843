internal import ArrobaJSON
internal import ArrobaLoop

/// Tells everybody who listens what happens. Nothing is kept for those who come later, as in OpenCode.
@LoopActor
final class EventBus {
  private static let heartbeatMs = 10_000

  private struct Listener {
    let peer: Peer
    /// Of `/event`, which tells of one directory and in another envelope; nil for `/global/event`.
    let directory: String?
  }

  private var listeners: [Listener] = []
  private var sequence: [String: Int] = [:]
  /// Sessions of which nothing is told: what happens there has to be looked up.
  var muted: Set<String> = []
  /// Sessions of which everything is told twice.
  var doubled: Set<String> = []

  func add(_ peer: Peer, directory: String?) {
    listeners.append(Listener(peer: peer, directory: directory))
    peer.onGone = { [weak self, weak peer] in self?.listeners.removeAll { $0.peer === peer } }
    peer.beginStream()
    peer.event(encode("server.connected", [:], in: nil, isGlobal: directory == nil, id: nil))
    if listeners.count == 1 { beat() }
  }

  private func beat() {
    Loop.shared.after(Self.heartbeatMs) { [weak self] in
      guard let self, !listeners.isEmpty else { return }
      for listener in listeners {
        listener.peer.event(
          encode("server.heartbeat", [:], in: nil, isGlobal: listener.directory == nil, id: nil))
      }
      beat()
    }
  }

  /// `isDurable`: it is told a second time as a "sync", behind itself, on the global stream.
  func tell(
    _ type: String, _ properties: JSON, of session: String?, in directory: String, isDurable: Bool = false
  ) {
    if let session, muted.contains(session) { return }
    let id = Identifiers.next("evt")
    let isTwice = session.map { doubled.contains($0) } ?? false
    for _ in 0..<(isTwice ? 2 : 1) {
      send(encode(type, properties, in: directory, isGlobal: true, id: id), toGlobal: true, directory)
      if listeners.contains(where: { $0.directory != nil }) {
        send(encode(type, properties, in: directory, isGlobal: false, id: id), toGlobal: false, directory)
      }
    }
    if isDurable { sync(type, properties, of: session ?? "", in: directory, id: id) }
  }

  private func sync(
    _ type: String, _ properties: JSON, of session: String, in directory: String, id: String
  ) {
    sequence[session, default: -1] += 1
    let event: JSON = [
      "id": .string(id), "type": .string("\(type).1"), "seq": .int(sequence[session] ?? 0),
      "aggregateID": .string(session), "data": properties,
    ]
    let payload: JSON = ["type": "sync", "syncEvent": event, "id": .string(id)]
    let envelope: JSON = ["directory": .string(directory), "project": "scripted", "payload": payload]
    send(envelope.encoded, toGlobal: true, directory)
  }

  private func encode(_ type: String, _ properties: JSON, in directory: String?, isGlobal: Bool, id: String?)
    -> [UInt8]
  {
    let payload: JSON = [
      "id": .string(id ?? Identifiers.next("evt")), "type": .string(type), "properties": properties,
    ]
    guard isGlobal else { return payload.encoded }
    guard let directory else { return JSON.record(["payload": payload]).encoded }
    return JSON.record(["directory": .string(directory), "project": "scripted", "payload": payload]).encoded
  }

  private func send(_ bytes: [UInt8], toGlobal: Bool, _ directory: String) {
    for listener in listeners where (listener.directory == nil) == toGlobal {
      if let own = listener.directory, own != directory { continue }
      listener.peer.event(bytes)
    }
  }

  /// Breaks off every stream, in the middle of whatever it says.
  func cutAll() {
    for listener in listeners { listener.peer.cut() }
  }

  /// Every stream of a directory that is disposed ends; the global ones stay.
  func end(directory: String) {
    for listener in listeners where listener.directory == directory { listener.peer.cut() }
  }
}
