import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

/// Whoever can put a socket into the directory can pose as the daemon: what is made, what is accepted, what is refused.
@Suite struct SocketDirectoryTests {
  private let directory = TemporaryDirectory()
  private var path: String { directory.path("arroba") }

  /// The default directory: below XDG_RUNTIME_DIR.
  private var inRuntime: Places { Places(environment: ["XDG_RUNTIME_DIR": directory.path, "HOME": "/h"]) }
  private var named: Places { Places(environment: ["ARROBA_SOCKET": "\(path)/my.sock", "HOME": "/h"]) }

  private func refusal(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "accepted"
  }

  private func make(mode: UInt32) throws {
    try Files.makeDirectory(path)
    #expect(chmod(path, mode) == 0)
  }

  @Test("A missing directory is made, for its owner alone, and accepted again the next time")
  func made() throws {
    for _ in 0..<2 {
      try inRuntime.prepareSocketDirectory()
      #expect(Files.status(path)?.permissions == 0o700)
    }
  }

  @Test("Directories above it that are missing are made too")
  func madeDeep() throws {
    try Places(environment: ["XDG_RUNTIME_DIR": directory.path("a/b"), "HOME": "/h"]).prepareSocketDirectory()
    #expect(Files.status(directory.path("a/b/arroba"))?.permissions == 0o700)
    #expect(Files.status(directory.path("a"))?.permissions == 0o700)
  }

  @Test(
    "Our own directory that others may enter is refused, with the command that mends it",
    arguments: [
      0o755, 0o710, 0o701, 0o777, 0o1777,
    ] as [UInt32])
  func open(mode: UInt32) throws {
    try make(mode: mode)
    #expect(
      refusal { try inRuntime.prepareSocketDirectory() }
        == "the socket directory \(path) is open to others; run: chmod 700 \(path)")
    #expect(chmod(path, 0o700) == 0)
    try inRuntime.prepareSocketDirectory()
  }

  @Test("Somebody else's directory is refused, with whose it is")
  func foreign() throws {
    try make(mode: 0o700)
    let other = getuid() + 1
    #expect(
      refusal { try inRuntime.prepareSocketDirectory(uid: other) }
        == "the socket directory \(path) belongs to uid \(getuid()), not to you (uid \(other))")
  }

  @Test("What is no directory is refused")
  func notADirectory() throws {
    try Files.replace(path, with: [])
    #expect(
      refusal { try inRuntime.prepareSocketDirectory() } == "the socket directory \(path) is not a directory")
  }

  @Test(
    "A directory that the user named may be readable, or shared like /tmp; writable by others it is refused",
    arguments: [
      (0o755, true), (0o700, true), (0o1777, true), (0o775, false), (0o777, false), (0o722, false),
    ] as [(UInt32, Bool)])
  func namedDirectories(mode: UInt32, isAccepted: Bool) throws {
    try make(mode: mode)
    let words = refusal { try named.prepareSocketDirectory() }
    #expect(
      words
        == (isAccepted
          ? "accepted" : "the socket directory \(path) is open to others; run: chmod 700 \(path)"))
  }
}
