package import ArrobaJSON

/// Sessions and agents as tables.
package struct SessionText {
  package let nowMs: Int
  package let home: String?

  package init(nowMs: Int, home: String?) {
    self.nowMs = nowMs
    self.home = home
  }

  package func list(_ sessions: [JSON], withAgents: Bool) -> [[Cell]] {
    var rows: [[Cell]] = [["REF", "AGENTS", "ACTIVITY", "WORKSPACE"].map { Cell($0, .bold) }]
    for (session, reference) in zip(sessions, Names.references(of: sessions)) {
      let agents = session["agents"]?.array ?? []
      rows.append([
        Cell(reference), Cell("\(agents.count)"), activity(ofSession: session),
        Cell(Humane.path(session["workspace"]?.string ?? "?", home: home)),
      ])
      guard withAgents else { continue }
      for agent in agents {
        rows.append([
          Cell("  \(reference)/\(name(of: agent, among: agents))"), Cell(isFocused(agent) ? "*" : ""),
          activity(of: agent),
          Cell(command(of: agent)),
        ])
      }
    }
    return rows
  }

  /// What may be written for each session, and for each agent in it: for scripts and completion.
  package func references(_ sessions: [JSON], withAgents: Bool) -> [String] {
    zip(sessions, Names.references(of: sessions)).flatMap { session, reference in
      let agents = withAgents ? session["agents"]?.array ?? [] : []
      return ([reference] + agents.map { "\(reference)/\(name(of: $0, among: agents))" }).map(Clean.line)
    }
  }

  package func agents(_ agents: [JSON]) -> [[Cell]] {
    let header = ["AGENT", "FOCUS", "ACTIVITY", "PROVIDER", "SIZE", "COMMAND"].map { Cell($0, .bold) }
    return [header]
      + agents.map { agent in
        [
          Cell(name(of: agent, among: agents)), Cell(isFocused(agent) ? "*" : ""), activity(of: agent),
          Cell(agent["provider"]?.string ?? "?"), Cell(size(of: agent)), Cell(command(of: agent)),
        ]
      }
  }

  /// One session in full, without its agents.
  package func facts(_ session: JSON) -> [[Cell]] {
    var rows: [[Cell]] = []
    func add(_ name: String, _ value: String?) {
      if let value { rows.append([Cell(name, .faint), Cell(value)]) }
    }
    add("session", session["id"]?.string)
    add("alias", session["alias"]?.string)
    add("workspace", session["workspace"]?.string.map { Humane.path($0, home: home) })
    add("state", session["state"]?.string)
    add("created", instant(session["createdAt"]))
    add("ended", instant(session["endedAt"]))
    add("attached", session["attached"]?.int.map { "\($0)" })
    add("focused", session["focused"]?.string)
    return rows
  }

  private func instant(_ value: JSON?) -> String? {
    guard let text = value?.string else { return nil }
    return Humane.local(text)
      + (Humane.age(since: text, nowMs: nowMs).map { $0 == "now" ? " (now)" : " (\($0) ago)" } ?? "")
  }

  /// The agent that most wants to be looked at speaks for its session.
  package func activity(ofSession session: JSON) -> Cell {
    if session["state"]?.string == "ended" {
      let age = Humane.age(since: session["endedAt"]?.string, nowMs: nowMs)
      return Cell("ended" + (age.map { " · \($0)" } ?? ""), .faint)
    }
    let agents = session["agents"]?.array ?? []
    let urgency = ["waiting", "failed", "working", "starting", "idle", "stopped"]
    func rank(_ agent: JSON) -> Int {
      urgency.firstIndex(of: agent["activity"]?["state"]?.string ?? "") ?? urgency.count
    }
    guard let first = agents.min(by: { rank($0) < rank($1) }) else { return Cell("no agent", .faint) }
    return activity(of: first)
  }

  /// "working 3m", "waiting 10s: may I?", "exited 0 · 2h".
  package func activity(of agent: JSON) -> Cell {
    let run = agent["run"]
    if run?["state"]?.string == "ended" {
      let end = Names.exit(run?["exit"]) ?? run?["reason"]?.string ?? "ended"
      let age = Humane.age(since: run?["endedAt"]?.string, nowMs: nowMs)
      let isBad = Names.status(run?["exit"]).map { $0 != 0 } ?? true
      return Cell(end + (age.map { " · \($0)" } ?? ""), isBad ? .red : .faint)
    }
    let state = agent["activity"]?["state"]?.string ?? "?"
    let age = Humane.age(since: agent["activity"]?["since"]?.string, nowMs: nowMs)
    var text = state + (age.map { " \($0)" } ?? "")
    if run?["state"]?.string == "parked" { text += " (parked)" }
    if state == "waiting" || state == "failed", let reason = agent["activity"]?["reason"]?.string,
      !reason.isEmpty
    {
      text += ": \(Clean.cut(reason, toCells: Self.reasonCells))"
    }
    return Cell(text, style(of: state))
  }

  /// A question may be a long line; the columns beside it matter as well.
  private static let reasonCells = 60

  private func style(of state: String) -> Style? {
    switch state {
    case "waiting": .yellow
    case "failed": .red
    case "working", "starting": .green
    default: .faint
    }
  }

  private func name(of agent: JSON, among agents: [JSON]) -> String {
    agent["alias"]?.string
      ?? Names.prefix(of: agent["id"]?.string ?? "?", among: agents.compactMap { $0["id"]?.string })
  }

  private func isFocused(_ agent: JSON) -> Bool { agent["focused"]?.bool ?? false }

  private func size(of agent: JSON) -> String {
    guard let columns = agent["cols"]?.int, let rows = agent["rows"]?.int else { return "" }
    return "\(columns)x\(rows)"
  }

  private func command(of agent: JSON) -> String {
    let words = agent["argv"]?.array?.compactMap(\.string) ?? []
    let text =
      words.isEmpty ? agent["model"]?.string ?? agent["provider"]?.string ?? "" : words.joined(separator: " ")
    return Clean.cut(text, toCells: 60)
  }
}
