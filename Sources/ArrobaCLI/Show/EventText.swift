package import ArrobaJSON

/// One event of the log as a line.
package enum EventText {
  /// Time, sequence, kind, subject, and the plain members of its data.
  package static func line(_ event: JSON, usesColour: Bool) -> String {
    let at = Humane.local(event["at"]?.string ?? "")
    let kind = event["kind"]?.string ?? "?"
    var subject = event["session"]?.string.map { String($0.prefix(10)) } ?? "-"
    if let agent = event["agent"]?.string { subject += "/\(agent.prefix(10))" }
    var text = Table.lines(
      [[Cell(at, .faint), Cell("\(event["seq"]?.int ?? 0)"), Cell(kind, .bold), Cell(subject)]],
      usesColour: usesColour
    ).joined()
    for member in event["data"]?.object?.members ?? [] {
      if let shown = shown(member.value) { text += " \(Clean.line(member.key))=\(shown)" }
    }
    return text
  }

  private static func shown(_ value: JSON) -> String? {
    switch value {
    case .null: nil
    case .bool(let flag): "\(flag)"
    case .int(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string(let text):
      text.contains(" ") || text.isEmpty
        ? "\"\(Clean.cut(Clean.line(text), toCells: 80))\"" : Clean.cut(Clean.line(text), toCells: 80)
    case .array, .object: Clean.cut(Clean.line(value.encodedText), toCells: 80)
    }
  }
}
