internal import ArrobaJSON
internal import ArrobaWire

/// What an agent that is talked to has beside its run: the provider's conversation, the queue, the asks, and where the
/// log holds its transcript.
package struct Talk: Sendable, Equatable {
  /// The provider's own name for the conversation, with which a later run goes on with it.
  package var conversation: String?
  package var version: String?
  package var model: String?
  /// The active prompt first, where there is one, then those that wait.
  package var prompts: [Prompt] = []
  /// Prompts that have ended, the latest last.
  package var settled: [Prompt] = []
  /// Open asks, and the latest of the others; in the order in which they were opened.
  package var asks: [AskRecord] = []
  /// The items of the active turn by the provider's key.
  package var items: [String: KnownItem] = [:]
  /// What the transcript consists of, in the order of the conversation.
  package var transcript: [TranscriptEntry] = []

  /// An entry of a transcript: the event that puts it there, and the one that says what it is. They differ for a prompt,
  /// which stands where it was sent and says what it was submitted, or last edited, as; and for an item, which stands
  /// where it began and says what it was completed as.
  package struct TranscriptEntry: Sendable, Equatable {
    package let seq: UInt64
    package let source: UInt64
  }

  package struct KnownItem: Sendable, Equatable {
    package let id: ItemID
    /// The event with which it began.
    package let began: UInt64
    /// Of the item as it was completed; nil while it is not.
    package var fingerprint: UInt64?
  }

  package init() {}

  /// Prompts that may wait for one agent.
  package static let longestQueue = 256
  /// Ended prompts, and settled asks, that are kept to be looked at. The log has all of them.
  static let kept = 64

  package var active: Prompt? { prompts.first.flatMap { $0.state.isActive ? $0 : nil } }
  package var queued: ArraySlice<Prompt> { active == nil ? prompts[...] : prompts.dropFirst() }
  package var openAsks: [AskRecord] { asks.filter(\.isOpen) }

  /// The provider's own name of the last prompt that it took.
  package var lastMark: String? { active?.mark ?? settled.last { $0.mark != nil }?.mark }

  package func prompt(_ id: PromptID) -> Prompt? {
    prompts.first { $0.id == id } ?? settled.last { $0.id == id }
  }

  /// 0: the active one; from 1 on: its place among those that wait; nil: it has ended.
  package func position(of id: PromptID) -> Int? {
    guard let index = prompts.firstIndex(where: { $0.id == id }) else { return nil }
    return active == nil ? index + 1 : index
  }
}

extension Talk {
  mutating func apply(_ event: PromptEvent, of id: PromptID, from record: RecordedEvent) {
    if case .submitted(let text) = event {
      guard prompt(id) == nil else { return }
      prompts.append(Prompt(id: id, text: text, by: record.by, at: record.at, source: record.seq))
      return
    }
    guard let index = prompts.firstIndex(where: { $0.id == id }) else { return }
    switch event {
    case .submitted: return  // above
    case .edited(let text):
      prompts[index].text = text
      prompts[index].source = record.seq
    case .moved(let position):
      let prompt = prompts.remove(at: index)
      let first = active == nil ? -1 : 0
      prompts.insert(prompt, at: min(max(0, position + first), prompts.count))
    case .dispatched:
      prompts[index].enter(.dispatching, at: record.at)
      transcript.append(TranscriptEntry(seq: record.seq, source: prompts[index].source))
    case .started(let mark):
      prompts[index].mark = mark
      if prompts[index].state == .dispatching { prompts[index].enter(.running, at: record.at) }
    case .cancelling: prompts[index].enter(.cancelling, at: record.at)
    case .ended(let end):
      var prompt = prompts.remove(at: index)
      if prompt.state.isActive { items.removeAll() }
      prompt.end = end
      prompt.enter(end.state, at: record.at, reason: end.reason)
      settled.append(prompt)
      if settled.count > Self.kept { settled.removeFirst() }
    }
  }

  mutating func apply(_ event: ItemEvent, of id: ItemID, from record: RecordedEvent) {
    switch event {
    case .started(let item):
      items[item.key] = KnownItem(id: id, began: beginning(of: item, id, record), fingerprint: nil)
    case .delta: return  // told to those who watch; the completed item holds all of it
    case .completed(let item):
      let began = beginning(of: item, id, record)
      items[item.key] = KnownItem(id: id, began: began, fingerprint: item.fingerprint)
      // In order, since pages are cut by it. What is completed once more, as something else, is that.
      var index = transcript.endIndex
      while index > 0, transcript[index - 1].seq > began { index -= 1 }
      let entry = TranscriptEntry(seq: began, source: record.seq)
      if index > 0, transcript[index - 1].seq == began {
        transcript[index - 1] = entry
      } else {
        transcript.insert(entry, at: index)
      }
    case .dropped(let key): items[key] = nil
    }
  }

  /// An item that is said anew stays where it first began.
  private func beginning(of item: Item, _ id: ItemID, _ record: RecordedEvent) -> UInt64 {
    items[item.key].flatMap { $0.id == id ? $0.began : nil } ?? record.seq
  }

  mutating func apply(_ event: AskEvent, of id: AskID, prompt: PromptID?, from record: RecordedEvent) {
    if case .opened(let ask) = event {
      asks.append(AskRecord(id: id, prompt: prompt, ask: ask, openedAt: record.at, state: .open))
      if asks.count > Self.kept, let old = asks.firstIndex(where: { !$0.isOpen }) { asks.remove(at: old) }
      return
    }
    guard let index = asks.firstIndex(where: { $0.id == id && $0.isOpen }) else { return }
    switch event {
    case .opened: return  // above
    case .answered(let answer): asks[index].state = .answered(answer, by: record.by, at: record.at)
    case .expired(let expiry): asks[index].state = .expired(expiry, at: record.at)
    case .withdrawn(let reason): asks[index].state = .withdrawn(reason: reason, at: record.at)
    }
  }
}

extension Item {
  /// Tells a repetition from news: equal items have equal ones.
  var fingerprint: UInt64 {
    var hash = StableHash()
    hash.mix(json.encoded)
    return hash.value
  }
}
