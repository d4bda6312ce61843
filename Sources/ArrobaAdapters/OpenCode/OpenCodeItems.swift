internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaProvider

/// The parts of one conversation's messages as items: what was said of each, so that nothing is said twice, nothing said
/// as final is taken back, and a lost stretch of the stream never makes a wrong text.
struct OpenCodeItems {
  /// What an item belongs to.
  struct Owner: Equatable {
    var turn: PromptID?
    var subagent: String?
  }

  struct Said: Equatable {
    var turn: PromptID?
    var what: ProviderSignal.What
  }

  private struct Entry {
    var item: Item
    var owner: Owner
    var session: String
    var message: String
    var isStarted = false
    var isDone = false
    /// Part of its text was missed, or its beginning: nothing is appended any more, the whole text comes at its end.
    var isTorn = false
    /// Nothing of it has come by the stream, not even that it began.
    var isOnlySeen = false
    /// What was said of a running command's output.
    var liveOutput = ""
  }

  private var entries: [String: Entry] = [:]
  /// Text of parts that are not known yet; a delta may come before its part (#26924).
  private var early: [String: String] = [:]
  private var earlyCount = 0
  /// More than any part would be ahead of its first report; beyond it the whole text comes at the end.
  private static let mostEarly = 1 << 20

  private(set) var said: [Said] = []

  mutating func takeSaid() -> [Said] {
    defer { said = [] }
    return said
  }

  /// The tool item that a call belongs to, and what it was called with.
  func tool(ofCall callID: String?) -> (key: String, input: JSON)? {
    guard let callID, let key = calls[callID], let tool = entries[key]?.item.tool else { return nil }
    return (key, tool.input)
  }

  /// The commands that run now, as they were called.
  var runningCommands: [String] {
    entries.values.filter { !$0.isDone && $0.isStarted }.compactMap { $0.item.tool?.input["command"]?.string }
  }

  private var calls: [String: String] = [:]

  /// Whether any text came of these messages; a broken answer has none.
  func hasText(ofMessage message: String) -> Bool {
    entries.values.contains { $0.message == message && $0.item.kind == .text && !$0.item.text.isEmpty }
  }

  // MARK: reports

  /// A part of an assistant's message. `missed` where it is learned of by looking, and not as it came.
  mutating func take(_ part: OpenCodePart, of owner: Owner, missed: Bool = false) {
    switch part.content {
    case .text(let text): take(text, as: .text, part, owner, missed)
    case .reasoning(let text): take(text, as: .reasoning, part, owner, missed)
    case .tool(let tool): take(tool, part, owner)
    case .file(let name):
      complete(part, Item(key: part.id, kind: .notice, text: "file: \(name ?? "without a name")"), owner)
    case .compaction, .bookkeeping, .unknown: break
    }
  }

  /// An item that is whole at once, such as a notice or what somebody typed.
  mutating func complete(_ part: OpenCodePart, _ item: Item, _ owner: Owner) {
    guard entries[part.id] == nil else { return }
    var item = item
    item.subagent = owner.subagent
    var entry = Entry(item: item, owner: owner, session: part.session, message: part.message)
    entry.isDone = true
    entries[part.id] = entry
    say(.itemCompleted(item), entry)
  }

  mutating func takeDelta(_ text: String, of key: String) {
    guard !text.isEmpty else { return }
    guard entries[key] != nil else {
      guard earlyCount + text.utf8.count <= Self.mostEarly else { return }
      earlyCount += text.utf8.count
      early[key, default: ""] += text
      return
    }
    append(text, to: key)
  }

  private mutating func append(_ text: String, to key: String) {
    // Taken out, so that its text is not copied.
    guard var entry = entries.removeValue(forKey: key) else { return }
    defer { entries[key] = entry }
    entry.isOnlySeen = false
    guard !entry.isDone, !entry.isTorn, entry.item.tool == nil,
      entry.item.text.utf8.count + text.utf8.count <= Bounded.longestText
    else { return }
    if entry.isStarted {
      entry.item.text += text
      sayDelta(text, of: key, entry)
    } else {
      entry.item.text += text
      entry.isStarted = true
      say(.itemStarted(entry.item), entry)
    }
  }

  // MARK: text

  private mutating func take(
    _ text: OpenCodePart.Text, as kind: Item.Kind, _ part: OpenCodePart, _ owner: Owner, _ missed: Bool
  ) {
    guard !text.isSynthetic else { return }
    let ahead = early.removeValue(forKey: part.id)
    if let ahead { earlyCount -= ahead.utf8.count }
    if entries[part.id] == nil {
      let item = Item(key: part.id, kind: kind, subagent: owner.subagent)
      var entry = Entry(item: item, owner: owner, session: part.session, message: part.message)
      // What came before we looked is on no disk until the part ends (recorded: "").
      entry.isTorn = missed && !text.isEnded
      entry.isOnlySeen = entry.isTorn
      entries[part.id] = entry
      if text.isEnded { return end(part.id, text.text) }
      grow(part.id, to: text.text)
      if let ahead, !text.text.hasSuffix(ahead) { append(ahead, to: part.id) }
    } else if text.isEnded {
      end(part.id, text.text)
    } else {
      if !missed, entries[part.id]?.isOnlySeen == true {
        // The look was faster than the stream, which tells it from its beginning.
        entries[part.id]?.isTorn = false
        entries[part.id]?.isOnlySeen = false
      }
      grow(part.id, to: text.text)
    }
  }

  /// A report of an unfinished text that has more than its deltas did (some versions send none, #50285).
  private mutating func grow(_ key: String, to text: String) {
    guard let entry = entries[key], !entry.isDone else { return }
    let known = entry.item.text
    guard text.utf8.count > known.utf8.count, text.hasPrefix(known) else { return }
    entries[key]?.isTorn = false
    append(String(text.dropFirst(known.count)), to: key)
  }

  /// The full text always wins.
  private mutating func end(_ key: String, _ text: String) {
    guard var entry = entries[key], !entry.isDone || entry.item.text != text else { return }
    let isNew = !entry.isDone
    entry.item.text = Bounded.text(text)
    entry.isDone = true
    entries[key] = entry
    if !text.isEmpty {
      say(.itemCompleted(entry.item), entry)
    } else if isNew && entry.isStarted {
      say(.itemDropped(key: key), entry)
    }
  }

  // MARK: tools

  private mutating func take(_ tool: OpenCodeTool, _ part: OpenCodePart, _ owner: Owner) {
    var entry =
      entries[part.id]
      ?? Entry(
        item: Item(key: part.id, kind: .tool, subagent: owner.subagent), owner: owner, session: part.session,
        message: part.message)
    guard !entry.isDone else { return }
    if let callID = tool.callID { calls[callID] = part.id }
    let before = entry.item.tool
    entry.item.tool = OpenCodeTools.call(tool, before: before)
    switch tool.status {
    // Its arguments are not known yet; the item starts when they are.
    case .pending, .unknown: break
    case .running:
      if !entry.isStarted {
        entry.isStarted = true
        say(.itemStarted(entry.item), entry)
      } else if before?.input != entry.item.tool?.input || before?.title != entry.item.tool?.title {
        say(.itemStarted(entry.item), entry)
        entry.liveOutput = ""
      }
      if let live = tool.liveOutput, live != entry.liveOutput {
        sayDelta(OpenCodeTools.news(in: live, after: entry.liveOutput), of: part.id, entry)
        entry.liveOutput = live
      }
    case .completed, .failed:
      entry.isDone = true
      entry.isStarted = true
      entry.liveOutput = ""
      say(.itemCompleted(entry.item), entry)
    }
    entries[part.id] = entry
  }

  // MARK: what is void

  /// The model's service failed and is asked again: what it had begun to say comes anew, under other keys.
  mutating func dropUnfinishedText(ofMessage message: String) {
    for (key, entry) in entries.sorted(by: { $0.key < $1.key })
    where entry.message == message && !entry.isDone && entry.item.tool == nil {
      if entry.isStarted { say(.itemDropped(key: key), entry) }
      entries[key]?.isStarted = false
      entries[key]?.isTorn = true
    }
  }

  mutating func remove(_ key: String) {
    guard let entry = entries.removeValue(forKey: key), entry.isStarted || entry.isDone else { return }
    say(.itemDropped(key: key), entry)
  }

  /// A stretch of the stream was lost: text that is being written now can no longer be appended to.
  mutating func tear() {
    early = [:]
    earlyCount = 0
    for (key, entry) in entries where !entry.isDone && entry.item.tool == nil { entries[key]?.isTorn = true }
  }

  /// The turn is over: what is still open stays as far as it is known.
  mutating func close(of turn: PromptID?, because reason: String) {
    for (key, entry) in entries.sorted(by: { $0.key < $1.key })
    where entry.owner.turn == turn && !entry.isDone {
      entries[key]?.isDone = true
      guard entry.isStarted else { continue }
      var item = entry.item
      if item.tool != nil {
        item.tool?.status = .failed
        if item.tool?.output.isEmpty ?? false { item.tool?.output = reason }
      } else if entry.isTorn {
        item.text += " […]"
      }
      say(.itemCompleted(item), entry)
    }
  }

  /// What began before it was known to belong to a turn, as by the stream behind a restart, still ends as part of it.
  mutating func belong(to turn: PromptID, where isOfTurn: (_ message: String) -> Bool) {
    for (key, entry) in entries where !entry.isDone && entry.owner.turn == nil && isOfTurn(entry.message) {
      entries[key]?.owner.turn = turn
    }
  }

  /// A new turn begins: what is final will not be reported again.
  mutating func forgetFinished() {
    entries = entries.filter { !$0.value.isDone }
    calls = calls.filter { entries[$0.value] != nil }
  }

  // MARK: saying

  private mutating func say(_ what: ProviderSignal.What, _ entry: Entry) {
    said.append(Said(turn: entry.owner.turn, what: what))
  }

  private mutating func sayDelta(_ text: String, of key: String, _ entry: Entry) {
    if !text.isEmpty { say(.itemDelta(key: key, text: text), entry) }
  }
}
