/// Where the daemon is that a client talks to (cli.md, `--host`).
package enum Endpoint: Equatable, Sendable {
  /// A Unix socket. `mayStart`: whether a daemon may be started there on demand.
  case socket(path: String, mayStart: Bool)
  /// The daemon of an account elsewhere, by the user's own ssh.
  case ssh(SSHHost)

  package enum Refusal: Error, Equatable {
    /// A machine behind a relay that the user has not added.
    case unknownMachine(String)
    case malformed(String)
  }

  /// The endpoint that a host names. A daemon is started only where nobody named a host: a named one is somebody's own.
  /// `machine`: how ssh gets to a machine behind a relay; nil where it is not known.
  package static func named(_ host: String, machine: (String) -> SSHHost? = { _ in nil }) throws(Refusal)
    -> Endpoint
  {
    guard let colon = host.firstIndex(of: ":"), host[colon...].hasPrefix("://") else {
      throw .malformed("'\(host)' is no host: unix:///path, ssh://[user@]box or relay://MACHINE is expected")
    }
    let scheme = String(host[..<colon])
    let rest = String(host[host.index(colon, offsetBy: 3)...])
    switch scheme {
    case "unix":
      guard rest.hasPrefix("/") else { throw .malformed("'\(host)' needs an absolute path: unix:///path") }
      return .socket(path: rest, mayStart: false)
    case "ssh":
      do { return .ssh(try SSHHost(rest)) } catch { throw .malformed("'\(host)' \(error.reason)") }
    case "relay":
      guard let way = machine(rest) else { throw .unknownMachine(rest) }
      return .ssh(way)
    default: throw .malformed("'\(host)' has the unknown scheme '\(scheme)'")
    }
  }
}
