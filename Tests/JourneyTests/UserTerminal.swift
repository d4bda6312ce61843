import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport

/// A person's terminal with a shell script in it that runs the command line: a terminal of the daemon itself, which is
/// looked at and typed into as by any client.
struct UserTerminal {
  let daemon: DaemonUnderTest
  let session: String

  /// Runs the script; in it `arroba` is the command line.
  init(_ daemon: DaemonUnderTest, _ script: String, columns: Int = 80, rows: Int = 24) throws {
    self.daemon = daemon
    let environment: JSON = [
      "ARROBA_STATE_DIR": .string(daemon.state), "ARROBA_LOG_DIR": .string(daemon.logs),
      "HOME": .string(daemon.house.path("home")), "NO_COLOR": "1", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin",
    ]
    let words = "arroba() { '\(DaemonUnderTest.binary("arroba"))' \"$@\"; }\n\(script)"
    session = try daemon.client().request(
      "session.create",
      [
        "workspace": .string(daemon.workspace),
        "agents": [
          [
            "argv": ["/bin/sh", "-c", .string(words)], "env": environment, "cols": .int(columns),
            "rows": .int(rows),
          ]
        ],
      ]
    ).words("id")
  }

  /// What is on the screen, from its first row to the last that is not empty.
  func rows(history: Int = 0) throws -> [String] {
    let params: JSON = ["session": .string(session), "history": .int(history)]
    var rows = try daemon.client().request("terminal.screen", params).list("text").compactMap(\.string)
    while rows.last == "" { rows.removeLast() }
    return rows
  }

  func type(_ keys: String...) throws {
    let params: JSON = ["session": .string(session), "keys": .array(keys.map { .string($0) })]
    _ = try daemon.client().request("terminal.input", params)
  }

  func resize(columns: Int, rows: Int) throws {
    let params: JSON = ["session": .string(session), "cols": .int(columns), "rows": .int(rows)]
    _ = try daemon.client().request("terminal.resize", params)
  }

  /// Waits until the screen is as wanted; answers it.
  @discardableResult
  func wait(_ what: String, until isSo: ([String]) -> Bool) throws -> [String] {
    var seen: [String] = []
    do {
      try Deadline.until(what) {
        seen = try rows()
        return isSo(seen)
      }
    } catch { throw Silence("waited for \(what); the screen is\n" + seen.joined(separator: "\n")) }
    return seen
  }

  @discardableResult
  func wait(for row: String) throws -> [String] {
    try wait("the row '\(row)'") { $0.contains(row) }
  }

  /// Whether a mode is set on it.
  func isSet(mode: Int) throws -> Bool {
    let params: JSON = ["session": .string(session), "format": "cells"]
    return try daemon.client().request("terminal.screen", params).number("modes.\(mode)") == 1
  }
}

extension DaemonUnderTest {
  /// A session with agents that do what their prompts say; answers its id.
  func conversation(alias: String? = nil, agents: [String?] = [nil]) throws -> String {
    try client().request(
      "session.create",
      .record([
        "workspace": .string(workspace), "alias": .text(alias),
        "agents": .array(agents.map { .record(["provider": "scripted", "alias": .text($0)]) }),
      ])
    ).words("id")
  }

  /// Opens the gate that a scripted prompt waits at.
  func open(gate: String) throws { try Files.replace("\(workspace)/\(gate)", with: []) }

  /// Waits until nothing is under way in a session, and nothing waits.
  func awaitQuiet(_ session: String) throws {
    let client = try client()
    try Deadline.until("the end of all prompts") {
      try client.request("prompt.list", ["session": .string(session)]).list("prompts").isEmpty
    }
  }
}
