import ArrobaJSON
import ArrobaTestSupport

@testable import ArrobaCLI

/// `arroba` run within a test, against a daemon that the test plays: what it printed, and its exit code.
struct ToolRun: Equatable {
  var out = ""
  var error = ""
  var code: Int32 = 0

  init(out: String = "", error: String = "", code: Int32 = 0) {
    self.out = out
    self.error = error
    self.code = code
  }

  /// Places in `house`; nothing of the user's is looked at, and no daemon is started.
  init(
    _ arguments: [String], in house: TemporaryDirectory, _ more: [String: String] = [:],
    at seat: Seat = Seat(input: 0, output: 1, error: -1)
  ) {
    var environment = [
      "ARROBA_SOCKET": house.path("daemon.sock"), "ARROBA_STATE_DIR": house.path("state"),
      "ARROBA_LOG_DIR": house.path("logs"), "ARROBA_LOG_LEVEL": "off", "HOME": house.path, "NO_COLOR": "1",
      "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
    ]
    for (name, value) in more { environment[name] = value }
    var said = ToolRun()
    let tool = CommandLineTool(environment: environment, isTerminal: false, seat: seat) { stream, bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      switch stream {
      case .standard: said.out += text
      case .error: said.error += text
      }
    }
    said.code = tool.run(["--no-start"] + arguments)
    self = said
  }
}
