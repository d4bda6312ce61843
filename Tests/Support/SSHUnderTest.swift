internal import ArrobaJSON
internal import ArrobaSystem
internal import Glibc

/// A real sshd on 127.0.0.1 with keys and configuration of the test's own; nobody's `~/.ssh` is read or written.
package final class SSHUnderTest {
  package let port: Int
  private let house: TemporaryDirectory
  private let daemon: DaemonUnderTest
  private var server: Companion?
  private var serverPid: Int32 = 0

  private static let sshd = "/usr/sbin/sshd"

  /// Leads to that daemon: `arroba bridge` finds its socket, and may start it.
  package init(to daemon: DaemonUnderTest) throws {
    self.daemon = daemon
    house = daemon.house
    guard Files.isExecutable(Self.sshd) else {
      throw Silence("there is no \(Self.sshd): these tests need OpenSSH's server (README.md, Requirements)")
    }
    guard let port = Sockets.freePort() else { throw Silence("no port is free") }
    self.port = port
    try Files.makeDirectory(house.path("xdg"))
    try Files.makeDirectory(house.path("ssh"))
    for key in ["host", "user", "other"] {
      try Self.run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path(key)])
    }
    try Files.replace(path("authorized"), with: try Files.read(path("user.pub"), atMost: 4096))
    try write(
      "sshd_config",
      """
      Port \(port)
      ListenAddress 127.0.0.1
      HostKey \(path("host"))
      PidFile \(path("pid"))
      UsePAM no
      StrictModes no
      MaxStartups 100
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      PermitRootLogin yes
      PermitUserRC no
      AuthorizedKeysFile \(path("authorized"))
      SetEnv PATH=\(Self.binaries):/usr/bin:/bin ARROBA_SOCKET=\(daemon.socket) ARROBA_STATE_DIR=\(daemon.state) ARROBA_LOG_DIR=\(daemon.logs) HOME=\(house.path("home"))
      """)
    try point(to: port)
    // Where root runs it, it wants a directory that the system makes at its start.
    if getuid() == 0 { try Files.makeDirectory("/run/sshd", mode: 0o755) }
    try start()
  }

  private static var binaries: String { Files.parent(of: DaemonUnderTest.binary("arroba")) ?? "." }

  /// Where its files are.
  package func path(_ name: String) -> String { house.path("ssh/\(name)") }

  private func write(_ name: String, _ text: String) throws {
    try Files.replace(path(name), with: Array((text + "\n").utf8))
  }

  /// The host `box` is behind that port from now on: a proxy's, or nobody's.
  package func point(to port: Int) throws {
    let key = String(decoding: try Files.read(path("host.pub"), atMost: 4096), as: UTF8.self)
    try write("known", "arroba-box \(key.split(separator: " ").prefix(2).joined(separator: " "))")
    try write(
      "ssh_config",
      """
      Host box
        HostName 127.0.0.1
        Port \(port)
        HostKeyAlias arroba-box
      Host *
        IdentityFile \(path("user"))
        IdentitiesOnly yes
        IdentityAgent none
        UserKnownHostsFile \(path("known"))
        GlobalKnownHostsFile /dev/null
      """)
  }

  /// What a client's environment needs to come this way.
  package var environment: [String: String] {
    [
      "ARROBA_HOST": "ssh://box", "ARROBA_SSH_COMMAND": "ssh -F '\(path("ssh_config"))'",
      "XDG_RUNTIME_DIR": house.path("xdg"), "ARROBA_STATE_DIR": house.path("client-state"),
      "ARROBA_LOG_DIR": house.path("client-logs"), "HOME": house.path("home"), "LANG": "C.UTF-8",
      "PATH": "/usr/bin:/bin",
    ]
  }

  /// Starts it, again after `stop`.
  package func start() throws {
    server = try Companion.start(
      Self.sshd, arguments: [Self.sshd, "-D", "-e", "-f", path("sshd_config")],
      environment: ["PATH=/usr/bin:/bin"])
    try Deadline.until("an sshd that listens at \(port)") {
      if let (_, said) = server?.end(withinMs: 0) { throw Silence("sshd has ended: \(said)") }
      guard let text = try? Files.read(path("pid"), atMost: 64) else { return false }  // not written yet
      serverPid = Int32(String(decoding: text, as: UTF8.self).filter(\.isNumber)) ?? 0
      return serverPid > 0
    }
  }

  /// Kills what serves connections, as a crash would; with `andListener` nobody listens any more either.
  package func killSessions(andListener: Bool = false) {
    if andListener { kill(serverPid, SIGSTOP) }
    for process in ProcessTree.descendants(of: Int(serverPid)) where Self.isSSHD(process.pid) {
      kill(pid_t(process.pid), SIGKILL)
    }
    guard andListener else { return }
    unlink(path("pid"))
    server?.kill()
    server = nil
  }

  /// The bridge and all that it may have started are descendants as well, and not ours to kill.
  private static func isSSHD(_ pid: Int) -> Bool {
    let line = (try? Files.read("/proc/\(pid)/comm", atMost: 64)) ?? []  // gone meanwhile
    return String(decoding: line, as: UTF8.self).hasPrefix("sshd")
  }

  /// Ends it, and the shared connections that clients left: they have nobody to talk to any more.
  package func stop() { killSessions(andListener: true) }

  deinit { stop() }

  private static func run(_ program: String, _ words: [String]) throws {
    let companion = try Companion.start(
      program, arguments: [program] + words, environment: ["PATH=/usr/bin:/bin"])
    guard let (end, said) = companion.end(withinMs: 20_000), end == .exited(0) else {
      throw Silence("\(program) failed")
    }
    _ = said
  }
}

/// The command line with pipes for its input and output, run on by a test.
package final class ToolUnderTest {
  private let companion: Companion
  package private(set) var output: [UInt8] = []
  private var isOver = false

  package init(_ words: [String], _ environment: [String: String]) throws {
    companion = try Companion.start(
      DaemonUnderTest.binary("arroba"), arguments: ["arroba"] + words,
      environment: environment.map { "\($0.key)=\($0.value)" })
    companion.socket.setBlocking(false)
  }

  package var text: String { String(decoding: output, as: UTF8.self) }

  package func type(_ text: String) throws { try companion.socket.writeAll(Array(text.utf8)) }
  package func endInput() { Sockets.endSending(of: companion.socket) }

  /// Takes what has come, after waiting a moment for something.
  package func read() {
    guard !isOver, PollSet.waitReadable(companion.socket.raw, timeoutMs: 5) else { return }
    var block = [UInt8](repeating: 0, count: 64 << 10)
    switch block.withUnsafeMutableBytes({ companion.socket.read(into: $0) }) {
    case .moved(let count): output += block[..<count]
    case .wouldBlock: break
    case .ended, .failed: isOver = true
    }
  }

  package func wait(for words: String) throws {
    try Deadline.until("'\(words)' from the command; it said \(text.suffix(2000))", seconds: 30) {
      read()
      return text.contains(words)
    }
  }

  /// Waits for its end; answers the exit code, and what it said beside its output.
  package func end() throws -> (code: Int, said: String) {
    try Deadline.until("the end of the command; it said \(text.suffix(2000))", seconds: 60) {
      read()
      return isOver
    }
    guard let (end, said) = companion.end(withinMs: 20_000) else { throw Silence("the command does not end") }
    return switch end {
    case .exited(let code): (Int(code), said)
    case .signalled: (-1, said)
    }
  }

  package func kill() { companion.kill() }
}
