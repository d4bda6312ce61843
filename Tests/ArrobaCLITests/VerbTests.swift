import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@testable import ArrobaCLI

@Suite("What verbs ask, and what they print")
struct VerbTests {
  private let here = Files.currentDirectory

  /// Runs a verb, and answers the run and what was asked, `commandId` and `workspace` left out.
  private func run(
    _ arguments: [String], _ handlers: [String: FakeDaemon.Handler] = [:], _ more: [String: String] = [:]
  )
    throws -> (run: ToolRun, asked: [FakeDaemon.Request])
  {
    let daemon = try FakeDaemon(handlers)
    defer { daemon.end() }
    let run = ToolRun(arguments, in: daemon.house, more)
    let asked = daemon.requests.map { request in
      var params = request.params.object ?? JSONObject()
      if params["workspace"] == .string(here) { params["workspace"] = nil }
      params["commandId"] = nil
      return FakeDaemon.Request(method: request.method, params: .object(params))
    }
    #expect(daemon.faults == [])
    return (run, asked)
  }

  private func request(_ method: String, _ params: JSON) -> FakeDaemon.Request {
    FakeDaemon.Request(method: method, params: params)
  }

  private static let verbs: [([String], String, JSON, String)] = [
    (
      ["ls"], "session.list", [:],
      "REF    AGENTS  ACTIVITY                  WORKSPACE\n"
    ),
    (["-q", "ls", "--all"], "session.list", ["all": true], "build\n"),
    (["-q", "ls", "--agents"], "session.list", [:], "build\nbuild/a_klmn\n"),
    (
      ["rename", "bu", "nightly"], "session.rename", ["session": "bu", "alias": "nightly"],
      "renamed to build\n"
    ),
    (["rename", "bu", ""], "session.rename", ["session": "bu", "alias": nil], "renamed to build\n"),
    (
      ["agent", "focus", "build/log"], "agent.focus", ["session": "build", "agent": "log"],
      "focused a_klmnopqrst\n"
    ),
    (["agent", "cycle"], "agent.cycle", [:], "focused a_klmnopqrst\n"),
    (
      ["agent", "rename", "/x", "y"], "agent.rename", ["agent": "x", "alias": "y"], "renamed a_klmnopqrst\n"
    ),
    (
      ["agent", "restart", "build", "-f"], "agent.restart", ["session": "build", "force": true],
      "restarted a_klmnopqrst\n"
    ),
    (["-q", "agent", "ls", "build"], "agent.list", ["session": "build"], "a_klmnopqrst\n"),
    (
      ["resize", "build", "100x30"], "terminal.resize", ["session": "build", "cols": 100, "rows": 30],
      "100x30\n"
    ),
    (["-q", "resize", "100x30"], "terminal.resize", ["cols": 100, "rows": 30], ""),
  ]

  @Test("A verb asks one method, and says in a line what was done", arguments: verbs)
  func plain(_ arguments: [String], _ method: String, _ params: JSON, _ out: String) throws {
    let (run, asked) = try run(arguments)
    #expect(asked == [request(method, params)])
    #expect(run.code == 0 && run.error == "", "\(run)")
    // Of the list only the header: the age of what it shows depends on when this runs.
    #expect(arguments == ["ls"] ? run.out.hasPrefix("REF") : run.out == out, "\(run.out)")
  }

  @Test(
    "What ends something that runs is not confirmed without --force; with it, or refused otherwise, it is busy",
    arguments: [
      ["end", "build"], ["rm", "build"], ["agent", "rm", "build/x"], ["agent", "restart", "build"],
    ])
  func unconfirmed(_ words: [String]) throws {
    let busy: FakeDaemon.Handler = { _, _ in
      .error(WireError(kind: .busy, message: "still running", hint: "--force stops it"))
    }
    let handlers = Dictionary(
      uniqueKeysWithValues: ["session.end", "session.delete", "agent.delete", "agent.restart"].map {
        ($0, busy)
      })
    let run = try run(words, handlers).run
    #expect(run == ToolRun(error: "arroba: still running\nhint: --force stops it\n", code: 7))
    #expect(try self.run(words + ["--force"], handlers).run.code == 75)
    let json = try self.run(["--json"] + words, handlers).run.error
    #expect(json.contains("\"kind\":\"busy\""))
  }

  @Test("Providers are listed with what they are, or what is missing")
  func providers() throws {
    let answer: JSON = [
      "providers": [
        ["name": "opencode", "available": true, "version": "1.18.34", "executable": "/b/opencode"],
        ["name": "claude-code", "available": false, "reason": "there is no claude on PATH", "hint": "h"],
        ["name": "terminal", "available": true, "executable": "/bin/sh"],
      ]
    ]
    let handlers: [String: FakeDaemon.Handler] = ["provider.list": { _, _ in .result(answer) }]
    #expect(
      try run(["provider", "list"], handlers).run.out == """
        NAME         STATE      VERSION  PROGRAM
        opencode     available  1.18.34  /b/opencode
        claude-code  not here   -        there is no claude on PATH
        terminal     available           /bin/sh

        """)
    #expect(try run(["-q", "provider", "list"], handlers).run.out == "opencode\nterminal\n")
    #expect(try run(["--json", "provider", "list"], handlers).run.out == answer.encodedText + "\n")
  }

  @Test("The unit is an object with --json; logs are asked for by any name of a session that a daemon knows")
  func named() throws {
    let (unit, asked) = try run(["--json", "daemon", "unit"])
    let json = try JSONReader.read(Array(unit.out.utf8))
    #expect(json["unit"]?.string?.contains("ExecStart=") == true && asked.isEmpty)
    #expect(json["path"]?.string?.hasSuffix("/systemd/user/arroba.service") == true)

    let house = TemporaryDirectory()
    try Files.makeDirectory(house.path("logs"))
    let line =
      "{\"timestamp_ms\":1,\"level\":\"info\",\"process_kind\":\"daemon\",\"session_id\":\"s_abcdefghij\"}\n"
    try Files.replace(house.path("logs/20260730T043152.123Z-daemon-7.ndjson"), with: Array(line.utf8))
    let daemon = try FakeDaemon(
      in: house,
      [
        "session.get": { params, _ in
          params["session"] == "build"
            ? .result(TalkSample.whole()) : .error(WireError(kind: .sessionNotFound, message: "no session"))
        }
      ])
    defer { daemon.end() }
    #expect(ToolRun(["--json", "logs", "--session", "build"], in: house) == ToolRun(out: line))
    #expect(ToolRun(["--json", "logs", "--session", "s_abc"], in: house) == ToolRun(out: line))
    #expect(ToolRun(["logs", "--session", "nobody"], in: house).code == 4)
    daemon.end()
    let gone = ToolRun(["logs", "--session", "build"], in: house)
    #expect(gone.code == 69 && gone.error.contains("name it by its id"), "\(gone)")
  }

  @Test("With --json the answer is printed as it came")
  func json() throws {
    for arguments in [
      ["show", "build"], ["rename", "a", "b"], ["ls"], ["agent", "ls"], ["agent", "cycle"],
    ] {
      let (run, _) = try run(["--json"] + arguments)
      let answer = try JSONReader.read(Array(run.out.utf8))
      #expect(run.out == answer.encodedText + "\n" && run.error == "" && run.code == 0)
      #expect(answer["id"] != nil || answer["asOf"] != nil)
    }
  }

  @Test("A change carries a command id of its own, a question none")
  func commandIDs() throws {
    let daemon = try FakeDaemon()
    defer { daemon.end() }
    for _ in 0..<2 { _ = ToolRun(["rename", "a", "b"], in: daemon.house) }
    _ = ToolRun(["show", "a"], in: daemon.house)
    let ids = daemon.requests.map { $0.params["commandId"]?.string }
    #expect(ids.count == 3 && ids[2] == nil && ids[0] != ids[1])
    #expect(ids.prefix(2).allSatisfy { $0?.wholeMatch(of: /k[a-z2-7]{24}/) != nil })
  }

  @Test("A new session is born from where the user is; -d prints its id")
  func new() throws {
    let (run, asked) = try run(
      ["new", "-d", "-a", "build", "-e", "A=1", "--", "make", "-j8"], [:], ["LC_ALL": "C"])
    #expect(run == ToolRun(out: "s_abcdefghij\n"))
    let agent: JSON = [
      "provider": "terminal", "argv": ["make", "-j8"], "directory": .string(here),
      "env": ["LANG": "C.UTF-8", "LC_ALL": "C", "PATH": "/usr/bin:/bin", "A": "1"],
    ]
    let params = asked[0].params
    #expect(asked.map(\.method) == ["session.create"] && params["alias"] == "build")
    for member in agent.object?.members ?? [] {
      #expect(params["agents"]?.array?[0][member.key] == member.value)
    }
  }

  @Test("Agents that were made are printed, and those that were not say why")
  func spawn() throws {
    let busy: JSON = [
      "code": -32000, "message": "too many",
      "data": ["kind": "agent_limit", "retryable": false, "hint": "rm one"],
    ]
    let answer: JSON = ["agents": [Sample.agent("a_1"), ["error": busy], Sample.agent("a_3")]]
    let (run, asked) = try run(
      ["agent", "spawn", "build", "-n", "3", "--", "x"], ["agent.spawn": { _, _ in .result(answer) }])
    #expect(
      asked[0].params["count"] == 3 && asked[0].params["argv"] == ["x"]
        && asked[0].params["session"] == "build")
    #expect(run == ToolRun(out: "a_1\na_3\n", error: "arroba: too many\nhint: rm one\n", code: 1))
  }

  @Test("Ending says what was stopped")
  func end() throws {
    for (count, words) in [
      (0, "ended s_1\n"), (1, "ended s_1, stopped 1 agent\n"), (3, "ended s_1, stopped 3 agents\n"),
    ] {
      let stopped = JSON.array((0..<count).map { ["agent": .string("a_\($0)"), "run": "r"] })
      let (run, asked) = try run(
        ["end", "build", "-f"], ["session.end": { _, _ in .result(["session": "s_1", "stopped": stopped]) }])
      #expect(
        run == ToolRun(out: words) && asked == [request("session.end", ["session": "build", "force": true])])
    }
    let (run, asked) = try run(
      ["rm", "build"], ["session.delete": { _, _ in .result(["session": "s_1", "stopped": []]) }])
    #expect(
      run == ToolRun(out: "removed s_1\n") && asked == [request("session.delete", ["session": "build"])])
  }

  @Test("Keys go as keys, text as text")
  func type() throws {
    let handlers: [String: FakeDaemon.Handler] = ["terminal.input": { _, _ in .result(["accepted": 3]) }]
    var (run, asked) = try run(["type", "build", "make test", "Enter"], handlers)
    #expect(
      run == ToolRun()
        && asked == [request("terminal.input", ["session": "build", "keys": ["make test", "Enter"]])])
    (run, asked) = try self.run(["--json", "type", "-l", "build/log", "a", "C-c"], handlers)
    #expect(run.out == "{\"accepted\":3}\n")
    #expect(asked == [request("terminal.input", ["session": "build", "agent": "log", "text": "a C-c"])])
  }

  @Test("A screen is printed as text without anything that moves a cursor, or as the bytes that repaint it")
  func screen() throws {
    let handlers: [String: FakeDaemon.Handler] = [
      "terminal.screen": { params, _ in
        .result(
          params["format"] == "ansi"
            ? ["ansi": "\u{1B}[31mred"] : ["text": ["one", "", "tw\u{1B}o 漢", "", ""]])
      }
    ]
    #expect(try run(["screen"], handlers).run == ToolRun(out: "one\n\ntw\u{FFFD}o 漢\n"))
    #expect(try run(["screen", "--ansi"], handlers).run == ToolRun(out: "\u{1B}[31mred"))
    #expect(
      try run(["screen", "--history", "5"], handlers).asked == [
        request("terminal.screen", ["format": "text", "history": 5])
      ])
    #expect(
      try run(["--json", "screen"], handlers).asked == [request("terminal.screen", ["format": "cells"])])
  }

  @Test("Within an agent's terminal the session and the agent around are meant, unless others are named")
  func around() throws {
    let house = TemporaryDirectory()
    let daemon = try FakeDaemon(in: house, ["terminal.input": { _, _ in .result([:]) }])
    defer { daemon.end() }
    let around = ["ARROBA_SESSION": "s_me", "ARROBA_AGENT": "a_me"]
    for arguments in [["show"], ["type", "x"], ["type", "/log", "x"], ["type", "other", "x"]] {
      _ = ToolRun(arguments, in: house, around)
    }
    let named = daemon.requests.map { [$0.params["session"]?.string, $0.params["agent"]?.string] }
    #expect(named == [["s_me", nil], ["s_me", "a_me"], ["s_me", "log"], ["other", nil]])
    // Another daemon's sessions are not those around.
    _ = ToolRun(["--host", "unix://\(house.path)/./daemon.sock", "show"], in: house, around)
    #expect(daemon.requests.last?.params["session"] == nil)
  }

  @Test("To attach from within an agent is refused before anything is made")
  func attachRefused() throws {
    let (inside, asked) = try run(["attach"], [:], ["ARROBA_SESSION": "s_me"])
    #expect(asked == [] && inside.code == 7)
    #expect(
      inside.error
        == "arroba: this is an agent's terminal: attaching from within would show a session in itself\nhint: --force attaches all the same\n"
    )
    let (new, made) = try run(["new", "--", "vim"], [:], ["ARROBA_SESSION": "s_me"])
    #expect(
      made == []
        && new.error.hasSuffix("hint: --force attaches all the same; -d makes a session without attaching\n"))
  }

  @Test("A refusal is printed with its hint, as JSON as it came, and its kind is the exit code")
  func refused() throws {
    let error = WireError(
      kind: .sessionNotFound, message: "no session matches 'fo'", hint: "arroba ls", details: ["ref": "fo"])
    let handlers: [String: FakeDaemon.Handler] = ["session.get": { _, _ in .error(error) }]
    #expect(
      try run(["show", "fo"], handlers).run
        == ToolRun(error: "arroba: no session matches 'fo'\nhint: arroba ls\n", code: 4))
    #expect(
      try run(["--json", "show", "fo"], handlers).run
        == ToolRun(error: error.json.encodedText + "\n", code: 4))
  }

  @Test("An empty list is a remark, not a result")
  func empty() throws {
    let handlers: [String: FakeDaemon.Handler] = ["session.list": { _, _ in .result(["sessions": []]) }]
    #expect(try run(["ls"], handlers).run == ToolRun(error: "no sessions; arroba new makes one\n"))
    #expect(try run(["-q", "ls"], handlers).run == ToolRun())
    #expect(try run(["--json", "ls"], handlers).run == ToolRun(out: "{\"sessions\":[]}\n"))
  }
}
