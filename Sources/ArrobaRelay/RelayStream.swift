internal import ArrobaSystem

/// Two connections joined: what comes from one goes to the other, in the kernel, until both have said all.
///
/// Bytes are on their way in a pipe only while they are; a stream that rests holds none. Each end that has no more to say
/// is passed on as such, and the other direction goes on.
final class RelayStream {
  enum End: Int {
    case client, machine
    var other: End { self == .client ? .machine : .client }
  }

  enum Progress {
    /// It waits for a socket.
    case waits
    /// Its turn is over, and there is more.
    case hasMore
    case isOver
  }

  /// One direction: from an end to the other.
  private struct Way {
    var pipe: SplicePipe?
    var hasEnded = false
    var isPassedOn = false
  }

  /// So much moves in one turn; then it is the others'.
  private static let turnBytes = 1 << 20

  let machine: String
  let token: String
  private let ends: [RelayConnection]
  private var ways = [Way(), Way()]
  private var readable = [true, true]
  private var writable = [true, true]
  private var isDead = false
  /// Whether it is among those whose turn comes again.
  var isQueued = false
  private var bytes = 0

  init(client: RelayConnection, machine: RelayConnection, id: String, token: String) {
    ends = [client, machine]
    self.machine = id
    self.token = token
  }

  func connection(_ end: End) -> RelayConnection { ends[end.rawValue] }

  func hear(_ event: Readiness.Event, at end: End) {
    // An end that has said all, and is reset before it has heard all, hears nothing more.
    if event.isBroken, ways[end.rawValue].isPassedOn { isDead = true }
    if event.isReadable || event.isHalfClosed || event.isBroken { readable[end.rawValue] = true }
    if event.isWritable || event.isBroken { writable[end.rawValue] = true }
  }

  /// Moves what can be moved. Pipes come from `pool` and go back empty.
  func pump(_ pool: PipePool) -> Progress {
    guard !isDead else { return .isOver }
    var hasMore = false
    for end in [End.client, .machine] {
      switch pump(from: end, pool) {
      case .waits: break
      case .hasMore: hasMore = true
      case .isOver: return .isOver
      }
    }
    if ways.allSatisfy(\.isPassedOn) { return .isOver }
    return hasMore ? .hasMore : .waits
  }

  /// What each end was told before the stream began comes first.
  private func sendWords(_ end: End) -> Bool {
    let connection = ends[end.rawValue]
    guard !connection.unsent.isEmpty else { return true }
    let lives = connection.flush()
    if lives, !connection.unsent.isEmpty { writable[end.rawValue] = false }
    return lives
  }

  private func pump(from end: End, _ pool: PipePool) -> Progress {
    let source = end.rawValue
    let target = end.other.rawValue
    guard sendWords(end.other) else { return .isOver }
    guard !ways[source].isPassedOn else { return .waits }
    var moved = 0
    defer {
      if let pipe = ways[source].pipe, pipe.held == 0 {
        pool.giveBack(pipe)
        ways[source].pipe = nil
      }
    }
    while moved < Self.turnBytes {
      if !ways[source].hasEnded, readable[source] {
        guard let pipe = ways[source].pipe ?? pool.take() else { return .isOver }
        ways[source].pipe = pipe
        switch pipe.fill(from: ends[source].socket) {
        case .moved: break
        // A pipe with something in it may have been full; an empty one has taken all there was.
        case .wouldBlock: if pipe.held == 0 { readable[source] = false }
        case .ended: ways[source].hasEnded = true
        case .failed: return .isOver
        }
      }
      guard let pipe = ways[source].pipe, pipe.held > 0 else {
        guard ways[source].hasEnded else { return .waits }
        Sockets.endSending(of: ends[target].socket)
        ways[source].isPassedOn = true
        return .waits
      }
      guard writable[target] else { return .waits }
      switch pipe.drain(into: ends[target].socket) {
      case .moved(let count):
        moved += count
        bytes += count
      case .wouldBlock:
        writable[target] = false
        return .waits
      case .ended, .failed: return .isOver
      }
    }
    return .hasMore
  }

  /// How many bytes moved since this was asked last.
  func takeBytes() -> Int {
    defer { bytes = 0 }
    return bytes
  }
}

/// Empty pipes for whoever has bytes on their way.
final class PipePool {
  private static let mostKept = 64
  private var free: [SplicePipe] = []

  /// nil where the system has no descriptor left.
  func take() -> SplicePipe? {
    free.popLast() ?? (try? SplicePipe())  // the caller ends its stream, which is all that can be done
  }

  func giveBack(_ pipe: SplicePipe) {
    if free.count < Self.mostKept { free.append(pipe) }
  }
}
