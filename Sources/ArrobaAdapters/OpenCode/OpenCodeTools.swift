internal import ArrobaJSON
internal import ArrobaModel

/// How a tool call of OpenCode's reads for people, within bounds.
enum OpenCodeTools {
  static func call(_ tool: OpenCodeTool, before: ToolCall?) -> ToolCall {
    let input = tool.input.isNull ? before?.input ?? .null : Bounded.input(tool.input)
    var call = ToolCall(name: tool.name, title: title(of: tool.name, input) ?? tool.title, input: input)
    call.startedAt = tool.startedMs.map { Instant(ms: $0) } ?? before?.startedAt
    call.exitCode = tool.metadata["exit"]?.int
    switch tool.status {
    case .pending, .running, .unknown:
      call.status = .running
      call.output = Bounded.output(tool.liveOutput ?? "")
    case .completed, .failed:
      call.status = tool.status == .completed ? .completed : .failed
      call.output = Bounded.output(tool.output ?? tool.liveOutput ?? "")
      call.endedAt = tool.endedMs.map { Instant(ms: $0) }
    }
    return call
  }

  /// The one thing about a call that tells it from others.
  static func title(of name: String, _ input: JSON) -> String? {
    let member =
      switch name {
      case "bash": "command"
      case "read", "write", "edit", "patch": "filePath"
      case "list": "path"
      case "glob", "grep": "pattern"
      case "task": "description"
      case "webfetch": "url"
      case "websearch": "query"
      case "skill": "name"
      default: ""
      }
    if name == "question" { return input["questions"]?.array?.first?["question"]?.string.map(Bounded.line) }
    return input[member]?.string.map(Bounded.line)
  }

  /// What a running command has written since: OpenCode tells the last 30,000 characters each time.
  static func news(in now: String, after before: String) -> String {
    if before.isEmpty { return now }
    if now.hasPrefix(before) { return String(now.dropFirst(before.count)) }
    // The window has moved: its beginning stands somewhere in what was there before.
    let now = Array(now.utf8)
    let before = Array(before.utf8)
    if let overlap = overlap(of: before, with: now) {
      return String(decoding: now[overlap...], as: UTF8.self)
    }
    let tail = now.suffix(OpenCodeLimits.jumpTail)
    return "\n[…]\n" + String(decoding: tail, as: UTF8.self)
  }

  /// How many bytes at the beginning of `now` end `before`. Looks for a sample, so that it stays cheap.
  private static func overlap(of before: [UInt8], with now: [UInt8]) -> Int? {
    let sample = now.prefix(64)
    guard sample.count == 64, before.count >= 64 else { return nil }
    let start = max(0, before.count - now.count)
    var position = start
    while position + sample.count <= before.count {
      if before[position] == sample[0], before[position..<position + sample.count].elementsEqual(sample),
        before[position...].elementsEqual(now.prefix(before.count - position))
      {
        return before.count - position
      }
      position += 1
    }
    return nil
  }

}

/// What a conversation with OpenCode may take, in bytes, and how long things may take, in milliseconds.
enum OpenCodeLimits {
  /// Of a command's output, where it ran ahead of what we were told.
  static let jumpTail = 4 << 10

  /// How long an end is looked at before it is believed: aborts and errors come with two of them.
  static let settleMs = 300
  /// An idle session whose answer is not final is looked up after that.
  static let unfinishedMs = 2000
  /// A prompt of which nothing was heard is looked up after that, and given up after twice as long.
  static let acceptMs = 5000
  /// A turn that is to be stopped before its answer has begun is aborted after that: the first prompt of a directory takes
  /// 3 s until then.
  static let unansweredMs = 10_000
  /// An answer that is final while the session is said to be busy is taken for the end after that.
  static let busyAfterEndMs = 10_000
  /// Without any event for so long, a session that is busy is looked up.
  static let quietMs = 30_000
  /// How often a session is looked up where no events come of it.
  static let pollMs = 1500
  /// Nothing at all for so long is worth telling.
  static let silentMs = 600_000
  /// For how long the model's service may be asked again and again.
  static let retryMs = 600_000
  /// How far away the next try may be.
  static let retryAheadMs = 300_000
  /// An unfinished answer that is younger may be under way on a server that is not ours.
  static let elsewhereMs = 600_000
}
