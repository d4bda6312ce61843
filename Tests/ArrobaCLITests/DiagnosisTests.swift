import ArrobaClient
import ArrobaJSON
import ArrobaSupervision
import ArrobaWire
import Testing

@testable import ArrobaCLI

@Suite("What the doctor makes of what it saw")
struct DiagnosisTests {
  private static let gaveUp = LockNote(pid: 7, startedAtMs: 1, state: .gaveUp(reason: "the disk is full"))
  private static let running = LockNote(pid: 7, startedAtMs: 1, state: .running)

  private static let cases: [(Finding, Finding)] = [
    (
      Diagnosis.program("arroba-daemon", at: "/b/arroba-daemon", beside: "/b/arroba"),
      Finding("arroba-daemon", .ok, "/b/arroba-daemon")
    ),
    (
      Diagnosis.program("arroba-daemon", at: nil, beside: "/b/arroba"),
      Finding(
        "arroba-daemon", .fail, "neither beside /b/arroba nor on PATH",
        mend: "build it (scripts/build) and keep the three programs in one directory")
    ),
    (
      Diagnosis.socketDirectory(of: "/r/a/daemon.sock", isThere: true, fault: nil),
      Finding("socket directory", .ok, "/r/a")
    ),
    (
      Diagnosis.socketDirectory(of: "/r/a/daemon.sock", isThere: false, fault: nil),
      Finding("socket directory", .ok, "/r/a will be made when it is needed")
    ),
    (
      Diagnosis.socketDirectory(of: "/r/a/daemon.sock", isThere: true, fault: "it is open to others"),
      Finding("socket directory", .fail, "it is open to others", mend: "chmod 700 /r/a, or set ARROBA_SOCKET")
    ),
    (
      Diagnosis.directory("state directory", "/s/x", nearest: "/s", isWritable: true, free: 200_000_000),
      Finding("state directory", .ok, "/s/x")
    ),
    (
      Diagnosis.directory("state directory", "/s/x", nearest: "/s", isWritable: true, free: nil),
      Finding("state directory", .ok, "/s/x")
    ),
    (
      Diagnosis.directory("state directory", "/s/x", nearest: "/s", isWritable: true, free: 199_999_999),
      Finding("state directory", .warn, "/s/x: only 199.9 MB left", mend: "make room on that file system")
    ),
    (
      Diagnosis.directory("log directory", "/s/x", nearest: "/s", isWritable: false, free: 5),
      Finding("log directory", .fail, "/s cannot be written to", mend: "make it yours: chown, chmod u+w")
    ),
    (
      Diagnosis.configuration("/c", isThere: false, fault: nil),
      Finding("configuration", .ok, "none, all is as usual")
    ),
    (Diagnosis.configuration("/c", isThere: true, fault: nil), Finding("configuration", .ok, "/c")),
    (
      Diagnosis.configuration(["path": "/c", "faults": [], "unknown": []], isThere: true),
      Finding("configuration", .ok, "/c")
    ),
    (
      Diagnosis.configuration(["path": "/c", "faults": [], "unknown": []], isThere: false),
      Finding("configuration", .ok, "none, all is as usual")
    ),
    (
      Diagnosis.configuration(["path": "/c", "faults": [], "unknown": ["a", "b.c"]], isThere: true),
      Finding(
        "configuration", .warn, "/c: a, b.c means nothing to this version",
        mend: "docs/RUNNING.md lists what does")
    ),
    (
      Diagnosis.configuration(
        [
          "path": "/c",
          "faults": [
            ["key": "a.b", "reason": "5 came", "allowed": "x or y"],
            ["key": "", "reason": "the file is an array", "allowed": "a JSON object"],
          ], "unknown": ["a"],
        ], isThere: true),
      Finding(
        "configuration", .fail,
        "/c: a.b: 5 came; allowed: x or y; the file is an array; allowed: a JSON object",
        mend: "the default holds until it is mended; then: arroba daemon restart")
    ),
    (
      Diagnosis.configuration("/c", isThere: true, fault: "no JSON"),
      Finding("configuration", .fail, "/c: no JSON", mend: "mend it, or move it away")
    ),
    (
      Diagnosis.daemon(["pid": 4], tookMs: 3, at: "/sock"),
      Finding("daemon", .ok, "pid 4 answered in 3 ms at /sock")
    ),
    (
      Diagnosis.unanswered(.timedOut("it did not answer")),
      Finding(
        "daemon", .fail, "it did not answer",
        mend: "it is stuck: arroba daemon logs; then kill it, its supervisor starts another")
    ),
    (
      Diagnosis.unanswered(.lost("it hung up")),
      Finding("daemon", .fail, "it hung up", mend: "arroba daemon logs --level warn")
    ),
    (
      Diagnosis.notRunning(lock: "/s/lock", isHeld: false, note: nil, socket: "/sock"),
      Finding("daemon", .ok, "not running; the first command starts it")
    ),
    (
      Diagnosis.notRunning(lock: "/s/lock", isHeld: true, note: nil, socket: "/sock"),
      Finding("daemon", .warn, "one is starting: /s/lock is held", mend: "look again in a moment")
    ),
    (
      Diagnosis.notRunning(lock: "/s/lock", isHeld: true, note: running, socket: "/sock"),
      Finding(
        "daemon", .fail, "the supervisor with pid 7 holds /s/lock, but nobody listens at /sock",
        mend: "it listens elsewhere (ARROBA_SOCKET), or its daemon is about to start: arroba daemon logs")
    ),
    (
      Diagnosis.notRunning(lock: "/s/lock", isHeld: true, note: gaveUp, socket: "/sock"),
      Finding(
        "daemon", .fail, "the supervisor with pid 7 has given up: the disk is full",
        mend: "its agents still run; mend that, then: arroba daemon start (or stop, which ends them)")
    ),
    (Diagnosis.closedLog(fault: nil), Finding("event log", .ok, "can be opened")),
    (
      Diagnosis.closedLog(fault: "it is of format 9"),
      Finding(
        "event log", .fail, "it is of format 9",
        mend: "start the version that wrote it, or set ARROBA_STATE_DIR elsewhere")
    ),
    (
      Diagnosis.provider(["name": "x", "available": true, "version": "1.2.3", "executable": "/b/x"]),
      Finding("provider x", .ok, "1.2.3, /b/x")
    ),
    (
      Diagnosis.provider(["name": "x", "available": false, "reason": "there is no x", "hint": "install it"]),
      Finding("provider x", .warn, "there is no x", mend: "install it")
    ),
    (Diagnosis.versions(own: "1", running: "1"), Finding("versions", .ok, "all 1")),
    (Diagnosis.versions(own: "1", running: nil), Finding("versions", .ok, "all 1")),
    (
      Diagnosis.versions(own: "2", running: "1"),
      Finding("versions", .warn, "this is 2, the daemon that runs is 1", mend: "arroba daemon restart")
    ),
    (Diagnosis.supervisor(7, isAlive: true), Finding("supervisor", .ok, "pid 7")),
    (
      Diagnosis.supervisor(7, isAlive: false),
      Finding(
        "supervisor", .fail, "it is gone: agents would not outlive the daemon",
        mend: "arroba daemon stop, then start")
    ),
    (
      Diagnosis.log(["id": "l_1", "head": 9, "bytes": 1500, "recovery": ["holes": [], "setAside": nil]]),
      Finding("event log", .ok, "l_1, 9 events, 1.5 kB")
    ),
    (Diagnosis.log(["id": "l_1", "head": 9]), Finding("event log", .ok, "l_1, 9 events")),
    (
      Diagnosis.log(["id": "l_1", "head": 9, "recovery": ["holes": [], "setAside": "/s/tail"]]),
      Finding(
        "event log", .warn, "l_1, 9 events; the last start set a damaged end aside: /s/tail",
        mend: "docs/LOG-FORMAT.md says what it holds")
    ),
    (
      Diagnosis.log(["id": "l_1", "head": 9, "recovery": ["holes": ["3 to 5 are missing"], "setAside": nil]]),
      Finding(
        "event log", .fail, "l_1, 9 events; damaged: 3 to 5 are missing",
        mend: "docs/LOG-FORMAT.md says what is missing, and why")
    ),
    (Diagnosis.locale(["LANG": "de_DE.UTF-8"]), Finding("locale", .ok, "de_DE.UTF-8")),
    (Diagnosis.locale(["LANG": "C", "LC_ALL": "C.utf8"]), Finding("locale", .ok, "C.utf8")),
    (
      Diagnosis.locale(["LANG": "C.UTF-8", "LC_ALL": "POSIX"]),
      Finding("locale", .warn, "POSIX is not UTF-8", mend: "export LANG=C.UTF-8")
    ),
    (Diagnosis.locale(["LANG": ""]), Finding("locale", .warn, "none is set", mend: "export LANG=C.UTF-8")),
    (Diagnosis.terminal("xterm", isTerminal: true), Finding("terminal", .ok, "xterm")),
    (Diagnosis.terminal("", isTerminal: false), Finding("terminal", .ok, "output goes to no terminal")),
    (
      Diagnosis.terminal("dumb", isTerminal: true),
      Finding("terminal", .warn, "TERM is 'dumb'", mend: "programs need one that can move its cursor")
    ),
    (Diagnosis.descriptors(soft: 1024, hard: 4096), Finding("open files", .ok, "1024, at most 4096")),
    (
      Diagnosis.descriptors(soft: 1024, hard: 4095),
      Finding(
        "open files", .warn, "at most 4095: enough for about 1023 agents",
        mend: "raise it: ulimit -Hn, or LimitNOFILE in the unit")
    ),
    (Diagnosis.unit("/u", isThere: true), Finding("systemd unit", .ok, "/u")),
    (
      Diagnosis.unit("/u", isThere: false),
      Finding("systemd unit", .ok, "none (arroba daemon unit prints one)")
    ),
  ]

  @Test("Each thing has its verdict, its words, and what mends it", arguments: Self.cases)
  func finding(_ found: Finding, _ expected: Finding) {
    #expect(found == expected)
  }

  @Test("What is not well says how it is mended, and only that")
  func mending() {
    for (finding, _) in Self.cases {
      #expect((finding.mend != nil) == (finding.verdict != .ok), "\(finding)")
    }
  }

  @Test("A socket's path may have as many bytes as an address holds")
  func longest() {
    let fits = "/" + String(repeating: "d", count: 106)
    #expect(Diagnosis.socketDirectory(of: fits, isThere: true, fault: nil).verdict == .ok)
    #expect(
      Diagnosis.socketDirectory(of: fits + "d", isThere: true, fault: nil)
        == Finding(
          "socket directory", .fail, "\(fits)d is longer than 107 bytes",
          mend: "set ARROBA_SOCKET to a shorter path"))
  }

  @Test("The unit is looked for where systemd looks for it")
  func unitPath() {
    #expect(Diagnosis.unitPath(["HOME": "/h"]) == "/h/.config/systemd/user/arroba.service")
    #expect(Diagnosis.unitPath(["HOME": "/h", "XDG_CONFIG_HOME": "/c"]) == "/c/systemd/user/arroba.service")
  }

  @Test("Findings are a table, what mends each below it; as JSON they are what they are")
  func shown() {
    let findings = [Finding("a", .ok, "fine"), Finding("longer", .fail, "bad\u{7}", mend: "mend\nit")]
    #expect(
      Finding.lines(findings, usesColour: false) == [
        "ok    a       fine", "fail  longer  bad\u{FFFD}", "      mend it",
      ])
    #expect(
      findings[1].json == ["name": "longer", "verdict": "fail", "message": "bad\u{7}", "mend": "mend\nit"])
    #expect(findings[0].json["mend"] == nil)
  }
}
