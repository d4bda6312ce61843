/// The systemd user unit that `arroba daemon unit` prints; docs/RUNNING.md says why each line is as it is.
enum DaemonUnit {
  /// `daemon` and `client`: where the two programs are; nil: somewhere on the service manager's own search path.
  static func text(_ environment: [String: String], daemon: String?, client: String?) -> String {
    let daemon = daemon ?? "arroba-daemon"
    let client = client ?? "arroba"
    // What the user set for this shell the unit must know too, or the two would not find each other, and the daemon not
    // the providers' programs.
    let names = [
      "ARROBA_CLAUDE_BIN", "ARROBA_CONFIG", "ARROBA_LOG_DIR", "ARROBA_LOG_LEVEL", "ARROBA_OPENCODE_BIN",
      "ARROBA_OPENCODE_ENDPOINT", "ARROBA_OPENCODE_PORT", "ARROBA_RELAY_URL", "ARROBA_SOCKET",
      "ARROBA_STATE_DIR",
    ]
    let settings = names.compactMap { name in
      environment[name].map { "Environment=\"\(name)=\(escaped($0))\"\n" }
    }
    return """
      # ~/.config/systemd/user/arroba.service; then: systemctl --user enable --now arroba
      # Sessions live on after you log out only with: loginctl enable-linger
      [Unit]
      Description=Arroba: terminal sessions and AI coding agents

      [Service]
      Type=exec
      \(settings.joined())ExecStart="\(escaped(daemon))"
      ExecReload="\(escaped(client))" daemon restart
      KillMode=mixed
      TimeoutStopSec=10
      Restart=on-failure
      RestartSec=1
      RestartPreventExitStatus=69 75 78
      OOMPolicy=continue

      [Install]
      WantedBy=default.target
      """
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "%": result += "%%"
      case "\"", "\\": result += "\\\(character)"
      default: result.append(character)
      }
    }
  }
}
