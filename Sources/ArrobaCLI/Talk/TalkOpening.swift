internal import ArrobaClient
internal import ArrobaJSON

/// How a conversation is taken up: what there is of it, and from where on its events are told.
extension TalkSession {
  /// Of what was said before as much is shown as tells where one is.
  private static let shownItems = 30
  private static let pageItems = 500

  /// What the daemon has told of a session so far.
  private struct Found {
    var prompts: [JSON] = []
    var asks: [JSON] = []
    var session: JSON = nil
    var items: [JSON] = []
    /// Prompts that the items begin in the middle of.
    var earlier: [JSON] = []
    /// What the oldest of them is true at.
    var asOf = 0
  }

  /// Turns to a session, and to that agent in it. Everything is asked at once and answered in order.
  func open(_ reference: String, agent: String?, then: @escaping () -> Void = {}) {
    let named = context.named(reference)
    var found = Found()
    func failed(_ error: ClientError) {
      if conversation == nil { leave(.failed(Failure(error))) } else { tell(Failure(error)) }
    }
    ask("prompt.list", named) { result in
      guard case .success(let answer) = result else { return }
      found.prompts = answer["prompts"]?.array ?? []
      found.asOf = answer["asOf"]?.int ?? 0
    }
    ask("ask.list", named) { result in
      if case .success(let answer) = result { found.asks = answer["asks"]?.array ?? [] }
    }
    ask("session.get", named) { result in
      if case .success(let answer) = result { found.session = answer }
    }
    // Last, so that a turn that is under way then is in it.
    let page = context.adding(["limit": .int(Self.shownItems)], to: named)
    ask("session.history", page) { [unowned self] result in
      switch result {
      case .failure(let error): failed(error)
      case .success(let answer): complete(found, with: answer, agent: agent, then: then)
      }
    }
  }

  /// Reads back until the beginnings of all turns under way are known.
  private func complete(_ found: Found, with page: JSON, agent: String?, then: @escaping () -> Void) {
    var found = found
    found.items = (page["items"]?.array ?? []) + found.items
    let active = Self.active(in: found.session)
    let known = Set(found.items.filter { $0["type"]?.string == "prompt" }.compactMap { $0["id"]?.string })
    guard face.isLive, !active.isSubset(of: known), let next = page["next"]?.int,
      let id = found.session["id"]
    else {
      let hasMore = page["next"]?.int != nil
      return withPrompts(before: face.isLive ? found.items : []) { [unowned self] earlier in
        found.earlier = earlier
        take(found, hasMore: hasMore, agent: agent, then: then)
      }
    }
    let params: JSON = ["session": id, "before": .int(next), "limit": .int(Self.pageItems)]
    ask("session.history", params) { [unowned self] result in
      switch result {
      case .failure(let error): tell(Failure(error))
      case .success(let answer): complete(found, with: answer, agent: agent, then: then)
      }
    }
  }

  private static func active(in session: JSON) -> Set<String> {
    Set((session["agents"]?.array ?? []).compactMap { $0["talk"]?["active"]?.string })
  }

  private func take(_ found: Found, hasMore: Bool, agent: String?, then: @escaping () -> Void) {
    var conversation = Conversation(session: found.session)
    conversation.take(prompts: found.prompts)
    conversation.take(history: found.items)
    let active = Self.active(in: found.session)
    // Turns under way are told from their beginnings by their events: these have also what is not completed.
    var start = found.asOf + 1
    if face.isLive {
      for item in found.items where active.contains(item["id"]?.string ?? "") {
        start = min(start, item["seq"]?.int ?? start)
      }
    }
    let asks = conversation.take(asks: found.asks)
    begin(conversation)
    if face.isLive {
      let past = found.items.filter { $0["seq"]?.int ?? 0 < start }
      showPast(past, earlier: found.earlier, hasMore: hasMore)
    }
    for piece in asks { tell(piece) }
    link.turn(to: conversation.session, after: start - 1)
    if let agent {
      command("agent.focus", ["session": .string(conversation.session), "agent": .string(agent)])
    }
    then()
  }

  /// Asks what became of the prompts that a page of history begins in the middle of.
  func withPrompts(before items: [JSON], then: @escaping ([JSON]) -> Void) {
    let ids = TalkLines.promptsBefore(items)
    guard !ids.isEmpty else { return then([]) }
    var prompts: [JSON] = []
    for id in ids {
      ask("prompt.get", ["prompt": .string(id)]) { result in
        // Of one that nobody knows any more nothing is said. The last answer is the last one's.
        if case .success(let prompt) = result { prompts.append(prompt) }
        if id == ids.last { then(prompts) }
      }
    }
  }

  private func showPast(_ items: [JSON], earlier: [JSON], hasMore: Bool) {
    guard let conversation else { return }
    let name = conversation.alias ?? Names.prefix(of: conversation.session, among: [conversation.session])
    let agents = conversation.voices.map { voice in
      let model = voice.model.map { ", \($0)" } ?? ""
      return conversation.voices.count > 1
        ? conversation.name(of: voice.id) : "\(voice.provider)\(model)"
    }
    remark("[\(name): \(agents.joined(separator: ", ")); /help helps]")
    if hasMore { remark("(earlier: /history)") }
    showItems(items, earlier: earlier)
  }

  /// Shows items of a history; those of agents that are not shown when they are.
  func showItems(_ items: [JSON], earlier: [JSON]) {
    guard let conversation else { return }
    guard view == .individual else {
      let lines = TalkLines(hasGutter: conversation.voices.count > 1)
      return face.show(lines.page(items, earlier: earlier, in: conversation), .answer)
    }
    for voice in conversation.voices {
      let own = items.filter { $0["agent"]?.string == voice.id }
      let lines = TalkLines(hasGutter: false, isSpaced: face.isLive)
      route(lines.page(own, earlier: earlier, in: conversation), of: voice.id, .answer)
    }
  }
}
