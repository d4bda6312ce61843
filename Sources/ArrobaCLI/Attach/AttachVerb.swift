internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaTerminal
internal import ArrobaWire

/// `arroba attach`: checks whether it makes sense, takes the terminal over, and puts it back whatever happens.
struct AttachVerb {
  let context: Context
  let options: Attaching
  var seat = Seat.standard

  /// Refuses before anything is made or changed.
  func check() throws(Misuse) {
    if context.isInsideAgent && !options.isForced {
      throw Misuse(
        "this is an agent's terminal: attaching from within would show a session in itself",
        hint: "--force attaches all the same", isUnconfirmed: true)
    }
    guard !options.isRaw else { return }
    guard seat.isTerminal else {
      throw Misuse(
        "attach needs a terminal on standard input and output",
        hint: "arroba screen shows it, arroba type types; --raw passes bytes")
    }
  }

  /// Attaches to an agent and answers the exit code.
  func run(_ target: Target, named given: String? = nil) throws(ClientError) -> Int32 {
    exitCode(try attach(target, named: given))
  }

  /// Attaches to an agent and answers how that ended.
  func attach(_ target: Target, named given: String? = nil) throws(ClientError) -> AttachLoop.Outcome {
    let agent = try context.client.ask("agent.get", context.reference(target))
    guard let session = agent["session"]?.string, let id = agent["id"]?.string else {
      throw .malformed("the daemon told of an agent without a session or an id")
    }
    let mode: Attachment.Mode = options.isView ? .view : .drive
    let wish = Attachment.Wish(
      session: session, agent: id, mode: mode, isPaced: context.client.road.isLong)
    let attached = try Attachment(
      try context.client.connection(), wish, size: size(of: agent), timeoutMs: DaemonLocator.startDeadlineMs)
    context.client.disconnect()
    let link = LaneLink(attached, client: context.client, wish: wish, patienceMs: patienceMs)
    let name = given ?? (target.text.isEmpty ? Names.reference(ofAgent: agent) : target.text)
    ProcessLog.shared.info(
      "attach", "attached", ["session_id": session, "agent_id": id, "client_id": context.client.instance])
    let outcome = try hold(link, name: name)
    ProcessLog.shared.info(
      "attach", "left", ["session_id": session, "agent_id": id, "client_id": context.client.instance])
    return outcome
  }

  /// Somebody who sees that the daemon is away, and can leave, is not left.
  private var patienceMs: Int? {
    let canLeave = !options.isRaw && options.detachKeys.map { !$0.keys.isEmpty } ?? true
    return canLeave ? nil : Client.patienceMs
  }

  /// Without a terminal of ours the agent's stays as large as it is.
  private func size(of agent: JSON) -> (columns: Int, rows: Int)? {
    if let own = seat.size { return own }
    guard let columns = agent["cols"]?.int, let rows = agent["rows"]?.int else { return nil }
    return (columns, rows)
  }

  private func hold(_ link: LaneLink, name: String) throws(ClientError) -> AttachLoop.Outcome {
    let signals: ClientSignals
    do { signals = try ClientSignals() } catch { throw .unreachable("\(error)", hint: nil) }
    StandardStreams.ignoreBrokenPipes()
    let mode = TerminalMode(of: seat.input)
    // Bytes from a script are bytes: no key leaves, unless one was asked for.
    let keys = options.detachKeys ?? (options.isRaw && mode == nil ? .none : .usual)
    if !options.isRaw && !context.output.isQuiet { context.output.note(banner(name, keys)) }
    mode?.enterRaw()
    let loop = AttachLoop(link, at: seat, options: options, keys: keys, signals: signals, mode: mode)
    let outcome = loop.run()
    mode?.restore()
    if case .exited = outcome {} else { link.detach(patienceMs: 500) }
    if loop.isScreenClear { farewell(outcome, name: name, link.remarks) }
    return outcome
  }

  private func banner(_ name: String, _ keys: DetachKeys) -> String {
    let name = Clean.line(name)
    if options.isView {
      return "[looking at \(name); q, Ctrl-C\(keys.keys.isEmpty ? "" : " or \(keys.shown)") leaves]"
    }
    return keys.keys.isEmpty ? "[attached to \(name)]" : "[attached to \(name); \(keys.shown) detaches]"
  }

  private func farewell(_ outcome: AttachLoop.Outcome, name: String, _ remarks: [String]) {
    guard !options.isRaw else {
      if case .failed(let error) = outcome { context.output.fail(Failure(error)) }
      return
    }
    for remark in remarks { context.output.note("[\(Clean.line(remark))]") }
    switch outcome {
    case .detached, .signalled: context.output.note("[detached from \(Clean.line(name))]")
    case .exited(let status): context.output.note("[\(Names.exit(status))]")
    case .failed(.refused(let error, _)): context.output.note("[\(Clean.line(error.message))]")
    case .failed(let error): context.output.note("[lost the daemon: \(Clean.line(error.message))]")
    }
  }

  func exitCode(_ outcome: AttachLoop.Outcome) -> Int32 {
    switch outcome {
    case .detached: ExitCode.done
    case .exited(let status): options.takesStatus ? ExitCode.ofProgram(status) : ExitCode.done
    case .signalled(let signal): signal.exitCode
    case .failed(let error): Failure(error).exitCode
    }
  }
}
