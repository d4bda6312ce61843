/// Where a relay is: `relay://host:port`, or `relays://host[:port][/path]` behind TLS.
package struct RelayAddress: Equatable, Sendable, CustomStringConvertible {
  package let host: String
  package let port: Int
  package let isSecure: Bool
  /// What stands before our own path, without a slash at its end: a proxy may give us a part of a site.
  package let path: String

  package struct Malformed: Error, Equatable {
    package let message: String
  }

  package static let plainPort = 7437
  package static let securePort = 443

  package init(_ text: String) throws(Malformed) {
    guard let mark = text.firstRange(of: "://"), ["relay", "relays"].contains(text[..<mark.lowerBound]) else {
      throw Malformed(message: "'\(text)' is no relay: relay://host:port or relays://host is expected")
    }
    isSecure = text[..<mark.lowerBound] == "relays"
    let rest = text[mark.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    var path = String(rest.dropFirst(authority.count))
    while path.hasSuffix("/") { path.removeLast() }
    guard path.utf8.allSatisfy({ Self.isPathByte($0) }) else {
      throw Malformed(message: "the path of '\(text)' may have letters, digits and - _ . / only")
    }
    self.path = path
    var host = authority
    var port: Substring?
    if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
      host = authority[authority.index(after: authority.startIndex)..<close]
      let behind = authority[authority.index(after: close)...]
      guard behind.isEmpty || behind.hasPrefix(":") else {
        throw Malformed(message: "'\(text)' has something behind its host")
      }
      port = behind.isEmpty ? nil : behind.dropFirst()
    } else if let colon = authority.firstIndex(of: ":") {
      host = authority[..<colon]
      port = authority[authority.index(after: colon)...]
    }
    guard !host.isEmpty, !host.hasPrefix("-"), host.utf8.count <= 253,
      host.utf8.allSatisfy({ Self.isPathByte($0) && $0 != 0x2F || $0 == UInt8(ascii: ":") })
    else { throw Malformed(message: "'\(text)' names no host") }
    self.host = String(host)
    let number = port.map { Int($0) ?? 0 } ?? (isSecure ? Self.securePort : Self.plainPort)
    guard (1...65_535).contains(number) else { throw Malformed(message: "'\(text)' has no valid port") }
    self.port = number
  }

  private static func isPathByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-_./".utf8.contains(byte)
    }
  }

  /// Host and port as an address and a request name them.
  package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  package var description: String { "\(isSecure ? "relays" : "relay")://\(authority)\(path)" }

  /// The request that every conversation with a relay begins with.
  package var upgradeRequest: [UInt8] {
    Array(
      """
      GET \(path)\(RelayTerms.path) HTTP/1.1\r
      Host: \(authority)\r
      Connection: Upgrade\r
      Upgrade: \(RelayTerms.upgrade)\r
      \r

      """.utf8)
  }
}
