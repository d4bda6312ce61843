package import ArrobaJSON

extension Run.Exit {
  package var json: JSON {
    switch self {
    case .code(let code): ["code": .int(code)]
    case .signal(let number): ["signal": .int(number)]
    }
  }

  init?(json: JSON) {
    if let code = json["code"]?.int {
      self = .code(code)
    } else if let number = json["signal"]?.int {
      self = .signal(number)
    } else {
      return nil
    }
  }

  /// "exited 0", "killed by signal 9".
  package var words: String {
    switch self {
    case .code(let code): "exited \(code)"
    case .signal(let number): "killed by signal \(number)"
    }
  }
}

extension Activity {
  package var json: JSON {
    .record([
      "state": .string(state.rawValue), "since": .string(since.text), "reason": .text(reason),
      "source": .string(source.rawValue),
    ])
  }
}

extension AgentSpec {
  /// What clients see and the log's public part says: names of variables, never their values.
  package var json: JSON {
    .record([
      "alias": .text(alias), "provider": .string(provider), "model": .text(model), "effort": .text(effort),
      "directory": .string(directory), "argv": .array(arguments.map { .string($0) }),
      "executable": .text(executable), "talk": isTalkedTo ? true : nil,
      "envNames": .array(environment.map { .string($0.name) }),
      "cols": .int(Int(columns)), "rows": .int(Int(rows)),
    ])
  }

  init?(json: JSON, values: JSONObject) {
    guard let provider = json["provider"]?.string, let directory = json["directory"]?.string,
      let columns = json["cols"]?.int.flatMap({ UInt16(exactly: $0) }),
      let rows = json["rows"]?.int.flatMap({ UInt16(exactly: $0) })
    else { return nil }
    self.init(provider: provider, directory: directory, columns: columns, rows: rows)
    alias = json["alias"]?.string
    model = json["model"]?.string
    effort = json["effort"]?.string
    arguments = json["argv"]?.array?.compactMap(\.string) ?? []
    executable = json["executable"]?.string
    isTalkedTo = json["talk"]?.bool ?? false
    environment = values.members.compactMap { member in
      member.value.string.map { Variable(name: member.key, value: $0) }
    }
  }
}

extension Run {
  package var json: JSON {
    .record([
      "id": .string(id.text), "state": .string(phase.rawValue), "pid": .number(process?.pid),
      "startedAt": .text(startedAt?.text), "endedAt": .text(endedAt?.text),
      "exit": exit?.json ?? .null, "reason": .text(reason),
    ])
  }
}

extension Agent {
  /// `attached`: how many clients look at its terminal now.
  package func json(isFocused: Bool, attached: Int) -> JSON {
    var object = JSONObject()
    object["id"] = .string(id.text)
    object["session"] = .string(session.text)
    object["alias"] = .text(spec.alias) ?? .null
    object["provider"] = .string(spec.provider)
    object["model"] = .text(spec.model) ?? .null
    object["effort"] = .text(spec.effort) ?? .null
    object["directory"] = .string(spec.directory)
    object["argv"] = .array(spec.arguments.map { .string($0) })
    object["envNames"] = .array(spec.environment.map { .string($0.name) })
    object["cols"] = .int(Int(spec.columns))
    object["rows"] = .int(Int(spec.rows))
    object["createdAt"] = .string(createdAt.text)
    object["focused"] = .bool(isFocused)
    object["attached"] = .int(attached)
    object["activity"] = activity.json
    object["run"] = run?.json ?? .null
    object["talk"] = talk?.summary
    return .object(object)
  }
}

extension Session {
  package func json(attached: (AgentID) -> Int) -> JSON {
    let agents = self.agents.map { agent in
      agent.json(isFocused: focused == agent.id, attached: attached(agent.id))
    }
    var object = JSONObject()
    object["id"] = .string(id.text)
    object["alias"] = .text(alias) ?? .null
    object["workspace"] = .string(workspace)
    object["state"] = .string(isOpen ? "open" : "ended")
    object["createdAt"] = .string(createdAt.text)
    if let endedAt { object["endedAt"] = .string(endedAt.text) }
    object["focused"] = .text(focused?.text) ?? .null
    object["attached"] = .int(self.agents.reduce(0) { $0 + attached($1.id) })
    object["agents"] = .array(agents)
    return .object(object)
  }
}
