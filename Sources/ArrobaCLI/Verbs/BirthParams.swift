internal import ArrobaJSON

/// The parameters of an agent that is to be made: as its program would run from where the user is.
enum BirthParams {
  /// What of our surroundings a program needs to find things, speak the user's language and reach the display and the
  /// keys; nothing else of the environment leaves this process.
  private static let inherited = ["PATH", "LANG", "SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY"]
  /// On another machine things are elsewhere, and its display is not ours.
  private static let inheritedAfar = ["LANG"]
  /// The shell of the account there, whatever it is.
  private static let shellAfar = ["/bin/sh", "-c", "exec \"${SHELL:-/bin/sh}\""]
  private static let plainSize = (columns: 80, rows: 24)

  /// Whether it is a program on a terminal, which is attached to; other agents are talked to.
  static func isProgram(_ birth: Birth) -> Bool {
    birth.provider.map { $0 == "terminal" } ?? !birth.program.isEmpty
  }

  /// `size`: the user's terminal, where there is one. `isAfar`: it runs on another machine.
  static func agent(
    _ birth: Birth, in workspace: String, _ surroundings: [String: String],
    size: (columns: Int, rows: Int)?, isAfar: Bool = false
  ) -> JSON {
    let provider = birth.provider ?? (birth.program.isEmpty ? "opencode" : "terminal")
    let size = size ?? plainSize
    return .record([
      "provider": .string(provider), "alias": nil, "model": .text(birth.model),
      "argv": argv(birth, provider: provider, surroundings, isAfar).map { .array($0.map { .string($0) }) },
      "directory": .string(workspace),
      "env": environment(birth, surroundings, isAfar), "cols": .int(size.columns), "rows": .int(size.rows),
    ])
  }

  private static func argv(
    _ birth: Birth, provider: String, _ environment: [String: String], _ isAfar: Bool
  ) -> [String]? {
    guard birth.program.isEmpty else { return birth.program }
    guard provider == "terminal" else { return nil }
    guard !isAfar else { return shellAfar }
    let shell = environment["SHELL"].flatMap { $0.isEmpty ? nil : $0 }
    return [shell ?? "/bin/sh"]
  }

  private static func environment(_ birth: Birth, _ environment: [String: String], _ isAfar: Bool) -> JSON {
    let inherited = isAfar ? inheritedAfar : inherited
    var members = JSONObject()
    // An agent that is talked to runs within its provider's server, which has an environment already.
    if isProgram(birth) {
      for name in environment.keys.sorted() where inherited.contains(name) || name.hasPrefix("LC_") {
        members[name] = .text(environment[name])
      }
    }
    for variable in birth.environment { members[variable.name] = .string(variable.value) }
    return .object(members)
  }
}
