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
      output.raw(repaint(result))
    } else {
      for row in result["text"]?.array ?? [] { output.line(Clean.line(row.string ?? "")) }
    }
    return ExitCode.done
  }

  private func repaint(_ result: JSON) -> [UInt8] {
    if let encoded = result["bytes"]?.string, let bytes = Base64.decode(encoded) { return bytes }
    return Array((result["ansi"]?.string ?? "").utf8)
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

/// RFC 4648, only what is needed: reading.
enum Base64 {
  static func decode(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in text.utf8 where byte != UInt8(ascii: "=") {
      let value: UInt8
      switch byte {
      case 0x41...0x5A: value = byte - 0x41
      case 0x61...0x7A: value = byte - 0x61 + 26
      case 0x30...0x39: value = byte - 0x30 + 52
      case 0x2B: value = 62
      case 0x2F: value = 63
      default: return nil
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return result
  }
}
