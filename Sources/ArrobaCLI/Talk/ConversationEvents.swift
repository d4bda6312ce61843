package import ArrobaJSON
internal import ArrobaTime

/// Events as a conversation takes them, and what there is to tell of each.
extension Conversation {
  package mutating func apply(_ event: JSON) -> [Piece] {
    let kind = event["kind"]?.string ?? ""
    let data = event["data"] ?? .null
    guard let agent = event["agent"]?.string else { return applyToSession(kind, data) }
    if kind == "agent.spawned" {
      return spawned(agent, data, at: event["at"]?.string ?? "")
    }
    guard let index = index(agent) else { return [] }
    switch kind.prefix(while: { $0 != "." }) {
    case "prompt": return applyToPrompt(kind, event, data, index)
    case "item": return applyToItem(kind, event, data, index)
    case "ask": return applyToAsk(kind, event, data, index)
    default: return applyToAgent(kind, event, data, index)
    }
  }

  private mutating func applyToSession(_ kind: String, _ data: JSON) -> [Piece] {
    switch kind {
    case "session.renamed": alias = data["alias"]?.string
    case "session.ended": return [Piece(nil, .remark("the session has ended"))]
    case "session.deleted": return [Piece(nil, .remark("the session was removed"))]
    case "notice": return data["message"]?.string.map { [Piece(nil, .remark($0))] } ?? []
    default: break
    }
    return []
  }

  private mutating func spawned(_ agent: String, _ data: JSON, at: String) -> [Piece] {
    guard index(agent) == nil else { return [] }
    let provider = data["provider"]?.string ?? "?"
    var object = data.object ?? JSONObject()
    object["id"] = .string(agent)
    object["activity"] = ["state": "starting", "since": .string(at)]
    // A program on a terminal is the one kind of agent that takes no prompts.
    if provider != "terminal" { object["talk"] = [:] }
    voices.append(Voice(.object(object)))
    return [Piece(agent, .remark("a new agent: \(name(of: agent)) (\(provider))"))]
  }

  private mutating func applyToAgent(_ kind: String, _ event: JSON, _ data: JSON, _ index: Int) -> [Piece] {
    let agent = voices[index].id
    switch kind {
    case "agent.renamed": voices[index].alias = data["alias"]?.string
    case "agent.focused": focused = agent
    case "agent.deleted":
      let name = name(of: agent)
      voices.remove(at: index)
      if focused == agent { focused = voices.first?.id }
      return [Piece(nil, .remark("the agent \(name) was removed"))]
    case "agent.activity":
      voices[index].state = data["state"]?.string ?? "?"
      voices[index].since = event["at"]?.string ?? ""
      let nowMs = CivilTime.milliseconds(rfc3339: event["at"]?.string ?? "")
      let reason = data["reason"]?.string.map { text in
        nowMs.map { Humane.sinceNow(text, nowMs: $0) } ?? text
      }
      voices[index].reason = reason
      guard let reason, !reason.isEmpty else { break }
      if voices[index].state == "failed" { return [Piece(agent, .error(reason))] }
      // The reason of one that works is that an attempt failed and another will be made.
      if voices[index].state == "working" { return [Piece(agent, .remark(reason))] }
    case "run.started": voices[index].model = data["model"]?.string ?? voices[index].model
    case "usage.recorded": voices[index].usage = data
    case "notice": return data["message"]?.string.map { [Piece(agent, .remark($0))] } ?? []
    default: break
    }
    return []
  }

  // MARK: prompts

  private mutating func applyToPrompt(_ kind: String, _ event: JSON, _ data: JSON, _ index: Int) -> [Piece] {
    guard let id = event["prompt"]?.string else { return [] }
    let agent = voices[index].id
    switch kind {
    case "prompt.submitted":
      prompts[id] = KnownPrompt(text: data["text"]?.string ?? "", by: event["by"]?.string)
      guard voices[index].active != id, !voices[index].queue.contains(id) else { return [] }
      let waits = voices[index].isBusy
      voices[index].queue.append(id)
      guard waits else { return [] }
      let place = voices[index].queue.count
      return [Piece(agent, .queued(id: id, text: prompts[id]?.text ?? "", place: place))]
    case "prompt.edited": prompts[id]?.text = data["text"]?.string ?? ""
    case "prompt.moved":
      guard let from = voices[index].queue.firstIndex(of: id), let place = data["position"]?.int else {
        break
      }
      voices[index].queue.remove(at: from)
      voices[index].queue.insert(id, at: min(max(0, place - 1), voices[index].queue.count))
    case "prompt.dispatched":
      voices[index].queue.removeAll { $0 == id }
      voices[index].active = id
      voices[index].isCancelling = false
      voices[index].usage = nil
      return [Piece(agent, .prompt(prompts[id]?.text ?? "", isOurs: true))]
    case "prompt.cancelling": voices[index].isCancelling = true
    case "prompt.completed", "prompt.cancelled", "prompt.failed", "prompt.interrupted":
      return ended(id, String(kind.dropFirst("prompt.".count)), data, index)
    default: break
    }
    return []
  }

  private mutating func ended(_ id: String, _ state: String, _ data: JSON, _ index: Int) -> [Piece] {
    let agent = voices[index].id
    let wasSent = !voices[index].queue.contains(id)
    var pieces: [Piece] = []
    if wasSent {
      if voices[index].active == id { voices[index].active = nil }
      voices[index].isCancelling = false
      voices[index].calls = []
      for item in items.keys.sorted() where items[item]?.agent == agent {
        items[item] = nil
        pieces.append(Piece(agent, .closed(item: item)))
      }
    }
    voices[index].queue.removeAll { $0 == id }
    let end = Piece.End(
      prompt: id, text: prompts[id]?.text ?? "", state: state, reason: data["reason"]?.string,
      failure: data["failure"]?.string, wasSent: wasSent, usage: wasSent ? voices[index].usage : nil)
    return pieces + [Piece(agent, .ended(end))]
  }

  // MARK: asks

  private mutating func applyToAsk(_ kind: String, _ event: JSON, _ data: JSON, _ index: Int) -> [Piece] {
    let agent = voices[index].id
    if kind == "ask.opened" {
      guard let ask = OpenAsk(event: event), !settledAsks.contains(ask.id),
        !voices[index].asks.contains(where: { $0.id == ask.id })
      else { return [] }
      voices[index].asks.append(ask)
      return [Piece(agent, .ask(ask))]
    }
    guard let id = data["ask"]?.string else { return [] }
    settledAsks.insert(id)
    guard let place = voices[index].asks.firstIndex(where: { $0.id == id }) else { return [] }
    let ask = voices[index].asks.remove(at: place)
    if kind == "ask.expired" { return [Piece(agent, .expired(ask, words: TalkText.expiry(data)))] }
    guard kind == "ask.answered" else {
      let reason = data["reason"]?.string ?? "it waits no more"
      return [Piece(agent, .withdrawn(ask, reason: reason))]
    }
    let chosen = data["choices"]?.array?.compactMap(\.string) ?? []
    return [
      Piece(
        agent,
        .answered(
          ask, words: ask.words(of: data), by: event["by"]?.string, isDenial: ask.denies(chosen)))
    ]
  }

  /// Takes those asks of `ask.list` that no event of the turns under way will tell again.
  package mutating func take(asks list: [JSON]) -> [Piece] {
    list.compactMap { json in
      guard let ask = OpenAsk(json), json["state"]?.string == "open", let index = index(ask.agent),
        ask.prompt == nil || ask.prompt != voices[index].active,
        !voices[index].asks.contains(where: { $0.id == ask.id })
      else { return nil }
      voices[index].asks.append(ask)
      return Piece(ask.agent, .ask(ask))
    }
  }
}
