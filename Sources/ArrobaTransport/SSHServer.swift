internal import ArrobaSystem

/// The sshd of OpenSSH, which meets those who come by a relay.
package enum SSHServer {
  /// Where it is: usually not on a user's search path.
  package static func program(searchPath: String?) -> String? {
    let known = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd", "/usr/lib/ssh/sshd"]
    return known.first { Files.isExecutable($0) } ?? Programs.find("sshd", searchPath: searchPath)
  }
}
