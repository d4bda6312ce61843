internal import ArrobaWire

/// The words of the command that runs `arroba bridge` elsewhere.
enum SSHCommand {
  /// What the user's configuration says about a host, as far as we would set it (`ssh -G`).
  struct Settings: Equatable {
    var hasMaster = false
    var looksAlive = false
    var hasTimeout = false

    /// Nil where that is not what OpenSSH says: then no option of ours is given to whatever it is.
    init?(_ text: String) {
      var values: [Substring: Substring] = [:]
      for line in text.split(separator: "\n") {
        guard let space = line.firstIndex(of: " ") else { continue }
        values[line[..<space]] = line[line.index(after: space)...]
      }
      guard values["hostname"] != nil else { return nil }
      hasMaster = values["controlpath"].map { $0 != "none" } ?? false
      if let master = values["controlmaster"], master != "false", master != "no" { hasMaster = true }
      looksAlive = values["serveraliveinterval"].map { $0 != "0" } ?? false
      hasTimeout = values["connecttimeout"].map { $0 != "none" && $0 != "0" } ?? false
    }
  }

  /// How a connection is made.
  struct Manner: Equatable {
    /// ssh may ask its user for a password, or about a host key.
    var asks: Bool
    /// The socket of the shared connection; nil: none of ours.
    var control: String?
    /// A connection of its own, not through one that may be dead.
    var isFresh: Bool
  }

  /// `sh -c` gets the user's own words as they are, with options and quotes.
  static let shell = "/bin/sh"

  static func program(_ command: String?, ssh: String) -> (path: String, arguments: [String]) {
    guard let command else { return (ssh, ["ssh"]) }
    return (shell, ["sh", "-c", "\(command) \"$@\"", "ssh"])
  }

  static func query(_ host: SSHHost) -> [String] {
    ["-G"] + host.options + port(host) + ["--", host.destination]
  }

  /// The connection is shared for a minute after its last use; one that is dead is given up within 15 s.
  static func words(_ host: SSHHost, _ settings: Settings?, _ manner: Manner) -> [String] {
    var words = ["-T", "-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none"]
    if !manner.asks { words += ["-o", "BatchMode=yes"] }
    if manner.isFresh {
      words += ["-o", "ControlMaster=no", "-o", "ControlPath=none"]
    } else if let control = manner.control {
      words += ["-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", "ControlPath=\(control)"]
    }
    if let settings {
      if !settings.looksAlive { words += ["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"] }
      if !settings.hasTimeout { words += ["-o", "ConnectTimeout=10"] }
    }
    return words + host.options + port(host) + ["--", host.destination, "arroba", "bridge"]
  }

  /// For a program that is not OpenSSH.
  static func plainWords(_ host: SSHHost) -> [String] {
    host.options + port(host) + [host.destination, "arroba", "bridge"]
  }

  private static func port(_ host: SSHHost) -> [String] { host.port.map { ["-p", "\($0)"] } ?? [] }

  /// A short name for a shared connection, the same for the same words: a socket's path has 107 bytes.
  static func controlName(_ command: String?, _ host: SSHHost) -> String {
    var hash = StableHash()
    for part in [command ?? "", host.destination, host.port.map(String.init) ?? ""] + host.options {
      hash.mix(Array(part.utf8) + [0])
    }
    return String(hash.value, radix: 36)
  }
}
