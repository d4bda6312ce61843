@testable import ArrobaCLI
import ArrobaTerminal
import Testing

@Suite("What a command line asks for")
struct InvocationTests {
  static func read(_ arguments: [String]) throws -> Invocation { try Invocation(try Words(arguments)) }

  private static func target(_ session: String?, _ agent: String? = nil) -> Target {
    Target(session: session, agent: agent)
  }

  private static let plain: [(String, Invocation)] = [
    ("ls", .list(all: false, agents: false)), ("list --all --agents", .list(all: true, agents: true)),
    ("show", .show(target(nil))), ("show build", .show(target("build"))),
    ("rename build nightly", .rename(target("build"), alias: "nightly")),
    ("end", .end(target(nil), force: false)), ("end build -f", .end(target("build"), force: true)),
    ("rm build", .remove(target("build"), force: false)),
    ("delete build --force", .remove(target("build"), force: true)),
    ("screen build/log --ansi", .screen(target("build", "log"), ansi: true, history: nil)),
    ("screen --history 50", .screen(target(nil), ansi: false, history: 50)),
    ("resize 120x40", .resize(target(nil), columns: 120, rows: 40)),
    ("resize build/a 1x65535", .resize(target("build", "a"), columns: 1, rows: 65_535)),
    ("agent ls build", .agents(target("build"))), ("agent list", .agents(target(nil))),
    ("agent focus build/log", .focus(target("build", "log"))),
    ("agent focus /log", .focus(target(nil, "log"))),
    ("agent cycle", .cycle(target(nil))),
    ("agent rename /log tail", .renameAgent(target(nil, "log"), alias: "tail")),
    ("agent restart", .restart(target(nil), force: false)),
    ("agent restart build -f", .restart(target("build"), force: true)),
    ("agent rm build/log --force", .removeAgent(target("build", "log"), force: true)),
    ("events", .events(nil, after: nil, follow: false)),
    ("events build --after start -f", .events(target("build"), after: .beginning, follow: true)),
    ("events --after 4711", .events(nil, after: .sequence(4711), follow: false)),
    ("wait build --for idle", .wait(target("build"), for: .idle, timeoutMs: nil, status: false)),
    ("wait --for exit -t 1.5 --status", .wait(target(nil), for: .exit, timeoutMs: 1500, status: true)),
    ("health", .health), ("doctor", .doctor), ("provider list", .providers), ("provider ls", .providers),
    ("version", .version), ("--version", .version),
    ("bridge", .bridge),
    ("daemon start", .daemon(.start)), ("daemon stop", .daemon(.stop)), ("daemon restart", .daemon(.restart)),
    ("daemon status", .daemon(.status)), ("daemon unit", .daemon(.unit)), ("daemon run", .daemon(.run([]))),
    ("daemon run -- --help", .daemon(.run(["--help"]))),
    ("completions zsh", .completions(.zsh)),
    ("help", .help(topic: nil)), ("help agent spawn", .help(topic: "agent spawn")),
    ("--help", .help(topic: nil)),
    ("a --help", .help(topic: "attach")), ("agent --help", .help(topic: "agent")),
    ("agent ls -h", .help(topic: "agent ls")),
  ]

  @Test("Each verb is read with its words and options", arguments: plain)
  func reading(_ line: String, _ invocation: Invocation) throws {
    #expect(try Self.read(line.split(separator: " ").map(String.init)) == invocation)
  }

  @Test("An empty word takes an alias away")
  func noAlias() throws {
    #expect(try Self.read(["rename", "build", ""]) == .rename(Self.target("build"), alias: ""))
  }

  @Test("A new session says what is born, and whether it is looked at")
  func new() throws {
    var birth = Birth()
    birth.alias = "build"
    birth.environment = [Birth.Variable(name: "A", value: "1=2"), Birth.Variable(name: "B", value: "")]
    birth.program = ["make", "-j8"]
    #expect(
      try Self.read(["new", "-da", "build", "-e", "A=1=2", "-e", "B=", "--", "make", "-j8"])
        == .new(birth, then: nil))
    var look = Attaching()
    look.takesStatus = true
    look.isForced = true
    look.detachKeys = try DetachKeys("C-b d")
    var model = Birth()
    model.provider = "terminal"
    model.model = "m"
    #expect(
      try Self.read([
        "new", "-p", "terminal", "-m", "m", "--status", "-f", "--detach-keys", "C-b d",
      ]) == .new(model, then: look))
    // This version makes none: what help does not promise is not half understood either.
    #expect(throws: Misuse.self) { try Self.read(["new", "--worktree"]) }
  }

  @Test("A further agent may come in any number from 1 to 1000")
  func spawn() throws {
    var birth = Birth()
    birth.program = ["tail", "-f", "log"]
    #expect(
      try Self.read(["agent", "spawn", "build", "-n", "3", "--", "tail", "-f", "log"])
        == .spawn(Self.target("build"), birth, count: 3))
    #expect(try Self.read(["agent", "spawn"]) == .spawn(Target(), Birth(), count: nil))
    for count in ["0", "1001", "many", ""] {
      #expect(throws: Misuse("--count takes a number from 1 to 1000, not '\(count)'")) {
        try Self.read(["agent", "spawn", "--count", count])
      }
    }
  }

  @Test("How to attach")
  func attach() throws {
    var look = Attaching()
    look.isView = true
    look.isRaw = true
    look.detachKeys = DetachKeys.none
    #expect(
      try Self.read(["attach", "build/log", "--view", "--raw", "--detach-keys", "none"])
        == .attach(Self.target("build", "log"), look))
    #expect(try Self.read(["a"]) == .attach(Target(), Attaching()))
  }

  private static let typed: [([String], Target, [String], Bool)] = [
    (["Enter"], target(nil), ["Enter"], false), (["ls"], target(nil), ["ls"], false),
    (["build", "make test", "Enter"], target("build"), ["make test", "Enter"], false),
    (["build/log", "C-c"], target("build", "log"), ["C-c"], false),
    (["/log", "q"], target(nil, "log"), ["q"], false),
    // What names a key, or has a space, is no reference.
    (["C-c", "Enter"], target(nil), ["C-c", "Enter"], false),
    (["^C", "Enter"], target(nil), ["^C", "Enter"], false),
    (["make test", "Enter"], target(nil), ["make test", "Enter"], false),
    (["M-x", "up"], target(nil), ["M-x", "up"], false),
    (["--", "ls", "Enter"], target(nil), ["ls", "Enter"], false),
    (["build", "--", "-x", "--json"], target("build"), ["-x", "--json"], false),
    (["-l", "build", "Enter"], target("build"), ["Enter"], true),
    (["-l", "--", "C-c"], target(nil), ["C-c"], true),
  ]

  @Test("Of words to type the first is the reference, unless it can be none", arguments: typed)
  func type(_ words: [String], _ target: Target, _ keys: [String], _ isLiteral: Bool) throws {
    #expect(try Self.read(["type"] + words) == .type(target, keys: keys, isLiteral: isLiteral))
  }

  @Test("The process logs are filtered; those of the daemon alone have a verb of their own")
  func logs() throws {
    var filter = LogFilter()
    filter.level = "warn"
    filter.session = "s_4f"
    filter.processKind = "client"
    filter.component = "attach"
    filter.limit = 5
    let line = "logs -f --level warn --session s_4f --process-kind client --component attach -n 5"
    #expect(try Self.read(line.split(separator: " ").map(String.init)) == .logs(filter, follow: true))
    var daemon = LogFilter()
    daemon.processKind = "daemon"
    #expect(try Self.read(["daemon", "logs"]) == .logs(daemon, follow: false))
    daemon.processKind = "supervisor"
    #expect(
      try Self.read(["daemon", "logs", "--process-kind", "supervisor"]) == .logs(daemon, follow: false))
  }

  private static let mistakes: [([String], String, String?)] = [
    (["new", "--"], "a program is missing behind --", nil),
    (
      ["new", "-p", "opencode", "--", "vim"], "the provider opencode takes no program",
      "leave out --provider, or what follows --"
    ),
    (["new", "-e", "PATH"], "'PATH' is no variable", "--env NAME=VALUE is expected"),
    (["new", "-e", "=x"], "'=x' is no variable", "--env NAME=VALUE is expected"),
    (["show", "build/log"], "'build/log' names an agent; a session is expected", nil),
    (["end", "/log"], "'/log' names an agent; a session is expected", nil),
    (["rename", "a/b", "c"], "'a/b' names an agent; a session is expected", nil),
    (
      ["agent", "focus", "build"], "'build' names no agent",
      "write REF/AGENT, or /AGENT in the newest session here"
    ),
    (
      ["agent", "rm", "build"], "'build' names no agent",
      "write REF/AGENT, or /AGENT in the newest session here"
    ),
    (["resize", "80"], "'80' is no size", "COLSxROWS is expected, like 120x40"),
    (["resize", "build", "80x0"], "'80x0' is no size", "COLSxROWS is expected, like 120x40"),
    (["resize", "65536x1"], "'65536x1' is no size", "COLSxROWS is expected, like 120x40"),
    (["resize", "80x24x1"], "'80x24x1' is no size", "COLSxROWS is expected, like 120x40"),
    (["export", "build"], "as what to export is missing", "--cast writes an asciicast"),
    (["play", "f", "--speed", "0"], "--speed takes a number from 0.01 to 1000, not '0'", nil),
    (["play", "f", "-i", "x"], "'x' is no number of seconds", nil),
    (["record", "build", ""], "the name of the file is empty", nil),
    (["screen", "--history", "100001"], "--history takes a number from 0 to 100000, not '100001'", nil),
    (["events", "--after", "-1"], "'-1' is no place in the log", "--after takes a sequence number or start"),
    (
      ["events", "--after", "now"], "'now' is no place in the log", "--after takes a sequence number or start"
    ),
    (["wait", "build"], "what to wait for is missing", "--for idle|waiting|done|exit"),
    (["wait", "--for", "ever"], "'ever' is nothing to wait for", "--for idle|waiting|done|exit"),
    (["wait", "--for", "idle", "-t", "soon"], "'soon' is no number of seconds", nil),
    (["wait", "--for", "idle", "-t", "-1"], "'-1' is no number of seconds", nil),
    (["wait", "--for", "idle", "-t", "nan"], "'nan' is no number of seconds", nil),
    (["type"], "what to type is missing", "usage: arroba type [REF[/AGENT]] [-l] [--] KEYS…"),
    (["type", "build", "--"], "what to type is missing", "usage: arroba type [REF[/AGENT]] [-l] [--] KEYS…"),
    (["type", "a", "b", "--", "c"], "one REF at most belongs before --", nil),
    (["logs", "--level", "loud"], "'loud' is no level", "debug, info, warn or error is expected"),
    (
      ["logs", "--process-kind", "cat"], "'cat' is no kind of process",
      "client, daemon or supervisor is expected"
    ),
    (["logs", "-n", "0"], "--limit takes a number from 1 to 10000000, not '0'", nil),
    (["completions", "csh"], "there is no completion for 'csh'", "bash, zsh or fish is expected"),
    (["attach", "a/b/c"], "'a/b/c' is no reference: REF, REF/AGENT or /AGENT is expected", nil),
    (
      ["attach", "--detach-keys", ""], "--detach-keys needs one to eight keys, or none",
      "like 'C-b d' or 'C-\\'"
    ),
  ]

  @Test("What is no sense is refused with what was expected", arguments: mistakes)
  func mistake(_ arguments: [String], _ message: String, _ hint: String?) {
    #expect(throws: Misuse(message, hint: hint)) { try Self.read(arguments) }
  }

  @Test("Recordings: whom, into which file, and how they are played")
  func casts() throws {
    let build = Target(session: "build")
    let read: [([String], Casting)] = [
      (["record", "build", "f"], .record(build, path: "f", overwrites: false)),
      (
        ["record", "build/log", "-", "-f"],
        .record(Target(session: "build", agent: "log"), path: "-", overwrites: true)
      ),
      (["export", "--cast"], .export(Target(), path: "-", history: 5000, overwrites: false)),
      (
        ["export", "build", "f", "--cast", "--history", "0", "--force"],
        .export(build, path: "f", history: 0, overwrites: true)
      ),
      (["play", "f"], .play(path: "f", Playing())),
      (["play", "f", "-s", "2.5", "-i", "0.5"], .play(path: "f", Playing(speed: 2.5, idleLimitMs: 500))),
    ]
    for (words, wanted) in read { #expect(try Self.read(words) == .cast(wanted)) }
  }

  @Test("No verb of the table is left unread")
  func everyVerb() throws {
    let words = [
      "agent focus": ["/a"], "agent rm": ["/a"], "agent rename": ["/a", "b"], "resize": ["1x1"],
      "completions": ["bash"], "wait": ["--for", "exit"], "type": ["x"], "rename": ["a", "b"], "rm": ["a"],
      "send": ["x"], "answer": ["q", "1"], "approve": ["q"], "deny": ["q"],
      "relay join": ["u"], "relay login": ["u"], "relay pipe": ["m"], "machine add": ["m"],
      "machine rename": ["m", "n"], "machine forget": ["m"], "machine config": ["m"], "machine trust": ["ls"],
      "record": ["a", "f"], "export": ["--cast"], "play": ["f"],
    ]
    for verb in Verbs.all {
      let name = verb.name.split(separator: " ").map(String.init)
      #expect(throws: Never.self, "\(verb.name)") { try Self.read(name + (words[verb.name] ?? [])) }
    }
  }
}
