/// Something that an agent wants to know before it goes on: whether it may, or which of several.
package struct Ask: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case permission, question
  }

  /// The provider's own name for it, stable over reconnects. Settled is settled: a key is never opened again.
  package var key: String
  package var kind: Kind
  /// One line: what is asked.
  package var title: String
  /// More about it: the command, the difference that an edit would make.
  package var detail: String?
  /// What can be answered. A permission always has one that denies.
  package var choices: [Choice]
  package var takesSeveral: Bool
  /// Whether an answer in words serves in place of a choice.
  package var takesText: Bool
  /// The key of the tool item that waits for it, where there is one; that item may come later.
  package var item: String?
  /// Who asks, where that is an agent within the agent.
  package var subagent: String?

  package init(
    key: String, kind: Kind, title: String, detail: String? = nil, choices: [Choice],
    takesSeveral: Bool = false, takesText: Bool = false, item: String? = nil, subagent: String? = nil
  ) {
    self.key = key
    self.kind = kind
    self.title = title
    self.detail = detail
    self.choices = choices
    self.takesSeveral = takesSeveral
    self.takesText = takesText
    self.item = item
    self.subagent = subagent
  }

  /// One way to answer.
  package struct Choice: Sendable, Equatable {
    /// What it comes to, for those who approve or deny without reading the labels.
    package enum Effect: String, Sendable, CaseIterable {
      case allowOnce, allowAlways, deny
      /// One of the answers to a question.
      case option
    }

    package var id: String
    package var label: String
    package var hint: String?
    package var effect: Effect

    package init(id: String, label: String, hint: String? = nil, effect: Effect) {
      self.id = id
      self.label = label
      self.hint = hint
      self.effect = effect
    }
  }

  package func choice(_ id: String) -> Choice? { choices.first { $0.id == id } }

  /// The choice that says no, where there is one.
  package var denial: Choice? { choices.first { $0.effect == .deny } }

  package func isDenied(by answer: AskAnswer) -> Bool {
    answer.choices.contains { choice($0)?.effect == .deny }
  }
}

/// An answer to an ask.
package struct AskAnswer: Sendable, Equatable {
  /// Ids of choices; more than one only where the ask takes several.
  package var choices: [String]
  /// Words: the answer itself where the ask takes text and nothing was chosen; with a choice, a note to the agent.
  package var text: String?

  package init(choices: [String], text: String? = nil) {
    self.choices = choices
    self.text = text
  }
}
