internal import ArrobaSystem

/// The environment of a real agent's sandbox. `scripts/live/run` writes OpenCode's, `scripts/live/claude` Claude Code's, each
/// saying in a variable where.
package struct LiveEnvironment: Sendable {
  package static let opencode = LiveEnvironment("ARROBA_LIVE_ENV")
  package static let claude = LiveEnvironment("ARROBA_LIVE_CLAUDE_ENV")

  package static var isThere: Bool { opencode.isThere }
  package static func variables() throws -> [String: String] { try opencode.variables() }
  package static func project() throws -> String { try opencode.project() }

  private let variable: String
  private let file: String?

  private init(_ variable: String) {
    self.variable = variable
    file = Environment.all[variable]
  }

  package var isThere: Bool { file != nil }

  package func variables() throws -> [String: String] {
    guard let file else { throw Silence("\(variable) is not set; scripts/test --live sets it") }
    var variables: [String: String] = [:]
    for line in String(decoding: try Files.read(file, atMost: 1 << 20), as: UTF8.self).split(separator: "\n")
    {
      let pair = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
    }
    return variables
  }

  /// The git project of the sandbox: HOME is the sandbox's, and the project stands beside it.
  package func project() throws -> String {
    let home = try variables()["HOME"] ?? ""
    return "\(Files.parent(of: home) ?? "")/project"
  }
}
