internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSystem

/// The process of a conversation: what it is told, what it says, and its end.
extension ClaudeConversation {
  func tell(_ line: JSON, _ child: LineChild, mark: String? = nil) {
    var writer = JSONWriter()
    writer.write(line)
    guard !child.send(writer.bytes, mark: mark) else { return }
    complaint = "Claude Code does not read what it is told"
    stop(child)
  }

  func stop(_ child: LineChild) {
    stage = .ending(child)
    children.signal(child, Int(SignalNumber.kill))
  }

  func hear(_ heard: LineChild.Heard) {
    guard !isClosed else { return }
    // What it still says of a turn that was ended by force is nobody's.
    if case .ending = stage { return }
    switch heard {
    case .tooLong(let count):
      say(.notice("Claude Code said a line of \(count) bytes, which is too long to be read"))
    case .line(let bytes):
      guard let line = try? JSONReader.read(bytes), line.object != nil else {  // told by its kind
        return say(.unrecognised(kind: "a line that is no JSON object"))
      }
      hear(line)
    }
    carryOut()
  }

  private func hear(_ line: JSON) {
    if case .starting(let child) = stage {
      if line["type"]?.string == "control_response",
        line["response"]?["request_id"]?.string == ClaudeCalls.initializeID
      {
        return initialized(line["response"]?["response"] ?? .null, child)
      }
      // It cannot start, and says why before it ends.
      if line["type"]?.string == "result" {
        complaint = line["errors"]?.array?.first?.string ?? line["result"]?.string
        return
      }
    }
    translator.take(line, nowMs: now)
    if translator.isBetween, case .open(let child) = stage { child.settle() }
  }

  func ended(_ end: LineChild.End) {
    guard !isClosed else { return }
    let wasStarting = if case .starting = stage { true } else { false }
    switch stage {
    case .starting(let child), .open(let child), .ending(let child): children.forget(child.id)
    case .none, .beingBorn: break
    }
    stage = .none
    start?.cancel()
    rest?.cancel()
    let status =
      switch end.status {
      case .code(let code)?: "Claude Code ended with status \(code)"
      case .signal(let number)?: "Claude Code was ended by signal \(number)"
      case nil: "Claude Code has gone"
      }
    let words = complaint ?? end.words.split(separator: "\n").last.map { Bounded.line(String($0)) }
    let reason = words.map { "\(status): \($0)" } ?? status
    complaint = nil
    guard !wasStarting else { return couldNotStart(reason) }
    translator.lose(reason: reason, nowMs: now)
    carryOut()
    if waiting != nil { goOn() }
  }

  /// Whether a conversation exists is known for sure only by its end: one to which nothing was said is not kept, and one
  /// that is cannot be made again.
  private func couldNotStart(_ reason: String) {
    if opening.resume != nil, opening.lastMark == nil, !hasTriedBoth {
      hasTriedBoth = true
      isKept.toggle()
      return launch()
    }
    couldNotOpen(reason, hint: nil)
  }
}
