internal import ArrobaJSON

/// Items of a conversation as their events tell them: each word once, whatever is said again after a restart.
extension Conversation {
  mutating func applyToItem(_ kind: String, _ event: JSON, _ data: JSON, _ index: Int) -> [Piece] {
    guard let item = data["item"]?.string else { return [] }
    switch kind {
    case "item.started": return started(item, data, at: event["at"]?.string ?? "", index)
    case "item.delta": return more(of: item, data["text"]?.string ?? "", index)
    case "item.completed":
      return data["dropped"]?.bool == true ? dropped(item, index) : completed(item, data, index)
    default: return []
    }
  }

  private static func kind(_ data: JSON) -> Piece.Kind? {
    switch data["type"]?.string {
    case "text": .answer
    case "reasoning": .reasoning
    default: nil
    }
  }

  private mutating func started(_ item: String, _ data: JSON, at: String, _ index: Int) -> [Piece] {
    if let tool = data["tool"], data["type"]?.string == "tool" {
      let call = Call(item: item, tool: tool, subagent: data["subagent"]?.string, since: at)
      if let place = voices[index].calls.firstIndex(where: { $0.item == item }) {
        voices[index].calls[place].tool = tool
      } else {
        voices[index].calls.append(call)
      }
      return []
    }
    guard let kind = Self.kind(data) else { return [] }
    open(item, kind, data, index)
    items[item]?.text = data["text"]?.string ?? ""
    return tell(item)
  }

  private mutating func open(_ item: String, _ kind: Piece.Kind, _ data: JSON, _ index: Int) {
    guard items[item] == nil else { return }
    items[item] = OpenItem(agent: voices[index].id, kind: kind, subagent: data["subagent"]?.string)
  }

  private mutating func more(of item: String, _ text: String, _ index: Int) -> [Piece] {
    if let open = items[item] {
      let isUpToDate = open.text.utf8.count == open.told.utf8.count
      items[item]?.text += text
      guard isUpToDate else { return tell(item) }
      items[item]?.told += text
      return words(text, of: item, open)
    }
    guard let place = voices[index].calls.firstIndex(where: { $0.item == item }) else { return [] }
    var tool = voices[index].calls[place].tool.object ?? JSONObject()
    // Only its last line is ever shown: a build's output is not kept a second time here.
    let output = (tool["output"]?.string ?? "") + text
    tool["output"] = .string(output.utf8.count > 8192 ? String(output.suffix(2048)) : output)
    voices[index].calls[place].tool = .object(tool)
    return []
  }

  private mutating func completed(_ item: String, _ data: JSON, _ index: Int) -> [Piece] {
    let agent = voices[index].id
    let text = data["text"]?.string ?? ""
    let subagent = data["subagent"]?.string
    if let kind = Self.kind(data) {
      open(item, kind, data, index)
      items[item]?.text = text
      let pieces = tell(item)
      items[item] = nil
      return pieces + [Piece(agent, .closed(item: item))]
    }
    switch data["type"]?.string {
    case "tool":
      voices[index].calls.removeAll { $0.item == item }
      return [Piece(agent, .tool(data["tool"] ?? .null, subagent: subagent))]
    case "error": return [Piece(agent, .error(text))]
    case "notice": return [Piece(agent, .remark(text))]
    case "user": return [Piece(agent, .prompt(text, isOurs: false))]
    default: return []
    }
  }

  private mutating func dropped(_ item: String, _ index: Int) -> [Piece] {
    voices[index].calls.removeAll { $0.item == item }
    guard let open = items.removeValue(forKey: item) else { return [] }
    let end = [Piece(open.agent, .closed(item: item))]
    return open.told.isEmpty ? end : end + [Piece(open.agent, .remark("the provider took that back"))]
  }

  /// Brings what was told of an item up to its text. Where that does not go on from it, the item is told anew.
  private mutating func tell(_ item: String) -> [Piece] {
    guard let open = items[item] else { return [] }
    if open.text.utf8.starts(with: open.told.utf8) {
      items[item]?.told = open.text
      return words(
        String(decoding: open.text.utf8.dropFirst(open.told.utf8.count), as: UTF8.self), of: item, open)
    }
    // It begins again and has not come to what is new, or what the provider cut off at its end is no news.
    if open.told.utf8.starts(with: open.text.utf8) { return [] }
    items[item]?.told = open.text
    return [Piece(open.agent, .anew(item: item))] + words(open.text, of: item, open)
  }

  private func words(_ text: String, of item: String, _ open: OpenItem) -> [Piece] {
    guard !text.isEmpty else { return [] }
    return [Piece(open.agent, .words(item: item, open.kind, text, subagent: open.subagent))]
  }
}
