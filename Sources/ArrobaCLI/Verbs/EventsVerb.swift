internal import ArrobaClient
internal import ArrobaJSON

/// `arroba events`: the log from a place on, to its head or for ever.
extension Context {
  func events(_ target: Target?, after: Invocation.EventsStart?, follow: Bool) throws -> Int32 {
    var session: String?
    var agent: String?
    if let target {
      let found = try client.ask(
        target.agent == nil ? "session.get" : "agent.get",
        target.agent == nil ? self.session(target) : reference(target))
      session = target.agent == nil ? found["id"]?.string : found["session"]?.string
      agent = target.agent == nil ? nil : found["id"]?.string
    }
    var start: EventStream.Start =
      switch after {
      case .none: follow ? .now : .beginning
      case .beginning: .beginning
      case .sequence(let number): .sequence(number)
      }
    while true {
      do {
        try stream(session: session, agent: agent, from: &start, follow: follow)
        return ExitCode.done
      } catch {
        guard follow, error.isLoss else { throw error }
        output.note("\(client.road.name) is away, waiting for it")
        _ = try client.reconnect(patienceMs: client.road.patienceMs)
      }
    }
  }

  /// Prints events and moves `start` behind each, so that a lost connection costs none and repeats none.
  private func stream(
    session: String?, agent: String?, from start: inout EventStream.Start, follow: Bool
  ) throws(ClientError) {
    // Up to the head every event is read, also those of other sessions: only then is the head seen to be reached.
    let stream = try EventStream(try client.connection(), after: start, session: follow ? session : nil)
    if let gap = stream.gap { output.note("events are missing: \(Clean.line(gap.encodedText))") }
    if start == .now { start = .sequence(stream.head) }
    if !follow && stream.from > stream.head { return }
    while let item = try stream.next(timeoutMs: nil) {
      switch item {
      case .event(let event):
        let sequence = event["seq"]?.int ?? 0
        let isWanted =
          (session == nil || event["session"]?.string == session)
          && (agent == nil || event["agent"]?.string == agent)
        if isWanted && (follow || sequence <= stream.head) { show(event) }
        start = .sequence(sequence)
        if follow { output.flush() } else if sequence >= stream.head { return }
      case .heartbeat(let head): if !follow && head >= stream.head { return }
      }
    }
  }

  private func show(_ event: JSON) {
    if output.isJSON {
      output.json(event)
    } else {
      output.line(EventText.line(event, usesColour: output.usesColour))
    }
  }
}
