import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import Testing

/// Another machine, by real ssh and sshd: the same verbs as here.
@Suite("Over ssh", .journey)
struct RoadJourneys {
  /// Runs `body` with an sshd in front of a daemon, and a way to run the command line through it.
  private static func withServer(
    starting: Bool = true, _ body: (DaemonUnderTest, SSHUnderTest) throws -> Void
  ) throws {
    let daemon = DaemonUnderTest()
    if starting { try daemon.start() } else { try daemon.makePlaces() }
    let server = try SSHUnderTest(to: daemon)
    try body(daemon, server)
    server.stop()
    if starting { try daemon.stop() }
  }

  /// Runs a command to its end; answers its exit code and all that it said.
  private static func arroba(_ server: SSHUnderTest, _ words: String..., host: String? = nil) throws -> (
    code: Int, out: String, said: String
  ) {
    var environment = server.environment
    if let host { environment["ARROBA_HOST"] = host }
    let tool = try ToolUnderTest(words, environment)
    tool.endInput()
    let end = try tool.end()
    return (end.code, tool.text, end.said)
  }

  @Test("Made, attached to, typed into, left, prompted, answered, ended: each verb works from afar")
  func life() throws {
    try Self.withServer { daemon, server in
      let work = daemon.workspace
      let made = try Self.arroba(
        server, "--workspace", work, "new", "-d", "--alias", "shell", "--", "sh", "-c",
        "stty -echo; echo ready; while read line; do echo \"<$line>\"; done; exit 7")
      #expect(made.code == 0 && made.out.hasPrefix("s_"), "\(made)")
      try daemon.screen(of: "shell", shows: "ready")
      #expect(try Self.arroba(server, "ls").out.contains("shell"))
      #expect(try Self.arroba(server, "screen", "shell").out == "ready\n")
      let attached = try ToolUnderTest(
        ["attach", "--raw", "--detach-keys", "C-b d", "shell"], server.environment)
      try attached.wait(for: "ready")
      try attached.type("one\n")
      try attached.wait(for: "<one>")
      try attached.type("\u{2}d")
      #expect(try attached.end().code == 0)
      #expect(try Self.arroba(server, "type", "shell", "two", "Enter").code == 0)
      try daemon.screen(of: "shell", shows: "<two>")
      #expect(try Self.arroba(server, "type", "shell", "C-d").code == 0)
      #expect(try Self.arroba(server, "wait", "shell", "--for", "exit", "--status").code == 7)
      let talk = try Self.arroba(
        server, "--workspace", work, "new", "-d", "--alias", "talk", "--provider", "scripted")
      #expect(talk.code == 0, "\(talk)")
      let sent = try ToolUnderTest(
        ["send", "talk", "--follow", "--", "[[tool-ask echo hi]]"], server.environment)
      let asks = try daemon.client()
      let ask = try Deadline.until("an ask") {
        try asks.request("ask.list").list("asks").first?["id"]?.string
      }
      #expect(try Self.arroba(server, "approve", ask).code == 0)
      #expect(try sent.end().code == 0)
      #expect(!sent.text.isEmpty, "\(sent.text)")
      #expect(try Self.arroba(server, "history", "talk").out.contains("echo hi"))
      for name in ["shell", "talk"] { #expect(try Self.arroba(server, "rm", name, "--force").code == 0) }
      #expect(try Self.arroba(server, "ls", "--all").out == "")
    }
  }

  @Test("The protocol goes through; what is wrong with the road is told as such")
  func bridge() throws {
    try Self.withServer { _, server in
      let tool = try ToolUnderTest(["bridge"], server.environment)
      try tool.type("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"hello\",\"params\":{\"protocol\":1}}\n")
      try tool.wait(for: "\"heartbeatMs\":5000")
      try tool.type("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.ping\"}\n")
      tool.endInput()
      #expect(try tool.end().code == 0)
      #expect(tool.text.split(separator: "\n").count == 2, "\(tool.text)")
      let refused = try Self.arroba(server, "logs")
      #expect(refused.code == 2 && refused.said.contains("hint: ssh box arroba logs"), "\(refused)")
      #expect(try Self.arroba(server, "doctor").out.contains("at box"))
    }
  }

  @Test("Where no daemon runs the bridge starts one")
  func started() throws {
    try Self.withServer(starting: false) { daemon, server in
      #expect(try Self.arroba(server, "health").code == 0)
      let stopped = try Self.arroba(server, "daemon", "stop")
      #expect(stopped.code == 0 && stopped.out == "stopped\n", "\(stopped)")
      try Deadline.until("the end of all that it started") { daemon.remains().isEmpty }
    }
  }

  @Test("Which side is wrong is said, with a next step, and the exit code is the same")
  func faults() throws {
    try Self.withServer(starting: false) { daemon, server in
      func expect(_ words: String, _ hint: String, host: String? = nil) throws {
        let outcome = try Self.arroba(server, "ls", host: host)
        #expect(outcome.code == 69 && outcome.out == "")
        #expect(
          outcome.said.contains("arroba: \(words)") && outcome.said.contains("hint: \(hint)"), "\(outcome)")
      }
      try expect(
        "there is no host nobody.invalid", "its name is looked up by ssh", host: "ssh://nobody.invalid")
      // A daemon that cannot start there: its state is a file.
      try Files.replace(daemon.state, with: [])
      try expect("on box: the daemon cannot start", "ssh box arroba doctor")
      let keys = try Files.read(server.path("authorized"), atMost: 4096)
      try Files.replace(
        server.path("authorized"), with: try Files.read(server.path("other.pub"), atMost: 4096))
      server.killSessions()
      try expect("box refuses to log you in", "ssh-add -l")
      try Files.replace(server.path("authorized"), with: keys)
      let known = try Files.read(server.path("known"), atMost: 4096)
      let other = String(decoding: try Files.read(server.path("other.pub"), atMost: 4096), as: UTF8.self)
      try Files.replace(server.path("known"), with: Array("arroba-box \(other)".utf8))
      try expect("the host key of box has changed", "if you know why")
      try Files.replace(server.path("known"), with: known)
      server.stop()
      try expect("box cannot be reached", "ssh box")
    }
  }

  @Test("Daemon, sshd and client are killed in all orders; the program runs on, and is found again")
  func killed() throws {
    try Self.withServer { daemon, server in
      let id = try daemon.session("stty -echo; echo ready; while read line; do echo \"<$line>\"; done").words(
        "id")
      try daemon.screen(of: id, shows: "ready")
      let program = try daemon.program(of: id)
      var tool = try ToolUnderTest(["attach", "--raw", id], server.environment)
      try tool.wait(for: "ready")
      let steps = ["daemon", "sshd", "client"]
      var number = 0
      for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for step in order.map({ steps[$0] }) {
          switch step {
          case "daemon": try daemon.killDaemon()
          case "sshd": server.killSessions()
          default:
            tool.kill()
            tool = try ToolUnderTest(["attach", "--raw", id], server.environment)
            try tool.wait(for: number == 0 ? "ready" : "<line \(number)>")
          }
          number += 1
          try tool.type("line \(number)\n")
          try tool.wait(for: "<line \(number)>")
        }
      }
      #expect(try daemon.program(of: id) == program)
      tool.kill()
    }
  }

  @Test("On a terminal the line that tells of the loss goes away with it, and the detach key works meanwhile")
  func terminal() throws {
    try Self.withServer { daemon, server in
      let id = try daemon.session("stty -echo; echo ready; while read line; do echo \"<$line>\"; done").words(
        "id")
      try daemon.screen(of: id, shows: "ready")
      let exports = server.environment.map { "export \($0.key)=\"\($0.value)\"" }.joined(separator: "; ")
      let user = try UserTerminal(daemon, "\(exports); arroba attach --force \(id); echo code $?; read x")
      try user.wait("the agent's screen") { $0.contains { $0.hasPrefix("ready") } }
      try user.type("one", "Enter")
      try user.wait("an answer") { $0.contains("<one>") }
      server.stop()
      try user.wait("the line") { $0.contains { $0.contains("box is away, waiting for it; Ctrl-\\ leaves") } }
      try user.type("two", "Enter")
      try server.start()
      let rows = try user.wait("an answer to what was typed meanwhile") { $0.contains("<two>") }
      #expect(!rows.contains { $0.contains("is away") } && rows.contains("<one>"), "\(rows)")
      server.stop()
      try user.wait("the line again") { $0.contains { $0.contains("box is away") } }
      try user.type("C-\\")
      try user.wait("the prompt") { $0.contains("code 0") }
    }
  }
}
