import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

@Suite struct FilesTests {
  private let directory = TemporaryDirectory()

  @Test("A file is replaced whole, for its owner alone, and nothing stays beside it")
  func replace() throws {
    let path = directory.path("f")
    try Files.replace(path, with: Array("old and longer".utf8))
    try Files.replace(path, with: Array("new".utf8))
    #expect(try Files.read(path, atMost: 100) == Array("new".utf8))
    #expect(try Files.list(directory.path) == ["f"])
    #expect(Files.status(path)?.permissions == 0o600)
    #expect(Files.status(path)?.size == 3)
  }

  @Test("Reading stops at the limit, to the byte", arguments: [0, 1, 4096, 65536, 65537, 100_000])
  func limits(limit: Int) throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
    try Files.replace(directory.path("f"), with: bytes)
    #expect(try Files.read(directory.path("f"), atMost: limit) == Array(bytes[..<limit]))
  }

  @Test("What is missing is said so, with what was tried")
  func missing() {
    let path = directory.path("none")
    do {
      _ = try Files.read(path, atMost: 1)
      Issue.record("a file that is not there was read")
    } catch {
      #expect(error.isMissing)
      #expect(error.description == "cannot open \(path): No such file or directory")
    }
    #expect(Files.status(path) == nil)
    #expect(Files.canonical(path) == nil)
    #expect(throws: SystemError.self) { try Files.list(path) }
    #expect(throws: Never.self) { try Files.remove(path) }
  }

  @Test("Lists are sorted and tell neither of the two dots")
  func lists() throws {
    for name in ["b", "a", ".hidden"] { try Files.replace(directory.path(name), with: []) }
    #expect(try Files.list(directory.path) == [".hidden", "a", "b"])
    try Files.remove(directory.path("a"))
    #expect(try Files.list(directory.path) == [".hidden", "b"])
  }

  @Test(
    "A path's parent and name",
    arguments: [
      ("/a/b", "/a", "b"), ("/a", "/", "a"), ("a", nil, "a"), ("a/b", "a", "b"), ("/", "/", "/"),
    ] as [(String, String?, String)])
  func paths(path: String, parent: String?, name: String) {
    #expect(Files.parent(of: path) == parent)
    #expect(Files.name(of: path) == name)
  }

  @Test("A canonical path has no links and no dots; executable is a file that may be run")
  func kinds() throws {
    let file = directory.path("f")
    try Files.replace(file, with: [])
    #expect(symlink(file, directory.path("link")) == 0)
    #expect(Files.canonical(directory.path("./link")) == Files.canonical(file))
    #expect(!Files.isExecutable(directory.path("link")))
    #expect(chmod(file, 0o700) == 0)
    #expect(Files.isExecutable(directory.path("link")))
    #expect(!Files.isExecutable(directory.path))
  }
}
