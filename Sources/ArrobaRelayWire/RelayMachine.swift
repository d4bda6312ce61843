package import ArrobaJSON

/// A machine as it presents itself to a relay. The relay only passes it on: nothing of it is proved but that the machine
/// has a token, and whoever connects checks the host key by itself.
package struct RelayMachine: Equatable, Sendable {
  package static let longestName = 64
  /// An ed25519 key in its usual form has 80 bytes.
  package static let longestKey = 1024
  private static let longestWord = 128

  package let id: String
  package let name: String
  package let system: String
  package let version: String
  /// The account that sshd there lets in.
  package let user: String
  /// The public host key, "ssh-ed25519 AAAA…".
  package let hostKey: String

  package init(id: String, name: String, system: String, version: String, user: String, hostKey: String) {
    self.id = id
    self.name = name
    self.system = system
    self.version = version
    self.user = user
    self.hostKey = hostKey
  }

  /// Letters, digits and `- _ .`, not beginning with a dot or a dash: it is typed, and stands in file names and commands.
  package static func isName(_ text: some StringProtocol) -> Bool {
    guard (1...longestName).contains(text.utf8.count), let first = text.utf8.first, isPlain(first) else {
      return false
    }
    return text.utf8.allSatisfy { isPlain($0) || [45, 46, 95].contains($0) }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
  }

  package static func isID(_ text: some StringProtocol) -> Bool {
    text.utf8.count == 32 && Hex.bytes(text) != nil
  }

  /// What stands beside id and name when it presents itself.
  package var details: JSON {
    [
      "system": .string(system), "version": .string(version), "user": .string(user),
      "hostKey": .string(hostKey),
    ]
  }

  package var json: JSON {
    [
      "id": .string(id), "name": .string(name), "system": .string(system), "version": .string(version),
      "user": .string(user), "hostKey": .string(hostKey),
    ]
  }

  /// nil for what no machine says of itself: words that are too long or hold what cannot be shown.
  package init?(id: String, name: String, details: JSON) {
    func word(_ key: String, atMost limit: Int) -> String? {
      guard let text = details[key]?.string, text.utf8.count <= limit,
        text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
      else { return nil }
      return text
    }
    guard Self.isID(id), Self.isName(name), let system = word("system", atMost: Self.longestWord),
      let version = word("version", atMost: Self.longestWord),
      let user = word("user", atMost: Self.longestWord),
      let hostKey = word("hostKey", atMost: Self.longestKey)
    else { return nil }
    self.init(id: id, name: name, system: system, version: version, user: user, hostKey: hostKey)
  }

  package init?(json: JSON) {
    guard let id = json["id"]?.string, let name = json["name"]?.string else { return nil }
    self.init(id: id, name: name, details: json)
  }
}
