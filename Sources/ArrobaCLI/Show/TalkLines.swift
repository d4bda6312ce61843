package import ArrobaJSON

/// Pieces and items of a conversation as lines.
package struct TalkLines {
  /// Longer names are cut in the gutter.
  private static let widestName = 12

  /// Whether each line says whose it is.
  package var hasGutter: Bool
  /// Whether it is for the prompt line's terminal, where nobody counts lines: what was used is told, and an empty line
  /// stands before each prompt.
  package var isSpaced: Bool

  package init(hasGutter: Bool, isSpaced: Bool = false) {
    self.hasGutter = hasGutter
    self.isSpaced = isSpaced
  }

  /// Whose line it is; nil where that is not said.
  package func gutter(_ agent: String?, in conversation: Conversation) -> ShownLine.Gutter? {
    guard hasGutter, let agent, let index = conversation.index(agent) else { return nil }
    let names = conversation.voices.map {
      Clean.cut(Clean.line(conversation.name(of: $0.id)), toCells: Self.widestName)
    }
    let width = names.map { Clean.cells($0) }.max() ?? 0
    let name = names[index]
    let padding = String(repeating: " ", count: width - Clean.cells(name))
    return ShownLine.Gutter(name + padding, Style.ofAgents[index % Style.ofAgents.count])
  }

  /// How an item's words look; its text is still empty.
  package func look(
    _ kind: Piece.Kind, _ agent: String?, in conversation: Conversation
  ) -> ShownLine {
    let gutter = gutter(agent, in: conversation)
    return switch kind {
    case .answer: ShownLine("", gutter: gutter)
    case .reasoning: ShownLine("", .faint, gutter: gutter)
    }
  }

  /// The lines of a piece that is whole by itself; words are woven (Weaver).
  package func piece(_ piece: Piece, in conversation: Conversation) -> [ShownLine] {
    let gutter = gutter(piece.agent, in: conversation)
    func lines(_ texts: [String], _ style: Style?) -> [ShownLine] {
      texts.map { ShownLine($0, style, gutter: gutter) }
    }
    switch piece.what {
    case .words, .closed: return []
    case .anew: return lines(["(it begins anew:)"], .faint)
    case .prompt(let text, _): return lines(TalkText.prompt(text), .bold)
    case .queued(_, let text, let place):
      let first = Clean.lines(text)
      let more = first.count > 1 ? " …" : ""
      return lines(["queued at \(place): \(first.first ?? "")\(more)"], .faint)
    case .tool(let tool, let subagent):
      return lines([TalkText.call(tool, subagent: subagent)], isBad(tool) ? .red : .green)
    case .ask(let ask): return lines(TalkText.ask(ask), .yellow)
    case .answered(let ask, let words, _, _): return lines([TalkText.answered(ask, words: words)], .yellow)
    case .expired(let ask, let words): return lines([TalkText.answered(ask, words: words)], .yellow)
    case .withdrawn(let ask, let reason): return lines([TalkText.withdrawn(ask, reason: reason)], .faint)
    case .ended(let end): return lines(ended(end), end.state == "completed" || !end.wasSent ? .faint : .red)
    case .remark(let text): return lines(Clean.lines(text), .faint)
    case .error(let text): return lines(Clean.lines("error: \(text)"), .red)
    }
  }

  private func isBad(_ tool: JSON) -> Bool {
    tool["status"]?.string == "failed" || (tool["exitCode"]?.int ?? 0) != 0
  }

  private func ended(_ end: Piece.End) -> [String] {
    if let words = TalkText.end(end) { return [words] }
    guard isSpaced, let usage = TalkText.usage(end.usage) else { return [] }
    return ["(\(usage))"]
  }

  // MARK: history

  /// Items as `session.history` has them. What became of a prompt stands behind the last of its items. `earlier`:
  /// prompts of some of them that stand before the page (`promptsBefore`).
  package func page(_ items: [JSON], earlier: [JSON] = [], in conversation: Conversation) -> [ShownLine] {
    var lines: [ShownLine] = []
    var prompts: [String: JSON] = [:]
    var begun: Set<String> = []
    func begin(_ prompt: JSON?, _ agent: String) {
      if let before = prompts[agent] { lines += end(of: before, in: conversation) }
      prompts[agent] = prompt
    }
    for item in items {
      let agent = item["agent"]?.string ?? ""
      let isOurs = item["type"]?.string == "prompt"
      if let id = item["prompt"]?.string, begun.insert(id).inserted, !isOurs,
        let prompt = earlier.first(where: { $0["id"]?.string == id })
      {
        begin(prompt, agent)
      }
      // What was asked on the agent's own screen begins a turn as well.
      if isOurs || item["type"]?.string == "user" && item["subagent"] == nil {
        begin(isOurs ? item : nil, agent)
        if isSpaced { lines.append(ShownLine("")) }
      }
      lines += self.item(item, in: conversation)
    }
    for agent in prompts.keys.sorted() {
      if let last = prompts[agent] { lines += end(of: last, in: conversation) }
    }
    return lines
  }

  /// The prompts that a page of history begins in the middle of, by their ids: what became of them is not on it.
  package static func promptsBefore(_ items: [JSON]) -> [String] {
    let told = items.filter { $0["type"]?.string == "prompt" }.compactMap { $0["id"]?.string }
    let named = items.compactMap { $0["prompt"]?.string }
    return Set(named).subtracting(told).sorted()
  }

  private func end(of prompt: JSON, in conversation: Conversation) -> [ShownLine] {
    guard let state = prompt["state"]?.string, ["cancelled", "failed", "interrupted"].contains(state) else {
      return []
    }
    let end = Piece.End(
      prompt: prompt["id"]?.string ?? "", text: "", state: state, reason: prompt["reason"]?.string,
      failure: nil, wasSent: true, usage: nil)
    return piece(Piece(prompt["agent"]?.string, .ended(end)), in: conversation)
  }

  /// One item in full.
  package func item(_ item: JSON, in conversation: Conversation) -> [ShownLine] {
    let agent = item["agent"]?.string
    let text = item["text"]?.string ?? ""
    let subagent = item["subagent"]?.string
    switch item["type"]?.string {
    case "prompt", "user": return piece(Piece(agent, .prompt(text, isOurs: true)), in: conversation)
    case "text", "reasoning":
      let kind: Piece.Kind = item["type"]?.string == "text" ? .answer : .reasoning
      let look = look(kind, agent, in: conversation)
      return Clean.lines(Self.said(text, by: subagent)).map { line in
        ShownLine(line, look.style, gutter: look.gutter)
      }
    case "tool":
      return piece(Piece(agent, .tool(item["tool"] ?? .null, subagent: subagent)), in: conversation)
    case "error": return piece(Piece(agent, .error(text)), in: conversation)
    default: return piece(Piece(agent, .remark(text)), in: conversation)
    }
  }

  /// Words of an agent within the agent say so at their beginning.
  package static func said(_ text: String, by subagent: String?) -> String {
    subagent.map { "\($0): \(text)" } ?? text
  }
}

/// Items as `session.history` would have them, made from the events that put them there.
package enum HistoryItem {
  package static func completed(by event: JSON, in conversation: Conversation) -> JSON? {
    var object = JSONObject()
    switch event["kind"]?.string {
    case "item.completed":
      guard let data = event["data"]?.object, data["dropped"] != true else { return nil }
      object["id"] = data["item"]
      for member in data.members where member.key != "item" { object[member.key] = member.value }
      object["prompt"] = event["prompt"]
    case "prompt.dispatched":
      guard let id = event["prompt"]?.string, let prompt = conversation.prompts[id] else { return nil }
      object["id"] = .string(id)
      object["type"] = "prompt"
      object["text"] = .string(prompt.text)
      object["prompt"] = .string(id)
      object["state"] = "dispatching"
      object["by"] = .text(prompt.by)
    default: return nil
    }
    object["agent"] = event["agent"]
    object["seq"] = event["seq"]
    object["at"] = event["at"]
    return .object(object)
  }
}
