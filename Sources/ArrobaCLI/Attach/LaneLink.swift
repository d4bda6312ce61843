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
  /// Three of the daemon's heartbeats missing: the connection is dead, whatever the kernel says.
  private static let silenceMs = 15_000
  private static let firstPauseMs = 50
  private static let longestPauseMs = 1000
  private static let longestFrame = 64 << 10

  private let client: Client
  private let session: String
  private let agent: String
  private let mode: Attachment.Mode
  private(set) var phase: Phase
  private var attachment: String
  /// The size of the agent's terminal, as far as we were told.
  private(set) var terminal: Size
  private var reader: LaneReader
  private var queue = ByteQueue()
  private var retained = RetainedInput()
  private var typedWhileLost = 0
  private var lastSentMs: Int
  private var lastHeardMs: Int
  private var block = [UInt8](repeating: 0, count: 64 << 10)
  /// Bytes of the lane that came with the answer to `terminal.attach`.
  private var early: [UInt8]
  /// What the user should know, said when the screen is theirs again.
  private(set) var remarks: [String] = []
  /// The screen was drawn over or belongs to others meanwhile: the next connection begins with a repaint.
  var needsRepaint = false
  private(set) var lending = Lending.none

  init(
    _ attached: Attachment, client: Client, session: String, agent: String, mode: Attachment.Mode
  ) {
    self.client = client
    self.session = session
    self.agent = agent
    self.mode = mode
    attachment = attached.id
    terminal = Size(attached.columns, attached.rows)
    phase = .connected(attached.socket)
    reader = LaneReader(offset: attached.offset)
    early = attached.rest
    lastSentMs = Clock.monotonicMs()
    lastHeardMs = lastSentMs
  }

  var socket: Descriptor? {
    guard case .connected(let socket) = phase else { return nil }
    return socket
  }

  var hasToSend: Bool { !queue.isEmpty }
  var hasEarlyBytes: Bool { !early.isEmpty }

  var takesInput: Bool {
    switch phase {
    case .connected: queue.count < Self.mostWaiting
    case .lost: typedWhileLost < Self.mostTypedWhileLost
    }
  }

  /// When `tend` has something to do, if nothing else happens.
  var dueMs: Int {
    switch phase {
    case .connected: min(lastSentMs + Self.heartbeatMs, lastHeardMs + Self.silenceMs)
    case .lost(let loss): loss.tryAtMs
    }
  }

  func type(_ bytes: ArraySlice<UInt8>) {
    guard !bytes.isEmpty else { return }
    retained.append(bytes)
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
    guard case .connected = phase, lending == .none else { return false }
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

  /// All that the daemon has sent is on the terminal: it may go on there.
  func lend() {
    guard lending == .accepted else { return }
    lending = .lent
    queue.append(TerminalFrame.lending(.lends))
    send()
  }

  /// Waits until the daemon writes there no more. Where it does not answer in time, it hangs, and writes nothing either.
  func takeBack(_ screen: UserScreen, patienceMs: Int) {
    guard lending == .lent, case .connected = phase else { return }
    queue.append(TerminalFrame.lending(.takesBack))
    let deadline = Clock.monotonicMs() + patienceMs
    while lending == .lent, case .connected(let socket) = phase {
      send()
      let left = deadline - Clock.monotonicMs()
      guard left > 0, PollSet.waitReadable(socket.raw, timeoutMs: left) else { return }
      if receive(screen) != nil { return }
    }
  }

  /// What the daemon says of the terminal: up to where the program's output is on it, or on its way to us.
  private func heedLending(_ offset: UInt64?) {
    guard offset != nil else { return lending = .declined }
    lending = lending == .offered ? .accepted : .none
  }

  /// Says goodbye, and gives the daemon a moment to hear it.
  func detach(patienceMs: Int) {
    guard case .connected(let socket) = phase else { return }
    queue.append(TerminalFrame.encode(.detach))
    let deadline = Clock.monotonicMs() + patienceMs
    while true {
      send()
      let left = deadline - Clock.monotonicMs()
      guard case .connected = phase, hasToSend, left > 0 else { break }
      _ = PollSet.waitWritable(socket.raw, timeoutMs: left)
    }
    socket.close()
  }

  /// Sends what waits as far as the daemon takes it.
  func send() {
    guard case .connected(let socket) = phase, !queue.isEmpty else { return }
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
    guard case .connected(let socket) = phase else { return nil }
    switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
    case .moved(let count):
      lastHeardMs = Clock.monotonicMs()
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
        case .output(let piece): screen.write(piece)
        case .screen:
          needsRepaint = false
          screen.repaintBegins(terminal)
        case .frame(let frame): end = end ?? heed(frame, screen)
        }
      }
    } catch { return .failed(.malformed("the daemon sent a bad frame: \(error)")) }
    return end
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
      heedLending(TerminalFrame.offset(of: frame.payload))
      return nil
    case .heartbeat, .output, .screen, .input, .detach: return nil
    }
  }

  private func remark(_ text: String) {
    // The first few tell what happened; the rest would only scroll them away.
    if remarks.count < 5 && !remarks.contains(text) { remarks.append(text) }
  }

  /// Does what time asks for: a heartbeat, giving up a dead connection, the next attempt at a new one.
  func tend(size: (columns: Int, rows: Int)?) -> End? {
    let now = Clock.monotonicMs()
    switch phase {
    case .connected:
      if now - lastHeardMs >= Self.silenceMs {
        lose()
      } else if now - lastSentMs >= Self.heartbeatMs && queue.isEmpty {
        queue.append(TerminalFrame.encode(.heartbeat))
        send()
      }
      return nil
    case .lost(let loss):
      guard now >= loss.tryAtMs else { return nil }
      return reconnect(loss, size: size)
    }
  }

  /// The connection is no good any more; the next one is tried for at once.
  func lose() {
    guard case .connected(let socket) = phase else { return }
    socket.close()
    queue.removeAll()
    // How much of the output the daemon had written there is not known.
    if lending == .lent { needsRepaint = true }
    lending = .none
    let now = Clock.monotonicMs()
    phase = .lost(Loss(sinceMs: now, tryAtMs: now, pauseMs: Self.firstPauseMs))
    ProcessLog.shared.warn(
      "attach", "the connection to the daemon was lost", ["session_id": session, "agent_id": agent])
  }

  private func reconnect(_ loss: Loss, size: (columns: Int, rows: Int)?) -> End? {
    let after = needsRepaint ? nil : reader.offset
    do {
      if let attached = try attach(size: size, resuming: .init(attachment: attachment, after: after)) {
        take(attached, after: after, size: size)
        return nil
      }
    } catch {
      switch error {
      case .refused(let reason, _):
        if reason.kind == .attachmentNotFound { return startAfresh(loss, size: size) }
        if !reason.isRetryable { return .failed(error) }
      case .malformed: return .failed(error)
      case .unreachable, .lost, .timedOut: break
      }
    }
    let now = Clock.monotonicMs()
    guard now - loss.sinceMs < Client.patienceMs else {
      return .failed(.unreachable("it did not come back within \(Client.patienceMs / 1000) s", hint: nil))
    }
    phase = .lost(
      Loss(
        sinceMs: loss.sinceMs, tryAtMs: now + loss.pauseMs,
        pauseMs: min(loss.pauseMs * 2, Self.longestPauseMs)))
    return nil
  }

  private func attach(size: (columns: Int, rows: Int)?, resuming: Attachment.Resumption?) throws(ClientError)
    -> Attachment?
  {
    guard let socket = try client.locator.connectIfListening() else { return nil }
    return try Attachment(
      Connection(socket: socket, instance: client.instance), session: session, agent: agent, mode: mode,
      size: size,
      resuming: resuming)
  }

  /// The daemon does not know the attachment any more: what it had accepted of our input cannot be known either.
  private func startAfresh(_ loss: Loss, size: (columns: Int, rows: Int)?) -> End? {
    do {
      guard let attached = try attach(size: size, resuming: nil) else { return nil }
      if typedWhileLost > 0 { remark("what was typed while the daemon was away is lost") }
      retained = RetainedInput()
      take(attached, after: nil, size: size)
      return nil
    } catch { return .failed(error) }
  }

  private func take(_ attached: Attachment, after: UInt64?, size: (columns: Int, rows: Int)?) {
    attachment = attached.id
    terminal = Size(attached.columns, attached.rows)
    phase = .connected(attached.socket)
    reader = LaneReader(offset: after ?? attached.offset)
    early = attached.rest
    lastHeardMs = Clock.monotonicMs()
    typedWhileLost = 0
    if let size { resize(to: size) }
    if let unheard = retained.after(attached.inputOffset) {
      enqueueInput(unheard)
    } else {
      remark("a part of what was typed is lost")
    }
    send()
    ProcessLog.shared.info(
      "attach", "the connection was taken up again", ["session_id": session, "agent_id": agent])
  }

  private func enqueueInput(_ bytes: ArraySlice<UInt8>) {
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let end = min(start + Self.longestFrame, bytes.endIndex)
      queue.append(TerminalFrame.header(.input, count: end - start))
      queue.append(bytes[start..<end])
      start = end
    }
  }
}
