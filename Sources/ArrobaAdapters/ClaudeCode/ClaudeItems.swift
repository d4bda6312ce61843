internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaProvider

/// What Claude Code says and does, as items: the model's own stream as it comes, then each block once more as a whole,
/// then what came of its tools. Agents within the agent have streams of their own, by the call that started them.
struct ClaudeItems {
  private struct Block {
    let key: String
    let kind: Item.Kind
    var shown = ""
    var isDone = false
  }

  /// One answer of the model's, while it streams.
  private struct Stream {
    let message: String
    var blocks: [Int: Block] = [:]
  }

  private struct Tool {
    var call: ToolCall
    var subagent: String?
  }

  private var streams: [String: Stream] = [:]
  private var tools: [String: Tool] = [:]
  /// Blocks that were said as a whole, by message: those without a stream are numbered by it.
  private var whole: [String: Int] = [:]

  private(set) var said: [ProviderSignal.What] = []

  mutating func takeSaid() -> [ProviderSignal.What] {
    defer { said = [] }
    return said
  }

  /// Nobody who begins to listen here would miss the beginning of anything.
  var isBetween: Bool {
    tools.isEmpty
      && streams.values.allSatisfy { $0.blocks.values.allSatisfy { $0.isDone || $0.shown.isEmpty } }
  }

  func tool(_ id: String) -> (name: String, input: JSON)? { tools[id].map { ($0.call.name, $0.call.input) } }

  /// Who made a call, where that is an agent within the agent.
  func subagent(ofCall id: String) -> String? { tools[id]?.subagent }

  func subagent(_ parent: String?) -> String? {
    parent.map { tools[$0].map { ClaudeTools.subagent($0.call.input) } ?? "agent" }
  }

  // MARK: the stream

  /// A raw event of the model's interface. Says the kinds that are not known.
  mutating func take(_ event: JSON, parent: String?) -> String? {
    let place = parent ?? ""
    switch event["type"]?.string {
    case "message_start":
      drop(place)
      streams[place] = Stream(message: event["message"]?["id"]?.string ?? "message")
    case "content_block_start": begin(event, place)
    case "content_block_delta": return grow(event, place, parent)
    // What was shown and never said as a whole was given up: the model is asked once more.
    case "message_stop": drop(place)
    case "content_block_stop", "message_delta", "ping", "error": break
    case let other: return "stream event \(other ?? "without a type")"
    }
    return nil
  }

  private mutating func begin(_ event: JSON, _ place: String) {
    guard let index = event["index"]?.int, let stream = streams[place], stream.blocks.count < 1000 else {
      return
    }
    let kind: Item.Kind
    switch event["content_block"]?["type"]?.string {
    case "text": kind = .text
    case "thinking": kind = .reasoning
    default: return  // a call is shown when it is whole
    }
    streams[place]?.blocks[index] = Block(key: "\(stream.message)/\(index)", kind: kind)
  }

  private mutating func grow(_ event: JSON, _ place: String, _ parent: String?) -> String? {
    let delta = event["delta"]
    switch delta?["type"]?.string {
    case "text_delta", "thinking_delta": break
    case "input_json_delta", "signature_delta", "citations_delta": return nil
    case let other: return "delta \(other ?? "without a type")"
    }
    guard let index = event["index"]?.int, var block = streams[place]?.blocks[index], !block.isDone,
      let text = delta?["text"]?.string ?? delta?["thinking"]?.string, !text.isEmpty,
      block.shown.utf8.count + text.utf8.count <= Bounded.longestText
    else { return nil }
    if block.shown.isEmpty {
      said.append(
        .itemStarted(Item(key: block.key, kind: block.kind, text: text, subagent: subagent(parent))))
    } else {
      said.append(.itemDelta(key: block.key, text: text))
    }
    block.shown += text
    streams[place]?.blocks[index] = block
    return nil
  }

  private mutating func drop(_ place: String) {
    guard let stream = streams.removeValue(forKey: place) else { return }
    for (_, block) in stream.blocks.sorted(by: { $0.key < $1.key })
    where !block.isDone && !block.shown.isEmpty {
      said.append(.itemDropped(key: block.key))
    }
  }

  // MARK: whole blocks

  /// One line of the assistant's: blocks of an answer, each as it stays.
  mutating func take(assistant message: JSON, parent: String?, at now: Instant) -> String? {
    let id = message["id"]?.string ?? "message"
    var unknown: String?
    for block in message["content"]?.array ?? [] {
      switch block["type"]?.string {
      case "text": complete(.text, block["text"]?.string ?? "", of: id, parent)
      case "thinking": complete(.reasoning, block["thinking"]?.string ?? "", of: id, parent)
      case "redacted_thinking": break
      case "tool_use", "server_tool_use", "mcp_tool_use": call(block, parent, now)
      case let other: unknown = "block \(other ?? "without a type")"
      }
    }
    return unknown
  }

  private mutating func complete(_ kind: Item.Kind, _ text: String, of message: String, _ parent: String?) {
    let place = parent ?? ""
    let text = Bounded.text(text)
    defer { whole[message, default: 0] += 1 }
    let streamed = streams[place].flatMap { stream in
      stream.message != message
        ? nil
        : stream.blocks.filter { !$0.value.isDone && $0.value.kind == kind }.min { $0.key < $1.key }
    }
    var key = "\(message)/w\(whole[message] ?? 0)"
    if let (index, block) = streamed {
      streams[place]?.blocks[index]?.isDone = true
      if text.hasPrefix(block.shown) {
        key = block.key
      } else if !block.shown.isEmpty {
        said.append(.itemDropped(key: block.key))
      }
    }
    // A thought of which only the signature is given has no text.
    guard !text.isEmpty else { return }
    said.append(.itemCompleted(Item(key: key, kind: kind, text: text, subagent: subagent(parent))))
  }

  private mutating func call(_ block: JSON, _ parent: String?, _ now: Instant) {
    guard let id = block["id"]?.string, tools[id] == nil else { return }
    let name = block["name"]?.string ?? "tool"
    let input = block["input"] ?? .null
    let call = ToolCall(
      name: name, title: ClaudeTools.title(of: name, input), input: Bounded.input(input), startedAt: now)
    let tool = Tool(call: call, subagent: subagent(parent))
    tools[id] = tool
    said.append(.itemStarted(Item(key: id, kind: .tool, tool: call, subagent: tool.subagent)))
  }

  /// What came of a call.
  mutating func take(result: JSON, at now: Instant) {
    guard let id = result["tool_use_id"]?.string, var tool = tools.removeValue(forKey: id) else { return }
    let isError = result["is_error"]?.bool ?? false
    tool.call.output = ClaudeTools.output(result["content"])
    tool.call.exitCode = ClaudeTools.exitCode(tool.call.name, tool.call.output, isError: isError)
    // A command that ran and ended badly was carried out.
    tool.call.status = isError && tool.call.exitCode == nil ? .failed : .completed
    tool.call.endedAt = now
    said.append(.itemCompleted(Item(key: id, kind: .tool, tool: tool.call, subagent: tool.subagent)))
  }

  /// The turn is over: nothing grows any more, and what was shown stays.
  mutating func finish(at now: Instant) {
    for (place, stream) in streams.sorted(by: { $0.key < $1.key }) {
      for (_, block) in stream.blocks.sorted(by: { $0.key < $1.key })
      where !block.isDone && !block.shown.isEmpty {
        said.append(
          .itemCompleted(
            Item(
              key: block.key, kind: block.kind, text: block.shown,
              subagent: subagent(place.isEmpty ? nil : place))))
      }
    }
    for (id, tool) in tools.sorted(by: { $0.key < $1.key }) {
      var call = tool.call
      call.status = .failed
      call.endedAt = now
      said.append(.itemCompleted(Item(key: id, kind: .tool, tool: call, subagent: tool.subagent)))
    }
    streams = [:]
    tools = [:]
    whole = [:]
  }
}
