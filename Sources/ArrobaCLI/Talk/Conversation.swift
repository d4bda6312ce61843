package import ArrobaJSON

/// A session as one follows its conversations: who is in it, what each does, what waits. Changed by the daemon's answers
/// and events and by nothing else; what there is to tell of an event comes as pieces (ConversationEvents.swift).
package struct Conversation: Equatable {
  /// One agent.
  package struct Voice: Equatable {
    package let id: String
    package var alias: String?
    package var provider: String
    package var model: String?
    /// Whether it takes prompts; a program on a terminal takes none.
    package var isTalkedTo: Bool
    package var state: String
    package var since: String
    package var reason: String?
    /// The prompt that it works on.
    package var active: String?
    /// The prompts that wait for it, in order.
    package var queue: [String] = []
    package var asks: [OpenAsk] = []
    /// What it called and has no result of yet.
    package var calls: [Call] = []
    /// The active prompt is being cancelled.
    package var isCancelling = false
    /// What the active prompt has used, or the last one.
    package var usage: JSON?
  }

  /// A tool that is at work.
  package struct Call: Equatable {
    package let item: String
    package var tool: JSON
    package let subagent: String?
    package let since: String
  }

  package struct KnownPrompt: Equatable {
    package var text: String
    package var by: String?
  }

  /// An item that has begun. What was told of it is usually all of it; after a restart it may begin again, with words
  /// that were told before.
  package struct OpenItem: Equatable {
    package let agent: String
    package let kind: Piece.Kind
    package let subagent: String?
    package var text = ""
    package var told = ""
  }

  package var session: String
  package var alias: String?
  package var voices: [Voice]
  package var focused: String?
  package var prompts: [String: KnownPrompt] = [:]
  package var items: [String: OpenItem] = [:]
  /// Asks that are settled, so that a repetition opens none of them again.
  package var settledAsks: Set<String> = []

  /// A session as `session.get` and `session.create` have it.
  package init(session: JSON) {
    self.session = session["id"]?.string ?? ""
    alias = session["alias"]?.string
    voices = (session["agents"]?.array ?? []).map { Voice($0) }
    focused = session["focused"]?.string
  }

  package subscript(agent: String) -> Voice? { voices.first { $0.id == agent } }

  package var focusedVoice: Voice? { focused.flatMap { self[$0] } }

  package func index(_ agent: String?) -> Int? { voices.firstIndex { $0.id == agent } }

  /// How an agent is called; among others by a piece of its id where it has no alias.
  package func name(of agent: String) -> String {
    guard let voice = self[agent] else { return agent }
    return voice.alias ?? Names.prefix(of: agent, among: voices.map(\.id))
  }

  /// The open ask of that id or beginning.
  package func ask(named name: String) -> OpenAsk? {
    let open = voices.flatMap(\.asks)
    return open.first { $0.id == name } ?? open.first { $0.id.hasPrefix(name) }
  }

  /// Takes what `prompt.list` tells of those that are active or wait.
  package mutating func take(prompts list: [JSON]) {
    for prompt in list {
      guard let id = prompt["id"]?.string, let index = index(prompt["agent"]?.string) else { continue }
      prompts[id] = KnownPrompt(text: prompt["text"]?.string ?? "", by: prompt["by"]?.string)
      if prompt["position"]?.int == 0 {
        voices[index].active = id
      } else if prompt["position"]?.int != nil, !voices[index].queue.contains(id) {
        voices[index].queue.append(id)
      }
    }
  }

  /// Takes the texts of prompts that a page of history tells.
  package mutating func take(history items: [JSON]) {
    for item in items where item["type"]?.string == "prompt" {
      guard let id = item["id"]?.string else { continue }
      prompts[id] = KnownPrompt(text: item["text"]?.string ?? "", by: item["by"]?.string)
    }
  }
}

extension Conversation.Voice {
  /// An agent as the daemon shows it.
  package init(_ agent: JSON) {
    id = agent["id"]?.string ?? ""
    alias = agent["alias"]?.string
    provider = agent["provider"]?.string ?? "?"
    let talk = agent["talk"]
    model = talk?["model"]?.string ?? agent["model"]?.string
    isTalkedTo = talk?.object != nil
    state = agent["activity"]?["state"]?.string ?? "?"
    since = agent["activity"]?["since"]?.string ?? ""
    reason = agent["activity"]?["reason"]?.string
    active = talk?["active"]?.string
  }

  /// Whether a prompt that is sent now waits.
  package var isBusy: Bool { active != nil || !queue.isEmpty }
}
