internal import ArrobaClient
internal import ArrobaSystem

/// A conversation on a terminal: the prompt line at the bottom, what is said scrolling away above it.
final class TerminalTalk: TalkFace {
  private static let bracketedPaste = (on: "\u{1B}[?2004h", off: "\u{1B}[?2004l")
  /// A terminal sends a key's bytes together; what has not come after this is not coming.
  private static let undecidedMs = 50
  /// Nothing more is read from the daemon while so much waits for the screen.
  private static let mostOnScreen = 64 << 10
  private static let mostLines = 2000
  /// A daemon that is restarted is back sooner; only a longer absence is worth a line.
  private static let noteLossAfterMs = 400
  /// How long a process that must end now lets a terminal finish reading.
  private static let lastWordsMs = 500

  private let context: Context
  private let signals: ClientSignals
  private let mode: TerminalMode?
  private let screen: ScreenWriter
  private let file: HistoryFile
  private var stage: Stage
  private var reader = KeyReader()
  private var editor = LineEditor()
  /// Finished lines that are not on the screen yet.
  private var finished: [String] = []
  /// Entered before the session was known.
  private var early: [String] = []
  /// Said below the prompt line until the next key.
  private var hints: [String] = []
  private var undecidedSinceMs: Int?
  /// Whether the last key was Ctrl-C.
  private var wasInterrupted = false
  private var hasShown = false
  /// Stopped, and not told yet that it goes on: the terminal is the shell's.
  private var isAway = false
  private var signalled: ClientSignals.Signal?
  private var block = [UInt8](repeating: 0, count: 32 << 10)

  init(_ context: Context) throws {
    self.context = context
    signals = try ClientSignals()
    mode = TerminalMode(of: context.seat.input)
    screen = ScreenWriter(to: context.seat.output)
    file = HistoryFile(in: context.places.state)
    stage = Stage(columns: context.seat.size?.columns ?? 80)
    editor.history = file.read()
  }

  var isLive: Bool { true }
  private var columns: Int { stage.columns }
  private var rows: Int { context.seat.size?.rows ?? 24 }
  private var usesColour: Bool { context.output.usesColour }

  func show(_ lines: [ShownLine], _ source: TalkSession.Source) {
    for line in lines {
      // An empty line before the first words separates nothing.
      if line.text.isEmpty, line.gutter == nil, !hasShown { continue }
      hasShown = true
      for row in line.rows(width: columns) { finished.append(row.text(usesColour: usesColour)) }
    }
  }

  // MARK: the loop

  /// Talks until somebody leaves, and answers the exit code. The terminal is as it was, whatever ends it.
  func run(_ session: TalkSession) throws -> Int32 {
    StandardStreams.ignoreBrokenPipes()
    enter(session)
    defer { giveTerminalBack() }
    var set = PollSet()
    while true {
      if let signalled { return signalled.exitCode }
      if screen.isBroken { return ExitCode.done }
      if let outcome = session.outcome {
        giveTerminalBack()
        switch outcome {
        case .left: return ExitCode.done
        case .failed(let failure): throw failure
        case .attach(let target): attach(target, session)
        }
      }
      if session.conversation != nil, !early.isEmpty {
        for text in early { enter(text, session) }
        early = []
      }
      draw(session)
      turn(session, &set)
    }
  }

  private func enter(_ session: TalkSession) {
    mode?.enterRaw()
    screen.write(Self.bracketedPaste.on)
    stage.forget()
    fit(session)
  }

  private func fit(_ session: TalkSession) {
    stage.resize(columns: context.seat.size?.columns ?? 80)
    session.setColumns(columns)
  }

  /// Takes the prompt line off the screen and puts every mode back; more than once does no harm.
  private func giveTerminalBack() {
    for line in finished { screen.write(stage.clear() + line + "\r\n") }
    finished = []
    screen.write(stage.clear() + Self.bracketedPaste.off)
    let deadline = Clock.monotonicMs() + Self.lastWordsMs
    screen.flush()
    while screen.waiting > 0, !screen.isBroken, Clock.monotonicMs() < deadline {
      _ = PollSet.waitWritable(screen.number, timeoutMs: deadline - Clock.monotonicMs())
      screen.flush()
    }
    mode?.restore()
  }

  /// The agent's own terminal, and back.
  private func attach(_ target: Target, _ session: TalkSession) {
    do {
      let verb = AttachVerb(context: context, options: Attaching(), seat: context.seat)
      try verb.check()
      _ = try verb.run(target)
    } catch { session.tell(Failure(error)) }
    session.goOn()
    enter(session)
  }

  private func turn(_ session: TalkSession, _ set: inout PollSet) {
    let link = session.link
    let isFull = screen.waiting >= Self.mostOnScreen || finished.count >= Self.mostLines
    set.removeAll()
    let signalPlace = set.add(signals.descriptor.raw, reading: true, writing: false)
    let input = set.add(context.seat.input, reading: true, writing: false)
    let output = screen.waiting > 0 ? set.add(screen.number, reading: false, writing: true) : nil
    let lane = link.socket.map { set.add($0.raw, reading: !isFull, writing: link.hasToSend) }
    let isReady = set.wait(timeoutMs: patience(session))
    if let arrival = link.tend() { session.heed(arrival) }
    if isReady, set.isReadable(signalPlace) { heedSignals(session) }
    if isReady, set.isReadable(input) {
      read(session)
    } else if let since = undecidedSinceMs, Clock.monotonicMs() - since >= Self.undecidedMs {
      undecidedSinceMs = nil
      press(reader.flush(), session)
    }
    guard isReady else { return }
    if let lane, set.isWritable(lane) { link.send() }
    if let lane, !isFull, set.isReadable(lane) { for arrival in link.receive() { session.heed(arrival) } }
    if let output, set.isWritable(output) { screen.flush() }
  }

  private func patience(_ session: TalkSession) -> Int {
    let now = Clock.monotonicMs()
    var due = session.link.dueMs
    if let since = undecidedSinceMs { due = min(due, since + Self.undecidedMs) }
    if let since = session.link.lostSinceMs, now < since + Self.noteLossAfterMs {
      due = min(due, since + Self.noteLossAfterMs)
    }
    if TalkStatus.isCounting(session.conversation) { due = min(due, now + 1000) }
    return max(0, min(due - now, 60_000))
  }

  private func heedSignals(_ session: TalkSession) {
    while let signal = signals.next() {
      switch signal {
      case .windowChanged: fit(session)
      case .hangUp, .interrupt, .quit, .terminate: signalled = signalled ?? signal
      case .suspend: suspend()
      case .resume:
        isAway = false
        enter(session)
      }
    }
  }

  /// Gives the terminal back as leaving does, then stops; the signal to go on is read as any other.
  private func suspend() {
    giveTerminalBack()
    isAway = true
    ThisProcess.stop()
  }

  // MARK: keys

  private func read(_ session: TalkSession) {
    switch block.withUnsafeMutableBytes({ StandardStreams.read(into: $0, from: context.seat.input) }) {
    case .moved(let count):
      press(reader.feed(block[..<count]), session)
      undecidedSinceMs = reader.isUndecided ? Clock.monotonicMs() : nil
    case .wouldBlock: break
    case .ended, .failed: session.leave(.left)
    }
  }

  private func press(_ keys: [Key], _ session: TalkSession) {
    for key in keys {
      if !hints.isEmpty { hints = [] }
      let action = editor.press(key)
      var isInterrupt = false
      switch action {
      case .none: break
      case .submit(let text): submit(text, session)
      case .complete: complete(session)
      case .interrupt(let isOnText):
        isInterrupt = true
        interrupt(isOnText: isOnText, session)
      case .leave: session.leave(.left)
      case .cycle: session.cycle()
      case .suspend: suspend()
      case .redraw:
        screen.write("\u{1B}[H\u{1B}[2J")
        stage.forget()
      }
      wasInterrupted = isInterrupt
    }
  }

  private func submit(_ text: String, _ session: TalkSession) {
    if editor.history.add(text) { file.add(text) }
    // Until the session is known nobody can be meant: it is sent when it is.
    guard session.conversation != nil else { return early.append(text) }
    enter(text, session)
  }

  private func enter(_ text: String, _ session: TalkSession) {
    // A command leaves no trace in the conversation: its line stays above what it shows.
    if Slash.name(in: text) != nil { show(TalkText.prompt(text).map { ShownLine($0, .faint) }, .prompt) }
    session.enter(text)
  }

  private func interrupt(isOnText: Bool, _ session: TalkSession) {
    if wasInterrupted { return session.leave(.left) }
    if !isOnText { _ = session.cancelTurn() }
    hints = ["Ctrl-C again leaves"]
  }

  private func complete(_ session: TalkSession) {
    let text = editor.before
    session.names(for: text) { [unowned self] names in
      // The answer may come when the line has gone on.
      guard editor.before == text, let found = Completion(before: text, in: names) else { return }
      if let more = found.insertion { editor.insert(more) } else { hints = Self.listed(found.candidates) }
    }
  }

  private static func listed(_ candidates: [String]) -> [String] {
    [candidates.prefix(40).map { Clean.line($0) }.joined(separator: "  ")]
  }

  // MARK: drawing

  private func draw(_ session: TalkSession) {
    // While the terminal is behind, drawing waits: then all that came meanwhile is drawn at once.
    guard screen.waiting == 0, !isAway else { return }
    screen.write(stage.draw(scene(session), below: finished))
    finished = []
    screen.flush()
  }

  /// The rows at the bottom: the growing ones, the asks, what is under way, the prompt line, hints.
  private func scene(_ session: TalkSession) -> Stage.Scene {
    var scene = Stage.Scene()
    let prompt =
      editor.search.map { "(search '\(Clean.line($0.words))') " } ?? TalkStatus.prompt(session.conversation)
    let view = EditorView(editor, prompt: prompt, width: columns).window(rows: max(1, rows / 2))
    let below = hints.flatMap { ShownLine($0, .faint).rows(width: columns) }.prefix(max(0, rows / 4))
    let room = max(0, rows - 1 - view.rows.count - below.count)
    let above = (session.growing + standing(session)).flatMap { $0.rows(width: columns) }
    // Of too much the end is shown: what is asked and what is under way stands there.
    for line in above.suffix(room) { scene.rows.append(row(line)) }
    scene.cursorRow = scene.rows.count + view.cursorRow
    scene.cursorColumn = view.cursorColumn
    for (index, text) in view.rows.enumerated() {
      let painted = index == 0 && text.hasPrefix(prompt) && usesColour
      let shown = painted ? Style.bold.paint(prompt) + text.dropFirst(prompt.count) : text
      scene.rows.append(Stage.Row(shown, cells: Clean.cells(text)))
    }
    for line in below { scene.rows.append(row(line)) }
    return scene
  }

  private func row(_ line: ShownLine) -> Stage.Row {
    Stage.Row(line.text(usesColour: usesColour), cells: Clean.cells(line.text(usesColour: false)))
  }

  private func standing(_ session: TalkSession) -> [ShownLine] {
    guard let conversation = session.conversation else { return [] }
    var lines = TalkStatus.asks(conversation, isShown: session.isShown).map { agent, line in
      session.isShown(agent) ? session.withGutter(line, of: agent) : line
    }
    for voice in conversation.voices where session.isShown(voice.id) {
      if let line = TalkStatus.line(of: voice, nowMs: Clock.wallMs()) {
        lines.append(session.withGutter(line, of: voice.id))
      }
    }
    if let since = session.link.lostSinceMs, Clock.monotonicMs() - since >= Self.noteLossAfterMs {
      lines.append(
        ShownLine(
          "\(session.link.far) is away, waiting for it; what is typed is sent when it is back", .yellow))
    }
    return lines
  }
}
