package import ArrobaJSON

/// Something that an agent wants to know, as a client shows and answers it.
package struct OpenAsk: Equatable, Sendable {
  package struct Choice: Equatable, Sendable {
    package let id: String
    package let label: String
    package let hint: String?
    package let effect: String
  }

  package let id: String
  package let agent: String
  package let prompt: String?
  package let type: String
  package let title: String
  package let detail: String?
  package let choices: [Choice]
  package let takesSeveral: Bool
  package let takesText: Bool
  package let subagent: String?

  /// An ask as `ask.list` has it; nil for what is none.
  package init?(_ json: JSON) {
    self.init(json, id: json["id"]?.string, agent: json["agent"]?.string, prompt: json["prompt"]?.string)
  }

  /// An ask as `ask.opened` tells of it.
  package init?(event: JSON) {
    guard let data = event["data"] else { return nil }
    self.init(
      data, id: data["ask"]?.string, agent: event["agent"]?.string, prompt: event["prompt"]?.string)
  }

  private init?(_ json: JSON, id: String?, agent: String?, prompt: String?) {
    guard let id, let agent else { return nil }
    self.id = id
    self.agent = agent
    self.prompt = prompt
    type = json["type"]?.string ?? "question"
    title = json["title"]?.string ?? ""
    detail = json["detail"]?.string
    choices = (json["choices"]?.array ?? []).compactMap { choice in
      guard let id = choice["id"]?.string else { return nil }
      return Choice(
        id: id, label: choice["label"]?.string ?? id, hint: choice["hint"]?.string,
        effect: choice["effect"]?.string ?? "option")
    }
    takesSeveral = json["takesSeveral"]?.bool ?? false
    takesText = json["takesText"]?.bool ?? false
    subagent = json["subagent"]?.string
  }

  /// What a person wrote, as `ask.answer` takes it: numbers as listed, ids or labels, y or n; words of one's own where
  /// the ask takes them. nil: it is no answer to this ask. What was meant as a choice and names none is refused, and
  /// never taken as words: nobody can take an answer back.
  package func answer(_ words: String, note: String?) throws(Misuse) -> JSON? {
    let written = words.trimmed
    if let choice = choice(written) ?? yesOrNo(written) {
      return .record(["choice": .string(choice), "note": .text(note)])
    }
    if takesSeveral, let several = several(written) {
      return .record(["choice": .array(several.map { .string($0) }), "note": .text(note)])
    }
    if written == "approve" || written == "deny" {
      return .record(["choice": .string(written), "note": .text(note)])
    }
    if let misuse = mistake(written) { throw misuse }
    guard takesText, !written.isEmpty else { return nil }
    return ["note": .string([written, note].compactMap { $0 }.joined(separator: " "))]
  }

  private func choice(_ word: String) -> String? {
    // An id that is a number means itself; else the number counts.
    if let exact = choices.first(where: { $0.id == word }) { return exact.id }
    if let number = Int(word), choices.indices.contains(number - 1) { return choices[number - 1].id }
    return choices.first { $0.label.lowercased() == word.lowercased() }?.id
  }

  private static let yes = ["y", "yes"]
  private static let no = ["n", "no"]

  /// The choice that is meant by a bare yes or no: of a permission the one that allows once or denies, of a question the
  /// one that begins with that word.
  private func yesOrNo(_ word: String) -> String? {
    let lower = word.lowercased()
    let isYes = Self.yes.contains(lower)
    guard isYes || Self.no.contains(lower) else { return nil }
    if type == "permission" { return isYes ? "approve" : "deny" }
    let wanted = isYes ? "yes" : "no"
    let fitting = choices.filter { choice in
      choice.label.lowercased().prefix { $0.isLetter } == wanted
    }
    return fitting.count == 1 ? fitting.first?.id : nil
  }

  /// Why something that looks like a choice is none; nil for other words.
  private func mistake(_ written: String) -> Misuse? {
    guard !choices.isEmpty else { return nil }
    let parts = written.split { $0 == "," || $0 == " " }
    if !parts.isEmpty, parts.allSatisfy({ Int($0) != nil }) {
      if let wrong = parts.first(where: { choice(String($0)) == nil }) {
        return Misuse("there is no choice \(wrong): \(allowed)", hint: ownWords)
      }
      return Misuse("'\(written)' is several choices, and one is asked for: \(allowed)", hint: ownWords)
    }
    guard !takesText, Self.yes.contains(written.lowercased()) || Self.no.contains(written.lowercased()) else {
      return nil
    }
    return Misuse("'\(written)' is none of the choices: \(allowed)")
  }

  private var allowed: String { choices.count == 1 ? "1 is the only one" : "they are 1 to \(choices.count)" }
  private var ownWords: String? {
    takesText ? "a number alone is a choice; in words of your own, write more" : nil
  }

  private func several(_ words: String) -> [String]? {
    let parts = words.split { $0 == "," || $0 == " " }.map { choice(String($0)) }
    return parts.isEmpty || parts.contains(nil) ? nil : parts.compactMap { $0 }
  }

  /// Whether one of these choices says no.
  package func denies(_ chosen: [String]) -> Bool {
    choices.contains { $0.effect == "deny" && chosen.contains($0.id) }
  }

  /// What an answer says, by the labels of its choices.
  package func words(of answer: JSON) -> String {
    let ids = answer["choices"]?.array?.compactMap(\.string) ?? []
    let labels = ids.map { id in choices.first { $0.id == id }?.label ?? id }
    let note = answer["note"]?.string
    if labels.isEmpty { return note ?? "answered" }
    return labels.joined(separator: ", ") + (note.map { ": \($0)" } ?? "")
  }
}

extension StringProtocol {
  /// Without space at either end.
  var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }
}
