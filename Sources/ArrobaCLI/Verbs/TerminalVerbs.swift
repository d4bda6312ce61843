internal import ArrobaClient
internal import ArrobaJSON

/// Verbs about an agent's terminal that need no second lane.
extension Context {
  func screen(_ target: Target, ansi: Bool, history: Int?) throws -> Int32 {
    let format = output.isJSON ? "cells" : ansi ? "ansi" : "text"
    let params = adding(["format": .string(format), "history": .number(history)], to: reference(target))
    let result = try client.ask("terminal.screen", params)
    if output.isJSON {
      output.json(result)
    } else if ansi {
      output.raw(Array((result["ansi"]?.string ?? "").utf8))
    } else {
      for row in result["text"]?.array ?? [] { output.line(Clean.line(row.string ?? "")) }
    }
    return ExitCode.done
  }

  func type(_ target: Target, keys: [String], isLiteral: Bool) throws -> Int32 {
    let typed: KeyValuePairs<String, JSON?> =
      isLiteral
      ? ["text": .string(keys.joined(separator: " "))] : ["keys": .array(keys.map { .string($0) })]
    let result = try client.command("terminal.input", adding(typed, to: reference(target)))
    if output.isJSON { output.json(result) }
    return ExitCode.done
  }

  func resize(_ target: Target, columns: Int, rows: Int) throws -> Int32 {
    let params = adding(["cols": .int(columns), "rows": .int(rows)], to: reference(target))
    return try say(client.command("terminal.resize", params)) { agent in
      "\(agent["cols"]?.int ?? columns)x\(agent["rows"]?.int ?? rows)"
    }
  }
}
