import ArrobaJSON
import Testing

@testable import ArrobaCLI

@Suite("What an agent is born with")
struct BirthTests {
  private let surroundings = [
    "PATH": "/bin", "LANG": "C.UTF-8", "LC_TIME": "de", "DISPLAY": ":0", "SSH_AUTH_SOCK": "/a", "SECRET": "x",
    "HOME": "/h",
    "ARROBA_SESSION": "s", "SHELL": "/bin/zsh",
  ]

  private func agent(_ birth: Birth, _ environment: [String: String]? = nil, size: (Int, Int)? = nil) -> JSON
  {
    BirthParams.agent(
      birth, in: "/w", environment ?? surroundings, size: size.map { (columns: $0.0, rows: $0.1) })
  }

  @Test("A program is a terminal's, in the user's directory and size")
  func program() {
    var birth = Birth()
    birth.program = ["make", "-j8"]
    birth.model = "m"
    let made = agent(birth, size: (120, 40))
    #expect(made["provider"] == "terminal" && made["argv"] == ["make", "-j8"] && made["directory"] == "/w")
    #expect(made["cols"] == 120 && made["rows"] == 40 && made["model"] == "m")
    #expect(made["alias"] == nil)
  }

  @Test("Without a terminal of the user's it is 80 by 24")
  func plainSize() {
    let made = agent(Birth())
    #expect(made["cols"] == 80 && made["rows"] == 24 && made["model"] == nil)
  }

  @Test("A terminal without a program runs the user's shell; another provider runs what it runs")
  func shell() {
    var birth = Birth()
    birth.provider = "terminal"
    #expect(agent(birth)["argv"] == ["/bin/zsh"])
    #expect(agent(birth, [:])["argv"] == ["/bin/sh"] && agent(birth, ["SHELL": ""])["argv"] == ["/bin/sh"])
    birth.provider = "other"
    #expect(
      agent(birth)["argv"] == nil && agent(birth)["provider"] == "other")
  }

  @Test(
    "Of the environment only what finds programs, language, display and keys goes along, and what was asked for"
  )
  func environment() {
    var birth = Birth()
    birth.program = ["make"]
    birth.environment = [Birth.Variable(name: "A", value: "1"), Birth.Variable(name: "LANG", value: "other")]
    func members() -> [String] {
      agent(birth)["env"]?.object?.members.map { "\($0.key)=\($0.value.string ?? "")" }.sorted() ?? []
    }
    #expect(members() == ["A=1", "DISPLAY=:0", "LANG=other", "LC_TIME=de", "PATH=/bin", "SSH_AUTH_SOCK=/a"])
    // An agent that is talked to lives in its provider's server, which has an environment.
    birth.program = []
    #expect(members() == ["A=1", "LANG=other"])
  }
}

@Suite("The systemd unit")
struct DaemonUnitTests {
  @Test("It names the programs, and the places that the user set for this shell")
  func text() {
    let environment = [
      "ARROBA_SOCKET": "/r/50%/\"s\"", "ARROBA_LOG_LEVEL": "debug", "HOME": "/h", "ARROBA_SESSION": "s",
      "ARROBA_OPENCODE_BIN": "/o", "ARROBA_OPENCODE_PORT": "1", "ARROBA_OPENCODE_ENDPOINT": "http://e",
      "ARROBA_CLAUDE_BIN": "/c",
    ]
    let lines = DaemonUnit.text(environment, daemon: "/opt/a b/arroba-daemon", client: "/opt/a b/arroba")
      .split(separator: "\n")
    #expect(
      lines.filter { $0.hasPrefix("Environment=") } == [
        "Environment=\"ARROBA_CLAUDE_BIN=/c\"", "Environment=\"ARROBA_LOG_LEVEL=debug\"",
        "Environment=\"ARROBA_OPENCODE_BIN=/o\"", "Environment=\"ARROBA_OPENCODE_ENDPOINT=http://e\"",
        "Environment=\"ARROBA_OPENCODE_PORT=1\"", "Environment=\"ARROBA_SOCKET=/r/50%%/\\\"s\\\"\"",
      ])
    #expect(lines.contains("ExecStart=\"/opt/a b/arroba-daemon\""))
    // Another one runs, has given up, or may not run here: starting again helps none of these.
    #expect(lines.contains("RestartPreventExitStatus=69 75 78"))
    #expect(lines.contains("ExecReload=\"/opt/a b/arroba\" daemon restart"))
    for section in ["[Unit]", "[Service]", "[Install]", "WantedBy=default.target"] {
      #expect(lines.contains(Substring(section)))
    }
    #expect(lines.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("[") || $0.contains("=") })
  }

  @Test("Without a way to the programs it leaves them to the service manager's search path")
  func unknown() {
    let text = DaemonUnit.text([:], daemon: nil, client: nil)
    #expect(text.contains("ExecStart=\"arroba-daemon\"\n") && !text.contains("Environment="))
  }
}

@Suite("What is waited for")
struct WaitGoalTests {
  private static let running: JSON = ["state": "running"]
  private static let ended: JSON = ["state": "ended"]

  private static let table: [(String, JSON, [Invocation.Goal])] = [
    ("starting", running, []), ("working", running, []), ("idle", running, [.idle, .done]),
    ("waiting", running, [.waiting]), ("failed", running, [.done]), ("stopped", running, [.done]),
    ("idle", ended, [.done, .exit]), ("waiting", ended, [.done, .exit]), ("stopped", ended, [.done, .exit]),
    ("failed", ended, [.done, .exit]), ("working", ended, [.done, .exit]),
    // An agent that was never born has no run: nothing more will come of it.
    ("failed", nil, [.done, .exit]), ("stopped", nil, [.done, .exit]), ("starting", nil, []),
    ("idle", nil, [.idle, .done]),
  ]

  @Test("Each state reaches some goals and no others", arguments: table)
  func reached(_ state: String, _ run: JSON, _ goals: [Invocation.Goal]) {
    let agent = Sample.agent(state: state, run: run)
    for goal in Invocation.Goal.allCases {
      #expect(
        Context.isReached(goal, by: agent) == goals.contains(goal), "\(goal) of \(state), \(run.encodedText)")
    }
  }
}
