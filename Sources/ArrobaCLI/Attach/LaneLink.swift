internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaWire

/// The terminal lane of one agent, over as many connections as it takes: what is typed gets there once, what the
/// program writes comes once, however often the daemon goes away meanwhile.
final class LaneLink {
  /// Input is not read from the user's terminal while so much waits for the daemon (or was typed to none).
  private static let mostWaiting = 64 << 10
  private static let mostTypedWhileLost = RetainedInput.limit / 2
  private static let heartbeatMs = 5000
  private static let longestFrame = 64 << 10

  let client: Client
  let wish: Attachment.Wish
  /// How long a daemon that is away is waited for; nil: until the user leaves.
  private let patienceMs: Int?
  var phase: Phase
  var attachment: String
  /// The size of the agent's terminal, as far as we were told.
  var terminal: Size
  var reader: LaneReader
  var queue = ByteQueue()
  var retained = RetainedInput()
  var typedWhileLost = 0
  /// The daemon read what was typed itself when it was lost: what comes after that has no offset yet.
  var unplaced: [UInt8]?
  /// A connection from which nothing comes for so long is dead, whatever the kernel says.
  var silenceMs = Connection.silenceMs
  private var lastSentMs: Int
  var lastHeardMs: Int
  private var block = [UInt8](repeating: 0, count: 64 << 10)
  /// Bytes of the lane that came with the answer to `terminal.attach`.
  var early: [UInt8]
  /// What the user should know, said when the screen is theirs again.
  private(set) var remarks: [String] = []
  /// The screen was drawn over or belongs to others meanwhile: the next connection begins with a repaint.
  var needsRepaint = false
  private(set) var lending = Lending.none
  /// Why no attempt will do any more.
  var verdict: ClientError?
  /// How much of output and repaints came on this connection, where the daemon wants to know; else nil.
  private var taken: Int?
  private var toldTaken = 0

  init(_ attached: Attachment, client: Client, wish: Attachment.Wish, patienceMs: Int?) {
    self.client = client
    self.wish = wish
    self.patienceMs = patienceMs
    attachment = attached.id
    terminal = Size(attached.columns, attached.rows)
    phase = .connected(attached.stream)
    taken = attached.isPaced ? 0 : nil
    reader = LaneReader(offset: attached.offset)
    early = attached.rest
    lastSentMs = Clock.monotonicMs()
    lastHeardMs = lastSentMs
  }

  /// What there is to wait for: also while a connection is being taken up.
  var socket: Descriptor? { stream?.socket }

  private var stream: ByteStream? {
    switch phase {
    case .connected(let stream): stream
    case .returning(let comeback): comeback.stream
    case .lost: nil
    }
  }

  private var isConnected: Bool {
    guard case .connected = phase else { return false }
    return true
  }

  /// Since when the daemon has been away, and why as far as is known; nil while it is there.
  var absence: Absence? {
    switch phase {
    case .connected: nil
    case .returning(let comeback): comeback.absence
    case .lost(let absence): absence
    }
  }

  /// Who is at the other end, for a sentence.
  var far: String { client.road.name }

  var hasToSend: Bool { !queue.isEmpty }
  var hasEarlyBytes: Bool { !early.isEmpty }

  var takesInput: Bool {
    guard lending != .lent(withKeys: true) else { return false }
    return switch phase {
    case .connected: queue.count < Self.mostWaiting
    case .lost, .returning: typedWhileLost < Self.mostTypedWhileLost
    }
  }

  /// When `tend` has something to do, if nothing else happens.
  var dueMs: Int {
    switch phase {
    case .connected: min(lastSentMs + Self.heartbeatMs, lastHeardMs + silenceMs)
    case .returning(let comeback): comeback.deadlineMs
    case .lost(let absence): absence.tryAtMs
    }
  }

  func type(_ bytes: ArraySlice<UInt8>) {
    guard !bytes.isEmpty else { return }
    if unplaced == nil { retained.append(bytes) } else { unplaced?.append(contentsOf: bytes) }
    guard case .connected = phase else {
      typedWhileLost += bytes.count
      return
    }
    enqueueInput(bytes)
    send()
  }

  func resize(to size: (columns: Int, rows: Int)) {
    guard case .connected = phase else { return }
    queue.append(
      TerminalFrame.resize(columns: UInt16(clamping: size.columns), rows: UInt16(clamping: size.rows)))
    send()
  }

  // MARK: the user's terminal

  var canLend: Bool {
    guard case .connected(let stream) = phase, stream.passesDescriptors, lending == .none else {
      return false
    }
    return !needsRepaint && early.isEmpty && queue.isEmpty && reader.offset != nil
  }

  /// Offers the daemon a descriptor of the terminal.
  func offer(_ terminal: Int32) {
    guard canLend, let socket else { return }
    let frame = TerminalFrame.lending(.offers)
    switch frame.withUnsafeBytes({ DescriptorPassing.send($0, passing: [terminal], over: socket) }) {
    case .moved(frame.count): lending = .offered
    case .wouldBlock: break
    case .moved, .ended, .failed: lose()
    }
  }

  /// All that the daemon has sent is on the terminal: it may go on there, and read what is typed there, until it finds
  /// the keys that detach; nil: we read it ourselves.
  func lend(withKeys detachKeys: String?) {
    guard lending == .accepted else { return }
    lending = .lent(withKeys: detachKeys != nil)
    queue.append(detachKeys.map { TerminalFrame.lending(withKeys: $0) } ?? TerminalFrame.lending(.lends))
    send()
  }

  /// Waits until the daemon writes there no more. Where it does not answer in time, it hangs, and writes nothing either.
  func takeBack(_ screen: UserScreen, patienceMs: Int) {
    guard case .lent = lending, case .connected = phase else { return }
    queue.append(TerminalFrame.lending(.takesBack))
    let deadline = Clock.monotonicMs() + patienceMs
    while case .lent = lending, case .connected(let stream) = phase {
      send()
      let left = deadline - Clock.monotonicMs()
      guard left > 0, PollSet.waitReadable(stream.socket.raw, timeoutMs: left) else { return }
      if receive(screen) != nil { return }
    }
  }

  /// What the daemon says of the terminal: up to where the program's output is on it, or on its way to us.
  private func heedLending(_ payload: [UInt8]) {
    guard TerminalFrame.offset(of: payload) != nil else { return lending = .declined }
    if case .lent(withKeys: true) = lending, let input = TerminalFrame.inputOffset(of: payload) {
      retained.pass(to: Int(clamping: input))
    }
    lending = lending == .offered ? .accepted : .none
  }

  /// Says goodbye, and gives the daemon a moment to hear it.
  func detach(patienceMs: Int) {
    guard case .connected(let stream) = phase else {
      if typedWhileLost > 0 { remark("what was typed while \(far) was away did not arrive") }
      stream?.abandon()
      return
    }
    queue.append(TerminalFrame.encode(.detach))
    let deadline = Clock.monotonicMs() + patienceMs
    while true {
      send()
      let left = deadline - Clock.monotonicMs()
      guard isConnected, hasToSend, left > 0 else { break }
      _ = PollSet.waitWritable(stream.socket.raw, timeoutMs: left)
    }
    stream.close()
  }

  /// Sends what waits as far as the daemon takes it.
  func send() {
    guard let socket, !queue.isEmpty else { return }
    switch queue.drain({ socket.send($0) }) {
    case .none, .moved: lastSentMs = Clock.monotonicMs()
    case .wouldBlock: break
    case .ended, .failed: lose()
    }
  }

  /// Reads once what the daemon sent, and writes what is for the screen.
  func receive(_ screen: some LaneScreen) -> End? {
    if !early.isEmpty {
      let bytes = early
      early = []
      return bytes.withUnsafeBytes { absorb($0, screen) }
    }
    guard let socket else { return nil }
    switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
    case .moved(let count):
      lastHeardMs = Clock.monotonicMs()
      if case .returning(let comeback) = phase { return heed(comeback, Array(block[..<count])) }
      return block.withUnsafeBytes { absorb(UnsafeRawBufferPointer(rebasing: $0[..<count]), screen) }
    case .wouldBlock: return nil
    case .ended, .failed:
      lose()
      return nil
    }
  }

  private func absorb(_ bytes: UnsafeRawBufferPointer, _ screen: some LaneScreen) -> End? {
    var end: End?
    do {
      try reader.feed(bytes) { item in
        switch item {
        case .output(let piece):
          screen.write(piece)
          taken = taken.map { $0 + piece.count }
        case .screen:
          needsRepaint = false
          screen.repaintBegins(terminal)
        case .frame(let frame): end = end ?? heed(frame, screen)
        }
      }
    } catch { return .failed(.malformed("the daemon sent a bad frame: \(error)")) }
    tellTaken()
    return end
  }

  func beginCounting(_ isPaced: Bool) {
    taken = isPaced ? 0 : nil
    toldTaken = 0
  }

  private func tellTaken() {
    guard let taken, taken > toldTaken else { return }
    toldTaken = taken
    queue.append(TerminalFrame.taken(taken))
    send()
  }

  private func heed(_ frame: FrameDecoder.Frame, _ screen: some LaneScreen) -> End? {
    switch frame.kind {
    case .resize:
      if let size = TerminalFrame.size(of: frame.payload) {
        terminal = Size(Int(size.columns), Int(size.rows))
        if lending == .declined { lending = .none }
        screen.terminalBecame(terminal)
      }
      return nil
    case .exit: return .exited(TerminalFrame.status(of: frame.payload) ?? 0)
    case .notice:
      let notice = try? JSONReader.read(frame.payload)  // an unreadable notice is shown as nothing
      if let message = notice?["message"]?.string { remark(message) }
      return nil
    case .lending:
      heedLending(frame.payload)
      return nil
    case .detach: return .detached
    case .heartbeat, .output, .screen, .input, .taken: return nil
    }
  }

  func remark(_ text: String) {
    // The first few tell what happened; the rest would only scroll them away.
    if remarks.count < 5 && !remarks.contains(text) { remarks.append(text) }
  }

  /// Does what time asks for: a heartbeat, giving up a dead connection, the next attempt at a new one.
  func tend(size: (columns: Int, rows: Int)?) -> End? {
    let now = Clock.monotonicMs()
    switch phase {
    case .connected:
      if now - lastHeardMs >= silenceMs {
        lose(isSilent: true)
      } else if now - lastSentMs >= Self.heartbeatMs && queue.isEmpty {
        queue.append(TerminalFrame.encode(.heartbeat))
        send()
      }
      return nil
    case .returning(let comeback):
      if now >= comeback.deadlineMs { fail(comeback, .timedOut("it does not answer")) }
      return verdict.map { .failed($0) }
    case .lost(let absence):
      if let verdict { return .failed(verdict) }
      guard !absence.lasts(longerThan: patienceMs, nowMs: now) else {
        let seconds = (patienceMs ?? 0) / 1000
        return .failed(.unreachable("it did not come back within \(seconds) s", hint: nil))
      }
      if now >= absence.tryAtMs { begin(absence, size) }
      return verdict.map { .failed($0) }
    }
  }

  /// The connection is no good any more; the next one is tried for at once.
  func lose(isSilent: Bool = false) {
    switch phase {
    case .lost: return
    case .returning(let comeback): return fail(comeback, nil)
    case .connected(let stream): if isSilent { stream.abandon() } else { stream.close() }
    }
    queue.removeAll()
    early = []
    // How much of the output the daemon had written there is not known.
    if case .lent(let withKeys) = lending {
      needsRepaint = true
      if withKeys { unplaced = [] }
    }
    lending = .none
    phase = .lost(Absence(nowMs: Clock.monotonicMs(), wasSilent: isSilent))
    ProcessLog.shared.warn(
      "attach", "the connection to the daemon was lost", ["session_id": wish.session, "agent_id": wish.agent])
  }

  func enqueueInput(_ bytes: ArraySlice<UInt8>) {
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let end = min(start + Self.longestFrame, bytes.endIndex)
      queue.append(TerminalFrame.header(.input, count: end - start))
      queue.append(bytes[start..<end])
      start = end
    }
  }
}
