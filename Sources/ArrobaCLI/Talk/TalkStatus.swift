internal import ArrobaTime

/// What stands between the conversation and the prompt line: what is asked, what is under way. It goes away by itself.
package enum TalkStatus {
  /// The asks that are open: those of the agents that are shown in full, of the others that they ask.
  package static func asks(_ conversation: Conversation, isShown: (String) -> Bool) -> [(
    agent: String, ShownLine
  )] {
    conversation.voices.flatMap { voice -> [(agent: String, ShownLine)] in
      guard let first = voice.asks.first else { return [] }
      guard isShown(voice.id) else {
        let name = conversation.name(of: voice.id)
        return [(voice.id, ShownLine("? \(name) asks: \(first.title) (Ctrl-A goes there)", .yellow))]
      }
      var lines = TalkText.ask(first).map { ShownLine(Clean.line($0), .yellow) }
      if voice.asks.count > 1 {
        lines.append(ShownLine("  and \(voice.asks.count - 1) more behind it", .faint))
      }
      lines.append(ShownLine("  \(hint(first))", .faint))
      return lines.map { (voice.id, $0) }
    }
  }

  private static func hint(_ ask: OpenAsk) -> String {
    let number = ask.takesSeveral ? "numbers, like 1,3" : "a number"
    return ask.takesText ? "answer with \(number), or in your own words" : "answer with \(number)"
  }

  /// What an agent does now; nil where it does nothing that is worth a line.
  package static func line(of voice: Conversation.Voice, nowMs: Int) -> ShownLine? {
    var parts: [String] = []
    let age = Humane.age(since: voice.since, nowMs: nowMs).flatMap { $0 == "now" ? nil : " \($0)" } ?? ""
    if voice.isCancelling {
      parts.append("cancelling")
    } else if voice.state == "failed" {
      return ShownLine(Clean.line("failed: \(voice.reason ?? "no reason is known")"), .red)
    } else if voice.active != nil || voice.state == "starting" {
      parts.append((voice.state == "idle" ? "working" : voice.state) + age)
    }
    if !voice.queue.isEmpty { parts.append("\(voice.queue.count) queued") }
    if let call = voice.calls.last {
      let ms = CivilTime.milliseconds(rfc3339: call.since).map { nowMs - $0 } ?? 0
      parts.append(TalkText.running(call.tool, subagent: call.subagent, ageMs: ms))
    }
    return parts.isEmpty ? nil : ShownLine(Clean.line(parts.joined(separator: " · ")), .faint)
  }

  /// Whether the line of some agent counts seconds.
  package static func isCounting(_ conversation: Conversation?) -> Bool {
    conversation?.voices.contains { $0.active != nil || $0.state == "starting" } ?? false
  }

  /// What stands before what is typed: whom it goes to, where there are several.
  package static func prompt(_ conversation: Conversation?) -> String {
    guard let conversation, let voice = conversation.focusedVoice else { return "> " }
    let program = voice.isTalkedTo ? "" : " (\(voice.provider))"
    guard conversation.voices.count > 1 || !voice.isTalkedTo else { return "> " }
    return Clean.cut(Clean.line(conversation.name(of: voice.id)), toCells: 20) + program + "> "
  }
}
