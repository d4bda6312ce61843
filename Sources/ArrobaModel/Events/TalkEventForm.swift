internal import ArrobaJSON

/// The events of conversations as JSON.
extension EventForm {
  /// Kind, prompt and data of an event about a prompt, an item, an ask or usage; nil for others.
  static func talkParts(_ event: AgentEvent) -> (kind: String, prompt: PromptID?, data: JSON)? {
    switch event {
    case .runOpened(let run, let conversation, let version, let model):
      (
        "run.started", nil,
        .record([
          "run": .string(run.text), "conversation": .string(conversation), "version": .text(version),
          "model": .text(model),
        ])
      )
    case .prompt(let id, let event): parts(event).with(prompt: id)
    case .item(let id, let prompt, let event): parts(event, of: id).with(prompt: prompt)
    case .ask(let id, let prompt, let event): parts(event, of: id).with(prompt: prompt)
    case .usage(let prompt, let usage): ("usage.recorded", prompt, usage.json)
    case .spawned, .renamed, .focused, .activity, .resized, .exited, .deleted, .runStarting, .runStarted,
      .runParked, .runEnded, .notice:
      nil
    }
  }

  private struct Parts {
    let kind: String
    let data: JSON

    func with(prompt: PromptID?) -> (String, PromptID?, JSON) { (kind, prompt, data) }
  }

  private static func parts(_ event: PromptEvent) -> Parts {
    switch event {
    case .submitted(let text): Parts(kind: "prompt.submitted", data: ["text": .string(text)])
    case .edited(let text): Parts(kind: "prompt.edited", data: ["text": .string(text)])
    case .moved(let position): Parts(kind: "prompt.moved", data: ["position": .int(position)])
    case .dispatched(let run): Parts(kind: "prompt.dispatched", data: ["run": .string(run.text)])
    case .started(let mark): Parts(kind: "prompt.started", data: .record(["mark": .text(mark)]))
    case .cancelling: Parts(kind: "prompt.cancelling", data: [:])
    case .ended(let end): Parts(kind: "prompt.\(end.state.rawValue)", data: end.json)
    }
  }

  private static func parts(_ event: ItemEvent, of id: ItemID) -> Parts {
    func members(_ item: Item) -> JSON {
      var object = item.json.object ?? JSONObject()
      object["item"] = .string(id.text)
      return .object(object)
    }
    return switch event {
    case .started(let item): Parts(kind: "item.started", data: members(item))
    case .delta(let text):
      Parts(kind: "item.delta", data: ["item": .string(id.text), "text": .string(text)])
    case .completed(let item): Parts(kind: "item.completed", data: members(item))
    case .dropped(let key):
      Parts(
        kind: "item.completed", data: ["item": .string(id.text), "key": .string(key), "dropped": true])
    }
  }

  private static func parts(_ event: AskEvent, of id: AskID) -> Parts {
    switch event {
    case .opened(let ask):
      var object = ask.members
      object["ask"] = .string(id.text)
      return Parts(kind: "ask.opened", data: .object(object))
    case .answered(let answer):
      var object = answer.json.object ?? JSONObject()
      object["ask"] = .string(id.text)
      return Parts(kind: "ask.answered", data: .object(object))
    case .expired(let expiry):
      var object = expiry.members
      object["ask"] = .string(id.text)
      return Parts(kind: "ask.expired", data: .object(object))
    case .withdrawn(let reason):
      return Parts(kind: "ask.withdrawn", data: ["ask": .string(id.text), "reason": .string(reason)])
    }
  }

  /// The event of a conversation that kind and data say; nil for others.
  var talkEvent: AgentEvent? {
    let prompt = prompt.map { PromptID($0) }
    if kind == "run.started", let run = data["run"]?.string, let conversation = data["conversation"]?.string {
      return .runOpened(
        RunID(run), conversation: conversation, version: data["version"]?.string,
        model: data["model"]?.string)
    }
    if let prompt, let event = promptEvent { return .prompt(prompt, event) }
    if let id = data["item"]?.string, let event = itemEvent {
      return .item(ItemID(id), prompt: prompt, event)
    }
    if let id = data["ask"]?.string, let event = askEvent { return .ask(AskID(id), prompt: prompt, event) }
    switch kind {
    case "usage.recorded": return prompt.map { .usage($0, Usage(json: data)) }
    default: return nil
    }
  }

  private var promptEvent: PromptEvent? {
    switch kind {
    case "prompt.submitted": data["text"]?.string.map { .submitted(text: $0) }
    case "prompt.edited": data["text"]?.string.map { .edited(text: $0) }
    case "prompt.moved": data["position"]?.int.map { .moved(position: $0) }
    case "prompt.dispatched": data["run"]?.string.map { .dispatched(RunID($0)) }
    case "prompt.started": .started(mark: data["mark"]?.string)
    case "prompt.cancelling": .cancelling
    case "prompt.completed": TurnEnd(state: .completed, json: data).map { .ended($0) }
    case "prompt.cancelled": TurnEnd(state: .cancelled, json: data).map { .ended($0) }
    case "prompt.failed": TurnEnd(state: .failed, json: data).map { .ended($0) }
    case "prompt.interrupted": TurnEnd(state: .interrupted, json: data).map { .ended($0) }
    default: nil
    }
  }

  private var itemEvent: ItemEvent? {
    switch kind {
    case "item.started": Item(json: data).map { .started($0) }
    case "item.delta": data["text"]?.string.map { .delta($0) }
    case "item.completed":
      if data["dropped"]?.bool == true {
        data["key"]?.string.map { .dropped(key: $0) }
      } else {
        Item(json: data).map { .completed($0) }
      }
    default: nil
    }
  }

  private var askEvent: AskEvent? {
    switch kind {
    case "ask.opened": Ask(json: data).map { .opened($0) }
    case "ask.answered": .answered(AskAnswer(json: data))
    case "ask.expired": AskExpiry(json: data).map { .expired($0) }
    case "ask.withdrawn": data["reason"]?.string.map { .withdrawn(reason: $0) }
    default: nil
    }
  }
}
