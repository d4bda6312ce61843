internal import ArrobaSystem

/// The environment of the real OpenCode's sandbox; `scripts/live/run` writes it, and says where in ARROBA_LIVE_ENV.
package enum LiveEnvironment {
  private static let file = Environment.all["ARROBA_LIVE_ENV"]

  package static var isThere: Bool { file != nil }

  package static func variables() throws -> [String: String] {
    guard let file else { throw Silence("ARROBA_LIVE_ENV is not set; scripts/test --live sets it") }
    var variables: [String: String] = [:]
    for line in String(decoding: try Files.read(file, atMost: 1 << 20), as: UTF8.self).split(separator: "\n")
    {
      let pair = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
    }
    return variables
  }

  /// The git project of the sandbox: HOME is the sandbox's, and the project stands beside it.
  package static func project() throws -> String {
    let home = try variables()["HOME"] ?? ""
    return "\(Files.parent(of: home) ?? "")/project"
  }
}
