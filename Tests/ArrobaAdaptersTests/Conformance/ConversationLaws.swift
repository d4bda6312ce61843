import ArrobaModel
import ArrobaProvider

/// The rules that whatever a conversation says must keep, whoever is behind it.
enum ConversationLaws {
  struct Law: Sendable {
    let name: String
    /// What was wrong, in words; nothing where all is well.
    let offences: @Sendable (Hearing) -> [String]

    init(_ name: String, _ offences: @escaping @Sendable (Hearing) -> [String]) {
      self.name = name
      self.offences = offences
    }
  }

  static func offences(in heard: Hearing) -> [(String, String)] {
    all.flatMap { law in law.offences(heard).map { (law.name, $0) } }
  }

  static let all = [
    Law("Every signal names the run") { heard in
      heard.signals.filter { $0.run != heard.run }.map { "\($0)" }
    },
    Law("A signal names no turn that was not submitted") { heard in
      heard.signals.filter { signal in signal.turn.map { !heard.submitted.contains($0) } ?? false }.map {
        "\($0.what)"
      }
    },
    Law("A turn ends exactly once") { heard in
      heard.submitted.compactMap { turn in
        let ends = heard.of(turn).filter { if case .turnEnded = $0.what { true } else { false } }
        return ends.count == 1 ? nil : "\(turn) ended \(ends.count) times"
      }
    },
    Law("Nothing is said of a turn that has ended") { heard in
      heard.submitted.flatMap { turn in
        let said = heard.of(turn)
        let end = said.firstIndex { if case .turnEnded = $0.what { true } else { false } }
        return end.map { said[($0 + 1)...].map { "\(turn): \($0.what)" } } ?? []
      }
    },
    Law("A turn is accepted at most once, and before anything but its end is said of it") { heard in
      heard.submitted.flatMap { turn in
        let said = heard.of(turn)
        let accepted = said.indices.filter { if case .accepted = said[$0].what { true } else { false } }
        if accepted.count > 1 { return ["\(turn) was accepted \(accepted.count) times"] }
        let before = said[..<(accepted.first ?? said.count)]
        return before.compactMap { signal in
          if case .turnEnded = signal.what { nil } else { "\(turn): \(signal.what)" }
        }
      }
    },
    Law("Turns do not overlap") { heard in
      var open: PromptID?
      return heard.signals.compactMap { signal in
        guard let turn = signal.turn else { return nil }
        defer {
          if case .turnEnded = signal.what { open = nil } else { open = turn }
        }
        return open == nil || open == turn ? nil : "\(turn) within \(open?.text ?? "")"
      }
    },
    Law("An end has its proof, and a reason unless all went well") { heard in
      heard.ends.filter { $0.proof.isEmpty || ($0.outcome != .completed && $0.reason?.isEmpty ?? true) }.map {
        "\($0)"
      }
    },
    Law("An item is begun before it grows, and neither grows nor begins again once it is complete", items),
    Law("What was shown of a text is the beginning of what stays", texts),
    Law("A tool that is complete does not run, and what is no tool has none") { heard in
      heard.completed.filter { $0.tool?.status == .running || ($0.kind == .tool) != ($0.tool != nil) }.map {
        "\($0)"
      }
    },
    Law("An ask is opened once, and settled once, before its turn ends", asks),
    Law("An ask has a line of title and different choices, a permission one that denies") { heard in
      heard.signals.compactMap { signal in
        guard case .askOpened(let ask) = signal.what else { return nil }
        let isGood =
          !ask.title.isEmpty && !ask.title.contains("\n")
          && Set(ask.choices.map(\.id)).count == ask.choices.count
          && (ask.kind == .question || ask.choices.contains { $0.effect == .deny })
        return isGood ? nil : "\(ask)"
      }
    },
    Law("Usage only grows") { heard in
      heard.submitted.flatMap { turn in
        let reports = heard.of(turn).compactMap { if case .usage(let usage) = $0.what { usage } else { nil } }
        return zip(reports, reports.dropFirst()).filter { $1.input < $0.input || $1.output < $0.output }.map {
          "\($0) \($1)"
        }
      }
    },
    Law("Attempts are counted from one on") { heard in
      heard.signals.compactMap { signal in
        if case .retrying(let attempt, _, _) = signal.what, attempt < 1 { "\(attempt)" } else { nil }
      }
    },
    Law("A failure comes before the end of the turn that it ends, and says why") { heard in
      guard let index = heard.signals.firstIndex(where: { if case .failed = $0.what { true } else { false } })
      else { return [] }
      guard case .failed(let reason, _, _) = heard.signals[index].what, !reason.isEmpty else {
        return ["no reason"]
      }
      return heard.signals[..<index].suffix(1).compactMap { signal in
        if case .turnEnded(let end) = signal.what, end.outcome == .failed(.notAccepted) {
          "\(signal) came before it"
        } else {
          nil
        }
      }
    },
  ]

  @Sendable private static func items(_ heard: Hearing) -> [String] {
    var open: Set<String> = []
    var done: Set<String> = []
    return heard.signals.compactMap { signal in
      switch signal.what {
      case .itemStarted(let item):
        open.insert(item.key)
        return done.contains(item.key) ? "\(item.key) began again" : nil
      case .itemDelta(let key, _): return open.contains(key) ? nil : "\(key) grew"
      case .itemCompleted(let item):
        open.remove(item.key)
        done.insert(item.key)
        return nil
      case .itemDropped(let key): return open.remove(key) == nil ? "\(key) was dropped and not open" : nil
      default: return nil
      }
    } + open.map { "\($0) was left open" }
  }

  @Sendable private static func texts(_ heard: Hearing) -> [String] {
    var shown: [String: String] = [:]
    return heard.signals.compactMap { signal in
      switch signal.what {
      case .itemStarted(let item) where item.kind != .tool: shown[item.key] = item.text
      case .itemDelta(let key, let text): shown[key]? += text
      case .itemCompleted(let item):
        let before = shown.removeValue(forKey: item.key) ?? ""
        return item.text.hasPrefix(before) ? nil : "'\(item.text.prefix(80))' after '\(before.prefix(80))'"
      default: break
      }
      return nil
    }
  }

  @Sendable private static func asks(_ heard: Hearing) -> [String] {
    var open: [String: PromptID?] = [:]
    var known: Set<String> = []
    return heard.signals.compactMap { signal in
      switch signal.what {
      case .askOpened(let ask):
        open[ask.key] = .some(signal.turn)
        return known.insert(ask.key).inserted ? nil : "\(ask.key) was opened again"
      case .askAnswered(let key, _), .askWithdrawn(let key, _):
        return open.removeValue(forKey: key) == nil || heard.answered.contains(key)
          ? "\(key) was settled twice" : nil
      case .turnEnded:
        let left = open.filter { $0.value == signal.turn && !heard.answered.contains($0.key) }
        return left.isEmpty ? nil : "\(left.keys) outlived \(signal.turn?.text ?? "")"
      default: return nil
      }
    }
  }
}

extension Hearing {
  func of(_ turn: PromptID) -> [ProviderSignal] { signals.filter { $0.turn == turn } }

  var ends: [TurnEnd] { signals.compactMap { if case .turnEnded(let end) = $0.what { end } else { nil } } }

  var completed: [Item] {
    signals.compactMap { if case .itemCompleted(let item) = $0.what { item } else { nil } }
  }
}
