internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaProvider

/// What we want of the server, as far as the translation comes to it.
enum OpenCodeWish: Sendable, Equatable {
  /// Look at the session: messages, status, asks.
  case look
  /// The prompt was taken and never stored: post it again.
  case resend
  /// Abort these, in this order: children before what started them.
  case abort([String])
  case reply(OpenCodeReply)
}

/// A moment by both clocks: ours for how long things take, the wall's for what the server says.
struct OpenCodeMoment: Sendable, Equatable {
  var ms: Int
  var wallMs: Int
}

/// From OpenCode's events and what a look at it shows to what its conversation says. Pure: it is told the times, and says
/// what it wants looked up; `OpenCodeConversation` carries that out.
struct OpenCodeTranslator {
  let run: RunID
  /// The conversation's session; its children are agents within the agent.
  let root: String
  var items = OpenCodeItems()
  var asks = OpenCodeAsks()
  var turn: OpenCodeTurn?
  /// The root's status, as a level: "busy" is repeated.
  var isBusy = false
  /// When the stream last told it: what a look asked for before that is older.
  var statusToldMs = Int.min
  /// A turn was ended by force before its answer began: that is aborted as soon as it does.
  var mustAbortAnswer = false
  /// What runs without a turn of ours, such as a prompt from the native client, has been idle since.
  var foreignIdleMs: Int?
  /// No events come, though there should be some: looks take their place.
  var isPolling = false
  /// Messages up to this one are told, or were there before us.
  var horizon: (id: String, createdMs: Int)?

  struct MessageNote {
    var role: OpenCodeMessage.Role
    var createdMs: Int
    var turn: PromptID?
    var isSummary: Bool
    /// A prompt whose text has been seen.
    var isRead = false
  }

  var messages: [String: MessageNote] = [:]
  /// The message that each session's model writes, or wrote last.
  var lastAnswer: [String: String] = [:]
  /// The root's newest message that is known.
  var newest: (id: String, createdMs: Int)?
  var usage: [String: Usage] = [:]
  private var contextMessage: String?
  private var saidUsage: Usage?
  private var children: [(id: String, parent: String, label: String)] = []
  private var saidActivity: (Activity.State, String?)?
  private var unrecognised: Set<String> = []

  private(set) var wishes: [OpenCodeWish] = []
  private var signals: [ProviderSignal] = []
  /// Deltas that follow each other at once are one. Kept apart so that appending does not copy.
  private var pending: (turn: PromptID?, key: String, text: String)?

  init(run: RunID, root: String) {
    self.run = run
    self.root = root
  }

  // MARK: what comes out

  mutating func takeSignals() -> [ProviderSignal] {
    flush()
    defer { signals = [] }
    return signals
  }

  mutating func takeWishes() -> [OpenCodeWish] {
    defer { wishes = [] }
    return wishes
  }

  mutating func say(_ what: ProviderSignal.What, of turn: PromptID?) {
    if case .itemDelta(let key, let text) = what {
      if pending?.key == key && pending?.turn == turn {
        pending?.text += text
        return
      }
      flush()
      pending = (turn, key, text)
      return
    }
    flush()
    signals.append(ProviderSignal(run: run, turn: turn, what))
  }

  private mutating func flush() {
    guard let last = pending else { return }
    pending = nil
    signals.append(ProviderSignal(run: run, turn: last.turn, .itemDelta(key: last.key, text: last.text)))
  }

  mutating func want(_ wish: OpenCodeWish) {
    if wish == .look && wishes.contains(.look) { return }
    wishes.append(wish)
  }

  /// Passes on what items and asks have to say, in order.
  mutating func drain() {
    for said in items.takeSaid() { say(said.what, of: said.turn) }
    for said in asks.takeSaid() { say(said.what, of: said.turn) }
    for reply in asks.takeReplies() { want(.reply(reply)) }
  }

  // MARK: the tree

  mutating func addChild(_ session: OpenCodeSession) {
    guard let parent = session.parent, session.id != root, parent == root || knows(parent) else { return }
    guard let index = children.firstIndex(where: { $0.id == session.id }) else {
      children.append((session.id, parent, label(session.agent ?? "subagent", of: session.id)))
      return
    }
    if let agent = session.agent, children[index].label.hasPrefix("subagent") {
      children[index].label = label(agent, of: session.id)
    }
  }

  /// Two of the same kind are told apart by a number.
  private func label(_ name: String, of id: String) -> String {
    let taken = children.filter { $0.id != id }.map(\.label)
    guard taken.contains(name) else { return name }
    return (2...).lazy.map { "\(name) \($0)" }.first { !taken.contains($0) } ?? name
  }

  func knows(_ session: String) -> Bool { session == root || children.contains { $0.id == session } }

  var childIDs: [String] { children.map(\.id) }

  func label(of session: String) -> String? { children.first { $0.id == session }?.label }

  /// The whole tree, children before what started them.
  var leavesFirst: [String] {
    func depth(_ id: String) -> Int {
      var depth = 0
      var next = children.first { $0.id == id }?.parent
      while let parent = next, depth < children.count {
        depth += 1
        next = children.first { $0.id == parent }?.parent
      }
      return depth
    }
    let ordered = children.map { ($0.id, depth($0.id)) }.sorted { $0.1 > $1.1 }
    return ordered.map(\.0) + [root]
  }

  mutating func forgetChildren() { children = [] }

  // MARK: what is told along the way

  func owner(of message: String, in session: String) -> OpenCodeItems.Owner {
    let turn = messages[message].map(\.turn) ?? runningTurn
    return OpenCodeItems.Owner(turn: turn, subagent: label(of: session))
  }

  var runningTurn: PromptID? {
    guard let turn, turn.phase == .running else { return nil }
    return turn.request.id
  }

  mutating func note(_ message: OpenCodeMessage) {
    guard messages[message.id] == nil else {
      if message.isSummary { messages[message.id]?.isSummary = true }
      return
    }
    if message.session == root { newest = (message.id, message.createdMs) }
    messages[message.id] = MessageNote(
      role: message.role, createdMs: message.createdMs, turn: runningTurn, isSummary: message.isSummary)
  }

  mutating func count(_ message: OpenCodeMessage) {
    guard let used = message.usage, let id = runningTurn, messages[message.id]?.turn == id else { return }
    // A look may be older than what an event has said already.
    if let known = usage[message.id], known.input + known.output > used.input + used.output { return }
    usage[message.id] = used
    if message.session == root, used.input + used.output > 0 { contextMessage = message.id }
    var total = usage.values.reduce(into: Usage()) { $0.add($1) }
    if let id = contextMessage, let last = usage[id] {
      total.context = last.input + last.output + last.cacheRead + last.cacheWrite
    }
    guard total != saidUsage, total != Usage(costMicros: total.costMicros) else { return }
    saidUsage = total
    say(.usage(total), of: id)
  }

  mutating func beginCounting() {
    usage = [:]
    contextMessage = nil
    saidUsage = nil
  }

  /// Says what the agent does, where that has changed.
  mutating func updateActivity() {
    let state: (Activity.State, String?) =
      if let title = asks.waitingFor {
        (.waiting, title)
      } else if turn != nil || isBusy {
        (.working, nil)
      } else {
        (.idle, nil)
      }
    if let said = saidActivity, said == state { return }
    saidActivity = state
    say(.activity(state.0, reason: state.1), of: runningTurn)
  }

  mutating func sayUnrecognised(_ kind: String) {
    guard unrecognised.count < 100, unrecognised.insert(kind).inserted else { return }
    say(.unrecognised(kind: kind), of: nil)
  }
}

extension Usage {
  fileprivate mutating func add(_ other: Usage) {
    input += other.input
    output += other.output
    reasoning += other.reasoning
    cacheRead += other.cacheRead
    cacheWrite += other.cacheWrite
    if let cost = other.costMicros { costMicros = (costMicros ?? 0) + cost }
  }
}
