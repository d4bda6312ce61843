internal import ArrobaSystem
internal import ArrobaTerminal

/// A recording on a terminal: events at their times, keys in between. One thread, one poll(2).
final class Player {
  enum End {
    case over, left, interrupted
    case signalled(ClientSignals.Signal)
    case failed(Failure)
  }

  private static let escapeMs = 50
  /// Nothing more is played while so much waits for the terminal.
  private static let mostOnScreen = 256 << 10
  private static let lastWordsMs = 500

  private var reader: CastReader
  private var clock: PlayClock
  private let seat: Seat
  private let signals: ClientSignals
  private let takesKeys: Bool
  private let screen: ScreenWriter
  private let view: UserScreen
  /// What the recording's terminal shows: for a screen that it does not fit, and for one that becomes so.
  private var model: Screen
  private var keys = KeyReader()
  private var next: CastReader.Moment?
  private var size: Size
  private var block = [UInt8](repeating: 0, count: 4096)

  init(_ reader: CastReader, _ playing: Playing, at seat: Seat, signals: ClientSignals, takesKeys: Bool) {
    self.reader = reader
    self.seat = seat
    self.signals = signals
    self.takesKeys = takesKeys
    clock = PlayClock(playing, idleLimitMs: reader.header.idleLimitMs, startMs: Clock.monotonicMs())
    screen = ScreenWriter(to: seat.output)
    view = UserScreen(screen)
    size = reader.header.size
    model = Screen(columns: size.columns, rows: size.rows, scrollbackLimit: 0, scrollbackBytes: 0)
  }

  func run() -> End {
    if let own { screen.write(AttachLoop.room(rows: own.rows)) }
    fit()
    let end = playAll()
    view.finish(own: own, nowMs: Clock.monotonicMs())
    screen.write(LeaveSequence.text)
    drain()
    return end
  }

  private var own: Size? { seat.size.map { Size($0.columns, $0.rows) } }

  private func playAll() -> End {
    var set = PollSet()
    do throws(Failure) {
      next = try reader.next()
      while next != nil || screen.waiting > 0 {
        if let end = turn(&set) { return end }
        try playDue()
        if screen.isBroken { return .left }
      }
      return .over
    } catch { return .failed(error) }
  }

  private func turn(_ set: inout PollSet) -> End? {
    set.removeAll()
    let signalled = set.add(signals.descriptor.raw, reading: true, writing: false)
    let input = takesKeys ? set.add(seat.input, reading: true, writing: false) : nil
    let output = screen.waiting > 0 ? set.add(screen.number, reading: false, writing: true) : nil
    let isReady = set.wait(timeoutMs: patience)
    if isReady, set.isReadable(signalled), let end = heedSignals() { return end }
    if isReady, let input, set.isReadable(input) {
      if let end = readKeys() { return end }
    } else if !isReady, keys.isUndecided {
      if let end = heed(keys.flush()) { return end }
    }
    if isReady, let output, set.isWritable(output) { screen.flush() }
    return nil
  }

  private var patience: Int {
    var waits: [Int] = []
    let now = Clock.monotonicMs()
    if let next, !clock.isPaused, screen.waiting < Self.mostOnScreen {
      waits.append(clock.dueMs(next.ms) - now)
    }
    if let due = view.dueMs { waits.append(due - now) }
    if keys.isUndecided { waits.append(Self.escapeMs) }
    return waits.min().map { max(0, $0) } ?? -1
  }

  // MARK: events

  private func playDue() throws(Failure) {
    while let moment = next, !clock.isPaused, screen.waiting < Self.mostOnScreen,
      clock.dueMs(moment.ms) <= Clock.monotonicMs()
    {
      clock.pass(moment.ms)
      try show(moment)
    }
    _ = view.adapt(terminal: size, own: own, nowMs: Clock.monotonicMs())
    screen.flush()
  }

  private func show(_ moment: CastReader.Moment) throws(Failure) {
    switch moment.event {
    case .output(let text):
      var text = text
      text.withUTF8 { bytes in
        let raw = UnsafeRawBufferPointer(bytes)
        model.feed(raw)
        view.write(raw)
      }
      // Nobody answers the queries of a program that ran long ago.
      _ = model.takeAnswers()
      _ = model.takeSignals()
    case .resize(let size):
      self.size = size
      model.resize(columns: size.columns, rows: size.rows)
      fit()
    case .other: break
    }
    next = try reader.next()
  }

  /// The recording's terminal and the user's are of the same size, and its bytes are passed on; or a part is painted.
  private func fit() {
    guard let own else { return }
    let painted = model.repaint(history: 0)
    guard own != size else {
      _ = view.adapt(terminal: size, own: own, nowMs: Clock.monotonicMs())
      screen.write(painted)
      return
    }
    view.beginDifferent()
    view.repaintBegins(size)
    painted.withUnsafeBytes { view.write($0) }
  }

  // MARK: the user

  private func readKeys() -> End? {
    switch block.withUnsafeMutableBytes({ StandardStreams.read(into: $0, from: seat.input) }) {
    case .moved(let count): heed(keys.feed(block[..<count]))
    case .wouldBlock: nil
    case .ended, .failed: .left
    }
  }

  private func heed(_ pressed: [Key]) -> End? {
    for key in pressed {
      switch key {
      case .control("c"): return .interrupted
      case .text(let text):
        for character in text {
          switch character {
          case "q", "Q": return .left
          case " ": clock.togglePause(at: Clock.monotonicMs())
          case ".": if let end = step() { return end }
          default: break
          }
        }
      default: break
      }
    }
    return nil
  }

  private func step() -> End? {
    guard clock.isPaused, let moment = next else { return nil }
    clock.step(moment.ms, at: Clock.monotonicMs())
    do throws(Failure) { try show(moment) } catch { return .failed(error) }
    return nil
  }

  private func heedSignals() -> End? {
    while let signal = signals.next() {
      switch signal {
      case .windowChanged: fit()
      case .interrupt: return .interrupted
      case .hangUp, .quit, .terminate: return .signalled(signal)
      case .suspend, .resume: break
      }
    }
    return nil
  }

  /// A terminal that does not read must not hold us.
  private func drain() {
    let deadline = Clock.monotonicMs() + Self.lastWordsMs
    screen.flush()
    while screen.waiting > 0, !screen.isBroken {
      let left = deadline - Clock.monotonicMs()
      guard left > 0, PollSet.waitWritable(screen.number, timeoutMs: left) else { return }
      screen.flush()
    }
  }
}
