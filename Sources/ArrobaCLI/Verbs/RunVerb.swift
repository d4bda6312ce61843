internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// `arroba run`: a session for one prompt, removed whatever comes of it.
extension Context {
  func runOnce(_ birth: Birth, _ sending: Sending) throws -> Int32 {
    let text = try PromptSource.text(of: sending.source, from: seat)
    guard !text.trimmed.isEmpty else {
      throw Misuse("what to send is missing", hint: "arroba run -- TEXT")
    }
    // From here on somebody has a session to remove: neither Ctrl-C nor a reader that is gone may end us before.
    let signals = try ClientSignals()
    StandardStreams.ignoreBrokenPipes()
    let session = try client.command(
      "session.create", .record(["workspace": .string(workspace), "agents": [agent(birth)]]))
    let id = session["id"]?.string ?? ""
    do {
      let code = try one(text, sending, in: session, signals)
      remove(id)
      return code
    } catch {
      remove(id)
      throw error
    }
  }

  /// A program instead of a prompt: shown until it ends, then removed. Who detaches from it leaves it running.
  func runProgram(_ birth: Birth, takesStatus: Bool) throws -> Int32 {
    let options = Attaching(isRaw: !seat.isTerminal, takesStatus: takesStatus)
    let verb = AttachVerb(context: self, options: options, seat: seat)
    try verb.check()
    let session = try client.command(
      "session.create", .record(["workspace": .string(workspace), "agents": [agent(birth)]]))
    guard let id = session["id"]?.string else {
      throw ClientError.malformed("the daemon told of a session without an id")
    }
    let outcome = try verb.attach(Target(session: id, agent: nil), named: Names.reference(of: session))
    switch outcome {
    case .exited: remove(id)
    case .detached, .signalled, .failed:
      output.note("[it goes on unless it has ended: arroba attach \(Clean.line(id))]")
    }
    return verb.exitCode(outcome)
  }

  private func one(_ text: String, _ sending: Sending, in session: JSON, _ signals: ClientSignals) throws
    -> Int32
  {
    guard var agent = session["agents"]?.array?.first?.object else {
      throw ClientError.malformed("the daemon made a session without an agent")
    }
    agent["session"] = session["id"]
    let turn = try FollowedTurn(self, agent: .object(agent), sending)
    switch try turn.follow(text, signals: signals) {
    case .ended(let end): return try turn.finish(end)
    case .timeUp:
      let seconds = Humane.duration(sending.timeoutMs ?? 0)
      throw Failure("no answer within \(seconds)", kind: "timeout", exitCode: ExitCode.timeout)
    case .signalled(let signal): return signal.exitCode
    }
  }

  private func remove(_ session: String) {
    output.flush()
    do { _ = try client.command("session.delete", ["session": .string(session), "force": true]) } catch {
      output.note("the session \(session) is still there: \(Failure(error).message)")
    }
  }
}
