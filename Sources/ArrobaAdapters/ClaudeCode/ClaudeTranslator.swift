internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaProvider

/// What Claude Code says in its lines, turned into what a provider says. Pure: it is told the time, and what it wants to be
/// sent it keeps for whoever asks.
struct ClaudeTranslator {
  /// A prompt as Claude Code works at it.
  struct Turn {
    let id: PromptID
    /// The name by which Claude Code knows the prompt.
    let mark: String
    var isAccepted = false
    /// Claude Code has begun with it. A turn that began by itself may still be under way before.
    var hasStarted = false
    var doing = ClaudeVerdict.Doing()
    var usage = Usage()
    /// What the service's error was called, where there was one.
    var error: String?
    /// Nothing proves that it was handed over: what is not heard of by then is unknown.
    var acceptDueMs: Int?
    /// It was told to stop, and is made to by then.
    var stopDueMs: Int?
  }

  enum Wish: Equatable {
    case send(JSON)
    /// The process does not stop when it is told to.
    case kill
  }

  /// How long Claude Code has to follow an interrupt: 10 ms when it was recorded.
  static let stopMs = 10_000
  /// How long what may have been handed over has to show.
  static let acceptMs = 5_000

  let run: RunID
  private(set) var turn: Turn?
  private(set) var model: String?
  /// It works at something that nobody here asked for, such as a background command that has ended.
  private(set) var isBusyByItself = false
  /// What is heard again after a restart, of turns whose end is recorded: told to nobody.
  var isCatchingUp = false
  private var items = ClaudeItems()
  private var asks = ClaudeAsks()
  private var steps: [String: Usage] = [:]
  private var seen: [String] = []
  private var strangers: Set<String> = []
  /// Claude Code tells with each prompt that carries a name when it takes it up (since before 2.1.330).
  private var tellsLifecycle = false
  private var signals: [ProviderSignal] = []
  private var wishes: [Wish] = []
  private var interrupts = 0

  init(run: RunID) { self.run = run }

  mutating func takeSignals() -> [ProviderSignal] {
    defer { signals = [] }
    return signals
  }

  mutating func takeWishes() -> [Wish] {
    defer { wishes = [] }
    return wishes
  }

  /// Whoever begins to listen here misses nothing.
  var isBetween: Bool { items.isBetween && asks.isEmpty }

  var nextDeadlineMs: Int? { [turn?.acceptDueMs, turn?.stopDueMs].compactMap { $0 }.min() }

  private mutating func say(_ what: ProviderSignal.What) {
    guard !isCatchingUp else { return }
    signals.append(ProviderSignal(run: run, turn: owner, what))
  }

  /// Whose the things are that are said now.
  private var owner: PromptID? { turn.flatMap { $0.isAccepted && !isBusyByItself ? $0.id : nil } }

  // MARK: turns

  mutating func begin(_ id: PromptID) {
    turn = Turn(id: id, mark: ClaudeCalls.mark(of: id))
    signals.append(ProviderSignal(run: run, turn: nil, .activity(.working, reason: nil)))
  }

  /// A turn of an earlier daemon's. What Claude Code said of it since it began is heard once more.
  mutating func settle(_ unsettled: UnsettledTurn, wasSent: Bool, nowMs: Int) {
    turn = Turn(id: unsettled.id, mark: unsettled.mark ?? ClaudeCalls.mark(of: unsettled.id))
    turn?.doing.isDenied = unsettled.wasDenied
    if unsettled.mark == nil, !wasSent { turn?.acceptDueMs = nowMs + Self.acceptMs }
    if unsettled.cancelledAt != nil { stop(nowMs: nowMs) }
  }

  mutating func cancel(_ id: PromptID, force: Bool, nowMs: Int) {
    guard let turn, turn.id == id else { return }
    if !turn.doing.isStopped {
      self.turn?.doing.wasStoppedEarly = !turn.isAccepted
      stop(nowMs: nowMs)
    }
    guard force else { return }
    end(
      TurnEnd(.interrupted, reason: "it was stopped by force", proof: "not waited for"),
      nowMs: nowMs)
    wishes.append(.kill)
  }

  private mutating func stop(nowMs: Int) {
    turn?.doing.isStopped = true
    turn?.stopDueMs = nowMs + Self.stopMs
    interrupt()
  }

  private mutating func interrupt() {
    interrupts += 1
    wishes.append(.send(ClaudeCalls.interrupt(interrupts)))
  }

  mutating func tick(nowMs: Int) {
    if let due = turn?.acceptDueMs, due <= nowMs {
      end(
        TurnEnd(
          .interrupted, reason: "it is not known whether it was handed over before the daemon ended",
          proof: "nothing was heard of it"), nowMs: nowMs)
    }
    if let due = turn?.stopDueMs, due <= nowMs {
      end(
        TurnEnd(.interrupted, reason: "Claude Code did not stop when it was told to", proof: "no result"),
        nowMs: nowMs)
      wishes.append(.kill)
    }
  }

  /// It cannot be handed over, or what it came to cannot be known.
  mutating func end(_ end: TurnEnd, nowMs: Int) {
    guard let id = turn?.id else { return }
    finish(reason: "the turn has ended", nowMs: nowMs)
    signals.append(ProviderSignal(run: run, turn: id, .turnEnded(end)))
    turn = nil
  }

  /// The process has gone: what it did not say nobody knows.
  mutating func lose(reason: String, nowMs: Int) {
    finish(reason: reason, nowMs: nowMs)
    isBusyByItself = false
    if let id = turn?.id {
      signals.append(
        ProviderSignal(
          run: run, turn: id, .turnEnded(TurnEnd(.interrupted, reason: reason, proof: "the process ended"))))
    }
    turn = nil
  }

  private mutating func finish(reason: String, nowMs: Int) {
    asks.withdraw(reason: reason)
    items.finish(at: Instant(ms: nowMs))
    pass()
    steps = [:]
  }

  mutating func answer(_ ask: String, with answer: AskAnswer) {
    if asks.answer(ask, with: answer) { turn?.doing.isDenied = true }
    pass()
    if asks.waitingFor == nil, turn != nil { say(.activity(.working, reason: nil)) }
  }

  /// Says what items and asks have to say.
  private mutating func pass() {
    for what in items.takeSaid() { say(what) }
    for what in asks.takeSaid() {
      say(what)
      if case .askOpened(let ask) = what { say(.activity(.waiting, reason: ask.title)) }
    }
    for reply in asks.takeReplies() { wishes.append(.send(reply)) }
  }

  private mutating func stranger(_ kind: String) {
    guard strangers.count < 100, strangers.insert(kind).inserted else { return }
    signals.append(ProviderSignal(run: run, turn: nil, .unrecognised(kind: Bounded.line(kind))))
  }

  // MARK: lines

  mutating func take(_ line: JSON, nowMs: Int) {
    // A name of its own for each line: one that comes again says nothing new.
    if let name = line["uuid"]?.string, line["type"]?.string != "user" || line["isReplay"]?.bool != true {
      guard !seen.contains(name) else { return }
      seen.append(name)
      if seen.count > 64 { seen.removeFirst(32) }
    }
    let parent = line["parent_tool_use_id"]?.string
    switch line["type"]?.string {
    case "stream_event":
      started()
      let event = line["event"] ?? .null
      step(event, parent, nowMs)
      if let kind = items.take(event, parent: parent) { stranger(kind) }
    case "assistant": take(assistant: line, parent, nowMs)
    case "user": take(user: line, nowMs)
    case "system": take(system: line, nowMs)
    case "result": take(result: line, nowMs)
    case "control_request": take(request: line)
    case "control_cancel_request":
      asks.withdraw(line["request_id"]?.string, reason: "Claude Code does not ask any more")
    case "command_lifecycle": take(lifecycle: line)
    // Answers to ours are the conversation's; the others tell what nobody here needs.
    case "control_response", "keep_alive", "tool_progress", "tool_use_summary", "rate_limit_event",
      "auth_status",
      "prompt_suggestion", "streamlined_text", "streamlined_tool_use_summary", "transcript_mirror":
      break
    case let other: stranger(other ?? "a line without a type")
    }
    pass()
  }

  private mutating func accepted() {
    guard turn?.isAccepted == false, let turn else { return }
    self.turn?.isAccepted = true
    self.turn?.acceptDueMs = nil
    signals.append(ProviderSignal(run: run, turn: turn.id, .accepted(mark: turn.mark)))
    // Now there is something to interrupt.
    if turn.doing.wasStoppedEarly { interrupt() }
  }

  /// Something of a turn is heard: of ours, unless Claude Code tells when it takes a prompt up and has not yet.
  private mutating func started() {
    guard let turn, !turn.hasStarted, !isBusyByItself, !tellsLifecycle else { return }
    self.turn?.hasStarted = true
    accepted()
  }

  private mutating func take(lifecycle line: JSON) {
    tellsLifecycle = true
    guard let turn, line["command_uuid"]?.string == turn.mark else { return }
    switch line["state"]?.string {
    case "started":
      isBusyByItself = false
      self.turn?.hasStarted = true
      accepted()
    default: break
    }
  }

  private mutating func take(system line: JSON, _ nowMs: Int) {
    switch line["subtype"]?.string {
    case "init":
      model = line["model"]?.string
      if tellsLifecycle ? turn?.hasStarted != true : turn == nil {
        isBusyByItself = true
        say(.activity(.working, reason: "it goes on by itself"))
      }
      started()
    case "api_retry":
      let delay = line["retry_delay_ms"]?.int
      let status = line["error_status"]?.int.map { " (\($0))" } ?? ""
      say(
        .retrying(
          attempt: max(1, line["attempt"]?.int ?? 1), nextAt: delay.map { Instant(ms: nowMs + $0) },
          reason: "\(line["error"]?.string ?? "error")\(status)"))
    case "compact_boundary": say(.notice("Claude Code has summed up the conversation so far"))
    case "task_notification":
      if let summary = line["summary"]?.string { say(.notice(Bounded.line(summary))) }
    case "status", "session_state_changed", "thinking_tokens", "permission_denied",
      "background_tasks_changed",
      "task_started", "task_progress", "task_updated", "hook_started", "hook_progress", "hook_response",
      "files_persisted", "local_command_output", "elicitation_complete", "post_turn_summary", "informational":
      break
    case let other: stranger("system \(other ?? "line")")
    }
  }

  private mutating func take(assistant line: JSON, _ parent: String?, _ nowMs: Int) {
    started()
    // The service's error, told as if the model had said it; the result has it too.
    if let error = line["error"]?.string {
      if parent == nil { turn?.error = error }
      return
    }
    if let kind = items.take(assistant: line["message"] ?? .null, parent: parent, at: Instant(ms: nowMs)) {
      stranger(kind)
    }
  }

  private mutating func take(user line: JSON, _ nowMs: Int) {
    if let turn, line["uuid"]?.string == turn.mark, line["isReplay"]?.bool ?? false { accepted() }
    for block in line["message"]?["content"]?.array ?? [] where block["type"]?.string == "tool_result" {
      if let id = block["tool_use_id"]?.string { asks.toolHasEnded(id) }
      items.take(result: block, at: Instant(ms: nowMs))
    }
  }

  private mutating func take(request line: JSON) {
    guard let id = line["request_id"]?.string, let request = line["request"] else { return }
    switch request["subtype"]?.string {
    case "can_use_tool":
      let call = request["tool_use_id"]?.string.flatMap { items.tool($0)?.input }
      asks.open(
        id, request, call: call,
        subagent: request["tool_use_id"]?.string.flatMap { items.subagent(ofCall: $0) })
    // None of ours are registered; a plugin's would wait for ever.
    case "hook_callback": wishes.append(.send(ClaudeCalls.done(id)))
    case let other:
      stranger("request \(other ?? "without a subtype")")
      wishes.append(.send(ClaudeCalls.refused(id, other ?? "")))
    }
  }

  // MARK: steps and ends

  private mutating func step(_ event: JSON, _ parent: String?, _ nowMs: Int) {
    guard owner != nil else { return }
    let place = parent ?? ""
    switch event["type"]?.string {
    case "message_start": steps[place] = ClaudeVerdict.usage(event["message"]?["usage"])
    case "message_delta":
      guard var step = steps.removeValue(forKey: place), let turn else { return }
      let end = ClaudeVerdict.usage(event["usage"])
      step.output = max(step.output, end.output)
      step.reasoning = max(step.reasoning, end.reasoning)
      var total = turn.usage + step
      total.context =
        parent == nil ? step.input + step.cacheRead + step.cacheWrite + step.output : turn.usage.context
      self.turn?.usage = total
      say(.usage(total))
    default: break
    }
  }

  private mutating func take(result line: JSON, _ nowMs: Int) {
    let isByItself = line["origin"]?["kind"]?.string == "task-notification"
    guard let turn, !isByItself else {
      finish(reason: "what it did by itself has ended", nowMs: nowMs)
      isBusyByItself = false
      if turn == nil { say(.activity(.idle, reason: nil)) }
      return
    }
    isBusyByItself = false
    accepted()
    var usage = turn.usage.orMore(ClaudeVerdict.usage(line["usage"]))
    usage.context = turn.usage.context
    usage.costMicros = ClaudeVerdict.costMicros(line)
    if usage != Usage() { say(.usage(usage)) }
    end(ClaudeVerdict.end(line, turn.doing, error: turn.error), nowMs: nowMs)
  }
}
