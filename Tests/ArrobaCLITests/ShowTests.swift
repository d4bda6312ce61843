import ArrobaJSON
import ArrobaSystem
import ArrobaTime
import Testing

@testable import ArrobaCLI

/// Answers of a daemon, as these tests show them.
enum Sample {
  static let at = "2026-07-30T04:31:52.123Z"
  static var nowMs: Int { CivilTime.milliseconds(rfc3339: at).map { $0 + 185_000 } ?? 0 }

  static func agent(
    _ id: String = "a_klmnopqrst", alias: JSON = nil, state: String = "working", reason: String = "",
    run: JSON = ["state": "running"], isFocused: Bool = false, argv: JSON = ["make", "-j8"]
  ) -> JSON {
    [
      "id": .string(id), "session": "s_abcdefghij", "alias": alias, "provider": "terminal", "argv": argv,
      "cols": 80, "rows": 24, "focused": .bool(isFocused),
      "activity": [
        "state": .string(state), "since": .string(at), "reason": .string(reason), "source": "process",
      ],
      "run": run,
    ]
  }

  static func session(
    _ id: String = "s_abcdefghij", alias: JSON = "build", state: String = "open", agents: [JSON] = [agent()]
  )
    -> JSON
  {
    [
      "id": .string(id), "alias": alias, "workspace": "/home/u/work", "state": .string(state),
      "createdAt": .string(at),
      "endedAt": state == "ended" ? .string(at) : nil, "attached": 2, "focused": "a_klmnopqrst",
      "agents": .array(agents),
    ]
  }
}

@Suite("Instants in the daemon's words")
struct SinceNowTests {
  private static let cases: [(String, String)] = [
    ("slow down, next attempt at 2026-07-30T04:31:56.000Z", "slow down, next attempt in 4 s"),
    ("at 2026-07-30T04:34:57.123Z, then none", "in 3m 5s, then none"),
    ("next attempt at 2026-07-30T04:00:00.000Z", "next attempt in 0 s"),
    ("look at line 4 at 5 at", "look at line 4 at 5 at"), ("", ""),
  ]

  @Test("What is to come is told by how long that is", arguments: cases)
  func told(_ said: String, _ shown: String) throws {
    let now = try #require(CivilTime.milliseconds(rfc3339: Sample.at))
    #expect(Humane.sinceNow(said, nowMs: now) == shown)
  }
}

@Suite("How things are called")
struct NamesTests {
  @Test("A session is called by its alias, else by a beginning that is its own")
  func references() {
    let sessions = [
      Sample.session("s_aaaaaa1"), Sample.session("s_bbbbbb1", alias: nil),
      Sample.session("s_bbbbbb2", alias: nil),
      Sample.session("s_cccccc1", alias: nil),
    ]
    #expect(Names.references(of: sessions) == ["build", "s_bbbbbb1", "s_bbbbbb2", "s_cccc"])
    #expect(Names.prefix(of: "s_1", among: ["s_1", "s_12"]) == "s_1")
  }

  @Test("An end is told by code or by signal")
  func ends() {
    #expect(
      Names.exit(0) == "exited 0" && Names.exit(-15) == "killed by SIGTERM"
        && Names.exit(-42) == "killed by signal 42")
    #expect(Names.exit(["code": 3]) == "exited 3" && Names.exit(["signal": 9]) == "killed by SIGKILL")
    #expect(Names.exit(JSON?.none) == nil && Names.exit([:]) == nil)
    #expect(Names.status(["code": 3]) == 3 && Names.status(["signal": 9]) == -9 && Names.status(nil) == nil)
  }
}

@Suite("Sessions and agents as tables")
struct SessionTextTests {
  private let text = SessionText(nowMs: Sample.nowMs, home: "/home/u")

  private func lines(_ rows: [[Cell]]) -> [String] { Table.lines(rows, usesColour: false) }

  @Test("The list of sessions, with and without their agents")
  func list() {
    let log = Sample.agent(
      "a_2222222222", alias: "log", state: "idle", isFocused: true, argv: ["tail", "-f", "log"])
    let sessions = [
      Sample.session(agents: [Sample.agent("a_1111111111"), log]),
      Sample.session("s_zzzzzz1", alias: nil, agents: []),
    ]
    #expect(
      lines(text.list(sessions, withAgents: false)) == [
        "REF     AGENTS  ACTIVITY    WORKSPACE", "build   2       working 3m  ~/work",
        "s_zzzz  0       no agent    ~/work",
      ])
    #expect(
      lines(text.list(sessions, withAgents: true)) == [
        "REF             AGENTS  ACTIVITY    WORKSPACE", "build           2       working 3m  ~/work",
        "  build/a_1111          working 3m  make -j8", "  build/log     *       idle 3m     tail -f log",
        "s_zzzz          0       no agent    ~/work",
      ])
    #expect(text.references(sessions, withAgents: true) == ["build", "build/a_1111", "build/log", "s_zzzz"])
    #expect(text.references(sessions, withAgents: false) == ["build", "s_zzzz"])
  }

  private static let activities: [(JSON, String, Style?)] = [
    (Sample.agent(state: "working"), "working 3m", .green),
    (Sample.agent(state: "starting"), "starting 3m", .green),
    (Sample.agent(state: "idle"), "idle 3m", .faint), (Sample.agent(state: "stopped"), "stopped 3m", .faint),
    (Sample.agent(state: "waiting", reason: "may I?"), "waiting 3m: may I?", .yellow),
    (Sample.agent(state: "failed", reason: "no such program"), "failed 3m: no such program", .red),
    (Sample.agent(state: "working", reason: "unsaid"), "working 3m", .green),
    (Sample.agent(state: "idle", run: ["state": "parked"]), "idle 3m (parked)", .faint),
    (
      Sample.agent(run: ["state": "ended", "exit": ["code": 0], "endedAt": .string(Sample.at)]),
      "exited 0 · 3m", .faint
    ),
    (
      Sample.agent(run: ["state": "ended", "exit": ["code": 2], "endedAt": .string(Sample.at)]),
      "exited 2 · 3m", .red
    ),
    (Sample.agent(run: ["state": "ended", "exit": ["signal": 9]]), "killed by SIGKILL", .red),
    (
      Sample.agent(run: ["state": "ended", "reason": "interrupted: the machine was restarted"]),
      "interrupted: the machine was restarted", .red
    ),
    (Sample.agent(run: ["state": "ended"]), "ended", .red), ([:], "?", .faint),
  ]

  @Test("What an agent does, and since when", arguments: activities)
  func activity(_ agent: JSON, _ words: String, _ style: Style?) {
    #expect(text.activity(of: agent) == Cell(words, style))
  }

  @Test("The agent that most wants to be looked at speaks for its session")
  func urgency() {
    let states = ["stopped", "idle", "starting", "working", "failed", "waiting"]
    for end in states.indices {
      let session = Sample.session(agents: states[...end].map { Sample.agent(state: $0) })
      #expect(text.activity(ofSession: session).text.hasPrefix(states[end]))
    }
    #expect(text.activity(ofSession: Sample.session(state: "ended")) == Cell("ended · 3m", .faint))
  }

  @Test("One session in full")
  func facts() {
    let rows = text.facts(Sample.session(state: "ended"))
    #expect(
      rows.map { $0[0].text } == [
        "session", "alias", "workspace", "state", "created", "ended", "attached", "focused",
      ])
    #expect(rows[4][1].text == "\(Humane.local(Sample.at)) (3m ago)" && rows[2][1].text == "~/work")
    #expect(text.facts(Sample.session(alias: nil)).map { $0[0].text }.contains("alias") == false)
  }

  @Test("The agents of a session")
  func agents() {
    let long = Sample.agent("a_3", alias: "x", argv: .array(Array(repeating: "word", count: 20)))
    let model: JSON = ["id": "a_4444444444", "provider": "opencode", "model": "m-1", "argv": []]
    let shown = lines(text.agents([Sample.agent(isFocused: true), long, model]))
    #expect(shown[0] == "AGENT   FOCUS  ACTIVITY    PROVIDER  SIZE   COMMAND")
    #expect(shown[1] == "a_klmn  *      working 3m  terminal  80x24  make -j8")
    #expect(shown[2].hasSuffix("word word word word word word word word word word word word…"))
    #expect(shown[3] == "a_4444         ?           opencode         m-1")
  }
}

@Suite("Events, facts and records as lines")
struct LineTextTests {
  @Test("An event: time, number, kind, subject, and its data")
  func event() {
    let event: JSON = [
      "subscription": "e_1", "seq": 4711, "at": .string(Sample.at), "kind": "agent.exited",
      "session": "s_abcdefghijkl",
      "agent": "a_klmnopqrstuv", "by": "c_1",
      "data": [
        "code": 0, "name": "a b", "empty": "", "none": nil, "list": [1, "x"], "flag": true,
        "long": .string(String(repeating: "y", count: 90)),
      ],
    ]
    let line = EventText.line(event, usesColour: false)
    let time = Humane.local(Sample.at)
    #expect(
      line
        == "\(time)  4711  agent.exited  s_abcdefgh/a_klmnopqr code=0 name=\"a b\" empty=\"\" list=[1,\"x\"] flag=true long="
        + String(repeating: "y", count: 79) + "…")
    #expect(
      EventText.line(["seq": 1, "kind": "daemon.started"], usesColour: false) == "  1  daemon.started  -")
  }

  @Test("Nothing in an event reaches the terminal as it is")
  func eventClean() {
    let line = EventText.line(["kind": "x\u{1B}c", "data": ["k\u{7}": "v\u{1B}[2J"]], usesColour: false)
    #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
  }

  @Test("An object as keys and values, inner ones by dots, numbers by their units")
  func facts() {
    let value: JSON = [
      "pid": 4, "uptimeMs": 90_000, "lagMs": 15, "log": ["bytes": 1500, "id": "l_1", "recovery": nil],
      "names": ["a", "b"],
      "none": [], "ratio": .double(0.5), "ok": true, "sizeBytes": 12, "objects": [["x": 1]],
    ]
    #expect(
      Table.lines(FactsText.rows(value), usesColour: false) == [
        "pid           4", "uptimeMs      1m", "lagMs         15 ms", "log.bytes     1.5 kB",
        "log.id        l_1", "log.recovery  -",
        "names         a, b", "none          none", "ratio         0.5", "ok            true",
        "sizeBytes     12 B", "objects       {\"x\":1}",
      ])
  }

  @Test("A record of the process log")
  func record() {
    let record: JSON = [
      "timestamp_ms": 5, "level": "warn", "process_kind": "daemon", "pid": 7, "component": "log",
      "message": "a\u{1B}b",
      "session_id": "s_1", "count": 3, "log_path": "/x",
    ]
    let time = CivilTime.local(5)
    #expect(
      LogText.line(record, usesColour: false)
        == "\(time)  warn   daemon[7]  log: a\u{FFFD}b session_id=s_1 count=3")
    #expect(LogText.line([:], usesColour: false) == "\(CivilTime.local(0))  ?      ?[0]  ?: ")
  }
}

@Suite("The last records of the process logs")
struct LogPageTests {
  private func page(_ lines: [String], _ change: (inout LogFilter) -> Void = { _ in }) -> [Int] {
    var filter = LogFilter()
    change(&filter)
    var page = LogPage(filter)
    for line in lines { page.offer(Array(line.utf8)) }
    return page.records.map(\.timeMs)
  }

  private func line(
    _ time: Int, level: String = "info", kind: String = "daemon", component: String = "log",
    session: String? = nil
  )
    -> String
  {
    JSON.record([
      "timestamp_ms": .int(time), "level": .string(level), "process_kind": .string(kind),
      "component": .string(component),
      "session_id": .text(session),
    ]).encodedText
  }

  @Test("They come in the order of their times, whatever file they stood in")
  func order() {
    #expect(page([line(3), line(1), line(2)]) == [1, 2, 3])
    #expect(page(["not json", "{}", line(1), "{\"timestamp_ms\":\"x\"}"]) == [1])
  }

  @Test("Only as many as wanted, and those the newest")
  func limit() {
    let lines = (1...50).map { line($0 * 7 % 53) }
    #expect(page(lines) { $0.limit = 3 } == page(lines).suffix(3).map { $0 })
    #expect(page([line(5), line(4)]) { $0.limit = 1 } == [5])
  }

  @Test("By level and above, process, part and session")
  func filters() {
    let lines = [
      line(1, level: "debug"), line(2, level: "warn"), line(3, level: "error", kind: "supervisor"),
      line(4, level: "odd"),
      line(5, component: "attach"), line(6, session: "s_abc"), line(7, session: "s_xyz"),
    ]
    #expect(page(lines) { $0.level = "warn" } == [2, 3, 4])
    #expect(page(lines) { $0.processKind = "supervisor" } == [3])
    #expect(page(lines) { $0.component = "attach" } == [5])
    #expect(page(lines) { $0.session = "s_a" } == [6])
    #expect(page(lines).count == 7)
  }

  @Test("A file that ends before the oldest wanted record need not be read")
  func older() {
    var filter = LogFilter()
    filter.limit = 2
    var page = LogPage(filter)
    #expect(!page.isOlder(0))
    for time in [10, 20, 30, 40] { page.offer(Array(line(time).utf8)) }
    #expect(page.isOlder(29) && !page.isOlder(30))
  }
}
