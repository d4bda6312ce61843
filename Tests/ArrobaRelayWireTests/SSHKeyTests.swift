import ArrobaRelayWire
import Testing

@Suite struct SSHKeyTests {
  /// As ssh-keygen made it; `ssh-keygen -l` told the fingerprint.
  private static let line =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJk0aeb579pUIdw0Nl1PzSblEOUqyCNkM1uE3MUEBafI me@box"
  private static let fingerprint = "SHA256:uLOsokPpXGQWSFAvtcRZ/mdEw8exOcU/FJltTHu3xqM"

  @Test("A public key is read with its comment, and has the fingerprint that ssh-keygen shows")
  func reading() throws {
    let key = try #require(SSHKey(line: Self.line))
    #expect(key.kind == "ssh-ed25519" && key.comment == "me@box" && key.line == Self.line)
    #expect(key.fingerprint == Self.fingerprint)
    #expect(
      SSHKey(line: key.bare)?.comment == ""
        && SSHKey(line: "  \(key.bare)\ttwo words")?.comment == "two words")
  }

  @Test("What is cut, changed, or would say more than a key is none")
  func noKeys() throws {
    let bare = try #require(SSHKey(line: Self.line)).bare
    for line in [
      "", "ssh-ed25519", "command=\"x\" \(bare)", "no-pty \(bare)", "ssh-dss \(bare.dropFirst(12))",
      "ssh-rsa \(bare.dropFirst(12))", "\(bare)\nssh-rsa AAAA", bare.replacing("AAAA", with: "AAA"),
      "ssh-ed25519 AAAA", "ssh-ed25519 ####",
    ] { #expect(SSHKey(line: line) == nil, "\(line)") }
  }
}
