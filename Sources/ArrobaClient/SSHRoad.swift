package import ArrobaSystem

/// The way to another machine by the user's own ssh: their configuration, agent, jump hosts and certificates hold.
package struct SSHRoad {
  package let host: SSHHost
  /// Stands in place of ssh, with options (`ARROBA_SSH_COMMAND`).
  private let command: String?
  private let places: Places
  private let environment: [String: String]

  /// Room for what ssh appends while it makes a control socket (a dot and 16 letters).
  private static let longestControl = 107 - 18
  private static let queryMs = 5000

  package init(host: SSHHost, places: Places, environment: [String: String]) {
    self.host = host
    command = Environment.variable("ARROBA_SSH_COMMAND", in: environment)
    self.places = places
    self.environment = environment
  }

  /// Starts ssh; whether it gets there shows as the first answer, or as the stream's end. `asks`: it may ask its user.
  /// `isFresh`: not through a shared connection, which may be the one that is dead.
  func open(asks: Bool, isFresh: Bool) throws(ClientError) -> ByteStream {
    let program = try program()
    let words = try words(program, asks: asks, isFresh: isFresh)
    return ByteStream(try start(program, words), to: host)
  }

  private func program() throws(ClientError) -> (path: String, arguments: [String]) {
    if let command { return SSHCommand.program(command, ssh: "") }
    guard let ssh = Programs.find("ssh", searchPath: environment["PATH"]) else {
      throw .barred(
        "ssh is not on PATH", hint: "install an OpenSSH client, or name one by ARROBA_SSH_COMMAND")
    }
    return SSHCommand.program(nil, ssh: ssh)
  }

  private func start(_ program: (path: String, arguments: [String]), _ words: [String]) throws(ClientError)
    -> Companion
  {
    do {
      return try Companion.start(
        program.path, arguments: program.arguments + words, environment: Environment.entries)
    } catch { throw .barred("ssh cannot be run: \(error)", hint: nil) }
  }

  private func words(_ program: (path: String, arguments: [String]), asks: Bool, isFresh: Bool)
    throws(ClientError)
    -> [String]
  {
    let control = control
    var manner = SSHCommand.Manner(asks: asks, control: control, isFresh: isFresh)
    // Who shares a connection already has been looked at when it was made.
    if !isFresh, let control, Files.status(control)?.isSocket ?? false {
      return SSHCommand.words(host, nil, manner)
    }
    guard let settings = try settings(program) else { return SSHCommand.plainWords(host) }
    if settings.hasMaster { manner.control = nil }
    return SSHCommand.words(host, settings, manner)
  }

  private var control: String? {
    guard let directory = places.privateDirectory("ssh") else { return nil }
    let path = "\(directory)/\(SSHCommand.controlName(command, host))"
    return path.utf8.count <= Self.longestControl ? path : nil
  }

  /// What the user has set for that host; nil where it is not OpenSSH that runs.
  private func settings(_ program: (path: String, arguments: [String])) throws(ClientError)
    -> SSHCommand.Settings?
  {
    let query = try start(program, SSHCommand.query(host))
    defer { query.kill() }
    let (bytes, _) = query.readAnswer(atMost: 1 << 20, untilMs: Clock.monotonicMs() + Self.queryMs)
    if let settings = SSHCommand.Settings(String(decoding: bytes, as: UTF8.self)) { return settings }
    // Its own words about a configuration that is wrong are better than what comes of trying all the same.
    if let (end, said) = query.end(withinMs: 100), said.contains("onfiguration") {
      throw SSHFault.judge(end, said: said, host: host)
    }
    return nil
  }
}
