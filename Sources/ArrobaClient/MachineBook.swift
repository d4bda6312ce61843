package import ArrobaJSON
package import ArrobaRelayWire
internal import ArrobaSystem

/// The machines that this user knows, each with the host key that it must have: values, as one file holds them.
package struct MachineBook: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    /// The name here; another one at the relay does no harm.
    package var name: String
    package let relay: String
    package var nameAtRelay: String
    package let id: String
    package let user: String
    package let hostKey: SSHKey
    package var seenMs: Int?

    package init(
      name: String, relay: String, nameAtRelay: String, id: String, user: String, hostKey: SSHKey,
      seenMs: Int?
    ) {
      self.name = name
      self.relay = relay
      self.nameAtRelay = nameAtRelay
      self.id = id
      self.user = user
      self.hostKey = hostKey
      self.seenMs = seenMs
    }

    package var json: JSON {
      .record([
        "name": .string(name), "relay": .string(relay), "nameAtRelay": .string(nameAtRelay),
        "id": .string(id),
        "user": .string(user), "hostKey": .string(hostKey.bare),
        "fingerprint": .string(hostKey.fingerprint), "seenMs": .number(seenMs),
      ])
    }
  }

  package static let most = 1000

  package private(set) var entries: [Entry] = []

  package init() {}

  package func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

  /// Puts an entry in, in the place of the one of that name.
  package mutating func put(_ entry: Entry) {
    if let index = entries.firstIndex(where: { $0.name == entry.name }) {
      entries[index] = entry
    } else {
      entries.append(entry)
    }
  }

  /// Whether there was one.
  package mutating func remove(_ name: String) -> Bool {
    let before = entries.count
    entries.removeAll { $0.name == name }
    return entries.count < before
  }

  package init?(json: JSON) {
    guard json["version"]?.int == 1, let list = json["machines"]?.array, list.count <= Self.most else {
      return nil
    }
    for item in list {
      guard let name = item["name"]?.string, RelayMachine.isName(name), let relay = item["relay"]?.string,
        let there = item["nameAtRelay"]?.string, let id = item["id"]?.string, let user = item["user"]?.string,
        let key = item["hostKey"]?.string.flatMap({ SSHKey(line: $0) })
      else { return nil }
      put(
        Entry(
          name: name, relay: relay, nameAtRelay: there, id: id, user: user, hostKey: key,
          seenMs: item["seenMs"]?.int))
    }
  }

  package var json: JSON { ["version": 1, "machines": .array(entries.map(\.json))] }

  /// The lines by which ssh knows these machines again, and refuses anybody else in their place.
  package var knownHosts: String {
    entries.map { "\(Self.alias($0.name)) \($0.hostKey.bare)\n" }.joined()
  }

  static func alias(_ name: String) -> String { "arroba-relay-\(name)" }

  /// What ssh must be told to reach a machine by its relay, and to believe its known key only.
  private func settings(_ entry: Entry, knownHosts: String, program: String) -> [(key: String, value: String)]
  {
    let quoted = "'\(program.replacing("'", with: "'\\''"))'".replacing("%", with: "%%")
    return [
      ("ProxyCommand", "\(quoted) relay pipe \(entry.name)"), ("HostKeyAlias", Self.alias(entry.name)),
      ("HostKeyAlgorithms", entry.hostKey.kind),
      ("UserKnownHostsFile", "\"\(knownHosts.replacing("%", with: "%%"))\""),
      ("GlobalKnownHostsFile", "/dev/null"), ("StrictHostKeyChecking", "yes"), ("ForwardAgent", "no"),
      ("ServerAliveInterval", "5"), ("ServerAliveCountMax", "3"),
    ]
  }

  /// As a block of ssh's configuration.
  package func sshConfiguration(_ entry: Entry, knownHosts: String, program: String) -> String {
    let rows = settings(entry, knownHosts: knownHosts, program: program) + [("User", entry.user)]
    return "Host \(entry.name)\n" + rows.map { "  \($0.key) \($0.value)" }.joined(separator: "\n")
  }

  /// As words of a command.
  package func sshHost(_ entry: Entry, knownHosts: String, program: String) -> SSHHost {
    let rows = settings(entry, knownHosts: knownHosts, program: program)
    return SSHHost(
      user: entry.user, name: entry.name, port: nil,
      options: rows.flatMap { ["-o", "\($0.key)=\($0.value)"] })
  }
}
