package import ArrobaJSON

/// What is told of conversations, in words: the same in the prompt line's scrollback, in a pipe and in a history.
package enum TalkText {
  /// The result of a call that is short enough is shown itself.
  private static let shortResult = 60
  private static let mostDetail = 12

  /// A call in one line: what, on what, result, time.
  package static func call(_ tool: JSON, subagent: String? = nil) -> String {
    let name = tool["name"]?.string ?? "tool"
    let on = tool["title"]?.string.map { " \($0)" } ?? ""
    let time = tool["durationMs"]?.int.map { " (\(Humane.duration($0)))" } ?? ""
    return Clean.line("\(who(subagent))[\(name)]\(Clean.cut(on, toCells: 160)) → \(result(tool))\(time)")
  }

  /// A call that is under way, with the last line that it wrote.
  package static func running(_ tool: JSON, subagent: String?, ageMs: Int) -> String {
    let name = tool["name"]?.string ?? "tool"
    let on = tool["title"]?.string.map { " \($0)" } ?? ""
    let last = (tool["output"]?.string ?? "").split(whereSeparator: \.isNewline).last.map { " · \($0)" } ?? ""
    let age = ageMs < 1000 ? "" : " (\(Humane.age(ageMs)))"
    return Clean.line("\(who(subagent))[\(name)]\(on)\(age)\(last)")
  }

  private static func who(_ subagent: String?) -> String { subagent.map { "\($0): " } ?? "" }

  private static func result(_ tool: JSON) -> String {
    let output = (tool["output"]?.string ?? "").split(whereSeparator: \.isNewline)
      .map { String($0).trimmed }.filter { !$0.isEmpty }
    let first = output.first.map { Clean.cut($0, toCells: shortResult) }
    if tool["status"]?.string == "failed" { return "failed" + (first.map { ": \($0)" } ?? "") }
    let exit = tool["exitCode"]?.int
    if let exit, exit != 0 {
      return "exit \(exit)" + (output.last.map { ": \(Clean.cut($0, toCells: shortResult))" } ?? "")
    }
    if output.count > 1 { return "ok, \(output.count) lines" }
    return first ?? "ok"
  }

  /// An ask with its choices by number.
  package static func ask(_ ask: OpenAsk) -> [String] {
    var lines = ["? \(who(ask.subagent))\(ask.title)"]
    if let detail = ask.detail {
      let all = Clean.lines(detail)
      lines += all.prefix(mostDetail).map { "    \($0)" }
      if all.count > mostDetail { lines.append("    … \(all.count - mostDetail) more lines") }
    }
    for (index, choice) in ask.choices.enumerated() {
      lines.append("  \(index + 1) \(choice.label)" + (choice.hint.map { " – \($0)" } ?? ""))
    }
    return lines.map { Clean.line($0) }
  }

  /// How the ask may be answered by a command of its own.
  package static func howToAnswer(_ ask: OpenAsk) -> String {
    let id = Names.prefix(of: ask.id, among: [ask.id])
    if ask.type == "permission" {
      return "arroba approve \(id), arroba deny \(id) [NOTE], or arroba answer \(id) NUMBER"
    }
    let words = ask.takesText ? "NUMBER or your own words" : ask.takesSeveral ? "NUMBER,NUMBER…" : "NUMBER"
    return "arroba answer \(id) \(words)"
  }

  package static func answered(_ ask: OpenAsk, words: String) -> String {
    Clean.line("? \(who(ask.subagent))\(ask.title) → \(words)")
  }

  /// What the deadline of an ask did, by an event or an ask as it is listed.
  package static func expiry(_ json: JSON) -> String {
    let waited = json["deadlineMs"]?.int.map { " within \(Humane.duration($0))" } ?? " in time"
    let what = json["onDeadline"]?.string == "fail" ? "the prompt is cancelled" : "denied"
    return "\(what): nobody answered\(waited)"
  }

  package static func withdrawn(_ ask: OpenAsk, reason: String) -> String {
    answered(ask, words: "withdrawn: \(reason)")
  }

  /// What became of a prompt, where that is not just that it was answered.
  package static func end(_ end: Piece.End) -> String? {
    let reason = end.reason.flatMap { $0.isEmpty || $0 == end.state ? nil : $0 }
    guard end.wasSent else {
      let why = reason.map { " (\($0))" } ?? ""
      return Clean.line("not sent\(why): \(Clean.cut(Clean.line(end.text), toCells: 100))")
    }
    switch end.state {
    case "completed": return reason.map { Clean.line("completed: \($0)") }
    case "interrupted":
      return Clean.line(
        "interrupted: \(reason ?? "nobody saw its end"); it is not sent again by itself")
    default: return Clean.line(end.state + (reason.map { ": \($0)" } ?? ""))
    }
  }

  /// "1,204 tokens, $0.02"; nil where nothing is known.
  package static func usage(_ usage: JSON?) -> String? {
    guard let usage else { return nil }
    let tokens = ["input", "output", "reasoning", "cacheRead", "cacheWrite"]
      .compactMap { usage[$0]?.int }.reduce(0, +)
    guard tokens > 0 else { return nil }
    let cost = usage["costMicros"]?.int.flatMap { $0 >= 1000 ? ", $\(dollars($0))" : nil } ?? ""
    return "\(Humane.count(tokens)) tokens\(cost)"
  }

  private static func dollars(_ micros: Int) -> String {
    let cents = (micros + 5000) / 10_000
    guard cents > 0 else { return "0.00" + "\(min(9, micros / 1000))" }
    let rest = "\(cents % 100)"
    return "\(cents / 100).\(rest.utf8.count < 2 ? "0" : "")\(rest)"
  }

  /// The lines of a prompt, marked as what a person said.
  package static func prompt(_ text: String) -> [String] {
    Clean.lines(text).enumerated().map { $0.offset == 0 ? "> \($0.element)" : "  \($0.element)" }
  }
}
