import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

@testable import ArrobaClient

@Suite("Finding and starting the daemon")
struct LocatorTests {
  private let house = TemporaryDirectory()

  private func locator(_ path: String? = nil, mayStart: Bool = false) -> DaemonLocator {
    let places = Places(
      environment: ["ARROBA_SOCKET": house.path("daemon.sock"), "ARROBA_LOG_DIR": house.path("logs")],
      home: house.path)
    return DaemonLocator(path: path ?? places.socket, mayStart: mayStart, places: places)
  }

  @Test("Where there is no socket, or one that a dead daemon left, nobody listens")
  func nobody() throws {
    #expect(try locator().connectIfListening() == nil)
    #expect(try locator(house.path("no/such/place")).connectIfListening() == nil)
    do { _ = try Sockets.listen(at: house.path("daemon.sock"), backlog: 1) }
    #expect(Files.status(house.path("daemon.sock"))?.isSocket == true)
    #expect(try locator().connectIfListening() == nil)
    try Files.replace(house.path("file"), with: [])
    #expect(try locator(house.path("file")).connectIfListening() == nil)
    #expect(
      throws: ClientError.unreachable(
        "no daemon listens at \(house.path("daemon.sock"))", hint: "arroba daemon start")
    ) {
      try locator().connect()
    }
  }

  @Test("A path that no socket can have is said to be one")
  func tooLong() {
    let path = house.path(String(repeating: "x", count: 120))
    let error = #expect(throws: ClientError.self) { try locator(path).connectIfListening() }
    #expect(
      error == .unreachable("cannot use the socket path \(path): File name too long", hint: "arroba doctor"))
  }

  @Test("A daemon that listens is found; waiting for it ends with its coming, or with the time")
  func listening() throws {
    #expect(try locator().waitUntilListening(deadlineMs: Clock.monotonicMs()) == nil)
    let daemon = try FakeDaemon(in: house)
    defer { daemon.end() }
    #expect(try locator().connectIfListening() != nil && locator().connect().raw >= 0)
    #expect(try locator().waitUntilListening(deadlineMs: Clock.monotonicMs()) != nil)
    daemon.stopListening()
    Threads.start("comes late") { try? daemon.listen() }  // what fails shows as the waiting's end
    #expect(try locator().waitUntilListening(deadlineMs: Clock.monotonicMs() + 20_000) != nil)
  }

  // MARK: starting

  /// Runs a script of the shell as the daemon that is started.
  private func start(_ script: String, environment: [String]? = nil, deadlineMs: Int? = nil) throws
    -> DaemonStart.Outcome
  {
    let program = house.path("daemon")
    try ProgramFile.write(program, "#!/bin/sh\n\(script)\n")
    let start = DaemonStart(
      places: locator().places, environment: environment ?? ["PATH=/usr/bin:/bin", "MARK=\(house.path)"])
    return try start.run(program, deadlineMs: deadlineMs ?? Clock.monotonicMs() + 20_000)
  }

  private var errors: String { house.path("logs/daemon-start.err") }

  @Test("A daemon says through the pipe that it listens")
  func ready() throws {
    #expect(try start("echo ready >&$ARROBA_READY_FD") == .ready)
  }

  @Test("One that cannot start says why; by its exit code it says whether another one has")
  func failed() throws {
    #expect(try start("echo 'error: the disk is full' >&3; exit 71") == .failed("the disk is full"))
    #expect(
      try start("echo 'error: the log is of format 9' >&3; exit 78") == .failed("the log is of format 9"))
    #expect(try start("echo 'error: it has given up' >&3; exit 69") == .failed("it has given up"))
    #expect(try start("echo 'error: already running' >&3; exit 75") == .lockedByAnother("already running"))
    #expect(try start("echo odd >&3") == .failed("odd"))
  }

  @Test("One that ends without a word is quoted from its error output")
  func silent() throws {
    #expect(try start("exit 1") == .failed("it ended before it was ready; it wrote nothing to \(errors)"))
    #expect(
      try start("echo one; echo two >&2; exit 1")
        == .failed("it ended before it was ready; it wrote:\none\ntwo\n"))
    // Of a long one the end, and of an earlier one nothing.
    let long = try start("i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done; exit 1")
    guard case .failed(let words) = long else { throw Silence("\(long)") }
    #expect(
      words.hasSuffix("line 399\n") && !words.contains("line 0\n") && !words.contains("two")
        && words.utf8.count < 2100)
  }

  @Test("One that is not ready in time is not waited for any longer")
  func late() throws {
    let outcome = try start("exec sleep 1000 3>&-", deadlineMs: Clock.monotonicMs())
    #expect(outcome == .failed("it was not ready after 10 s; it wrote nothing to \(errors)"))
    for process in Processes.known(by: house.path) { kill(process.pid, SIGKILL) }
  }

  @Test("A program that cannot be started is said to be so")
  func notStarted() throws {
    let start = DaemonStart(places: locator().places, environment: [])
    let error = #expect(throws: ClientError.self) { try start.run(house.path("none"), deadlineMs: 0) }
    #expect(
      error
        == .unreachable(
          "cannot start the daemon: cannot start \(house.path("none")): No such file or directory",
          hint: "arroba doctor"))
  }

  @Test("It starts without what belongs to the agent around, without a terminal, and in a session of its own")
  func surroundings() throws {
    let given = [
      "PATH=/usr/bin:/bin", "ARROBA_SESSION=s", "ARROBA_AGENT=a", "ARROBA_HOST=h", "ARROBA_SOCKET=/s",
      "ARROBA_READY_FD=77", "X=1",
    ]
    #expect(
      DaemonStart.entries(given) == ["PATH=/usr/bin:/bin", "ARROBA_SOCKET=/s", "X=1", "ARROBA_READY_FD=3"])
    #expect(
      try start(
        "env; ls -l /proc/self/fd; cut -d' ' -f1,6 /proc/self/stat; echo ready >&3", environment: given)
        == .ready)
    let said = String(decoding: try Files.read(errors, atMost: 1 << 16), as: UTF8.self)
    #expect(!said.contains("ARROBA_SESSION") && !said.contains("ARROBA_HOST") && said.contains("X=1"))
    #expect(
      said.contains("0 -> /dev/null") && said.contains("1 -> \(errors)") && said.contains("2 -> \(errors)"))
    #expect(!said.contains(" 5 -> "), "\(said)")
  }
}
