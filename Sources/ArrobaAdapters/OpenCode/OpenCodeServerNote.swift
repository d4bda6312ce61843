internal import ArrobaJSON
internal import ArrobaSystem

/// What is remembered of the server that we started, for the daemon that comes after us: in a file of the state directory
/// that only the user can read.
struct OpenCodeServerNote: Sendable, Equatable {
  var pid: Int
  /// With `boot`, tells the process from another of the same number.
  var startTicks: Int
  var boot: String
  var port: Int
  var password: String
  var executable: String

  var json: JSON {
    [
      "pid": .int(pid), "startTicks": .int(startTicks), "boot": .string(boot), "port": .int(port),
      "password": .string(password), "executable": .string(executable),
    ]
  }

  init(pid: Int, startTicks: Int, boot: String, port: Int, password: String, executable: String) {
    self.pid = pid
    self.startTicks = startTicks
    self.boot = boot
    self.port = port
    self.password = password
    self.executable = executable
  }

  init?(_ json: JSON) {
    guard let pid = json["pid"]?.int, let ticks = json["startTicks"]?.int, let boot = json["boot"]?.string,
      let port = json["port"]?.int, let password = json["password"]?.string
    else { return nil }
    self.init(
      pid: pid, startTicks: ticks, boot: boot, port: port, password: password,
      executable: json["executable"]?.string ?? "")
  }

  /// Whether that process still runs.
  var isAlive: Bool { boot == Clock.bootID() && Processes.startTicks(of: pid) == startTicks }

  // The file.

  static func path(in state: String) -> String { "\(state)/opencode/server.json" }

  static func read(in state: String) -> OpenCodeServerNote? {
    guard let bytes = try? Files.read(path(in: state), atMost: 64 << 10),  // nobody left one
      let json = try? JSONReader.read(bytes)
    else { return nil }
    return OpenCodeServerNote(json)
  }

  func write(in state: String) throws(SystemError) {
    try Files.makeDirectory("\(state)/opencode")
    try Files.replace(Self.path(in: state), with: json.encoded)
  }

  static func remove(in state: String) {
    try? Files.remove(path(in: state))  // left behind, it names a process that is gone
  }
}
