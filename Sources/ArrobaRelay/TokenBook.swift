internal import ArrobaJSON
package import ArrobaRelayWire

/// The tokens that a relay knows, as one file holds them. Values only.
package struct TokenBook: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package let token: RelayToken
    package let name: String
    package let role: RelayRole
    package let createdMs: Int
    /// nil: it does not end by itself.
    package let expiresMs: Int?

    package init(token: RelayToken, name: String, role: RelayRole, createdMs: Int, expiresMs: Int?) {
      self.token = token
      self.name = name
      self.role = role
      self.createdMs = createdMs
      self.expiresMs = expiresMs
    }

    package func isValid(_ nowMs: Int) -> Bool { expiresMs.map { nowMs < $0 } ?? true }
  }

  package struct Malformed: Error, CustomStringConvertible {
    package let description: String
  }

  package static let most = 10_000

  package private(set) var entries: [Entry] = []

  package init() {}

  package func entry(id: String) -> Entry? { entries.first { $0.token.id == id } }
  package func entry(named name: String) -> Entry? { entries.first { $0.name == name } }

  package mutating func add(_ entry: Entry) { entries.append(entry) }

  /// Whether there was one of that name.
  package mutating func remove(named name: String) -> Bool {
    let before = entries.count
    entries.removeAll { $0.name == name }
    return entries.count < before
  }

  // MARK: the file

  package init(file bytes: [UInt8]) throws(Malformed) {
    let json: JSON
    do { json = try JSONReader.read(bytes) } catch { throw Malformed(description: "\(error)") }
    guard json["version"]?.int == 1, let list = json["tokens"]?.array, list.count <= Self.most else {
      throw Malformed(description: "it is no list of tokens of version 1")
    }
    for (index, item) in list.enumerated() {
      guard let text = item["token"]?.string, let token = RelayToken(text: text),
        let name = item["name"]?.string, RelayMachine.isName(name),
        let role = item["role"]?.string.flatMap({ RelayRole(rawValue: $0) }),
        let created = item["createdMs"]?.int
      else { throw Malformed(description: "token \(index + 1) in it cannot be read") }
      if let expires = item["expiresMs"], expires.int == nil {
        throw Malformed(description: "token \(index + 1) in it has no valid end")
      }
      guard entry(named: name) == nil, entry(id: token.id) == nil else {
        throw Malformed(description: "token \(index + 1) in it is there twice")
      }
      add(
        Entry(token: token, name: name, role: role, createdMs: created, expiresMs: item["expiresMs"]?.int))
    }
  }

  package var file: [UInt8] {
    let list = entries.map { entry in
      JSON.record([
        "name": .string(entry.name), "role": .string(entry.role.rawValue), "token": .string(entry.token.text),
        "createdMs": .int(entry.createdMs), "expiresMs": .number(entry.expiresMs),
      ])
    }
    return RelayTerms.line(["version": 1, "tokens": .array(list)])
  }
}
