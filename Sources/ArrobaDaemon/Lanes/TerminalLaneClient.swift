internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem
internal import ArrobaWire

/// A client attached to a terminal: frames both ways, a cursor in the ring, nothing of its own to overflow.
@LoopActor
final class TerminalLaneClient: TerminalClient {
  let attachment: AttachmentID
  let terminal: Terminal
  let drives: Bool
  /// A circle while the lane is the connection's; the connection breaks it when it closes.
  let connection: Connection
  var offset: UInt64
  var needsRepaint: Bool
  /// Its user's terminal has not been given anything yet, so that a repaint brings what scrolled away as well.
  private var isNew: Bool
  private var decoder = FrameDecoder()
  /// Input that the program's terminal did not take yet.
  var untyped: [UInt8] = []
  var exit: ExitStatus?
  /// Before that the connection still is a structured lane: the answer to the attach comes first.
  private var isStarted = false
  private var isStopped = false
  private var saidDetach = false
  private var hasSaidViewOnly = false
  private var heartbeat: LoopTimer?
  /// The client's own size, for which its terminal can be written to.
  var columns: UInt16
  var rows: UInt16
  var lending = Lending.none
  /// What may be under way, where the client says what it has taken.
  private var pace: LinkPace?
  private var joining: LoopTimer?
  private var hasJoined = false
  /// A descriptor that came with the client's bytes, until a frame tells what it is.
  var passed: Descriptor?

  enum Lending {
    case none
    /// Nothing is sent until the client has put all that was sent before on its terminal.
    case offered(LentTerminal)
    case lent(LentTerminal)
  }

  /// One frame carries at most this much output, so that what is unsent of it stays small.
  private static let longestOutput = 64 << 10
  private static let heartbeatMs = 5000
  /// While something is under way, output waits so long for more: one frame costs a slow link as much as another.
  private static let joinMs = 2
  /// So much is worth a frame of its own.
  private static let joinedBytes = 8 << 10

  init(
    attachment: AttachmentID, terminal: Terminal, drives: Bool, connection: Connection, after: UInt64?,
    isNew: Bool, isPaced: Bool, columns: UInt16, rows: UInt16
  ) {
    pace = isPaced ? LinkPace() : nil
    self.columns = columns
    self.rows = rows
    self.isNew = isNew
    self.attachment = attachment
    self.terminal = terminal
    self.drives = drives
    self.connection = connection
    let ring = terminal.ring
    if let after, after >= ring.start, after <= ring.end {
      offset = after
      needsRepaint = false
    } else {
      offset = ring.end
      needsRepaint = true
    }
  }

  var isPaced: Bool { pace != nil }

  /// Where the client's bytes begin: after what it had, or at the repaint.
  var startOffset: UInt64 { offset }

  func start() {
    isStarted = true
    exit = terminal.endToTell
    armHeartbeat()
    pump()
  }

  // MARK: TerminalClient

  func outputIsThere() { pump() }

  func sizeChanged(columns: UInt16, rows: UInt16) {
    guard isStarted, !isStopped else { return }
    // Behind the output that was written at the old size.
    pump()
    if !fits { giveBack() }
    connection.send(TerminalFrame.resize(columns: columns, rows: rows))
  }

  func told(_ notice: String) { self.notice(notice) }

  func programEnded(_ status: ExitStatus) {
    exit = status
    pump()
  }

  func replaced() {
    notice("another client has taken up this attachment")
    isStopped = true
    dropTerminal()
    connection.closeWhenSent()
  }

  // MARK: to the client

  /// Sends what the client lacks, as far as its socket takes it. The rest is asked for when it drains.
  func pump() {
    guard isStarted, !isStopped else { return }
    switch lending {
    case .none: pumpFrames()
    case .offered: return
    case .lent(let screen): pump(to: screen)
    }
  }

  private func pumpFrames() {
    let ring = terminal.ring
    while connection.unsentCount == 0 && !isStopped {
      if let pace, pace.room == 0 { return }
      if needsRepaint || offset < ring.start || isTooFarBehind(ring) {
        let bytes = repaint()
        pace?.send(bytes.count, nowMs: LoopClock.nowMs())
        connection.send(TerminalFrame.screen(at: offset, bytes))
      } else if offset < ring.end {
        if isJoining(ring) { return }
        forward(ring)
      } else if let exit {
        return end(exit)
      } else {
        return
      }
    }
  }

  /// The link takes less than the program writes: what is on the screen matters, and not how it came there.
  private func isTooFarBehind(_ ring: OutputRing) -> Bool {
    pace.map { ring.end - offset > UInt64($0.mostBehind) } ?? false
  }

  /// Whether what there is waits a moment for more.
  private func isJoining(_ ring: OutputRing) -> Bool {
    guard let pace, pace.underWay > 0, ring.end - offset < UInt64(Self.joinedBytes) else { return false }
    switch joining {
    case .none:
      joining = Loop.shared.after(Self.joinMs) { [weak self] in
        self?.hasJoined = true
        self?.pump()
      }
      return true
    case .some: return !hasJoined
    }
  }

  private func pump(to screen: LentTerminal) {
    let ring = terminal.ring
    while screen.isReady {
      if needsRepaint || offset < ring.start {
        screen.paint(repaint())
      } else if offset < ring.end {
        isNew = false
        let count = ring.withBytes(from: offset, atMost: Self.longestOutput) { screen.write($0, $1) }
        offset += UInt64(count)
      } else if let exit {
        return end(exit)
      } else {
        return
      }
    }
    if screen.isBroken { giveBack() }
  }

  private func end(_ exit: ExitStatus) {
    isStopped = true
    dropTerminal()
    terminal.detach(self, forGood: true)
    connection.send(TerminalFrame.exit(Int32(clamping: exit.signed)))
    connection.closeWhenSent()
  }

  /// Bytes that paint the screen; the cursor stands behind them.
  private func repaint() -> [UInt8] {
    needsRepaint = false
    let (at, bytes) = terminal.repaint(withHistory: isNew)
    isNew = false
    offset = at
    return bytes
  }

  private func forward(_ ring: OutputRing) {
    isNew = false
    joining?.cancel()
    joining = nil
    hasJoined = false
    let most = min(Self.longestOutput, pace?.room ?? .max)
    let count = ring.withBytes(from: offset, atMost: most) { first, second in
      let count = first.count + second.count
      connection.send(header: TerminalFrame.header(.output, count: count), first, second)
      return count
    }
    offset += UInt64(count)
    pace?.send(count, nowMs: LoopClock.nowMs())
  }

  func notice(_ message: String) {
    connection.send(TerminalFrame.encode(.notice, JSON.record(["message": .string(message)]).encoded))
  }

  private func armHeartbeat() {
    let idle = LoopClock.nowMs() - connection.lastSentMs
    heartbeat = Loop.shared.after(max(1, Self.heartbeatMs - idle)) { [weak self] in
      guard let self, !isStopped else { return }
      if LoopClock.nowMs() - connection.lastSentMs >= Self.heartbeatMs, connection.unsentCount == 0 {
        connection.send(TerminalFrame.encode(.heartbeat))
      }
      armHeartbeat()
    }
  }

  // MARK: from the client

  func received(_ bytes: ArraySlice<UInt8>) {
    decoder.feed(bytes)
    takeFrames()
  }

  func takeFrames() {
    do throws(FrameDecoder.Fault) {
      while !isStopped, untyped.isEmpty || readsKeys, let frame = try decoder.next() { take(frame) }
    } catch {
      notice("the connection is closed: \(error)")
      stop()
      connection.closeWhenSent()
    }
  }

  private func take(_ frame: FrameDecoder.Frame) {
    switch frame.kind {
    case .input: type(frame.payload)
    case .resize:
      guard let size = TerminalFrame.size(of: frame.payload), Params.sides.contains(Int(size.columns)),
        Params.sides.contains(Int(size.rows))
      else { return notice("a size is from 1 to \(Params.sides.upperBound) columns and rows") }
      columns = size.columns
      rows = size.rows
      terminal.clientResized(self, columns: size.columns, rows: size.rows)
      if !fits { giveBack() }
    case .detach:
      saidDetach = true
      stop()
      connection.closeWhenSent()
    case .heartbeat: break
    case .lending: heed(frame.payload)
    case .taken:
      guard let count = TerminalFrame.offset(of: frame.payload) else { return }
      pace?.take(upTo: Int(clamping: count), nowMs: LoopClock.nowMs())
      pump()
    case .output, .screen, .exit, .notice: notice("a client does not send \(frame.kind) frames")
    }
  }

  func type(_ bytes: [UInt8]) {
    guard drives else {
      if !hasSaidViewOnly { notice("this attachment only views; what is typed goes nowhere") }
      hasSaidViewOnly = true
      return
    }
    let taken = untyped.isEmpty ? bytes.withUnsafeBytes { terminal.type($0, from: self) } : 0
    guard taken < bytes.count else { return }
    // The program is busy. Nothing more is read from the client, so that it feels that, until this is in.
    let isWaiting = !untyped.isEmpty
    untyped += bytes[taken...]
    holdBack()
    if !isWaiting { terminal.whenWritable { [weak self] in self?.typeRest() } }
  }

  private func typeRest() {
    guard !isStopped else { return }
    let rest = untyped
    untyped = []
    type(rest)
    guard untyped.isEmpty else { return }
    holdBack()
    takeFrames()
  }

  func stop() {
    heartbeat?.cancel()
    joining?.cancel()
    guard !isStopped else { return }
    isStopped = true
    dropTerminal()
    terminal.detach(self, forGood: saidDetach)
  }
}
