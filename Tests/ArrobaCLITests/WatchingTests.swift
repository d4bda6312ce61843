import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaTime
import ArrobaWire
import Testing

@testable import ArrobaCLI

@Suite("Verbs that watch")
struct WatchingTests {
  private static func event(
    _ seq: Int, _ kind: String = "agent.activity", session: String = "s_abcdefghij",
    agent: String = "a_klmnopqrst"
  )
    -> String
  {
    """
    {"jsonrpc":"2.0","method":"event","params":{"subscription":"e_1","seq":\(seq),"at":"\(Sample.at)","kind":"\(kind)",\
    "session":"\(session)","agent":"\(agent)","data":{}}}
    """
  }

  private static func subscribed(from: Int, head: Int, gap: String = "null") -> String {
    "{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{\"subscription\":\"e_1\",\"from\":\(from),\"head\":\(head),\"gap\":\(gap)}}"
  }

  private func sequences(_ run: ToolRun) throws -> [Int] {
    try run.out.split(separator: "\n").map { try JSONReader.read(Array($0.utf8))["seq"]?.int ?? -1 }
  }

  @Test("Events are printed up to the head as it was, each as it came, none of another session")
  func events() throws {
    let lines = [
      Self.subscribed(from: 1, head: 3), Self.event(1), Self.event(2, session: "s_other"), Self.event(3),
      Self.event(4),
    ]
    let daemon = try FakeDaemon(["events.subscribe": { _, _ in .lines(lines) }])
    defer { daemon.end() }
    #expect(try sequences(ToolRun(["--json", "events"], in: daemon.house)) == [1, 2, 3])
    #expect(try sequences(ToolRun(["--json", "events", "build"], in: daemon.house)) == [1, 3])
    #expect(try sequences(ToolRun(["--json", "events", "/a_klmnopqrst"], in: daemon.house)) == [1, 3])
    let subscribed = daemon.requests.filter { $0.method == "events.subscribe" }
    // Up to the head all are read: only so the head is seen to be reached.
    #expect(subscribed.map(\.params) == Array(repeating: ["after": "start"], count: 3))
    #expect(
      daemon.methods == [
        "events.subscribe", "session.get", "events.subscribe", "agent.get", "events.subscribe",
      ])
  }

  @Test("A log at its head, or one whose last event was filtered away, ends at once")
  func nothing() throws {
    let daemon = try FakeDaemon([
      "events.subscribe": { _, count in
        count == 0
          ? .lines([Self.subscribed(from: 8, head: 7)])
          : .lines([
            Self.subscribed(from: 6, head: 7),
            "{\"jsonrpc\":\"2.0\",\"method\":\"heartbeat\",\"params\":{\"head\":7}}",
          ])
      }
    ])
    defer { daemon.end() }
    #expect(ToolRun(["events"], in: daemon.house) == ToolRun())
    #expect(ToolRun(["events", "--after", "5"], in: daemon.house) == ToolRun())
    // A sequence counts in the log of this daemon, whose id comes with its hello.
    #expect(daemon.requests.last?.params["after"] == ["log": "l_1", "seq": 5])
  }

  @Test("What is missing from the log is said")
  func gap() throws {
    let gap = "{\"requested\":3,\"oldest\":9,\"reason\":\"compacted\"}"
    let daemon = try FakeDaemon([
      "events.subscribe": { _, _ in .lines([Self.subscribed(from: 9, head: 9, gap: gap), Self.event(9)]) }
    ])
    defer { daemon.end() }
    let run = ToolRun(["--json", "events", "--after", "2"], in: daemon.house)
    #expect(try sequences(run) == [9] && run.error == "events are missing: \(gap)\n")
  }

  @Test("A follower goes on behind the last event it saw when the daemon comes back")
  func follow() throws {
    let daemon = try FakeDaemon([
      "events.subscribe": { _, count in
        switch count {
        case 0: .lines([Self.subscribed(from: 8, head: 7), Self.event(8), Self.event(9), "cut {"])
        default: .error(WireError(kind: .storageFailed, message: "enough"))
        }
      }
    ])
    defer { daemon.end() }
    // What is no JSON ends the first round with an error that is no loss.
    let broken = ToolRun(["--json", "events", "-f"], in: daemon.house)
    #expect(try sequences(broken) == [8, 9] && broken.code == 1 && broken.error.contains("is not JSON"))

    let hanging = try FakeDaemon([
      "events.subscribe": { params, count in
        count == 0
          ? .lines([Self.subscribed(from: 8, head: 7), Self.event(8)])
          : .error(WireError(kind: .forbidden, message: "enough"))
      },
      "daemon.ping": { _, _ in .result([:]) },
    ])
    defer { hanging.end() }
    // The daemon dies once the event is out: known by the file that takes it.
    let seen = Doorbell(hanging)
    let run = seen.run(["--json", "events", "-f"])
    #expect(try sequences(run) == [8] && run.code == 5)
    #expect(
      run.error
        == "the daemon is away, waiting for it\n{\"code\":-32000,\"message\":\"enough\",\"data\":{\"kind\":\"forbidden\",\"retryable\":false}}\n"
    )
    #expect(hanging.requests.last?.params["after"] == ["log": "l_1", "seq": 8])
  }

  /// Runs `arroba` and ends the daemon's connections as soon as something was printed.
  private struct Doorbell {
    let daemon: FakeDaemon
    init(_ daemon: FakeDaemon) { self.daemon = daemon }

    func run(_ arguments: [String]) -> ToolRun {
      var said = ToolRun()
      let environment = [
        "ARROBA_SOCKET": daemon.path, "ARROBA_LOG_DIR": daemon.house.path("logs"), "ARROBA_LOG_LEVEL": "off",
      ]
      let tool = CommandLineTool(environment: environment, isTerminal: false) { stream, bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if stream == .standard { said.out += text } else { said.error += text }
        if stream == .standard { daemon.hangUp() }
      }
      said.code = tool.run(arguments)
      return said
    }
  }

  // MARK: wait

  @Test(
    "A goal that is reached already is answered at once, with the program's status where that is asked for")
  func reached() throws {
    let ended = Sample.agent(state: "stopped", run: ["state": "ended", "exit": ["code": 7]])
    let killed = Sample.agent(state: "stopped", run: ["state": "ended", "exit": ["signal": 9]])
    for (agent, words, status) in [(ended, "exited 7", Int32(7)), (killed, "killed by SIGKILL", 137)] {
      let daemon = try FakeDaemon([
        "agent.get": { _, _ in .result(agent) },
        "events.subscribe": { _, _ in .lines([Self.subscribed(from: 8, head: 7)]) },
      ])
      defer { daemon.end() }
      #expect(ToolRun(["wait", "build", "--for", "exit"], in: daemon.house) == ToolRun(out: "\(words)\n"))
      #expect(
        ToolRun(["-q", "wait", "--for", "done", "--status"], in: daemon.house) == ToolRun(code: status))
      #expect(ToolRun(["--json", "wait", "--for", "exit"], in: daemon.house).out == agent.encodedText + "\n")
      // By id from the second question on: the alias may go elsewhere.
      #expect(
        daemon.requests[2].params["session"] == "s_abcdefghij"
          && daemon.requests[2].params["agent"] == "a_klmnopqrst")
    }
  }

  @Test("It looks again after each event of its agent, and after no other")
  func looks() throws {
    let daemon = try FakeDaemon([
      "agent.get": { _, count in .result(Sample.agent(state: count < 3 ? "working" : "idle")) },
      "events.subscribe": { _, _ in
        .lines([
          Self.subscribed(from: 8, head: 7), Self.event(8, agent: "a_other"), Self.event(9), Self.event(10),
        ])
      },
    ])
    defer { daemon.end() }
    #expect(ToolRun(["wait", "--for", "idle"], in: daemon.house) == ToolRun(out: "idle\n"))
    #expect(daemon.methods == ["agent.get", "events.subscribe", "agent.get", "agent.get", "agent.get"])
  }

  @Test("A lost connection is made anew, and the agent is looked at again")
  func lost() throws {
    let daemon = try FakeDaemon([
      "agent.get": { _, count in count == 1 ? .hangUp : .result(Sample.agent(state: "waiting")) },
      "events.subscribe": { _, _ in .lines([Self.subscribed(from: 8, head: 7)]) },
    ])
    defer { daemon.end() }
    #expect(ToolRun(["wait", "--for", "waiting"], in: daemon.house) == ToolRun(out: "waiting\n"))
    #expect(
      daemon.methods == ["agent.get", "events.subscribe", "agent.get", "events.subscribe", "agent.get"])
  }

  @Test("A program on a terminal that has ended is waited for in vain, and that is said at once")
  func impossible() throws {
    let ended = Sample.agent(state: "stopped", run: ["state": "ended", "exit": ["code": 7]])
    let daemon = try FakeDaemon([
      "agent.get": { _, _ in .result(ended) },
      "events.subscribe": { _, _ in .lines([Self.subscribed(from: 8, head: 7)]) },
    ])
    defer { daemon.end() }
    let idle = ToolRun(["wait", "--for", "idle"], in: daemon.house)
    #expect(
      idle.code == 1 && idle.out == ""
        && idle.error.hasSuffix(
          "will not be idle: its program has ended (exited 7)\nhint: arroba agent restart\n")
    )
    let waiting = ToolRun(["--json", "wait", "--for", "waiting"], in: daemon.house)
    #expect(waiting.code == 1 && waiting.error.contains("waits for nobody: its program has ended (exited 7)"))
    #expect(ToolRun(["wait", "--for", "done"], in: daemon.house) == ToolRun(out: "exited 7\n"))
  }

  @Test("When the time is up it says what did not come, by exit code 3")
  func timeout() throws {
    let daemon = try FakeDaemon([
      "agent.get": { _, _ in .result(Sample.agent(state: "working")) },
      "events.subscribe": { _, _ in .lines([Self.subscribed(from: 8, head: 7)]) },
    ])
    defer { daemon.end() }
    #expect(
      ToolRun(["wait", "build", "--for", "idle", "-t", "0"], in: daemon.house)
        == ToolRun(error: "arroba: build was not idle within 0 s\n", code: 3))
    #expect(
      ToolRun(["wait", "--for", "exit", "-t", "0.25"], in: daemon.house).error
        == "arroba: a_klmnopqrst had not ended within 0.25 s\n")
  }

  @Test("When the time is up while the daemon is away, that is no other error")
  func timeoutAway() throws {
    let daemon = try FakeDaemon([
      "agent.get": { _, count in count == 0 ? .result(Sample.agent(state: "working")) : .hangUp },
      "events.subscribe": { _, _ in .lines([Self.subscribed(from: 8, head: 7)]) },
    ])
    defer { daemon.end() }
    #expect(ToolRun(["wait", "--for", "idle", "-t", "0"], in: daemon.house).code == 3)
  }

  // MARK: logs

  private func house(_ files: [String: String]) throws -> TemporaryDirectory {
    let house = TemporaryDirectory()
    try Files.makeDirectory(house.path("logs"))
    for (name, text) in files { try Files.replace(house.path("logs/\(name)"), with: Array(text.utf8)) }
    return house
  }

  @Test("Process logs of all files are joined by time; strangers' files and cut lines are nobody's")
  func logs() throws {
    let house = try house([
      "20260730T043152.123Z-daemon-7.ndjson":
        "{\"timestamp_ms\":1,\"level\":\"info\",\"process_kind\":\"daemon\",\"pid\":7,\"component\":\"a\",\"message\":\"one\"}\n"
        + "{\"timestamp_ms\":3,\"level\":\"warn\",\"process_kind\":\"daemon\",\"pid\":7,\"component\":\"b\",\"message\":\"three\"}\n{\"timest",
      "20260730T043152.124Z-supervisor-6.ndjson":
        "{\"timestamp_ms\":2,\"level\":\"error\",\"process_kind\":\"supervisor\",\"pid\":6,\"component\":\"c\",\"message\":\"two\"}\n",
      "notes.ndjson": "{\"timestamp_ms\":2,\"message\":\"not ours\"}\n",
    ])
    func messages(_ arguments: [String]) throws -> [String] {
      try ToolRun(["--json"] + arguments, in: house).out.split(separator: "\n").map {
        try JSONReader.read(Array($0.utf8))["message"]?.string ?? "?"
      }
    }
    #expect(try messages(["logs"]) == ["one", "two", "three"])
    #expect(try messages(["logs", "--process-kind", "supervisor"]) == ["two"])
    #expect(try messages(["logs", "--level", "warn", "-n", "1"]) == ["three"])
    #expect(try messages(["daemon", "logs"]) == ["one", "three"])
    #expect(
      ToolRun(["logs", "-n", "1"], in: house).out == "\(CivilTime.local(3))  warn   daemon[7]  b: three\n")
    #expect(ToolRun(["logs"], in: TemporaryDirectory()) == ToolRun())
  }

  // MARK: doctor

  @Test("The doctor looks without starting or making anything, and says by exit code whether all is well")
  func doctor() throws {
    let house = TemporaryDirectory()
    let run = ToolRun(["--json", "doctor"], in: house, ["PATH": "/nowhere"])
    let report = try JSONReader.read(Array(run.out.utf8))
    let verdicts = (report["checks"]?.array ?? []).map {
      "\($0["name"]?.string ?? "") \($0["verdict"]?.string ?? "")"
    }
    // The programs stand beside the tests; the terminal and the number of files depend on who runs them.
    #expect(
      verdicts.filter { !$0.hasPrefix("open files") } == [
        "arroba-daemon ok", "arroba-supervisor ok", "socket directory ok", "state directory ok",
        "log directory ok",
        "configuration ok", "daemon ok", "event log ok", "provider opencode warn",
        "provider claude-code warn",
        "locale ok", "terminal ok", "systemd unit ok",
      ])
    let made = try Files.list(house.path)
    #expect(run.code == 0 && report["ok"] == true && made == [])
  }

  @Test("The doctor asks a daemon that runs")
  func doctorAsks() throws {
    let health: JSON = [
      "pid": 5, "supervisor": ["pid": .int(Int(ThisProcess.pid))],
      "log": ["id": "l_1", "head": 9, "bytes": 12],
    ]
    let providers: JSON = [
      "providers": [["name": "x", "available": false, "reason": "there is no x", "hint": "install x"]]
    ]
    let daemon = try FakeDaemon([
      "daemon.health": { _, _ in .result(health) }, "provider.list": { _, _ in .result(providers) },
    ])
    defer { daemon.end() }
    let text = ToolRun(["doctor"], in: daemon.house).out
    for words in [
      "pid 5 answered in ", "all \(arrobaVersion)", "pid \(ThisProcess.pid)\n", "l_1, 9 events, 12 B",
      "there is no x\n      install x\n",
    ] {
      #expect(text.contains(words), "\(words): \(text)")
    }
    #expect(daemon.methods == ["daemon.health", "provider.list"])
  }

  @Test("A configuration that is no JSON, and a socket directory open to others, are found")
  func doctorFinds() throws {
    let house = TemporaryDirectory()
    try Files.replace(house.path("config.json"), with: Array("{nonsense".utf8))
    let run = ToolRun(["doctor"], in: house, ["ARROBA_CONFIG": house.path("config.json")])
    #expect(
      run.code == 1 && run.out.contains("fail  configuration")
        && run.out.contains("      the default holds until it is mended; then: arroba daemon restart\n"))
  }
}
