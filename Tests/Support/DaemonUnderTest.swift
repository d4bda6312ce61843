internal import ArrobaJSON
package import ArrobaSystem
internal import Glibc
internal import Synchronization

/// A daemon of one test: the real binaries, with a socket, a state, logs and a home of their own.
package final class DaemonUnderTest {
  package let house: TemporaryDirectory
  /// Whoever was started: the supervisor, once it has become that.
  package private(set) var pid: Int32 = 0
  private var isRunning = false
  private var isGuest = false

  /// What a start may be given beyond the places.
  package struct Manner {
    package var environment: [String: String] = [:]
    /// A shell's words before the binary, such as "ulimit -f 64; exec"; nil to start it directly.
    package var shell: String?
    /// Where the binaries are, if not where all tests have them from.
    package var binaries: String?

    package init(environment: [String: String] = [:], shell: String? = nil, binaries: String? = nil) {
      self.environment = environment
      self.shell = shell
      self.binaries = binaries
    }
  }

  /// Where the daemon lives, and with what state, is the house's; several can follow each other in one.
  package init(in house: TemporaryDirectory = TemporaryDirectory()) { self.house = house }

  package var socket: String { house.path("run/daemon.sock") }
  package var state: String { house.path("state") }
  package var logs: String { house.path("logs") }

  /// Starts it and waits until it serves. Throws what it said where it does not.
  package func start(_ manner: Manner = Manner()) throws {
    let line = try launch(manner)
    guard line == "ready\n" else {
      throw Silence("the daemon did not start; it answered '\(line)'", diagnosis)
    }
  }

  /// Starts it; answers the line that it says at the ready pipe, or what it said until it closed that.
  package func launch(_ manner: Manner = Manner()) throws -> String {
    try makePlaces()
    let reader = try Self.launching.withLock { _ in
      let (reader, writer) = try Pipes.make()
      let output = try Files.open(house.path("stderr"), O_WRONLY | O_CREAT | O_APPEND)
      pid = try Programs.startDetached(
        manner.shell == nil ? program(manner) : "/bin/sh", arguments: words(manner),
        environment: environment(manner), output: output, passing: writer, passedAs: 9)
      return reader
    }
    isRunning = true
    return try readLine(from: reader)
  }

  /// What a daemon needs to be there.
  package func makePlaces() throws {
    for directory in ["run", "home", "work"] { try Files.makeDirectory(house.path(directory)) }
  }

  /// A pipe is not yet closed on exec in the instant in which another test may start a program.
  private static let launching = Mutex(())

  private func words(_ manner: Manner) -> [String] {
    manner.shell.map { ["sh", "-c", "\($0) \(program(manner))"] } ?? ["arroba-daemon"]
  }

  private func program(_ manner: Manner) -> String {
    manner.binaries.map { "\($0)/arroba-daemon" } ?? Self.binary("arroba-daemon")
  }

  private func environment(_ manner: Manner) -> [String] {
    var variables = [
      "ARROBA_SOCKET": socket, "ARROBA_STATE_DIR": state, "ARROBA_LOG_DIR": logs, "ARROBA_LOG_LEVEL": "debug",
      "HOME": house.path("home"), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
      "SHELL": "/bin/sh",
      "ARROBA_READY_FD": "9",
    ]
    for (name, value) in manner.environment { variables[name] = value }
    return variables.map { "\($0.key)=\($0.value)" }
  }

  /// The binaries stand beside the test bundle, or where ARROBA_TEST_BIN_DIR says.
  package static func binary(_ name: String) -> String {
    Environment.all["ARROBA_TEST_BIN_DIR"].map { "\($0)/\(name)" } ?? beside(name)
  }

  /// A program that was built together with the tests.
  package static func beside(_ name: String) -> String {
    "\(ThisProcess.executable.flatMap { Files.parent(of: $0) } ?? ".")/\(name)"
  }

  private func readLine(from reader: Descriptor) throws -> String {
    let deadline = Deadline(seconds: 20)
    var line: [UInt8] = []
    var byte = [UInt8](repeating: 0, count: 1)
    while line.last != 0x0A {
      guard deadline.wait(for: reader, writing: false) else {
        throw Silence("the daemon says nothing", diagnosis)
      }
      guard byte.withUnsafeMutableBytes({ reader.read(into: $0) }) == .moved(1) else { break }
      line += byte
    }
    return String(decoding: line, as: UTF8.self)
  }

  // MARK: clients

  /// A connection on which nothing was said yet.
  package func connect() throws -> WireClient {
    WireClient(try Sockets.connect(to: socket)) { [weak self] in self?.diagnosis ?? "" }
  }

  /// A client that has said hello.
  package func client(_ instance: String = "c_test") throws -> WireClient {
    let client = try connect()
    try client.hello(instance)
    return client
  }

  /// The daemon proper, which may be another one with each kill.
  package func daemonPid() throws -> Int32 {
    Int32(try client().request("daemon.health").number("pid"))
  }

  /// Kills the daemon proper as a crash would; answers once it is gone.
  package func killDaemon() throws {
    let pid = try daemonPid()
    kill(pid, SIGKILL)
    try Processes.awaitEnd(of: pid)
  }

  /// Runs the command line against this daemon; answers its exit code, or minus the signal, and all that it said.
  package func arroba(_ words: [String], _ more: [String: String] = [:]) throws -> (
    code: Int, output: String
  ) {
    let path = house.path("said")
    let output = try Files.open(path, O_WRONLY | O_CREAT | O_TRUNC)
    let child = try Self.launching.withLock { _ in
      try Programs.startDetached(
        Self.binary("arroba"), arguments: ["arroba"] + words,
        environment: environment(Manner(environment: more)),
        output: output, passing: output, passedAs: 9)
    }
    let code = try Self.exitCode(of: child) { self.diagnosis }
    return (code, String(decoding: try Files.read(path, atMost: 1 << 20), as: UTF8.self))
  }

  private static func exitCode(of pid: Int32, _ diagnosis: () -> String) throws -> Int {
    var status: Int32 = 0
    let deadline = Deadline(seconds: 15)
    while waitpid(pid, &status, WNOHANG) == 0 {
      guard deadline.pause() else { throw Silence("\(pid) does not end", diagnosis()) }
    }
    return status & 0x7F == 0 ? Int(status >> 8) & 0xFF : -Int(status & 0x7F)
  }

  // MARK: the end

  /// Ends it by SIGTERM and answers how long that took, in milliseconds. Nothing of it is left behind, or this throws.
  @discardableResult
  package func stop() throws -> Int {
    guard isRunning else { return 0 }
    let began = Clock.monotonicMs()
    kill(pid, SIGTERM)
    try awaitExit()
    let took = Clock.monotonicMs() - began
    // What was killed goes when the machine gets round to it.
    var left = remains()
    let deadline = Deadline(seconds: 5)
    while !left.isEmpty, deadline.pause() { left = remains() }
    guard left.isEmpty else {
      for process in left { kill(process.pid, SIGKILL) }
      throw Silence("the daemon left \(left.map(\.words).joined(separator: "; ")) behind", diagnosis)
    }
    return took
  }

  /// Waits until what was started has ended; answers its exit code, or minus the signal.
  @discardableResult
  package func awaitExit() throws -> Int {
    let code = try Self.exitCode(of: pid) { self.diagnosis }
    isRunning = false
    return code
  }

  /// Kills the supervisor as a crash would.
  package func killSupervisor() throws {
    kill(pid, SIGKILL)
    try awaitExit()
  }

  /// Another daemon lives in the same house: its processes are not ours to end.
  package func disown() { isGuest = true }

  /// Processes that live in this house, known by their environment.
  package func remains() -> [Processes.Known] { Processes.known(by: house.path) }

  deinit {
    guard !isGuest else { return }
    for process in Processes.known(by: house.path) { kill(process.pid, SIGKILL) }
    if isRunning {
      var status: Int32 = 0
      kill(pid, SIGKILL)
      waitpid(pid, &status, 0)
    }
  }

  /// What the daemon said: its error output, and the end of its log.
  package var diagnosis: String {
    var text = "\nstderr: " + read(house.path("stderr"))
    for name in (try? Files.list(logs)) ?? [] {  // none yet: then there is nothing to tell
      text += "\n\(name): " + read("\(logs)/\(name)")
    }
    return text
  }

  private func read(_ path: String) -> String {
    let bytes = (try? Files.read(path, atMost: 4 << 20)) ?? []  // not written yet
    return String(decoding: bytes.suffix(3000), as: UTF8.self)
  }
}

/// What was waited for did not come.
package struct Silence: Error, CustomStringConvertible {
  package let description: String

  package init(_ words: String, _ diagnosis: String = "") { description = words + diagnosis }
}
