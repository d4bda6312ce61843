/// Which directory references and new sessions mean, on the machine where the daemon is.
enum Workspace {
  /// What was named, else where the user is. Elsewhere it is the same path; one in the user's home is one in the home
  /// there (`~`), which may have another name.
  static func path(named: String?, directory: String, home: String?, isRemote: Bool) -> String {
    guard isRemote else {
      guard let named else { return directory }
      return named.hasPrefix("/") ? named : "\(directory)/\(named)"
    }
    if let named { return isWhole(named) ? named : "~/\(named)" }
    guard let home, home.hasPrefix("/"), home != "/" else { return directory }
    if directory == home { return "~" }
    return directory.hasPrefix(home + "/") ? "~" + directory.dropFirst(home.count) : directory
  }

  private static func isWhole(_ path: String) -> Bool {
    path.hasPrefix("/") || path == "~" || path.hasPrefix("~/")
  }
}
