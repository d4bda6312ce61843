/// Whom ssh is to call: what stands behind `ssh://`. Nothing in it can be taken for an option, or for a shell's words.
package struct SSHHost: Equatable, Sendable {
  /// What is wrong with a host, as the end of a sentence.
  package struct Fault: Error, Equatable {
    package let reason: String
  }

  package let user: String?
  /// A name that the user's ssh knows, or an address, without brackets.
  package let name: String
  package let port: Int?
  /// Further options for ssh: how a machine is reached that has no address.
  package let options: [String]

  package init(user: String?, name: String, port: Int?, options: [String] = []) {
    self.user = user
    self.name = name
    self.port = port
    self.options = options
  }

  /// Reads `[user@]host[:port]`.
  package init(_ text: String) throws(Fault) {
    var rest = text[...]
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    guard !rest.contains("/") else {
      throw Fault(
        reason: "names a path: ssh://[user@]host[:port] is all, --workspace names a directory there")
    }
    var user: String?
    if let at = rest.lastIndex(of: "@") {
      user = String(rest[..<at])
      rest = rest[rest.index(after: at)...]
    }
    if let user {
      guard !user.contains(":") else {
        throw Fault(reason: "names a password: ssh asks for it itself, or takes a key")
      }
      guard Self.isPlain(user) else {
        throw Fault(reason: "has an odd user: letters, digits and . _ - + are taken")
      }
    }
    var name = rest
    var port: Substring?
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else {
        throw Fault(reason: "has a bracket that is not closed")
      }
      name = rest[rest.index(after: rest.startIndex)..<end]
      let behind = rest[rest.index(after: end)...]
      guard behind.isEmpty || behind.hasPrefix(":") else {
        throw Fault(reason: "has something behind its address: [address]:port is expected")
      }
      if !behind.isEmpty { port = behind.dropFirst() }
      guard name.contains(":"), name.utf8.allSatisfy({ Self.isAddress($0) }) else {
        throw Fault(reason: "has no address in its brackets")
      }
    } else {
      if let colon = rest.firstIndex(of: ":") {
        name = rest[..<colon]
        port = rest[rest.index(after: colon)...]
        guard port?.contains(":") == false else {
          throw Fault(reason: "has several colons: an IPv6 address stands in brackets")
        }
      }
      guard !name.isEmpty else { throw Fault(reason: "names no host: ssh://[user@]host[:port] is expected") }
      guard Self.isPlain(String(name)) else {
        throw Fault(reason: "has an odd name: letters, digits and . _ - + are taken, and no - in front")
      }
    }
    var number: Int?
    if let port {
      guard let value = Int(port), 1...65_535 ~= value, port.utf8.allSatisfy({ 48...57 ~= $0 }) else {
        throw Fault(reason: "has no port behind its colon: 1 to 65535 is expected")
      }
      number = value
    }
    self.init(user: user, name: String(name), port: number)
  }

  private static func isPlain(_ text: String) -> Bool {
    guard !text.isEmpty, text.utf8.count <= 255, !text.hasPrefix("-") else { return false }
    return text.utf8.allSatisfy { byte in
      isLetterOrDigit(byte) || [0x2E, 0x5F, 0x2D, 0x2B].contains(byte)
    }
  }

  /// Of an IPv6 address, and its zone behind `%`.
  private static func isAddress(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || [0x3A, 0x2E, 0x25, 0x5F].contains(byte)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
  }

  /// As ssh takes it.
  package var destination: String { user.map { "\($0)@\(name)" } ?? name }
}
