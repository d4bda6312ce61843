internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// `arroba export --cast`: what there is of a terminal now, its history and its screen, as a recording without time.
extension Context {
  /// More than most programs write, and an answer that is far from the longest line of the protocol.
  package static let exportedLines = 5000

  func export(_ target: Target, path: String, history: Int, overwrites: Bool) throws -> Int32 {
    let agent = try client.ask("agent.get", reference(target))
    guard let session = agent["session"]?.string, let id = agent["id"]?.string else {
      throw ClientError.malformed("the daemon told of an agent without a session or an id")
    }
    let asked = ["session": .string(session), "agent": .string(id)] as JSON
    let screen = try client.ask(
      "terminal.screen", adding(["format": "ansi", "history": .int(history)], to: asked))
    guard let painted = screen["ansi"]?.string, let columns = screen["cols"]?.int,
      let rows = screen["rows"]?.int
    else { throw ClientError.malformed("the daemon told of a screen without its size") }
    let file = try CastFile(path, overwriting: overwrites)
    file.begin(
      size: Size(columns, rows), title: target.text.isEmpty ? Names.reference(ofAgent: agent) : target.text)
    Array(painted.utf8).withUnsafeBytes { file.output($0, atMs: 0) }
    file.end(atMs: 0)
    if let trouble = file.trouble {
      throw Failure(trouble.description, kind: "failed", exitCode: ExitCode.failed)
    }
    guard path != CastFile.standardOutput else { return ExitCode.done }
    if output.isJSON {
      output.json(["file": .string(path), "events": .int(file.events), "bytes": .int(file.bytes)])
    } else {
      output.note("[exported \(Humane.bytes(file.bytes)) into \(Clean.line(path))]")
    }
    return ExitCode.done
  }
}
