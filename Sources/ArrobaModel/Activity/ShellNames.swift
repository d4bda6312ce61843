/// Which programs run commands that are typed to them.
package enum ShellNames {
  private static let known: Set<String> = [
    "ash", "bash", "csh", "dash", "elvish", "fish", "ksh", "mksh", "nu", "oksh", "pwsh", "sh", "tcsh",
    "xonsh",
    "yash", "zsh",
  ]

  /// Whether these words start a shell that reads commands from its terminal: a known one, and no script for it.
  package static func isInteractive(_ arguments: [String]) -> Bool {
    guard let program = arguments.first else { return true }  // the user's shell
    guard let name = program.split(separator: "/").last else { return false }
    // A login shell's name begins with a dash.
    guard known.contains(String(name.drop { $0 == "-" })) else { return false }
    let options = arguments.dropFirst()
    // `-c`, and what ends with it, as in `-lc`.
    return options.allSatisfy { $0.hasPrefix("-") && !($0.hasSuffix("c") && !$0.hasPrefix("--")) }
  }
}
