internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem
internal import ArrobaWire

/// Where Claude Code is on this machine, as the environment says, and what it is started as.
struct ClaudeInstallation: Sendable {
  let environment: ChildEnvironment
  let named: String?

  init(_ environment: [String: String]) {
    let environment = ChildEnvironment(environment)
    self.environment = environment
    named = environment["ARROBA_CLAUDE_BIN"]
  }

  /// The program; looks at files.
  func executable() -> Result<String, ProviderTrouble> {
    let places = [".local/bin/claude", ".claude/local/claude"]
    switch environment.locate("claude", named: named, belowHome: places) {
    case .at(let path): return .success(path)
    case .misnamed(let path):
      return .failure(
        ProviderTrouble(
          "ARROBA_CLAUDE_BIN names \(Words.quoted(path)), which is not the path of an executable file"))
    case .nowhere:
      return .failure(
        ProviderTrouble(
          "there is no claude on PATH",
          hint: "npm install -g @anthropic-ai/claude-code, or set ARROBA_CLAUDE_BIN to where it is"))
    }
  }

  /// As the files say it, without starting it: its own installer keeps versions side by side, npm beside a manifest.
  func version(of executable: String) -> String? {
    guard let real = Files.canonical(executable) else { return nil }
    let name = Files.name(of: real)
    if Self.isVersion(name) { return name }
    guard let place = Files.parent(of: real) else { return nil }
    for manifest in ["\(place)/package.json", "\(Files.parent(of: place) ?? place)/package.json"] {
      // Where there is none, or another package's, no version is said.
      guard let bytes = try? Files.read(manifest, atMost: 256 << 10), let json = try? JSONReader.read(bytes),
        json["name"]?.string == "@anthropic-ai/claude-code"
      else { continue }
      return json["version"]?.string
    }
    return nil
  }

  private static func isVersion(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 3 && parts.allSatisfy { Int($0) != nil }
  }

  /// What a conversation's process is to be born as. `isNew`: it is to make the conversation of that name.
  func birth(_ executable: String, of opening: ConversationOpening, session: String, isNew: Bool)
    -> ChildBirth
  {
    var arguments = [
      "claude", "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
      "--include-partial-messages", "--permission-prompt-tool", "stdio",
    ]
    arguments += isNew ? ["--session-id", session] : ["--resume", session]
    if let model = opening.spec.model { arguments += ["--model", model] }
    if let effort = opening.spec.effort { arguments += ["--effort", effort] }
    var variables = ["PWD": opening.spec.directory]
    for variable in opening.spec.environment { variables[variable.name] = variable.value }
    variables["ARROBA_SESSION"] = opening.identity.session.text
    variables["ARROBA_AGENT"] = opening.identity.agent.text
    variables["ARROBA_SOCKET"] = opening.identity.socket
    return ChildBirth(
      id: "", kind: .pipes, path: executable, arguments: arguments,
      environment: environment.entries(adding: variables), directory: opening.spec.directory)
  }
}
