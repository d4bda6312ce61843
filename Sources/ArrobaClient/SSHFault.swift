internal import ArrobaSystem

/// What it means that ssh ended before a daemon answered: which side is wrong, and the next step.
enum SSHFault {
  /// ssh's own failures; any other exit code is the far program's.
  private static let own: Int32 = 255
  private static let notFound: Int32 = 127
  private static let notExecutable: Int32 = 126

  static func judge(_ end: Companion.End, said: String, host: SSHHost) -> ClientError {
    let lines = said.split(whereSeparator: \.isNewline).map { $0.trimmed }.filter { !$0.isEmpty }
    switch end {
    case .signalled: return .unreachable("ssh to \(host.name) was ended", hint: nil)
    case .exited(own): return ofSSH(lines, host)
    case .exited(notFound), .exited(notExecutable):
      guard said.contains("arroba") else {
        return .barred(
          "ssh cannot be run: \(lines.last ?? "it is not found")", hint: "ARROBA_SSH_COMMAND names it")
      }
      return .barred(
        "arroba is not found on \(host.name): \(lines.last ?? "")",
        hint:
          "install it there, where a shell finds it that nobody logs in to: ssh \(host.destination) command -v arroba"
      )
    case .exited(let code): return ofBridge(lines, code, host)
    }
  }

  private static func ofSSH(_ lines: [String], _ host: SSHHost) -> ClientError {
    let name = host.name
    func line(with words: String...) -> String? {
      lines.last { line in words.contains { line.contains($0) } }
    }
    if line(with: "REMOTE HOST IDENTIFICATION HAS CHANGED") != nil {
      return .barred(
        "the host key of \(name) has changed: it is another machine, or somebody stands in between",
        hint: "if you know why it changed: ssh-keygen -R \(name)")
    }
    if line(with: "Host key verification failed") != nil {
      return .barred(
        "the host key of \(name) is not known here",
        hint: "ssh \(host.destination) shows it and asks whether it is right")
    }
    if let words = line(
      with: "Permission denied", "Too many authentication failures", "No more authentication")
    {
      return .barred(
        "\(name) refuses to log you in: \(words)",
        hint: "ssh-add -l shows your keys; ssh-copy-id \(host.destination) brings one there")
    }
    if let words = line(with: "Could not resolve hostname", "Name or service not known") {
      return .unreachable(
        "there is no host \(name): \(words)", hint: "its name is looked up by ssh: see ~/.ssh/config")
    }
    if let words = line(with: "Bad configuration option", "Bad owner or permissions", "terminating,") {
      return .barred("ssh does not start: \(words)", hint: "ssh \(host.destination)")
    }
    return .unreachable(
      "\(name) cannot be reached: \(lines.last ?? "ssh ended without a word")",
      hint: "ssh \(host.destination)")
  }

  /// `arroba bridge` says why, as every verb does.
  private static func ofBridge(_ lines: [String], _ code: Int32, _ host: SSHHost) -> ClientError {
    let prefix = "arroba: "
    guard let words = lines.last(where: { $0.hasPrefix(prefix) }) else {
      let last = lines.last.map { ": \($0)" } ?? ""
      return .unreachable(
        "arroba on \(host.name) ended with exit code \(code)\(last)",
        hint: "ssh \(host.destination) arroba version")
    }
    let hint = lines.last { $0.hasPrefix("hint: ") }.map { String($0.dropFirst(6)) }
    return .unreachable(
      "on \(host.name): \(words.dropFirst(prefix.count))",
      hint: hint.map { $0.hasPrefix("arroba ") ? "ssh \(host.destination) \($0)" : $0 })
  }
}

extension StringProtocol {
  /// Without the blanks at both ends.
  fileprivate var trimmed: String {
    let front = drop { $0.isWhitespace }
    return String(front.prefix(front.count - front.reversed().prefix { $0.isWhitespace }.count))
  }

}
