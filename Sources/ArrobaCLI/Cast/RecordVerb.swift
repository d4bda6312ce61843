internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// `arroba record`: looks at a terminal as a viewer does, and writes what it sees into a file that plays anywhere.
struct RecordVerb {
  let context: Context
  let path: String
  let overwrites: Bool

  private enum End {
    case exited(Int32)
    case stopped(ClientSignals.Signal)
    case failed(Failure)
  }

  func run(_ target: Target) throws -> Int32 {
    let agent = try context.client.ask("agent.get", context.reference(target))
    guard let session = agent["session"]?.string, let id = agent["id"]?.string,
      let columns = agent["cols"]?.int, let rows = agent["rows"]?.int
    else { throw ClientError.malformed("the daemon told of an agent without a session, an id or a size") }
    let wish = Attachment.Wish(session: session, agent: id, mode: .view)
    let attached = try Attachment(
      try context.client.connection(), wish, size: (columns, rows), timeoutMs: DaemonLocator.startDeadlineMs)
    context.client.disconnect()
    // Only now: who cannot be recorded leaves no empty file.
    let file = try CastFile(path, overwriting: overwrites)
    let link = LaneLink(
      attached, client: context.client, wish: wish, patienceMs: context.client.road.patienceMs)
    let name = target.text.isEmpty ? Names.reference(ofAgent: agent) : target.text
    return try follow(link, into: file, name: name)
  }

  private func follow(_ link: LaneLink, into file: CastFile, name: String) throws -> Int32 {
    let signals = try ClientSignals()
    StandardStreams.ignoreBrokenPipes()
    context.output.note("[recording \(Clean.line(name)) into \(Clean.line(path)); Ctrl-C ends it]")
    let tape = Tape(file, size: link.terminal, title: name)
    let end = turn(link, tape, signals)
    file.end(atMs: tape.ms)
    if case .exited = end {} else { link.detach(patienceMs: 500) }
    report(end, file, tape)
    switch end {
    case .exited: return ExitCode.done
    // It is how a recording is ended; whoever is told to end by another signal says so.
    case .stopped(let signal): return signal == .interrupt ? ExitCode.done : signal.exitCode
    case .failed(let failure): throw failure
    }
  }

  private func turn(_ link: LaneLink, _ tape: Tape, _ signals: ClientSignals) -> End {
    var set = PollSet()
    while true {
      set.removeAll()
      let signalled = set.add(signals.descriptor.raw, reading: true, writing: false)
      let lane = link.socket.map { set.add($0.raw, reading: true, writing: link.hasToSend) }
      let patience = link.hasEarlyBytes ? 0 : max(0, link.dueMs - Clock.monotonicMs())
      let isReady = set.wait(timeoutMs: patience)
      if isReady, set.isReadable(signalled) {
        while let signal = signals.next() {
          switch signal {
          case .hangUp, .interrupt, .quit, .terminate: return .stopped(signal)
          case .suspend: ThisProcess.stop()
          case .resume, .windowChanged: break
          }
        }
      }
      if isReady, let lane, set.isWritable(lane) { link.send() }
      if isReady && lane.map({ set.isReadable($0) }) ?? false || link.hasEarlyBytes {
        if let end = link.receive(tape) { return Self.end(end) }
      }
      if let end = link.tend(size: (link.terminal.columns, link.terminal.rows)) { return Self.end(end) }
      tape.terminalBecame(link.terminal)
      if let trouble = tape.file.trouble {
        return .failed(Failure(trouble.description, kind: "failed", exitCode: ExitCode.failed))
      }
    }
  }

  private static func end(_ end: LaneLink.End) -> End {
    switch end {
    case .exited(let status): .exited(status)
    case .detached: .stopped(.interrupt)  // who only looks lends no terminal
    case .failed(let error): .failed(Failure(error))
    }
  }

  private func report(_ end: End, _ file: CastFile, _ tape: Tape) {
    let status: Int32? = if case .exited(let status) = end { status } else { nil }
    let isToFile = path != CastFile.standardOutput
    if context.output.isJSON, isToFile {
      let exit: JSON? = status.map { $0 < 0 ? ["signal": .int(Int(-$0))] : ["code": .int(Int($0))] }
      context.output.json(
        .record([
          "file": .string(path), "events": .int(file.events), "bytes": .int(file.bytes),
          "durationMs": .int(tape.ms), "exit": exit,
        ]))
    } else {
      let how = status.map { "\(Names.exit($0)); " } ?? ""
      context.output.note("[\(how)recorded \(Humane.duration(tape.ms)), \(Humane.bytes(file.bytes))]")
    }
  }
}

/// The lane as it is recorded: each piece with the time at which it came.
final class Tape: LaneScreen {
  let file: CastFile
  private let startedMs = Clock.monotonicMs()
  private var size: Size

  init(_ file: CastFile, size: Size, title: String) {
    self.file = file
    self.size = size
    file.begin(size: size, title: title)
  }

  var ms: Int { Clock.monotonicMs() - startedMs }

  func write(_ bytes: UnsafeRawBufferPointer) { file.output(bytes, atMs: ms) }

  func repaintBegins(_ terminal: Size) { terminalBecame(terminal) }

  func terminalBecame(_ size: Size) {
    guard size != self.size else { return }
    self.size = size
    file.resize(to: size, atMs: ms)
  }
}
