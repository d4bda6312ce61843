internal import ArrobaJSON

/// A public key of ssh as one line has it: its kind, its bytes, and a comment.
package struct SSHKey: Equatable, Sendable {
  private static let kinds: Set = [
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
  ]
  private static let longest = 16 << 10

  package let kind: String
  package let blob: [UInt8]
  package let comment: String

  /// nil for what is no key, and for one with options before it: what may be done with it is ours to say.
  package init?(line: some StringProtocol) {
    guard line.utf8.count <= Self.longest, line.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
    else { return nil }
    let words = line.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
    guard words.count >= 2, Self.kinds.contains(String(words[0])),
      let blob = Base64.decode(String(words[1])), blob.count > 4
    else { return nil }
    // The bytes begin with the kind once more, with its length.
    let length = blob[..<4].reduce(0) { $0 << 8 | Int($1) }
    guard blob.count > 4 + length, blob[4..<(4 + length)].elementsEqual(words[0].utf8) else { return nil }
    kind = String(words[0])
    self.blob = blob
    comment = words.count > 2 ? String(words[2]) : ""
  }

  /// Without its comment, as known_hosts has it.
  package var bare: String { "\(kind) \(Base64.encode(blob))" }
  package var line: String { comment.isEmpty ? bare : "\(bare) \(comment)" }

  /// "SHA256:…", as ssh-keygen -l shows it.
  package var fingerprint: String {
    let text = Base64.encode(SHA256.digest(of: blob))
    return "SHA256:\(text.prefix { $0 != "=" })"
  }
}
