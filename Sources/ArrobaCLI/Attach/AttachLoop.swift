internal import ArrobaClient
internal import ArrobaSystem
internal import ArrobaTerminal

/// An attached terminal: keys in, output out, until somebody leaves. One thread, one poll(2).
final class AttachLoop {
  enum Outcome: Equatable {
    case detached
    case exited(Int32)
    case failed(ClientError)
    case signalled(ClientSignals.Signal)
  }

  private enum Course {
    case running
    /// It is over; what waits for the screen is still written, until the deadline if there is one.
    case leaving(Outcome, deadlineMs: Int?)
  }

  /// A terminal sends a key's bytes together; what has not come after this is not coming.
  private static let undecidedMs = 50
  /// The lane is not read while so much waits for the screen: the daemon then sends us less.
  private static let mostOnScreen = 256 << 10
  /// A daemon that is restarted is back sooner; only a longer absence is worth a line on the screen.
  private static let noteLossAfterMs = 400
  /// How long a program that must end now lets a terminal finish reading.
  private static let lastWordsMs = 500

  private let link: LaneLink
  private let seat: Seat
  private let screen: ScreenWriter
  /// What the lane writes to, in front of the screen.
  private let view: UserScreen
  private let signals: ClientSignals
  private let mode: TerminalMode?
  private let options: Attaching
  private let keys: DetachKeys
  /// The first one hands on what is typed; any of them finds what leaves.
  private var matchers: [DetachMatcher]
  private var course = Course.running
  /// When the bytes came that only what follows can explain.
  private var undecidedSinceMs: Int?
  private var isInputOver = false
  /// What stands on the bottom line about a daemon that is away.
  private var noted: String?
  private var block = [UInt8](repeating: 0, count: 32 << 10)

  init(
    _ link: LaneLink, at seat: Seat, options: Attaching, keys: DetachKeys, signals: ClientSignals,
    mode: TerminalMode?
  ) {
    self.link = link
    self.seat = seat
    screen = ScreenWriter(to: seat.output)
    view = UserScreen(screen)
    self.options = options
    self.keys = keys
    self.signals = signals
    self.mode = mode
    if !options.isRaw, let own = Self.size(of: seat), own != link.terminal {
      view.beginDifferent()
      link.needsRepaint = true
    }
    matchers = ([keys] + (options.isView ? DetachKeys.looking : [])).map { DetachMatcher($0) }
  }

  /// Whether the terminal took everything; one that did not must not be written to again, or we would wait for it.
  var isScreenClear: Bool { screen.waiting == 0 }

  func run() -> Outcome {
    makeRoom()
    var set = PollSet()
    while true {
      if case .leaving(let outcome, let deadline) = course {
        let isLate = deadline.map { Clock.monotonicMs() >= $0 } ?? false
        if screen.waiting == 0 || screen.isBroken || isLate { return outcome }
      }
      turn(&set)
    }
  }

  /// Scrolls what the user has on the screen out at the top, so that a repaint does not take it away.
  private func makeRoom() {
    guard !options.isRaw, let size = seat.size else { return }
    screen.write(Self.room(rows: size.rows))
    screen.flush()
  }

  /// From the line behind the last one that is written, wherever on the screen that is.
  static func room(rows: Int) -> String { String(repeating: "\r\n", count: max(0, rows - 1)) }

  private func turn(_ set: inout PollSet) {
    let isRunning = if case .running = course { true } else { false }
    set.removeAll()
    let signalled = set.add(signals.descriptor.raw, reading: true, writing: false)
    var input: Int?
    if isRunning, !isInputOver, link.takesInput { input = set.add(seat.input, reading: true, writing: false) }
    var output: Int?
    if screen.waiting > 0 { output = set.add(screen.number, reading: false, writing: true) }
    var lane: Int?
    let wantsLane = screen.waiting < Self.mostOnScreen
    if isRunning, let socket = link.socket, wantsLane || link.hasToSend {
      lane = set.add(socket.raw, reading: wantsLane, writing: link.hasToSend)
    }
    let isReady = set.wait(timeoutMs: link.hasEarlyBytes && isRunning ? 0 : patience(isRunning))
    if isReady, set.isReadable(signalled) { heedSignals() }
    if isReady, let input, set.isReadable(input) {
      readInput()
    } else if isRunning, let since = undecidedSinceMs, Clock.monotonicMs() - since >= Self.undecidedMs {
      forward { $0.flush() }
    }
    if isRunning { turnLane(set, isReady ? lane : nil, wantsLane: wantsLane) }
    if isReady, let output, set.isWritable(output) { screen.flush() }
    lendTerminal()
    if isRunning, screen.isBroken { leave(Outcome.detached) }
  }

  private func turnLane(_ set: PollSet, _ lane: Int?, wantsLane: Bool) {
    if let lane, set.isWritable(lane) { link.send() }
    let isReadable = wantsLane && (lane.map { set.isReadable($0) } ?? false)
    if isReadable || link.hasEarlyBytes {
      if let end = link.receive(view) { leave(end) }
      screen.flush()
    }
    adapt()
    if let end = link.tend(size: seat.size) { leave(end) }
    noteLoss()
  }

  /// The daemon writes to the terminal itself while nothing has to be changed on the way: one process less to wake.
  private func lendTerminal() {
    guard case .running = course, !options.isRaw, !options.isView, screen.waiting == 0,
      let terminal = screen.terminal
    else { return }
    if link.lending == .accepted {
      let canReadKeys = matchers.allSatisfy(\.isAtRest) && Terminals.isSame(seat.input, terminal)
      link.lend(withKeys: canReadKeys ? keys.text : nil)
    } else if link.canLend, view.isPassing, Self.size(of: seat) == link.terminal {
      link.offer(terminal)
    }
  }

  /// Before anything is written to the terminal here.
  private func takeTerminalBack() {
    link.takeBack(view, patienceMs: Self.lastWordsMs)
    screen.flush()
  }

  /// Where the sizes differ from now on, a new connection brings what the cut-out is made from.
  private func adapt() {
    guard case .running = course, !options.isRaw else { return }
    if view.adapt(terminal: link.terminal, own: Self.size(of: seat), nowMs: Clock.monotonicMs()) {
      link.needsRepaint = true
      link.lose()
    }
    screen.flush()
  }

  private static func size(of seat: Seat) -> Size? { seat.size.map { Size($0.columns, $0.rows) } }

  private func patience(_ isRunning: Bool) -> Int {
    guard isRunning else { return Self.lastWordsMs }
    var due = link.dueMs
    let now = Clock.monotonicMs()
    if let since = undecidedSinceMs { due = min(due, since + Self.undecidedMs) }
    if let view = view.dueMs { due = min(due, view) }
    if noted == nil, !options.isRaw, let absence = link.absence {
      due = min(due, absence.sinceMs + Self.noteLossAfterMs)
    }
    return max(0, due - now)
  }

  private func leave(_ end: LaneLink.End) {
    switch end {
    case .exited(let status): leave(Outcome.exited(status))
    case .detached: leave(Outcome.detached)
    case .failed(let error): leave(Outcome.failed(error))
    }
  }

  private func leave(_ outcome: Outcome) {
    guard case .running = course else { return }
    var deadline: Int?
    if case .signalled = outcome { deadline = Clock.monotonicMs() + Self.lastWordsMs }
    if !options.isRaw {
      takeTerminalBack()
      view.finish(own: Self.size(of: seat), nowMs: Clock.monotonicMs())
      screen.write(LeaveSequence.text)
    }
    screen.flush()
    course = .leaving(outcome, deadlineMs: deadline)
  }

  private func readInput() {
    switch block.withUnsafeMutableBytes({ StandardStreams.read(into: $0, from: seat.input) }) {
    case .moved(let count):
      let bytes = block[..<count]
      forward { $0.feed(bytes) }
    case .wouldBlock: break
    case .ended, .failed:
      isInputOver = true
      // A script's input may end before its output; a terminal's end is the end.
      if mode != nil || !options.isRaw { leave(Outcome.detached) }
    }
  }

  /// Keys of somebody who only looks leave, or do nothing.
  private func forward(_ judge: (inout DetachMatcher) -> DetachMatcher.Outcome) {
    let found = matchers.indices.map { judge(&matchers[$0]) }
    undecidedSinceMs = matchers.contains { $0.isUndecided } ? Clock.monotonicMs() : nil
    if !options.isView, let typed = found.first?.forward { link.type(typed[...]) }
    if found.contains(where: \.isDetached) { leave(Outcome.detached) }
  }

  private func heedSignals() {
    while let signal = signals.next() {
      switch signal {
      case .windowChanged:
        if !options.isRaw, let size = seat.size { link.resize(to: size) }
      case .hangUp, .interrupt, .quit, .terminate: leave(.signalled(signal))
      case .suspend: suspend()
      case .resume: takeBackTerminal()
      }
    }
  }

  /// Gives the terminal back as leaving does, then stops; the signal to go on is read as any other.
  private func suspend() {
    takeTerminalBack()
    if !options.isRaw { screen.write(LeaveSequence.text) }
    screen.flush()
    mode?.restore()
    ThisProcess.stop()
  }

  /// After a stop the terminal has been somebody else's: our mode again, and a repaint by a connection of its own.
  private func takeBackTerminal() {
    if let mode {
      mode.enterRaw()
      makeRoom()
      view.spoil()
      link.needsRepaint = true
      link.lose()
    }
  }

  /// Tells on the bottom line that the daemon is away; the repaint that comes with the next connection removes it.
  private func noteLoss() {
    guard let absence = link.absence else { return noted = nil }
    guard !options.isRaw, Clock.monotonicMs() - absence.sinceMs >= Self.noteLossAfterMs,
      let size = seat.size
    else { return }
    let way = keys.keys.isEmpty ? "" : "; \(keys.shown) leaves"
    let reason = absence.reason.map { " (\(Clean.line($0)))" } ?? ""
    let note = "\(link.far) is away, waiting for it\(way)\(reason)"
    guard note != noted else { return }
    noted = note
    link.needsRepaint = true
    screen.write(LeaveSequence.bottomLine(note, size: size))
    view.spoil()
    screen.flush()
  }
}
