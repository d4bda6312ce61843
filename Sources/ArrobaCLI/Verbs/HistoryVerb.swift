internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// `arroba history`: what was said and done, and with --follow what is.
extension Context {
  /// The largest page that the daemon gives.
  private static let pageItems = 500

  func history(_ target: Target, limit: Int, follow: Bool) throws -> Int32 {
    let found = try client.ask("session.get", session(target))
    guard let id = found["id"]?.string else {
      throw ClientError.malformed("the daemon told of a session without an id")
    }
    let around = isInsideAgent && target.session == nil ? environment["ARROBA_AGENT"] : nil
    let agent = try (target.agent ?? around).map { name in
      try client.ask("agent.get", ["session": .string(id), "agent": .string(name)])["id"]?.string ?? name
    }
    let result = try pages(of: id, agent: agent, limit: limit)
    let items = result["items"]?.array ?? []
    var conversation = Conversation(session: found)
    if let agent { conversation.voices.removeAll { $0.id != agent } }
    let lines = TalkLines(hasGutter: conversation.voices.count > 1)
    if output.isJSON, !follow {
      output.json(result)
      return ExitCode.done
    }
    if output.isJSON {
      for item in items { output.json(item) }
    } else {
      show(lines.page(items, earlier: try prompts(before: items), in: conversation))
    }
    output.flush()
    guard follow else {
      if items.isEmpty { output.note("nothing was said yet") }
      return ExitCode.done
    }
    try followItems(of: &conversation, after: result["asOf"]?.int ?? 0, lines)
    return ExitCode.done
  }

  /// As many pages as it takes, joined to one.
  private func pages(of session: String, agent: String?, limit: Int) throws -> JSON {
    var items: [JSON] = []
    var newest: JSON?
    var next: Int?
    repeat {
      let params = JSON.record([
        "session": .string(session), "agent": .text(agent), "before": .number(next),
        "limit": .int(min(limit - items.count, Self.pageItems)),
      ])
      let page = try client.ask("session.history", params)
      newest = newest ?? page
      items = (page["items"]?.array ?? []) + items
      next = page["next"]?.int
    } while next != nil && items.count < limit
    return adding(["items": .array(items), "next": .number(next) ?? .null], to: newest ?? [:])
  }

  /// What became of the prompts that the page begins in the middle of.
  private func prompts(before items: [JSON]) throws -> [JSON] {
    try TalkLines.promptsBefore(items).compactMap { id -> JSON? in
      // Of one that nobody knows any more nothing is said.
      do { return try client.ask("prompt.get", ["prompt": .string(id)]) } catch ClientError.refused {
        return nil
      }
    }
  }

  private func show(_ lines: [ShownLine]) {
    for line in lines { output.line(line.text(usesColour: output.usesColour)) }
  }

  /// Items as they are completed. Ends by being interrupted, or with an error.
  private func followItems(of conversation: inout Conversation, after sequence: Int, _ lines: TalkLines)
    throws
  {
    let connection = try client.connection()
    let cursor = TalkLink.Cursor(log: connection.daemon?.logID ?? "", sequence: sequence)
    let link = TalkLink(connection, client: client, session: conversation.session, after: cursor)
    client.disconnect()
    while true {
      guard case .arrivals(let arrivals) = link.next(until: nil, nil) else { continue }
      for arrival in arrivals {
        switch arrival {
        case .failed(let error): throw error
        case .gap: output.note("events are missing")
        case .event(let event): hear(event, &conversation, lines)
        case .answer, .back: break
        }
      }
      output.flush()
    }
  }

  private func hear(_ event: JSON, _ conversation: inout Conversation, _ lines: TalkLines) {
    let pieces = conversation.apply(event)
    if let item = HistoryItem.completed(by: event, in: conversation) {
      if output.isJSON { output.json(item) } else { show(lines.item(item, in: conversation)) }
    } else if !output.isJSON {
      for piece in pieces { show(lines.piece(piece, in: conversation)) }
    }
  }
}
