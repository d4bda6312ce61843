internal import ArrobaModel
internal import ArrobaSystem

/// Where OpenCode is on this machine, as the environment says.
struct OpenCodeInstallation: Sendable {
  let environment: ChildEnvironment
  /// A server that already runs and is not ours: "http://127.0.0.1:4096".
  let endpoint: String?
  /// The password of that server.
  let endpointPassword: String?
  let port: Int?
  private let portText: String?
  private let named: String?
  private let home: String?

  init(_ environment: [String: String]) {
    let environment = ChildEnvironment(environment)
    self.environment = environment
    endpoint = environment["ARROBA_OPENCODE_ENDPOINT"].map { text in
      text.hasSuffix("/") ? String(text.dropLast()) : text
    }
    endpointPassword = environment["OPENCODE_SERVER_PASSWORD"]
    portText = environment["ARROBA_OPENCODE_PORT"]
    port = portText.flatMap { Int($0) }
    named = environment["ARROBA_OPENCODE_BIN"]
    home = environment["HOME"]
  }

  /// The program; looks at files.
  func executable() -> Result<String, OpenCodeTrouble> {
    if let portText, !(port.map { (1...65_535).contains($0) } ?? false) {
      return .failure(
        OpenCodeTrouble(
          "ARROBA_OPENCODE_PORT is '\(Words.quoted(portText))', which is no port",
          hint: "a number from 1 to 65535; unset, a free port is taken"))
    }
    if let named {
      guard named.hasPrefix("/"), Files.isExecutable(named) else {
        return .failure(
          OpenCodeTrouble("ARROBA_OPENCODE_BIN names \(named), which is not the path of an executable file"))
      }
      return .success(named)
    }
    if let found = environment.find("opencode") { return .success(found) }
    // Where its own installer puts it; a daemon started by systemd may have a short PATH.
    for place in ["\(home ?? "")/.opencode/bin/opencode", "\(home ?? "")/.local/bin/opencode"]
    where home != nil && Files.isExecutable(place) {
      return .success(place)
    }
    return .failure(
      OpenCodeTrouble(
        "there is no opencode on PATH",
        hint: "npm install -g opencode-ai@1, or set ARROBA_OPENCODE_BIN to where it is"))
  }

  /// What the program itself says, judged; nil: it says nothing that can be read, which its server then will. Blocks.
  func version(of executable: String) -> Result<String?, OpenCodeTrouble> {
    let entries = environment.entries(adding: [:])
    let answer = Companion.answer(
      of: executable, arguments: ["opencode", "--version"], environment: entries, withinMs: Self.versionMs)
    let word = answer?.split(whereSeparator: \.isWhitespace).last.map(String.init) ?? ""
    guard let version = OpenCodeVersion(word) else { return .success(nil) }
    switch OpenCodeIdentity.judged(version) {
    case .usable, .mustAskForInfo: return .success("\(version)")
    case .trouble(let trouble): return .failure(trouble)
    }
  }

  /// It takes a second where nothing of it is in memory.
  private static let versionMs = 10_000

  /// The server's environment. The password stands in it and nowhere else: never on a command line, never in a log.
  func serverEnvironment(password: String) -> [String] {
    environment.entries(adding: [
      "OPENCODE_SERVER_PASSWORD": password, "OPENCODE_SERVER_USERNAME": Self.user,
      // Questions are offered to the model only if somebody can answer them: every client of ours can.
      "OPENCODE_ENABLE_QUESTION_TOOL": "1",
    ])
  }

  static let user = "opencode"
}
