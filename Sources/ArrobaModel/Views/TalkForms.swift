package import ArrobaJSON

extension ToolCall {
  package var json: JSON {
    .record([
      "name": .string(name), "title": .text(title), "status": .string(status.rawValue), "input": input,
      "output": .string(output), "exitCode": .number(exitCode), "startedAt": .text(startedAt?.text),
      "endedAt": .text(endedAt?.text),
      "durationMs": startedAt.flatMap { start in endedAt.map { .int(max(0, $0.ms - start.ms)) } },
    ])
  }

  init?(json: JSON) {
    guard let name = json["name"]?.string,
      let status = json["status"]?.string.flatMap({ Status(rawValue: $0) })
    else { return nil }
    self.init(
      name: name, title: json["title"]?.string, input: json["input"] ?? .null,
      output: json["output"]?.string ?? "", status: status, exitCode: json["exitCode"]?.int,
      startedAt: json["startedAt"]?.string.flatMap { Instant($0) },
      endedAt: json["endedAt"]?.string.flatMap { Instant($0) })
  }
}

extension Item {
  package var json: JSON {
    .record([
      "key": .string(key), "type": .string(kind.rawValue), "text": .string(text), "tool": tool?.json,
      "subagent": .text(subagent),
    ])
  }

  init?(json: JSON) {
    guard let key = json["key"]?.string, let kind = json["type"]?.string.flatMap({ Kind(rawValue: $0) })
    else { return nil }
    self.init(
      key: key, kind: kind, text: json["text"]?.string ?? "",
      tool: json["tool"].flatMap { ToolCall(json: $0) },
      subagent: json["subagent"]?.string)
  }
}

extension Ask {
  package var members: JSONObject {
    var object = JSONObject()
    object["key"] = .string(key)
    object["type"] = .string(kind.rawValue)
    object["title"] = .string(title)
    object["detail"] = .text(detail)
    object["choices"] = .array(choices.map(\.json))
    object["takesSeveral"] = .bool(takesSeveral)
    object["takesText"] = .bool(takesText)
    object["itemKey"] = .text(item)
    object["subagent"] = .text(subagent)
    return object
  }

  init?(json: JSON) {
    guard let key = json["key"]?.string, let kind = json["type"]?.string.flatMap({ Kind(rawValue: $0) }),
      let title = json["title"]?.string
    else { return nil }
    self.init(
      key: key, kind: kind, title: title, detail: json["detail"]?.string,
      choices: json["choices"]?.array?.compactMap { Choice(json: $0) } ?? [],
      takesSeveral: json["takesSeveral"]?.bool ?? false, takesText: json["takesText"]?.bool ?? false,
      item: json["itemKey"]?.string, subagent: json["subagent"]?.string)
  }
}

extension Ask.Choice {
  package var json: JSON {
    .record([
      "id": .string(id), "label": .string(label), "hint": .text(hint), "effect": .string(effect.name),
    ])
  }

  init?(json: JSON) {
    guard let id = json["id"]?.string, let label = json["label"]?.string,
      let effect = json["effect"]?.string.flatMap({ name in Effect.allCases.first { $0.name == name } })
    else { return nil }
    self.init(id: id, label: label, hint: json["hint"]?.string, effect: effect)
  }
}

extension Ask.Choice.Effect {
  /// As clients see it.
  package var name: String {
    switch self {
    case .allowOnce: "allow_once"
    case .allowAlways: "allow_always"
    case .deny: "deny"
    case .option: "option"
    }
  }
}

extension AskAnswer {
  package var json: JSON {
    .record(["choices": .array(choices.map { .string($0) }), "note": .text(text)])
  }

  init(json: JSON) {
    self.init(choices: json["choices"]?.array?.compactMap(\.string) ?? [], text: json["note"]?.string)
  }
}

extension AskExpiry {
  var members: JSONObject {
    var object = JSONObject()
    object["onDeadline"] = .string(onDeadline.rawValue)
    object["deadlineMs"] = .int(deadlineMs)
    object["choices"] = answer.map { .array($0.choices.map { .string($0) }) }
    return object
  }

  init?(json: JSON) {
    guard let onDeadline = json["onDeadline"]?.string.flatMap({ AskRule.OnDeadline(rawValue: $0) }),
      let deadlineMs = json["deadlineMs"]?.int
    else { return nil }
    self.init(
      onDeadline: onDeadline, deadlineMs: deadlineMs,
      answer: json["choices"]?.array.map { AskAnswer(choices: $0.compactMap(\.string)) })
  }

  /// What was done, as a sentence goes on with it.
  var words: String {
    switch onDeadline {
    case .deny: "it was denied"
    case .fail: "its prompt was cancelled"
    }
  }
}

extension AskRecord {
  /// `rule`: by which an open one is due at some time.
  package func json(session: SessionID, agent: AgentID, rule: AskRule) -> JSON {
    var object = JSONObject()
    object["id"] = .string(id.text)
    object["session"] = .string(session.text)
    object["agent"] = .string(agent.text)
    object["prompt"] = .text(prompt?.text)
    for member in ask.members.members { object[member.key] = member.value }
    object["openedAt"] = .string(openedAt.text)
    switch state {
    case .open:
      object["state"] = "open"
      object["deadlineAt"] = .text(rule.due(openedAt: openedAt)?.text)
    case .answered(let answer, let by, let at):
      object["state"] = "answered"
      object["answer"] = answer.json
      object["answeredBy"] = .text(by)
      object["answeredAt"] = .string(at.text)
    case .expired(let expiry, let at):
      object["state"] = "expired"
      object["answer"] = expiry.answer?.json
      object["onDeadline"] = .string(expiry.onDeadline.rawValue)
      object["deadlineMs"] = .int(expiry.deadlineMs)
      object["expiredAt"] = .string(at.text)
    case .withdrawn(let reason, let at):
      object["state"] = "withdrawn"
      object["reason"] = .string(reason)
      object["withdrawnAt"] = .string(at.text)
    }
    return .object(object)
  }
}

extension Usage {
  package var json: JSON {
    .record([
      "input": .int(input), "output": .int(output), "reasoning": .int(reasoning),
      "cacheRead": .int(cacheRead), "cacheWrite": .int(cacheWrite), "costMicros": .number(costMicros),
      "context": .number(context),
    ])
  }

  init(json: JSON) {
    self.init(
      input: json["input"]?.int ?? 0, output: json["output"]?.int ?? 0,
      reasoning: json["reasoning"]?.int ?? 0, cacheRead: json["cacheRead"]?.int ?? 0,
      cacheWrite: json["cacheWrite"]?.int ?? 0, costMicros: json["costMicros"]?.int,
      context: json["context"]?.int)
  }
}

extension TurnEnd {
  var json: JSON {
    var failure: TurnFailure?
    if case .failed(let kind) = outcome { failure = kind }
    return .record([
      "reason": .text(reason), "proof": .string(proof), "failure": .text(failure?.rawValue),
    ])
  }

  init?(state: Prompt.State, json: JSON) {
    let outcome: Outcome
    switch state {
    case .completed: outcome = .completed
    case .cancelled: outcome = .cancelled
    case .interrupted: outcome = .interrupted
    case .failed: outcome = .failed(json["failure"]?.string.flatMap { TurnFailure(rawValue: $0) } ?? .other)
    case .queued, .dispatching, .running, .cancelling: return nil
    }
    self.init(outcome, reason: json["reason"]?.string, proof: json["proof"]?.string ?? "")
  }
}

extension Prompt {
  /// `position`: 0 for the active one, from 1 on for those that wait, nil for one that has ended.
  package func json(session: SessionID, agent: AgentID, position: Int?) -> JSON {
    var object = JSONObject()
    object["id"] = .string(id.text)
    object["session"] = .string(session.text)
    object["agent"] = .string(agent.text)
    object["state"] = .string(state.rawValue)
    object["position"] = .number(position)
    object["text"] = .string(text)
    if cut > 0 { object["textCut"] = .int(cut) }
    object["by"] = .text(by)
    object["submittedAt"] = .text(submittedAt?.text)
    object["reason"] = .text(end?.reason)
    if case .failed(let kind) = end?.outcome { object["failure"] = .string(kind.rawValue) }
    object["proof"] = .text(end?.proof)
    object["usage"] = usage?.json
    object["states"] = .array(
      steps.map { step in
        .record([
          "state": .string(step.state.rawValue), "at": .string(step.at.text), "reason": .text(step.reason),
        ])
      })
    return .object(object)
  }
}

extension Talk {
  /// What a list of agents shows of it.
  package var summary: JSON {
    .record([
      "conversation": .text(conversation), "version": .text(version), "model": .text(model),
      "active": .text(active?.id.text), "queued": .int(queued.count), "asks": .int(openAsks.count),
      "usage": settled.last?.usage?.json,
    ])
  }
}
