import ArrobaLoop
import ArrobaModel
import ArrobaSupervision
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// Hears what a conversation says, and waits for it.
@LoopActor
final class ConversationProbe {
  private(set) var signals: [ProviderSignal] = []
  private var waiters:
    [(matches: (ProviderSignal) -> Bool, continuation: CheckedContinuation<ProviderSignal, Never>)] = []
  private(set) var conversation: (any Conversation)?
  let directory: String
  /// Lives as long as somebody listens to it.
  private let opencode: OpenCodeUnderTest

  init(
    _ provider: OpenCodeUnderTest, directory: String, resume: String? = nil, model: String? = nil
  ) {
    self.directory = directory
    opencode = provider
    var spec = AgentSpec(provider: "opencode", directory: directory, columns: 80, rows: 24)
    spec.model = model
    let identity = AgentIdentity(session: SessionID("s_1"), agent: AgentID("a_1"), socket: "/none")
    conversation = provider.provider.open(
      ConversationOpening(
        identity: identity, run: RunID("r_1"), spec: spec, resume: resume,
        say: { [weak self] in self?.hear($0) },
        nativeLost: { [weak self] reason in
          self?.losses.append(reason)
          self?.lossWaiter?.resume(returning: reason)
          self?.lossWaiter = nil
        }))
  }

  var nativePlace: String? {
    if case .at(let place)? = conversation?.nativeClient { place } else { nil }
  }

  private var losses: [String] = []
  private var lossWaiter: CheckedContinuation<String, Never>?

  /// Why the native client lost its server, the first time.
  func nativeLoss() async -> String {
    await withCheckedContinuation { waiter in
      if let reason = losses.first { waiter.resume(returning: reason) } else { lossWaiter = waiter }
    }
  }

  private func hear(_ signal: ProviderSignal) {
    signals.append(signal)
    for waiter in waiters where waiter.matches(signal) { waiter.continuation.resume(returning: signal) }
    waiters.removeAll { $0.matches(signal) }
  }

  /// The first signal that matches, of those that came and those that come.
  func first(_ matches: @escaping (ProviderSignal) -> Bool) async -> ProviderSignal {
    // Looked for within, since the way there may be another turn of the loop.
    await withCheckedContinuation { waiter in
      if let found = signals.first(where: matches) {
        waiter.resume(returning: found)
      } else {
        waiters.append((matches, waiter))
      }
    }
  }

  func opened() async -> String {
    let signal = await first {
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

  func end(of turn: String) async -> TurnEnd {
    let signal = await first {
      if case .turnEnded = $0.what { $0.turn?.text == turn } else { false }
    }
    guard case .turnEnded(let end) = signal.what else { preconditionFailure("it was chosen for that") }
    return end
  }

  func ask(_ number: Int = 1) async -> Ask {
    // Whatever came last: more may follow an ask at once.
    _ = await first { [weak self] _ in (self?.asks.count ?? 0) >= number }
    return asks[number - 1]
  }

  var asks: [Ask] { signals.compactMap { if case .askOpened(let ask) = $0.what { ask } else { nil } } }

  func submit(_ id: String, _ text: String) {
    conversation?.submit(TurnRequest(id: PromptID(id), text: text))
  }

  /// What was said of a turn as final, one line each.
  func transcript(of turn: String?) -> [String] {
    signals.compactMap { signal in
      guard signal.turn?.text == turn, case .itemCompleted(let item) = signal.what else { return nil }
      if let tool = item.tool { return "\(tool.name) \(tool.title ?? "") \(tool.status.rawValue)" }
      return "\(item.kind.rawValue) \(item.text)"
    }
  }
}
