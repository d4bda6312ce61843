import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

/// Another program that a test runs to its end: what it printed, and how it ended.
struct Shell {
  let output: String
  let status: Int32

  /// Runs a script of that shell; both outputs of it are read as one.
  init(_ program: String, _ script: String, environment: [String] = ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"])
    throws
  {
    let house = TemporaryDirectory()
    let path = house.path("script")
    try Files.replace(path, with: Array(script.utf8))
    let output = try Files.open(house.path("said"), O_RDWR | O_CREAT)
    let spare = try Files.open("/dev/null", O_RDONLY)
    let pid = try Programs.startDetached(
      program, arguments: [program, path], environment: environment + ["HOME=\(house.path)"], output: output,
      passing: spare, passedAs: 9)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    self.status = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    self.output = String(decoding: try Files.read(house.path("said"), atMost: 1 << 20), as: UTF8.self)
  }

  /// Where a shell is, if it is installed.
  static func find(_ name: String) -> String? {
    Programs.find(name, searchPath: "/usr/bin:/bin:/usr/local/bin")
  }
}
