package import ArrobaSystem

/// Finds the daemon's socket, and starts a daemon where there is none (cli.md, `--host` and `--no-start`).
package struct DaemonLocator {
  /// Long enough for a log of a million events on a slow disk; then something is wrong and the user should know.
  package static let startDeadlineMs = 10_000

  package let path: String
  package let places: Places
  private let mayStart: Bool
  /// It is the user's own daemon, at the place where clients look for it.
  var isUsual: Bool { path == places.socket }

  package init(path: String, mayStart: Bool, places: Places) {
    self.path = path
    self.mayStart = mayStart
    self.places = places
  }

  /// A connected socket, whoever had to start the daemon.
  package func connect() throws(ClientError) -> Descriptor {
    if let socket = try connectIfListening() { return socket }
    guard mayStart else {
      throw .unreachable("no daemon listens at \(path)", hint: "arroba daemon start")
    }
    return try start()
  }

  /// A connected socket; nil where nobody listens. A socket that a dead daemon left counts as nobody.
  package func connectIfListening() throws(ClientError) -> Descriptor? {
    let socket: Descriptor
    do { socket = try Sockets.connect(to: path) } catch {
      if error.isMissing || error.isRefused { return nil }
      throw .unreachable("\(error)", hint: "arroba doctor")
    }
    if let peer = Sockets.peer(of: socket), peer.uid != ThisProcess.uid, peer.uid != 0 {
      throw .unreachable(
        "the daemon at \(path) belongs to uid \(peer.uid), not to you",
        hint: "set ARROBA_SOCKET to a path of your own")
    }
    return socket
  }

  /// Starts the daemon and waits until it listens. Of two clients that start one at once, one daemon wins; both
  /// clients then talk to it.
  package func start() throws(ClientError) -> Descriptor {
    guard let program = Programs.find(DaemonStart.programName, searchPath: Environment.all["PATH"]) else {
      throw .unreachable(
        "no daemon is running, and \(DaemonStart.programName) is neither beside this program nor on PATH",
        hint: "build it with scripts/build, or start it by hand")
    }
    let deadline = Clock.monotonicMs() + Self.startDeadlineMs
    let start = DaemonStart(places: places, environment: Environment.entries)
    switch try start.run(program, deadlineMs: deadline) {
    case .ready: break
    case .lockedByAnother(let words):
      if let socket = try waitUntilListening(deadlineMs: deadline) { return socket }
      throw .unreachable("the daemon cannot start: \(words)", hint: "arroba doctor")
    case .failed(let words): throw .unreachable("the daemon cannot start: \(words)", hint: "arroba doctor")
    }
    guard let socket = try connectIfListening() else {
      throw .unreachable(
        "the daemon says that it is ready, but nobody listens at \(path)", hint: "arroba doctor")
    }
    return socket
  }

  /// Tries again with growing pauses until somebody listens; nil when the time is up.
  package func waitUntilListening(deadlineMs: Int) throws(ClientError) -> Descriptor? {
    var pause = 10
    while true {
      if let socket = try connectIfListening() { return socket }
      let left = deadlineMs - Clock.monotonicMs()
      guard left > 0 else { return nil }
      PollSet.pause(milliseconds: min(pause, left))
      pause = min(pause * 2, 500)
    }
  }
}
