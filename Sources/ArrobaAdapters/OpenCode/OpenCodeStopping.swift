internal import ArrobaHTTP
internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider

/// The steps by which a turn is stopped that does not stop when it is told to.
@LoopActor
final class OpenCodeStopping {
  private var timers: [LoopTimer] = []

  func after(_ ms: Int, _ body: @escaping @LoopActor () -> Void) {
    timers.append(Loop.shared.after(ms, body))
  }

  func cancel() {
    for timer in timers { timer.cancel() }
    timers = []
  }
}

extension OpenCodeConversation {
  /// Children first, then the session itself: its abort reaches them in most versions, and in some it does not.
  func abort(_ sessions: [String]) {
    startLadder()
    guard let connection, let directory, let first = sessions.first else { return }
    abortsUnderWay += 1
    connection.send(OpenCodeCall.abort(first, in: directory)) { [weak self] _ in
      guard let self else { return }
      abortsUnderWay -= 1
      // What it answers means nothing: it says so of sessions that it has never heard of.
      let rest = Array(sessions.dropFirst())
      if rest.isEmpty { goOn() } else { abort(rest) }
    }
  }

  var isBusy: Bool { waiting != nil || isTurning }

  /// Something runs in it, of ours or not.
  var isTurning: Bool { translator?.turn != nil || (translator?.isBusy ?? false) }

  /// An abort that is still on its way would hit the next turn as well as the one that it was meant for.
  var mayBegin: Bool {
    abortsUnderWay == 0 && !server.isLeaving && translator?.isBusy == false && translator?.turn == nil
  }

  private func startLadder() {
    guard ladder == nil, let turn = translator?.turn?.request.id else { return }
    let ladder = OpenCodeStopping()
    ladder.after(server.patience.killCommandsMs) { [weak self] in self?.killCommands(of: turn) }
    ladder.after(server.patience.recycleMs) { [weak self] in self?.recycle(of: turn) }
    self.ladder = ladder
  }

  func endLadder() {
    ladder?.cancel()
    ladder = nil
  }

  private func killCommands(of turn: PromptID) {
    guard let translator, translator.turn?.request.id == turn else { return }
    let commands = translator.items.runningCommands
    guard !commands.isEmpty else { return }
    say(.notice("OpenCode does not stop; the command that it runs is killed"), of: turn)
    server.killCommands(commands)
  }

  private func recycle(of turn: PromptID) {
    guard translator?.turn?.request.id == turn else { return }
    if !server.room.isBusy(besides: self), server.child != nil {
      say(.notice("OpenCode does not stop; its server is started anew"), of: turn)
      server.stop {}
      return
    }
    // Others work on that server: it is started anew when they are done, and this turn is given up.
    server.recycle(because: "a turn did not stop")
    translator?.giveUpStopping()
    carryOut()
  }

  // MARK: leaving

  func close() {
    guard !isClosed, !isLeaving else { return }
    isLeaving = true
    waiting = nil
    stopUnheard()
    if !isClosed { carryOut() }
  }

  /// The end of a conversation that has nothing left to stop.
  func leave() {
    guard !isClosed else { return }
    isClosed = true
    deadline?.cancel()
    ladder?.cancel()
    if let session { server.room.remove(self, session: session) }
    server.stopIfIdle()
  }

  /// The conversation is let go of: nobody would see what a turn does from here on. What began without us is aborted as
  /// it is; a turn of ours is stopped as ever, with all steps that this may take.
  private func stopUnheard() {
    guard let translator, connection != nil else { return leave() }
    if let turn = translator.turn {
      self.translator?.cancel(turn.request.id, force: false, at: now)
    } else if translator.isBusy {
      abortNow()
    }
  }

  /// Somebody else wants its session.
  func makeRoom() {
    guard isLeaving, !isClosed else { return }
    if translator?.turn != nil { abortNow() }
    leave()
  }

  private func abortNow() {
    guard let connection, let directory, let translator else { return }
    for session in translator.leavesFirst {
      connection.send(OpenCodeCall.abort(session, in: directory)) { _ in }
    }
  }

  // MARK: answers to asks

  private static let mostAttempts = 4

  /// An answer that does not arrive would leave the agent waiting for ever.
  func send(_ reply: OpenCodeReply, attempt: Int) {
    guard let connection, let directory else { return }
    connection.send(OpenCodeCall.reply(reply, in: directory)) { [weak self] result in
      guard let self, !isClosed else { return }
      switch result {
      case .success: break
      case .failure(.notFound):
        translator?.wasNotFound(reply.request)
        carryOut()
      case .failure(let failure):
        guard attempt < Self.mostAttempts, translator?.asks.isSettled(reply.request) == false else {
          return say(
            .notice("an answer did not reach OpenCode: \(failure.words)"), of: translator?.runningTurn)
        }
        Loop.shared.after(server.patience.againMs << (attempt - 1)) { [weak self] in
          self?.send(reply, attempt: attempt + 1)
        }
      }
    }
  }
}
