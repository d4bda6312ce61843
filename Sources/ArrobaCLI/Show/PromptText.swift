package import ArrobaJSON

/// Prompts and asks as tables and lines, for verbs that list them.
package struct PromptText {
  package let nowMs: Int

  package init(nowMs: Int) { self.nowMs = nowMs }

  /// `names`: how the agents are called, by id.
  package func prompts(_ prompts: [JSON], names: [String: String]) -> [[Cell]] {
    let ids = prompts.compactMap { $0["id"]?.string }
    return [["ID", "AGENT", "STATE", "AGE", "TEXT"].map { Cell($0, .bold) }]
      + prompts.map { prompt in
        let id = prompt["id"]?.string ?? "?"
        let agent = prompt["agent"]?.string ?? "?"
        let place = prompt["position"]?.int.flatMap { $0 > 0 ? " \($0)" : nil } ?? ""
        let text = Clean.lines(prompt["text"]?.string ?? "").joined(separator: " ")
        return [
          Cell(Names.prefix(of: id, among: ids)), Cell(names[agent] ?? String(agent.prefix(6))),
          Cell((prompt["state"]?.string ?? "?") + place, place.isEmpty ? .green : nil),
          Cell(Humane.age(since: prompt["submittedAt"]?.string, nowMs: nowMs) ?? ""),
          Cell(Clean.cut(text, toCells: 60)),
        ]
      }
  }

  /// One ask with its choices: who asks and since when, what may be answered, and how.
  package func ask(_ json: JSON, name: String) -> [String] {
    guard let ask = OpenAsk(json) else { return [] }
    let id = Names.prefix(of: ask.id, among: [ask.id])
    let age = Humane.age(since: json["openedAt"]?.string, nowMs: nowMs).map { " · \($0)" } ?? ""
    let left =
      Humane.age(until: json["deadlineAt"]?.string, nowMs: nowMs)
      .map { " · due \($0 == "now" ? $0 : "in \($0)")" } ?? ""
    let head = Clean.line("\(id)  \(name)\(age)\(left)")
    switch json["state"]?.string {
    case "answered":
      let words = ask.words(of: json["answer"] ?? .null)
      return [head, "  " + TalkText.answered(ask, words: words)]
    case "expired": return [head, "  " + TalkText.answered(ask, words: TalkText.expiry(json))]
    case "withdrawn":
      return [head, "  " + TalkText.withdrawn(ask, reason: json["reason"]?.string ?? "?")]
    default: return [head] + TalkText.ask(ask).map { "  \($0)" } + ["    \(TalkText.howToAnswer(ask))"]
    }
  }
}
