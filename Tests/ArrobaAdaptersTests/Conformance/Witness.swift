import ArrobaLoop
import ArrobaModel
import ArrobaProvider
import ArrobaSystem
import ArrobaTestSupport
import Testing

@testable import ArrobaAdapters

/// Stands where the kernel stands: opens a conversation, submits turns, answers, and hears all that is said.
@LoopActor
final class Witness {
  let run: RunID
  private(set) var heard = Hearing()
  private(set) var conversation: (any Conversation)?
  private let directory: String
  private var waiters: [(matches: (ProviderSignal) -> Bool, continuation: CheckedContinuation<Void, Never>)] =
    []

  init(_ contestant: any Contestant, run: String = "r_1", resume: String? = nil, lastMark: String? = nil) {
    self.run = RunID(run)
    directory = contestant.directory
    let spec = AgentSpec(
      provider: contestant.provider.name, directory: contestant.directory, columns: 80, rows: 24)
    let identity = AgentIdentity(session: SessionID("s_1"), agent: AgentID("a_1"), socket: "/none")
    heard.run = self.run
    conversation = contestant.provider.open(
      ConversationOpening(identity: identity, run: self.run, spec: spec, resume: resume, lastMark: lastMark) {
        [weak self] in
        self?.hear($0)
      })
  }

  private func hear(_ signal: ProviderSignal) {
    heard.signals.append(signal)
    let awake = waiters.filter { $0.matches(signal) }
    waiters.removeAll { $0.matches(signal) }
    for waiter in awake { waiter.continuation.resume() }
  }

  // MARK: what it does

  func submit(_ turn: String, _ text: String) {
    heard.submitted.append(PromptID(turn))
    conversation?.submit(TurnRequest(id: PromptID(turn), text: text))
  }

  func settle(_ turn: String, _ text: String, mark: String?, cancelledAt: Instant? = nil) {
    heard.submitted.append(PromptID(turn))
    conversation?.settle(
      UnsettledTurn(
        id: PromptID(turn), text: text, dispatchedAt: Instant(ms: Clock.wallMs() - 60_000), mark: mark,
        cancelledAt: cancelledAt))
  }

  func cancel(_ turn: String, force: Bool = false) {
    conversation?.cancel(PromptID(turn), force: force)
  }

  func note(answered key: String) { heard.answered.insert(key) }

  func answer(_ ask: Ask, _ choices: String..., note words: String? = nil) {
    note(answered: ask.key)
    conversation?.answer(ask.key, with: AskAnswer(choices: choices, text: words))
  }

  // MARK: what it waits for

  /// So long nobody waits for anything here; what was heard until then is the failure.
  private static let patienceMs = 60_000

  /// Waits until a signal fits, of those that came and those that come.
  func wait(for matches: @escaping (ProviderSignal) -> Bool) async throws -> ProviderSignal {
    let deadline = Loop.shared.after(Self.patienceMs) { [weak self] in self?.giveUp() }
    defer { deadline.cancel() }
    while deadline.isPending {
      if let found = heard.signals.first(where: matches) { return found }
      // Asked within, since the way there may be another turn of the loop.
      await withCheckedContinuation { continuation in
        if heard.signals.contains(where: matches) {
          continuation.resume()
        } else {
          waiters.append((matches, continuation))
        }
      }
    }
    throw Silence(
      "nothing that fits came; heard was \(heard.signals.map { "\n\($0.turn?.text ?? "-") \($0.what)" }.joined())"
    )
  }

  private func giveUp() {
    let all = waiters
    waiters = []
    for waiter in all { waiter.continuation.resume() }
  }

  func opened() async throws -> String {
    let signal = try await wait {
      switch $0.what {
      case .opened, .failed: true
      default: false
      }
    }
    guard case .opened(let id, _, _) = signal.what else {
      Issue.record("not opened: \(signal.what)")
      return ""
    }
    return id
  }

  func accepted(_ turn: String) async throws -> String? {
    let signal = try await wait {
      if case .accepted = $0.what { $0.turn?.text == turn } else { false }
    }
    guard case .accepted(let mark) = signal.what else { return nil }
    return mark
  }

  func end(of turn: String) async throws -> TurnEnd {
    let signal = try await wait {
      if case .turnEnded = $0.what { $0.turn?.text == turn } else { false }
    }
    guard case .turnEnded(let end) = signal.what else { preconditionFailure("it was chosen for that") }
    return end
  }

  /// The asks of a turn, as soon as there are so many.
  func asks(_ turn: String, count: Int = 1) async throws -> [Ask] {
    _ = try await wait { [weak self] _ in (self?.heard.asks(of: turn).count ?? 0) >= count }
    return heard.asks(of: turn)
  }

  func ask(_ turn: String) async throws -> Ask { try await asks(turn)[0] }

  /// Waits until something of a turn is shown.
  func text(_ turn: String) async throws {
    _ = try await wait {
      switch $0.what {
      case .itemStarted, .itemDelta, .itemCompleted: $0.turn?.text == turn
      default: false
      }
    }
  }

  /// All the rules, over all that was heard.
  func expectLawful(_ location: SourceLocation = #_sourceLocation) {
    for (law, offence) in ConversationLaws.offences(in: heard) {
      Issue.record("\(law): \(offence)", sourceLocation: location)
    }
  }
}

/// What was heard of a conversation, and what was asked of it.
struct Hearing {
  var run = RunID("r_1")
  var signals: [ProviderSignal] = []
  var submitted: [PromptID] = []
  var answered: Set<String> = []

  func asks(of turn: String) -> [Ask] {
    signals.compactMap { signal in
      guard signal.turn?.text == turn, case .askOpened(let ask) = signal.what else { return nil }
      return ask
    }
  }

  /// What stays of a turn.
  func items(of turn: String) -> [Item] {
    var order: [String] = []
    var items: [String: Item] = [:]
    for signal in signals where signal.turn?.text == turn {
      switch signal.what {
      case .itemCompleted(let item):
        if items.updateValue(item, forKey: item.key) == nil { order.append(item.key) }
      case .itemDropped(let key):
        items[key] = nil
        order.removeAll { $0 == key }
      default: break
      }
    }
    return order.compactMap { items[$0] }
  }

  /// As one line each: "text …", "bash … completed".
  func transcript(of turn: String) -> [String] {
    items(of: turn).map { item in
      guard let tool = item.tool else { return "\(item.kind.rawValue) \(item.text)" }
      return "\(tool.name) \(tool.title ?? "") \(tool.status.rawValue)"
    }
  }
}
