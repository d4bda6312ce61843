/// What `arroba help` and `--help` say; made from the table of verbs.
package enum Help {
  package static var overview: String {
    let shown = Verbs.all.map { [Cell("  \($0.name)"), Cell($0.summary)] }
    let options = Verbs.global.map { [Cell("  \($0.shown)"), Cell($0.help)] }
    return """
      usage: arroba [OPTIONS] VERB …

      Live terminal sessions that outlive the window, the connection and the daemon.

      \(block(shown))

      Options of every verb:
      \(block(options))

      REF is a session: its alias, its id, or the beginning of either; REF/AGENT is an agent in it.
      Left out it is the newest open session of this directory's project.

      arroba help VERB tells more. First steps: arroba new -- bash; Ctrl-\\ detaches; arroba attach comes back.
      """
  }

  /// Help on a verb, a group of verbs, or everything.
  package static func text(on topic: String?) throws(Misuse) -> String {
    guard let topic else { return overview }
    if Verbs.groups.contains(topic) {
      let rows = Verbs.all.filter { $0.group == topic }.map {
        [Cell("  arroba \($0.name)"), Cell($0.summary)]
      }
      return "usage: arroba \(topic) VERB …\n\n\(block(rows))"
    }
    guard let verb = Verbs.all.first(where: { $0.name == topic || $0.aliases.contains(topic) }) else {
      let names = Verbs.all.flatMap { [$0.name] + $0.aliases } + Verbs.groups
      throw Misuse(
        "there is no help on '\(topic)'", hint: Nearest.hint(for: topic, among: names) ?? "arroba help")
    }
    return text(of: verb)
  }

  private static func text(of verb: VerbSpec) -> String {
    var parts = [verb.usage, verb.summary]
    if !verb.aliases.isEmpty { parts.append("Also: \(verb.aliases.joined(separator: ", "))") }
    if !verb.options.isEmpty {
      parts.append(block(verb.options.map { [Cell("  \($0.shown)"), Cell($0.help)] }))
    }
    if !verb.notes.isEmpty { parts.append(verb.notes) }
    if !verb.examples.isEmpty {
      parts.append("Examples:\n" + verb.examples.map { "  \($0)" }.joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }

  private static func block(_ rows: [[Cell]]) -> String {
    Table.lines(rows, usesColour: false).joined(separator: "\n")
  }
}
