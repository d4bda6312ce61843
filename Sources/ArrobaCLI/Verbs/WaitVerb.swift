internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// `arroba wait`: looks at an agent, and again after each of its events, until it is as wanted.
extension Context {
  func wait(_ target: Target, for goal: Invocation.Goal, timeoutMs: Int?, takesStatus: Bool) throws -> Int32 {
    let deadline = timeoutMs.map { Clock.monotonicMs() + $0 }
    // Ids from here on: an alias may go to another session while we wait.
    let found = try client.ask("agent.get", reference(target))
    guard let session = found["session"]?.string, let id = found["id"]?.string else {
      throw ClientError.malformed("the daemon told of an agent without a session or an id")
    }
    let reference = Target(session: session, agent: id)
    while true {
      do {
        guard let agent = try watch(reference, for: goal, until: deadline) else {
          throw late(target.text.isEmpty ? id : target.text, goal, timeoutMs)
        }
        return reached(agent, goal, takesStatus: takesStatus)
      } catch let error as ClientError {
        guard error.isLoss else { throw error }
        let left = deadline.map { $0 - Clock.monotonicMs() }
        guard left ?? 1 > 0 else { throw late(target.text.isEmpty ? id : target.text, goal, timeoutMs) }
        _ = try client.reconnect(patienceMs: [left, client.road.patienceMs].compactMap { $0 }.min())
      }
    }
  }

  private func late(_ name: String, _ goal: Invocation.Goal, _ timeoutMs: Int?) -> Failure {
    let ms = timeoutMs ?? 0
    let seconds = ms % 1000 == 0 ? "\(ms / 1000)" : "\(Double(ms) / 1000)"
    let what =
      switch goal {
      case .idle: "was not idle"
      case .waiting: "did not wait"
      case .done: "was not done"
      case .exit: "had not ended"
      }
    return Failure("\(name) \(what) within \(seconds) s", kind: "timeout", exitCode: ExitCode.timeout)
  }

  /// The agent once it is as wanted; nil when the time is up first.
  private func watch(_ target: Target, for goal: Invocation.Goal, until deadline: Int?) throws -> JSON? {
    let connection = try client.connection()
    // Subscribed before the first look, so that nothing happens unseen between the two.
    let stream = try EventStream(connection, after: .now, session: target.session)
    while true {
      // Also when the time is up a daemon gets a moment to answer: the last look must be one.
      let patience = deadline.map { max($0 - Clock.monotonicMs(), Doctor.answerMs) }
      let agent = try connection.call("agent.get", reference(target), timeoutMs: patience)
      if Self.isReached(goal, by: agent) { return agent }
      if let reason = Self.impossibility(of: goal, for: agent) { throw reason }
      var isTold = false
      while !isTold {
        let left = deadline.map { max(0, $0 - Clock.monotonicMs()) }
        guard let item = try stream.next(timeoutMs: left) else { return nil }
        // What an agent says word by word changes nothing of what is waited for.
        if case .event(let event) = item {
          isTold = event["agent"]?.string == target.agent && event["kind"]?.string != "item.delta"
        }
      }
    }
  }

  static func isReached(_ goal: Invocation.Goal, by agent: JSON) -> Bool {
    let state = agent["activity"]?["state"]?.string ?? ""
    let hasEnded = agent["run"]?["state"]?.string == "ended"
    let isOver = state == "stopped" || state == "failed"
    if let talk = agent["talk"], !talk.isNull, goal != .exit {
      // A run comes and goes with what there is to do: what counts is whether anything is under way.
      let isFree = (talk["active"]?.isNull ?? true) && talk["queued"]?.int ?? 0 == 0
      return switch goal {
      case .idle: isFree && state == "idle"
      case .waiting: state == "waiting" || talk["asks"]?.int ?? 0 > 0
      case .done: isFree && (state == "idle" || isOver)
      case .exit: false
      }
    }
    return switch goal {
    case .idle: state == "idle" && !hasEnded
    case .waiting: state == "waiting" && !hasEnded
    case .done: state == "idle" || isOver || hasEnded
    case .exit: hasEnded || isOver && (agent["run"]?.isNull ?? true)
    }
  }

  /// Why it will not come to that: a program on a terminal that has ended is idle no more, and waits for nobody.
  static func impossibility(of goal: Invocation.Goal, for agent: JSON) -> Failure? {
    guard agent["talk"]?.isNull ?? true, agent["run"]?["state"]?.string == "ended" else { return nil }
    let wanted: String
    switch goal {
    case .idle: wanted = "will not be idle"
    case .waiting: wanted = "waits for nobody"
    case .done, .exit: return nil
    }
    let how = Names.exit(agent["run"]?["exit"]) ?? agent["run"]?["reason"]?.string ?? "ended"
    return Failure(
      "\(Clean.line(Names.reference(ofAgent: agent))) \(wanted): its program has ended (\(Clean.line(how)))",
      hint: "arroba agent restart", kind: "ended", exitCode: ExitCode.failed)
  }

  private func reached(_ agent: JSON, _ goal: Invocation.Goal, takesStatus: Bool) -> Int32 {
    let exit = agent["run"]?["exit"]
    if output.isJSON {
      output.json(agent)
    } else if !output.isQuiet {
      let state = agent["activity"]?["state"]?.string ?? ""
      output.line(Clean.line(Names.exit(exit) ?? agent["run"]?["reason"]?.string ?? state))
    }
    return takesStatus ? Names.status(exit).map(ExitCode.ofProgram) ?? ExitCode.done : ExitCode.done
  }
}
