internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaWire

/// How a lane that was lost is taken up again: an attempt is begun, and its answers are heeded as they come.
extension LaneLink {
  /// Sends hello and the attach, and waits for nothing: the user may leave at any time.
  func begin(_ absence: Absence, _ size: (columns: Int, rows: Int)?) {
    let after = needsRepaint ? nil : reader.offset
    do {
      guard let stream = try client.road.openAgain(isFresh: absence.wasSilent) else {
        return wait(absence, because: nil)
      }
      stream.socket.setBlocking(false)
      let comeback = Comeback(
        stream: stream, absence: absence, after: after, size: size,
        deadlineMs: Clock.monotonicMs() + Connection.silenceMs)
      phase = .returning(comeback)
      queue.append(Connection.hello(client.instance))
      ask(comeback, resuming: .init(attachment: attachment, after: after))
    } catch {
      if !error.isPassing { verdict = error }
      wait(absence, because: error.message)
    }
  }

  private func ask(_ comeback: Comeback, resuming: Attachment.Resumption?) {
    // Without a terminal of ours the agent's stays as large as it is.
    let size = comeback.size ?? (terminal.columns, terminal.rows)
    let params = wish.params(size: size, resuming: resuming)
    queue.append(
      OutgoingMessage.request(
        id: resuming == nil ? Comeback.afresh : Comeback.resuming, method: "terminal.attach", params: params))
    send()
  }

  /// The answers of a connection that is being taken up.
  func heed(_ comeback: Comeback, _ bytes: [UInt8]) -> End? {
    comeback.lines.feed(bytes[...])
    while case .returning = phase {
      let line: [UInt8]?
      do { line = try comeback.lines.next() } catch {
        return .failed(.malformed("the daemon sent a line of more than \(error.limit) bytes"))
      }
      guard let line else { return nil }
      guard let answer = try? JSONReader.read(line) else {  // how it is wrong does not matter
        return .failed(.malformed("\(far) answered with a line that is not JSON"))
      }
      comeback.isGreeted = true
      if let end = heed(comeback, answer: answer) { return end }
    }
    return nil
  }

  private func heed(_ comeback: Comeback, answer: JSON) -> End? {
    if let error = answer["error"] {
      let reason = WireError(json: error)
      if reason.kind == .attachmentNotFound, answer["id"]?.int == Comeback.resuming {
        // What the daemon had accepted of our input cannot be known any more.
        ask(comeback, resuming: nil)
        return nil
      }
      guard reason.isRetryable else { return .failed(.refused(reason, json: error)) }
      fail(comeback, .refused(reason, json: error))
      return nil
    }
    guard let id = answer["id"]?.int, id != 0, let result = answer["result"] else { return nil }
    do {
      let attached = try Attachment(
        answer: result, on: comeback.stream, rest: comeback.lines.takeRest(), size: comeback.size)
      take(attached, comeback, isNew: id == Comeback.afresh)
      return nil
    } catch { return .failed(error) }
  }

  /// This attempt came to nothing.
  func fail(_ comeback: Comeback, _ error: ClientError?) {
    queue.removeAll()
    var reason = error
    if error == nil, !comeback.isGreeted { reason = comeback.stream.fault() }
    comeback.stream.abandon()
    if let reason, !reason.isPassing { verdict = reason }
    wait(comeback.absence, because: reason?.message)
  }

  private func wait(_ absence: Absence, because reason: String?) {
    var absence = absence
    absence.failed(nowMs: Clock.monotonicMs(), because: reason)
    phase = .lost(absence)
  }

  private func take(_ attached: Attachment, _ comeback: Comeback, isNew: Bool) {
    if isNew {
      if typedWhileLost > 0 { remark("what was typed while the daemon was away is lost") }
      retained = RetainedInput()
      unplaced = nil
    }
    attachment = attached.id
    terminal = Size(attached.columns, attached.rows)
    phase = .connected(attached.stream)
    reader = LaneReader(offset: (isNew ? nil : comeback.after) ?? attached.offset)
    early = attached.rest
    beginCounting(attached.isPaced)
    lastHeardMs = Clock.monotonicMs()
    typedWhileLost = 0
    if let size = comeback.size { resize(to: size) }
    if let later = unplaced {
      place(later, heardUpTo: attached.inputOffset)
    } else if let unheard = retained.after(attached.inputOffset) {
      enqueueInput(unheard)
    } else {
      remark("a part of what was typed is lost")
    }
    send()
    ProcessLog.shared.info(
      "attach", "the connection was taken up again", ["session_id": wish.session, "agent_id": wish.agent])
  }

  /// The daemon read the terminal itself before it went away, and has entered as much as it says; what was typed later
  /// comes behind that.
  private func place(_ later: [UInt8], heardUpTo offset: Int) {
    unplaced = nil
    if let unheard = retained.after(offset) { enqueueInput(unheard) }
    retained.pass(to: offset)
    retained.append(later)
    enqueueInput(later[...])
  }
}
