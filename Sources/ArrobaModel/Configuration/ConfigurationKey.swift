internal import ArrobaJSON
internal import ArrobaWire

/// A value that can be set. The table is the reader, the answer of `config.get` and the check of `config.set` at once;
/// presets of providers will be a row whose value is an object.
package struct ConfigurationKey: Sendable {
  /// "asks.deadlineMs": the way to it through the objects of the file.
  package let name: String
  /// What may stand there, as words of an error.
  package let allowed: String
  /// The value that holds.
  let value: @Sendable (Configuration) -> JSON
  /// Whether it took it.
  private let set: @Sendable (JSON, inout Configuration) -> Bool

  package static let all: [ConfigurationKey] = [
    ConfigurationKey(
      name: "asks.deadlineMs", allowed: "a whole number from 1000 to \(longestDeadlineMs), or null for none",
      value: { .number($0.asks.deadlineMs) ?? .null },
      set: { json, configuration in
        guard case .int(let ms) = json, (1000...longestDeadlineMs).contains(ms) else { return false }
        configuration.asks.deadlineMs = ms
        return true
      }),
    ConfigurationKey(
      name: "asks.onDeadline", allowed: AskRule.OnDeadline.allCases.map(\.rawValue).joined(separator: " or "),
      value: { .string($0.asks.onDeadline.rawValue) },
      set: { json, configuration in
        guard let rule = json.string.flatMap({ AskRule.OnDeadline(rawValue: $0) }) else { return false }
        configuration.asks.onDeadline = rule
        return true
      }),
  ]

  /// A month: longer than anybody is away, and far from the end of what a clock counts.
  private static let longestDeadlineMs = 31 * 24 * 3600 * 1000

  package static func named(_ name: String) -> ConfigurationKey? { all.first { $0.name == name } }

  /// Whether keys stand within it.
  static func isGroup(_ name: String) -> Bool { all.contains { $0.name.hasPrefix("\(name).") } }

  package var path: ArraySlice<String> { name.split(separator: ".").map(String.init)[...] }

  func take(_ json: JSON, into configuration: inout Configuration) throws(ConfigurationFault) {
    guard !set(json, &configuration) else { return }
    throw ConfigurationFault(key: name, reason: "\(Self.came(json)) came", allowed: allowed)
  }

  static func came(_ json: JSON) -> String {
    switch json {
    case .string(let text): "'\(Words.quoted(text))'"
    case .int(let number): "\(number)"
    case .null, .bool, .double, .array, .object: json.kindName
    }
  }
}
