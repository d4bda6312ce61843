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
  /// Why the program has no terminal client of its own, where it has none.
  let noClient: String?
  /// What the variables say that cannot be.
  let trouble: ProviderTrouble?
  let named: String?

  init(_ environment: [String: String], noClient: String? = nil) {
    self.noClient = noClient
    let environment = ChildEnvironment(environment)
    self.environment = environment
    endpoint = environment["ARROBA_OPENCODE_ENDPOINT"].map { text in
      text.hasSuffix("/") ? String(text.dropLast()) : text
    }
    endpointPassword = environment["OPENCODE_SERVER_PASSWORD"]
    port = environment["ARROBA_OPENCODE_PORT"].flatMap { Int($0) }
    trouble = Self.trouble(
      endpoint: environment["ARROBA_OPENCODE_ENDPOINT"], port: environment["ARROBA_OPENCODE_PORT"])
    named = environment["ARROBA_OPENCODE_BIN"]
  }

  private static func trouble(endpoint: String?, port: String?) -> ProviderTrouble? {
    if let endpoint {
      let address = ["http://", "https://"].first { endpoint.hasPrefix($0) }
        .map { endpoint.dropFirst($0.count) }
      guard let address, let first = address.first, first != "/", first != ":",
        address.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
      else {
        return ProviderTrouble(
          "ARROBA_OPENCODE_ENDPOINT is '\(Words.quoted(endpoint))', which is no address of a server",
          hint: "write it as http://127.0.0.1:4096, and restart the daemon: arroba daemon restart")
      }
      return nil
    }
    guard let port, !(Int(port).map { (1...65_535).contains($0) } ?? false) else { return nil }
    return ProviderTrouble(
      "ARROBA_OPENCODE_PORT is '\(Words.quoted(port))', which is no port",
      hint: "set it to a number from 1 to 65535, or not at all, and restart the daemon: arroba daemon restart"
    )
  }

  /// A start of our own that failed before there was a process, or with its end: perhaps for the port that is set.
  func judged(_ trouble: ProviderTrouble) -> ProviderTrouble {
    guard let port, Sockets.isTaken(port: port) else { return trouble }
    return ProviderTrouble(
      "port \(port), which ARROBA_OPENCODE_PORT names, is taken by another process; \(trouble.reason)",
      hint: "set it to a free one, or not at all, and restart the daemon: arroba daemon restart")
  }

  /// A server that is not ours cannot be mended by us.
  func advised(_ trouble: ProviderTrouble) -> ProviderTrouble {
    guard trouble.hint == nil, endpoint != nil else { return trouble }
    return ProviderTrouble(
      trouble.reason,
      hint:
        "ARROBA_OPENCODE_ENDPOINT names it: start OpenCode 1.18 there, or unset it and Arroba starts its own")
  }

  /// npm's package is not named: its program may be missing or another's (#20061, #37039).
  static let advice =
    "install OpenCode 1.18 (https://opencode.ai/docs), or set ARROBA_OPENCODE_BIN to where it is"

  /// The program; looks at files.
  func executable() -> Result<String, ProviderTrouble> {
    let places = [".opencode/bin/opencode", ".local/bin/opencode"]
    switch environment.locate("opencode", named: named, belowHome: places) {
    case .at(let path): return .success(path)
    case .misnamed(let path):
      return .failure(
        ProviderTrouble(
          "ARROBA_OPENCODE_BIN names \(path), which is not the path of an executable file",
          hint: "set it to the absolute path of OpenCode 1.18, and restart the daemon: arroba daemon restart")
      )
    case .nowhere: return .failure(ProviderTrouble("there is no opencode on PATH", hint: Self.advice))
    }
  }

  /// What the program itself says, judged; nil: it says nothing that can be read, which its server then will. Blocks.
  func version(of executable: String) -> Result<String?, ProviderTrouble> {
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
