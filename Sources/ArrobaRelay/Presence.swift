package import ArrobaRelayWire

/// Which machines are there, each by one connection. Values only.
package struct Presence {
  package struct Entry: Equatable {
    package let machine: RelayMachine
    package let token: String
    package let connection: UInt64
    package let sinceMs: Int

    package init(machine: RelayMachine, token: String, connection: UInt64, sinceMs: Int) {
      self.machine = machine
      self.token = token
      self.connection = connection
      self.sinceMs = sinceMs
    }
  }

  package enum Arrival: Equatable {
    case new
    /// The same machine by an older connection, which is to end.
    case replaces(UInt64)
    case refused(RelayRefusal)
  }

  private var byID: [String: Entry] = [:]
  private var idByName: [String: String] = [:]

  package init() {}

  package var count: Int { byID.count }
  package var all: [Entry] { byID.values.sorted { $0.machine.name < $1.machine.name } }
  package func named(_ name: String) -> Entry? { idByName[name].flatMap { byID[$0] } }
  package func entry(_ id: String) -> Entry? { byID[id] }

  /// Names are told apart without regard to case: people confuse them, and files may.
  package mutating func arrive(_ entry: Entry) -> Arrival {
    let id = entry.machine.id
    let old = byID[id]
    // An id is its machine's own as long as the machine is there: another token may not take its place.
    if let old, old.token != entry.token { return .refused(taken(entry.machine.name)) }
    if let holder = holder(of: entry.machine.name), holder != id {
      return .refused(taken(entry.machine.name))
    }
    if let old { idByName[old.machine.name] = nil }
    byID[id] = entry
    idByName[entry.machine.name] = id
    return old.map { .replaces($0.connection) } ?? .new
  }

  private func holder(of name: String) -> String? {
    if let id = idByName[name] { return id }
    let folded = name.lowercased()
    return idByName.first { $0.key.lowercased() == folded }?.value
  }

  private func taken(_ name: String) -> RelayRefusal {
    RelayRefusal(.nameTaken, "another machine is here as '\(name)': give this one another name")
  }

  /// The machine that stood there by that connection is gone; nil where another connection has taken its place.
  package mutating func leave(_ id: String, connection: UInt64) -> RelayMachine? {
    guard let entry = byID[id], entry.connection == connection else { return nil }
    byID[id] = nil
    idByName[entry.machine.name] = nil
    return entry.machine
  }
}
