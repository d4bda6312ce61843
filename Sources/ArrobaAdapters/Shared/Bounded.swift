internal import ArrobaJSON

/// What an agent says and does, within bounds: what goes into the log must fit there, whoever said it.
enum Bounded {
  /// Of one text. Recorded answers reach 1 MB; the log's line must hold it.
  static let longestText = 2 << 20
  private static let longestInputText = 16 << 10
  private static let outputHead = 16 << 10
  private static let outputTail = 48 << 10

  /// The first line, and not too much of it.
  static func line(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
    guard let first = lines.first else { return "" }
    let line = String(first.prefix(200))
    return lines.count > 1 || line.utf8.count < first.utf8.count ? "\(line) …" : line
  }

  /// The same value with long texts cut: a whole file that is written goes into a log otherwise.
  static func input(_ value: JSON) -> JSON {
    switch value {
    case .string(let text):
      let limit = longestInputText
      guard text.utf8.count > limit else { return value }
      let kept = text.prefix(limit / 4)
      return .string("\(kept)… (\(text.utf8.count - kept.utf8.count) bytes more)")
    case .array(let elements): return .array(elements.map(input))
    case .object(let object):
      return .object(
        JSONObject(object.members.map { JSONObject.Member(key: $0.key, value: input($0.value)) }))
    case .null, .bool, .int, .double: return value
    }
  }

  static func text(_ text: String) -> String {
    guard text.utf8.count > longestText else { return text }
    let kept = text.prefix(longestText / 4)
    return "\(kept)\n[… \(text.utf8.count - kept.utf8.count) bytes more]"
  }

  /// Beginning and end of an output.
  static func output(_ text: String) -> String {
    let count = text.utf8.count
    guard count > outputHead + outputTail else { return text }
    let bytes = Array(text.utf8)
    let head = String(decoding: bytes[..<outputHead], as: UTF8.self)
    let tail = String(decoding: bytes[(count - outputTail)...], as: UTF8.self)
    return "\(head)\n[… \(count - outputHead - outputTail) bytes left out]\n\(tail)"
  }
}
