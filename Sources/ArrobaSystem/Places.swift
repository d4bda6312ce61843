internal import CPty
internal import Glibc

/// Where Arroba keeps its things, as environment and XDG say (cli.md, "Names in the environment").
package struct Places: Sendable, Equatable {
  package let socket: String
  package let state: String
  package let config: String
  package let logs: String
  /// What lives as long as a login: our own sockets, wherever the daemon's is.
  package let runtime: String
  /// Whether the user named the socket (ARROBA_SOCKET).
  package let isSocketNamed: Bool

  package struct Unsafe: Error, CustomStringConvertible {
    package let description: String
  }

  package init(environment: [String: String], uid: UInt32 = getuid(), home: String? = nil) {
    func named(_ name: String) -> String? { Environment.variable(name, in: environment) }
    /// The XDG rules: a relative path there is to be ignored.
    func xdg(_ name: String) -> String? { named(name).flatMap { $0.hasPrefix("/") ? $0 : nil } }
    let home = home ?? named("HOME") ?? Account.home(of: uid)
    let stateHome = xdg("XDG_STATE_HOME") ?? home.map { "\($0)/.local/state" }
    let configHome = xdg("XDG_CONFIG_HOME") ?? home.map { "\($0)/.config" }
    isSocketNamed = named("ARROBA_SOCKET") != nil
    runtime = xdg("XDG_RUNTIME_DIR").map { "\($0)/arroba" } ?? "/tmp/arroba-\(uid)"
    socket = named("ARROBA_SOCKET") ?? "\(runtime)/daemon.sock"
    state = named("ARROBA_STATE_DIR") ?? stateHome.map { "\($0)/arroba" } ?? "/tmp/arroba-\(uid)/state"
    config =
      named("ARROBA_CONFIG") ?? configHome.map { "\($0)/arroba/config.json" }
      ?? "/tmp/arroba-\(uid)/config.json"
    logs = named("ARROBA_LOG_DIR") ?? stateHome.map { "\($0)/arroba/logs" } ?? "./.arroba/logs"
  }

  /// A directory in `runtime` that is the user's alone; nil where it cannot be made so.
  package func privateDirectory(_ name: String, uid: UInt32 = getuid()) -> String? {
    let path = "\(runtime)/\(name)"
    try? Files.makeDirectory(path)  // what could not be made is not there below
    for directory in [runtime, path] {
      guard let status = Files.status(directory), status.isDirectory, status.isPrivate(to: uid) else {
        return nil
      }
    }
    return path
  }

  /// Makes the directory of the socket, or checks the one that is there: whoever can put a socket there can pose as
  /// the daemon. Our own default directory is for the user alone; one that the user named may be readable by others.
  package func prepareSocketDirectory(uid: UInt32 = getuid()) throws {
    let directory = Files.parent(of: socket) ?? "."
    try Files.makeDirectory(directory)
    guard let status = Files.status(directory), status.isDirectory else {
      throw Unsafe(description: "the socket directory \(directory) is not a directory")
    }
    let isSticky = status.permissions & 0o1000 != 0
    if isSocketNamed && (isSticky || status.permissions & 0o022 == 0) { return }
    guard status.owner == uid else {
      throw Unsafe(
        description:
          "the socket directory \(directory) belongs to uid \(status.owner), not to you (uid \(uid))")
    }
    guard status.permissions & 0o077 == 0 else {
      throw Unsafe(
        description: "the socket directory \(directory) is open to others; run: chmod 700 \(directory)")
    }
  }
}

/// The environment of this process.
package enum Environment {
  package static var all: [String: String] {
    var result: [String: String] = [:]
    for entry in entries {
      guard let equals = entry.firstIndex(of: "=") else { continue }
      result[String(entry[..<equals])] = String(entry[entry.index(after: equals)...])
    }
    return result
  }

  /// A variable that says something: an empty one counts as one that is not there.
  package static func variable(_ name: String, in environment: [String: String]) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// "NAME=value" each, as it stands.
  package static var entries: [String] {
    var list: [String] = []
    var next = environ
    while let entry = next.pointee {
      list.append(String(cString: entry))
      next += 1
    }
    return list
  }
}
