internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaSystem
internal import ArrobaWire

/// Finds the workspace of a path: its git top level where it has one, else the path itself, without symbolic links.
/// Blocking; runs on a worker.
enum Workspaces {
  static func find(_ path: String) throws(WireError) -> String {
    guard path.hasPrefix("/") else {
      throw Params.invalid("workspace", expected: "an absolute path", got: .string(path))
    }
    guard let canonical = Files.canonical(path) else {
      throw WireError(
        kind: .workspaceNotFound, message: "there is no workspace \(Words.quoted(path))",
        details: ["workspace": .string(Words.quoted(path))])
    }
    guard Files.status(canonical)?.isDirectory ?? false else {
      throw WireError(
        kind: .workspaceNotFound, message: "the workspace \(Words.quoted(path)) is not a directory",
        details: ["workspace": .string(Words.quoted(path))])
    }
    var directory: String? = canonical
    while let candidate = directory {
      // A directory in a plain clone, a file in a worktree or a submodule.
      if Files.status(candidate == "/" ? "/.git" : "\(candidate)/.git") != nil { return candidate }
      directory = candidate == "/" ? nil : Files.parent(of: candidate)
    }
    return canonical
  }

  /// The path that a client means by one that begins with `~`: on another machine it does not know what the home is called.
  static func atHome(_ path: String) -> String {
    guard path == "~" || path.hasPrefix("~/"), let home = Environment.all["HOME"], home.hasPrefix("/") else {
      return path
    }
    return home + path.dropFirst()
  }
}
