package import ArrobaSystem

/// The one door to a daemon: opens streams to it, by whatever road. Nobody else knows which one it is.
package enum Road {
  case socket(DaemonLocator)
  case ssh(SSHRoad)

  package init(endpoint: Endpoint, places: Places, environment: [String: String]) {
    switch endpoint {
    case .socket(let path, let mayStart):
      self = .socket(DaemonLocator(path: path, mayStart: mayStart, places: places))
    case .ssh(let host): self = .ssh(SSHRoad(host: host, places: places, environment: environment))
    }
  }

  /// The first stream: a daemon may be started for it, and its user be asked something.
  package func open() throws(ClientError) -> ByteStream {
    switch self {
    case .socket(let locator): ByteStream(try locator.connect())
    case .ssh(let road): try road.open(asks: true, isFresh: false)
    }
  }

  /// A stream in place of one that was lost; nil where nobody is there now. Nothing is started here, and nobody asked.
  /// `isFresh`: the one before fell silent.
  package func openAgain(isFresh: Bool) throws(ClientError) -> ByteStream? {
    switch self {
    case .socket(let locator): try locator.connectIfListening().map { ByteStream($0) }
    case .ssh(let road): try road.open(asks: false, isFresh: isFresh)
    }
  }

  /// A stream to a daemon that runs; nil where none does, as far as that can be told from here.
  package func openIfThere() throws(ClientError) -> ByteStream? {
    switch self {
    case .socket(let locator): try locator.connectIfListening().map { ByteStream($0) }
    case .ssh(let road): try road.open(asks: true, isFresh: false)
    }
  }

  /// Who is at its end, for a sentence.
  package var name: String {
    switch self {
    case .socket: "the daemon"
    case .ssh(let road): road.host.name
    }
  }

  package var isRemote: Bool {
    switch self {
    case .socket: false
    case .ssh: true
    }
  }

  /// Whether the way may be long: another machine, or a socket that somebody named, which may be forwarded.
  package var isLong: Bool {
    switch self {
    case .socket(let locator): !locator.isUsual
    case .ssh: true
    }
  }

  /// The socket on this machine, if it is one.
  package var locator: DaemonLocator? {
    guard case .socket(let locator) = self else { return nil }
    return locator
  }

  /// How long who follows something waits for a daemon that is away: on this machine its supervisor starts it again
  /// within seconds, or it is gone for good; another machine may be out of reach for a night (nil: without end).
  package var patienceMs: Int? { isRemote ? nil : Client.patienceMs }
}
