package import ArrobaRelayWire
internal import ArrobaSystem

/// A token in a file of its user's alone.
package enum SecretFile {
  package struct Failure: Error, Equatable, CustomStringConvertible {
    package let description: String
    package let hint: String
  }

  /// Refuses what others can read: it may be theirs by now.
  package static func read(_ path: String) throws(Failure) -> RelayToken {
    guard let status = Files.status(path) else {
      throw Failure(
        description: "there is no token file \(path)", hint: "ask whoever runs the relay for a token")
    }
    guard status.isPrivate(to: ThisProcess.uid) else {
      throw Failure(
        description:
          "the token file \(path) is open to others (mode \(String(status.permissions, radix: 8)))",
        hint: "chmod 600 \(path), and have the token replaced if somebody else may have read it")
    }
    let bytes: [UInt8]
    do { bytes = try Files.read(path, atMost: 4096) } catch {
      throw Failure(description: "\(error)", hint: "it must be yours, with mode 600")
    }
    guard let token = RelayToken(text: String(decoding: bytes, as: UTF8.self)) else {
      throw Failure(
        description: "there is no token in \(path)",
        hint: "one looks like arroba1_…, as arroba-relay token new prints it")
    }
    return token
  }

  package static func write(_ token: RelayToken, to path: String) throws(Failure) {
    do {
      if let directory = Files.parent(of: path) { try Files.makeDirectory(directory) }
      try Files.replace(path, with: Array("\(token.text)\n".utf8))
    } catch { throw Failure(description: "\(error)", hint: "make room, or the directory yours") }
  }
}
