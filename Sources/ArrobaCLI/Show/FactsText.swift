package import ArrobaJSON

/// An object as aligned keys and values; inner objects by dotted keys.
package enum FactsText {
  package static func rows(_ value: JSON) -> [[Cell]] { rows(value, under: "") }

  private static func rows(_ value: JSON, under prefix: String) -> [[Cell]] {
    var result: [[Cell]] = []
    for member in value.object?.members ?? [] {
      let key = prefix.isEmpty ? member.key : "\(prefix).\(member.key)"
      switch member.value {
      case .object: result += rows(member.value, under: key)
      case .array(let elements): result.append([Cell(key, .faint), Cell(list(elements))])
      case .null: result.append([Cell(key, .faint), Cell("-")])
      case .bool, .int, .double, .string:
        result.append([Cell(key, .faint), Cell(scalar(member.value, key: member.key))])
      }
    }
    return result
  }

  private static func list(_ elements: [JSON]) -> String {
    elements.isEmpty ? "none" : elements.map { $0.string ?? $0.encodedText }.joined(separator: ", ")
  }

  private static func scalar(_ value: JSON, key: String) -> String {
    guard let number = value.int else { return value.string ?? value.encodedText }
    if key.hasSuffix("Ms") { return number < 10_000 ? "\(number) ms" : Humane.age(number) }
    return key.lowercased().hasSuffix("bytes") ? Humane.bytes(number) : "\(number)"
  }
}
