package import ArrobaJSON

/// What the user has set, by the file of the configuration or by `config.set`. What is not set is as it is here.
package struct Configuration: Sendable, Equatable {
  package var asks = AskRule()

  package init() {}
}

/// Something in a configuration that will not do: where it stands, why, and what would do there.
package struct ConfigurationFault: Error, Sendable, Equatable {
  /// "asks.deadlineMs"; empty for the file as a whole.
  package let key: String
  package let reason: String
  package let allowed: String

  package init(key: String, reason: String, allowed: String) {
    self.key = key
    self.reason = reason
    self.allowed = allowed
  }

  /// "asks.onDeadline: 'ignore' came; allowed: deny or fail".
  package var words: String { (key.isEmpty ? "" : "\(key): ") + "\(reason); allowed: \(allowed)" }

  package var json: JSON {
    ["key": .string(key), "reason": .string(reason), "allowed": .string(allowed)]
  }
}

/// A file of the configuration as it was understood. A wrong value stands for its default, and what is not known here (a
/// later version's, or a slip) is let be.
package struct ConfigurationReading: Sendable, Equatable {
  package private(set) var configuration = Configuration()
  package private(set) var faults: [ConfigurationFault] = []
  /// Keys that mean nothing to this version.
  package private(set) var unknown: [String] = []

  /// The members of the file.
  package init(_ file: JSONObject) {
    read(file, within: "")
  }

  /// A file that cannot be read at all.
  package init(fault: ConfigurationFault) { faults = [fault] }

  private mutating func read(_ object: JSONObject, within path: String) {
    for member in object.members {
      let name = path.isEmpty ? member.key : "\(path).\(member.key)"
      if !member.key.contains("."), let key = ConfigurationKey.named(name) {
        // As if it were not there: the way to take a value back.
        guard !member.value.isNull else { continue }
        do throws(ConfigurationFault) { try key.take(member.value, into: &configuration) } catch {
          faults.append(error)
        }
      } else if ConfigurationKey.isGroup(name) {
        switch member.value {
        case .object(let inner): read(inner, within: name)
        case .null: break
        case .bool, .int, .double, .string, .array:
          faults.append(
            ConfigurationFault(
              key: name, reason: "\(ConfigurationKey.came(member.value)) came", allowed: "an object"))
        }
      } else if unknown.count < Self.mostUnknown {
        unknown.append(name)
      }
    }
  }

  /// Enough to see what is meant; a file may have a million of them.
  private static let mostUnknown = 64
}

extension Configuration {
  /// All keys with the values that hold, defaults included.
  package var json: JSON {
    var root = JSONObject()
    for key in ConfigurationKey.all { root.set(key.path, to: key.value(self)) }
    return .object(root)
  }
}

extension JSONObject {
  /// Puts a value in at a path, in objects that are made where they are missing; nil takes it out. What stands in the
  /// way and is no object is replaced.
  package mutating func set(_ path: ArraySlice<String>, to value: JSON?) {
    guard let name = path.first else { return }
    guard path.count > 1 else { return self[name] = value }
    guard var inner = self[name]?.object ?? (value == nil ? nil : JSONObject()) else { return }
    inner.set(path.dropFirst(), to: value)
    self[name] = .object(inner)
  }
}
