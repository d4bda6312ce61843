import ArrobaJSON

/// A conversation as a daemon tells of it, for the tests of those who follow one.
enum TalkSample {
  static let session = "s_abcdefghij"
  static let agent = "a_klmnopqrst"
  static let prompt = "p_111111"

  static func voice(
    _ id: String = agent, alias: JSON = nil, state: String = "idle", active: JSON = nil, queued: Int = 0,
    asks: Int = 0
  ) -> JSON {
    [
      "id": .string(id), "session": .string(session), "alias": alias, "provider": "opencode",
      "activity": ["state": .string(state), "since": .string(Sample.at), "source": "provider"],
      "focused": .bool(id == agent), "run": ["state": "running"],
      "talk": ["model": "m/1", "active": active, "queued": .int(queued), "asks": .int(asks)],
    ]
  }

  static func whole(_ voices: [JSON] = [voice()], alias: JSON = "build") -> JSON {
    [
      "id": .string(session), "alias": alias, "workspace": "/w", "state": "open", "focused": .string(agent),
      "agents": .array(voices), "asOf": 7,
    ]
  }

  static func prompt(
    _ id: String = prompt, state: String = "dispatching", position: JSON = 0, text: String = "go"
  )
    -> JSON
  {
    [
      "id": .string(id), "session": .string(session), "agent": .string(agent), "state": .string(state),
      "position": position, "text": .string(text), "by": "c_1", "submittedAt": .string(Sample.at),
    ]
  }

  static let choices: JSON = [
    ["id": "once", "label": "allow once", "effect": "allow_once"],
    ["id": "always", "label": "always allow", "hint": "du *", "effect": "allow_always"],
    ["id": "reject", "label": "deny", "effect": "deny"],
  ]

  static func ask(_ id: String = "q_222222", prompt: JSON = .string(prompt)) -> JSON {
    [
      "id": .string(id), "session": .string(session), "agent": .string(agent), "prompt": prompt,
      "type": "permission", "title": "run du -sh .", "choices": choices, "takesSeveral": false,
      "takesText": false, "state": "open", "openedAt": .string(Sample.at),
    ]
  }

  static func question(takesSeveral: Bool = false, takesText: Bool = false) -> JSON {
    [
      "id": "q_333333", "session": .string(session), "agent": .string(agent), "prompt": .string(prompt),
      "type": "question", "title": "Which way?",
      "choices": [
        ["id": "1", "label": "Left", "effect": "option"], ["id": "2", "label": "Right", "effect": "option"],
        ["id": "dismiss", "label": "dismiss the question", "effect": "deny"],
      ],
      "takesSeveral": .bool(takesSeveral), "takesText": .bool(takesText), "state": "open",
    ]
  }

  /// The parameters of an event.
  static func event(
    _ seq: Int, _ kind: String, _ data: JSON = [:], prompt: String? = prompt, agent: String? = agent,
    by: String? = nil
  ) -> JSON {
    .record([
      "subscription": "e_1", "seq": .int(seq), "at": .string(Sample.at), "kind": .string(kind),
      "session": .string(session), "agent": .text(agent), "prompt": .text(prompt), "by": .text(by),
      "data": data,
    ])
  }

  static func opened(_ seq: Int) -> JSON {
    var data = ask().object ?? JSONObject()
    data["ask"] = data["id"]
    data["id"] = nil
    return event(seq, "ask.opened", .object(data))
  }

  /// An event as a line of the wire.
  static func line(_ event: JSON) -> String {
    JSON.record(["jsonrpc": "2.0", "method": "event", "params": event]).encodedText
  }

  /// The answer to the request that is being answered.
  static func answer(_ result: JSON) -> String {
    "{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":\(result.encodedText)}"
  }

  static let subscribed = answer(["subscription": "e_1", "from": 8, "head": 7, "gap": nil])

  static func tool(status: String = "completed", output: String = "", exit: JSON = nil) -> JSON {
    [
      "name": "bash", "title": "du -sh .", "status": .string(status), "input": ["command": "du -sh ."],
      "output": .string(output), "exitCode": exit, "durationMs": 340,
    ]
  }
}
