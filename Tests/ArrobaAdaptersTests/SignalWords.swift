import ArrobaJSON
import ArrobaModel
import ArrobaSupervision
import ArrobaProvider

@testable import ArrobaAdapters

/// Signals and wishes as lines for golden files: readable, and the same each time they are made.
struct SignalWords {
  private var names: [String: String] = [:]
  private var counts: [String: Int] = [:]

  mutating func lines(_ replay: Replay) -> String {
    var text = ""
    for (ms, root, what) in replay.output {
      let line =
        switch what {
        case .signal(let signal): "\(signal.turn?.text ?? "-") \(words(signal.what))"
        case .wish(let wish): "> \(words(wish))"
        }
      text += "\(ms) \(short(root)) \(shortened(line))\n"
    }
    return text
  }

  func words(_ what: ProviderSignal.What) -> String {
    switch what {
    case .opened(let id, let version, let model): "opened \(id) \(version ?? "-") \(model ?? "-")"
    case .accepted(let mark): "accepted \(mark ?? "-")"
    case .itemStarted(let item): "started \(words(item))"
    case .itemDelta(let key, let text): "delta \(key) \(quoted(text))"
    case .itemCompleted(let item): "completed \(words(item))"
    case .itemDropped(let key): "dropped \(key)"
    case .askOpened(let ask): "ask opened \(words(ask))"
    case .askAnswered(let key, let choice): "ask answered \(key) \(choice ?? "-")"
    case .askWithdrawn(let key, let reason): "ask withdrawn \(key): \(reason)"
    case .usage(let usage): "usage \(words(usage))"
    case .activity(let state, let reason): "activity \(state.rawValue)\(reason.map { ": \($0)" } ?? "")"
    case .retrying(let attempt, _, let reason): "retrying \(attempt): \(quoted(reason))"
    case .turnEnded(let end): "ended \(words(end))"
    case .notice(let text): "notice \(quoted(text))"
    case .failed(let reason, let hint, let end):
      "failed \(reason) (\(hint ?? "-"))\(end.map { ", ended \(words($0))" } ?? "")"
    case .unrecognised(let kind): "unrecognised \(kind)"
    }
  }

  private func words(_ item: Item) -> String {
    var text = "\(item.kind.rawValue) \(item.key)"
    if let subagent = item.subagent { text += " by '\(subagent)'" }
    if !item.text.isEmpty { text += " \(quoted(item.text))" }
    guard let tool = item.tool else { return text }
    text += " \(tool.name) '\(tool.title ?? "")' \(tool.status.rawValue)"
    if let code = tool.exitCode { text += " exit \(code)" }
    if let start = tool.startedAt, let end = tool.endedAt { text += " in \(end.ms - start.ms) ms" }
    return "\(text) \(quoted(tool.input.encodedText)) \(quoted(tool.output))"
  }

  private func words(_ ask: Ask) -> String {
    let choices = ask.choices.map { "\($0.id):\($0.effect.rawValue)" }.joined(separator: " ")
    var text = "\(ask.kind.rawValue) \(ask.key) '\(ask.title)' [\(choices)]"
    if let detail = ask.detail { text += " \(quoted(detail))" }
    if let item = ask.item { text += " for \(item)" }
    if let subagent = ask.subagent { text += " by '\(subagent)'" }
    return text
  }

  private func words(_ usage: Usage) -> String {
    "in \(usage.input) out \(usage.output) think \(usage.reasoning) cache \(usage.cacheRead)/\(usage.cacheWrite)"
      + " context \(usage.context ?? 0)"
  }

  private func words(_ end: TurnEnd) -> String {
    let outcome =
      switch end.outcome {
      case .completed: "completed"
      case .cancelled: "cancelled"
      case .failed(let failure): "failed \(failure.rawValue)"
      case .interrupted: "interrupted"
      }
    return "\(outcome) (\(end.proof))\(end.reason.map { ": \($0)" } ?? "")"
  }

  private func words(_ wish: OpenCodeWish) -> String {
    switch wish {
    case .look: "look"
    case .resend: "resend"
    case .abort(let sessions): "abort \(sessions.joined(separator: " "))"
    case .reply(let reply):
      switch reply.answer {
      case .permission(let choice, let message): "reply \(reply.request) \(choice) \(message ?? "")"
      case .answers(let labels): "reply \(reply.request) \(labels)"
      case .rejectQuestions: "reply \(reply.request) reject"
      }
    }
  }

  private func quoted(_ text: String) -> String {
    let kept = text.utf8.count > 300 ? "\(text.prefix(300))… \(text.utf8.count)" : text
    return JSON.string(String(kept)).encodedText
  }

  // Ids are long and tell nothing: the first session is ses1.

  private mutating func shortened(_ line: String) -> String {
    var result = ""
    var word = ""
    for character in line {
      if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
      } else {
        result += short(word)
        result.append(character)
        word = ""
      }
    }
    return result + short(word)
  }

  private mutating func short(_ word: String) -> String {
    let prefixes = ["ses_", "msg_", "prt_", "per_", "que_"]
    guard word.utf8.count == 30, let prefix = prefixes.first(where: { word.hasPrefix($0) }) else {
      return word
    }
    if let name = names[word] { return name }
    counts[prefix, default: 0] += 1
    let name = "\(prefix.dropLast())\(counts[prefix] ?? 0)"
    names[word] = name
    return name
  }
}
