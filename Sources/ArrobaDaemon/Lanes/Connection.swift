internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaSystem
internal import ArrobaWire

/// One client's connection: bytes in, bytes out, and the lane that they belong to. It starts structured; an attach
/// turns it into a terminal lane for the rest of its life.
@LoopActor
final class Connection {
  enum Lane {
    /// Nothing was said yet.
    case fresh
    case structured(ControlLane)
    case terminal(TerminalLaneClient)
    /// The last bytes are on their way; nothing is read any more.
    case closing
  }

  /// Above this much unsent output nothing more is read from the client: it has to take its answers first.
  static let unsentBeforePause = 1 << 20
  /// No answer and no event is that long; a client that lets this much pile up is gone or broken.
  static let mostUnsent = 32 << 20

  let server: Server
  private let socket: Descriptor
  private var watch: Watch?
  private var splitter = LineSplitter()
  private var unsent: [UInt8] = []
  private var sent = 0
  private(set) var lane = Lane.fresh
  private(set) var lastSentMs = LoopClock.nowMs()
  let arrivedMs = LoopClock.nowMs()
  /// Bytes of an unfinished line that this connection holds, counted in the server's total.
  private var held = 0
  private var isPaused = false
  private var isClosed = false

  init(_ socket: Descriptor, server: Server) {
    self.socket = socket
    self.server = server
    watch = Loop.shared.watch(socket.raw, for: .readable, urgency: .socket) { [weak self] readiness in
      self?.ready(readiness)
    }
  }

  var isFresh: Bool {
    if case .fresh = lane { return true }
    return false
  }

  var unsentCount: Int { unsent.count - sent }

  // MARK: reading

  private func ready(_ readiness: Watch.Readiness) {
    if readiness.contains(.writable) { flush() }
    guard !isClosed else { return }
    if readiness.contains(.readable) || !readiness.isDisjoint(with: .hungUp) { read() }
  }

  private func read() {
    var passed: Descriptor?
    let outcome = server.inputBuffer.withUnsafeMutableBytes { buffer in
      if case .terminal = lane { return DescriptorPassing.receive(into: buffer, from: socket, &passed) }
      return socket.read(into: buffer)
    }
    if let passed, case .terminal(let client) = lane { client.passed = passed }
    switch outcome {
    case .moved(let count): received(server.inputBuffer[..<count])
    case .wouldBlock: return
    case .ended, .failed: close()
    }
  }

  private func received(_ bytes: ArraySlice<UInt8>) {
    switch lane {
    case .terminal(let client): client.received(bytes)
    case .closing: return
    case .fresh, .structured:
      splitter.feed(bytes)
      takeLines()
    }
  }

  private func takeLines() {
    do throws(LineSplitter.TooLong) {
      while let line = try nextLine() {
        switch lane {
        case .fresh: greet(line)
        case .structured(let control): control.received(line)
        case .terminal, .closing: return
        }
      }
    } catch {
      return refuse(WireError(kind: .lineTooLong, message: "a line has at most \(error.limit) bytes"))
    }
    account()
  }

  /// The next line, unless the lane has changed: what follows then is not lines any more.
  private func nextLine() throws(LineSplitter.TooLong) -> [UInt8]? {
    switch lane {
    case .terminal, .closing: return nil
    case .fresh, .structured: return try splitter.next()
    }
  }

  /// Keeps the sum of all unfinished lines within its bound.
  private func account() {
    let now = splitter.pendingCount
    server.heldInput += now - held
    held = now
    guard server.heldInput > Server.mostHeldInput, held > 1 << 20 else { return }
    refuse(
      WireError(
        kind: .overloaded, message: "too many unfinished lines are held already",
        hint: "try again in a moment"))
  }

  private func greet(_ line: [UInt8]) {
    switch Greeting.answer(to: line, server: server) {
    case .welcome(let reply, let instance):
      let control = ControlLane(connection: self, instance: instance)
      lane = .structured(control)
      send(reply)
      control.start()
    case .refusal(let reply):
      send(reply)
      closeWhenSent()
    }
  }

  // MARK: lanes

  /// From here on both directions are frames. What the client sent behind its request belongs to them.
  func becomeTerminal(_ client: TerminalLaneClient) {
    if case .structured(let control) = lane { control.stop() }
    lane = .terminal(client)
    let rest = splitter.takeRest()
    account()
    if !rest.isEmpty { client.received(rest[...]) }
  }

  func pauseReading(_ isPaused: Bool) {
    self.isPaused = isPaused
    updateInterest()
  }

  // MARK: writing

  func send(_ bytes: [UInt8]) {
    guard !isClosed else { return }
    lastSentMs = LoopClock.nowMs()
    bytes.withUnsafeBytes { buffer in
      queue(buffer, from: unsentCount == 0 ? sendNow(buffer) : 0)
    }
    finishSending()
  }

  /// A frame whose payload stands elsewhere: sent from there as far as the socket takes it, copied only for the rest.
  func send(header: [UInt8], _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) {
    guard !isClosed else { return }
    lastSentMs = LoopClock.nowMs()
    header.withUnsafeBytes { head in
      var done = 0
      if unsentCount == 0 {
        switch socket.send(head, first, second) {
        case .moved(let count): done = count
        case .wouldBlock: break
        case .ended, .failed: return close()
        }
      }
      for part in [head, first, second] {
        queue(part, from: min(done, part.count))
        done -= min(done, part.count)
      }
    }
    finishSending()
  }

  private func sendNow(_ buffer: UnsafeRawBufferPointer) -> Int {
    switch socket.send(buffer) {
    case .moved(let count): return count
    case .wouldBlock: return 0
    case .ended, .failed:
      close()
      return buffer.count
    }
  }

  private func queue(_ part: UnsafeRawBufferPointer, from done: Int) {
    guard done < part.count else { return }
    unsent.append(contentsOf: part[done...])
  }

  private func finishSending() {
    guard !isClosed else { return }
    guard unsentCount <= Self.mostUnsent else { return close() }
    updateInterest()
  }

  private func flush() {
    while unsentCount > 0 {
      let outcome = unsent.withUnsafeBytes { socket.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
      switch outcome {
      case .moved(let count): sent += count
      case .wouldBlock:
        if sent > 256 << 10 {
          unsent.removeFirst(sent)
          sent = 0
        }
        return updateInterest()
      case .ended, .failed: return close()
      }
    }
    // A big answer's room is given back; a small one's is used again.
    unsent.removeAll(keepingCapacity: unsent.capacity <= 64 << 10)
    sent = 0
    updateInterest()
    switch lane {
    case .fresh: break
    case .structured(let control): control.drained()
    case .terminal(let client): client.pump()
    case .closing: close()
    }
  }

  private func updateInterest() {
    var interest: Watch.Readiness = []
    if unsentCount > 0 { interest.insert(.writable) }
    if case .closing = lane {
      // Nothing more is read.
    } else if !isPaused && unsentCount <= Self.unsentBeforePause {
      interest.insert(.readable)
    }
    watch?.set(interest)
  }

  // MARK: the end

  /// Answers with an error that belongs to no request, and hangs up.
  func refuse(_ error: WireError) {
    send(OutgoingMessage.error(id: .null, error))
    closeWhenSent()
  }

  func closeWhenSent() {
    guard !isClosed else { return }
    stopLane()
    lane = .closing
    if unsentCount == 0 { return close() }
    updateInterest()
    // A client that does not take its last answer is not waited for.
    Loop.shared.after(2000) { [weak self] in self?.close() }
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    stopLane()
    lane = .closing
    watch?.cancel()
    watch = nil
    socket.close()
    server.heldInput -= held
    held = 0
    unsent = []
    sent = 0
    server.forget(self)
  }

  private func stopLane() {
    switch lane {
    case .structured(let control): control.stop()
    case .terminal(let client): client.stop()
    case .fresh, .closing: break
    }
  }
}
