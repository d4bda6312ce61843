internal import ArrobaJSON
package import ArrobaRelayWire
internal import ArrobaSystem
package import ArrobaTransport

/// This user's side of a relay: which one, by which token, and the machines that are known.
package struct RelayDesk {
  package struct Failure: Error, Equatable {
    package let message: String
    package let hint: String?

    package init(message: String, hint: String?) {
      self.message = message
      self.hint = hint
    }
  }

  package let directory: String
  private let environment: [String: String]

  package init(state: String, environment: [String: String]) {
    directory = "\(state)/relay"
    self.environment = environment
  }

  private var login: String { "\(directory)/login.json" }
  private var token: String { "\(directory)/login-token" }
  private var machines: String { "\(directory)/machines.json" }
  /// Beside the machines, for ssh.
  package var knownHosts: String { "\(directory)/known_hosts" }

  // MARK: the relay

  /// What the environment says, else what was stored by `login`.
  package func access() throws(Failure) -> (road: RelayRoad, token: RelayToken) {
    let stored = try json(login)
    let found: RelayAccess?
    do { found = try RelayAccess.read(environment, stored: stored, tokenFile: token) } catch {
      throw Failure(message: error.description, hint: error.hint)
    }
    guard let found else {
      throw Failure(message: "no relay is known here", hint: "arroba relay login URL")
    }
    return (found.road, found.token)
  }

  package func keep(_ road: RelayRoad, _ secret: RelayToken) throws(Failure) {
    do { try SecretFile.write(secret, to: token) } catch {
      throw Failure(message: error.description, hint: error.hint)
    }
    try replace(login, with: .record(["url": .string("\(road.address)"), "via": .text(road.via)]))
  }

  /// Which machines are at the relay now.
  package static func present(_ road: RelayRoad, _ token: RelayToken) throws(RelayFailure) -> [RelayMachine] {
    let call = try RelayCall.make(road, token, RelayCall.Wish(.watch))
    call.end()
    return (call.welcome["machines"]?.array ?? []).compactMap { RelayMachine(json: $0) }
  }

  // MARK: the machines

  package func book() throws(Failure) -> MachineBook {
    guard let json = try json(machines) else { return MachineBook() }
    guard let book = MachineBook(json: json) else {
      throw Failure(
        message: "\(machines) is no list of machines", hint: "mend it, or move it away and add them anew")
    }
    return book
  }

  /// How ssh gets to a known machine; nil where it is not known, or the list cannot be read.
  package func way(to name: String, program: String) -> SSHHost? {
    guard let book = try? book(), let entry = book.entry(name) else { return nil }
    return book.sshHost(entry, knownHosts: knownHosts, program: program)
  }

  package func change<Value>(_ body: (inout MachineBook) throws(Failure) -> Value) throws(Failure) -> Value {
    let lock: Descriptor
    do {
      try Files.makeDirectory(directory)
      switch try InstanceLock.take("\(directory)/machines.lock") {
      case .taken(let descriptor): lock = descriptor
      case .held:
        throw Failure(message: "another arroba is changing \(machines)", hint: "try again in a moment")
      }
    } catch let failure as Failure { throw failure } catch { throw Failure(message: "\(error)", hint: nil) }
    defer { lock.close() }
    var book = try book()
    let value = try body(&book)
    try replace(machines, with: book.json)
    do { try Files.replace(knownHosts, with: Array(book.knownHosts.utf8)) } catch {
      throw Failure(message: "\(error)", hint: nil)
    }
    return value
  }

  private func json(_ path: String) throws(Failure) -> JSON? {
    guard Files.status(path) != nil else { return nil }
    do { return try JSONReader.read(try Files.read(path, atMost: 4 << 20)) } catch {
      throw Failure(message: "\(path): \(error)", hint: "mend it, or move it away")
    }
  }

  private func replace(_ path: String, with json: JSON) throws(Failure) {
    do {
      try Files.makeDirectory(directory)
      try Files.replace(path, with: RelayTerms.line(json))
    } catch { throw Failure(message: "\(error)", hint: nil) }
  }
}
