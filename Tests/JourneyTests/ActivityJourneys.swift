import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import Testing

/// What programs on terminals are seen to do, by the real programs.
@Suite("What programs are seen to do", .journey)
struct ActivityJourneys {
  /// A session with one agent that runs these words.
  private func session(_ argv: [JSON], alias: String, _ daemon: DaemonUnderTest) throws -> String {
    try daemon.client().request(
      "session.create",
      ["workspace": .string(daemon.workspace), "alias": .string(alias), "agents": [["argv": .array(argv)]]]
    ).words("id")
  }

  private func activity(_ id: String, _ daemon: DaemonUnderTest) throws -> JSON {
    try daemon.client().request("agent.get", ["session": .string(id)]).at("activity")
  }

  @Test(
    "A shell is idle at its prompt, works while a command runs, and waits when that rings; wait sees each")
  func shell() throws {
    try withDaemon { daemon in
      let id = try session(["/bin/sh"], alias: "shell", daemon)
      #expect(try daemon.arroba(["wait", id, "--for", "idle", "-t", "60"]).output == "idle\n")
      #expect(try activity(id, daemon).words("source") == "terminal")
      #expect(try activity(id, daemon).words("reason") == "shell in the foreground")
      #expect(try daemon.arroba(["ls"]).output.contains("idle "))
      // What was idle before a script's input is no answer after it.
      _ = try daemon.arroba(["type", id, "read x < go.fifo", "Enter"])
      #expect(try activity(id, daemon).words("state") == "working")
      #expect(try daemon.arroba(["wait", id, "--for", "idle", "-t", "0"]).code == 3)
      _ = try daemon.arroba(["type", id, "C-c"])
      #expect(try daemon.arroba(["wait", id, "--for", "idle", "-t", "60"]).code == 0)
      _ = try daemon.arroba(["type", id, "printf '\\a'", "Enter"])
      #expect(try daemon.arroba(["wait", id, "--for", "waiting", "-t", "60"]).code == 0)
      #expect(try activity(id, daemon).words("reason") == "bell")
      let ended = try daemon.arroba(["type", id, "exit 3", "Enter"])
      #expect(ended.code == 0)
      #expect(try daemon.arroba(["wait", id, "--for", "exit", "-t", "60", "--status"]).code == 3)
      let never = try daemon.arroba(["wait", id, "--for", "idle"])
      #expect(
        never.code == 1 && never.output.contains("will not be idle: its program has ended (exited 3)"),
        "\(never)")
    }
  }

  @Test("A program that asks waits, with its question as the reason; one that is quiet is idle")
  func asks() throws {
    try withDaemon { daemon in
      let id = try daemon.session(
        "printf 'Overwrite it? [y/N] '; read x; printf '\\033]777;notify;Build;done\\a'; read y; echo end; exec cat"
      ).words("id")
      let agent = try daemon.arroba(["--json", "wait", id, "--for", "waiting", "-t", "60"])
      #expect(
        agent.code == 0 && agent.output.contains("\"reason\":\"asks: Overwrite it? [y/N]\""), "\(agent)")
      #expect(try daemon.arroba(["show", id]).output.contains(": asks: Overwrite it? [y/N]"))
      _ = try daemon.arroba(["type", id, "y", "Enter"])
      #expect(try daemon.arroba(["wait", id, "--for", "waiting", "-t", "60"]).code == 0)
      #expect(try activity(id, daemon).words("reason") == "notification: Build: done")
      _ = try daemon.arroba(["type", id, "y", "Enter"])
      #expect(try daemon.arroba(["wait", id, "--for", "idle", "-t", "60"]).code == 0)
      #expect(try activity(id, daemon).words("reason") == "quiet")
    }
  }

  @Test("What was seen stands over a restart of the daemon, and is seen on by the next")
  func restart() throws {
    try withDaemon { daemon in
      let id = try daemon.session("printf 'go\\a'; read x; echo more; exec cat").words("id")
      #expect(try daemon.arroba(["wait", id, "--for", "waiting", "-t", "60"]).code == 0)
      let before = try activity(id, daemon)
      try daemon.killDaemon()
      #expect(try activity(id, daemon) == before)
      _ = try daemon.arroba(["type", id, "x", "Enter"])
      #expect(try daemon.arroba(["wait", id, "--for", "idle", "-t", "60"]).code == 0)
    }
  }

  @Test("Focus is no activity, and a program that redraws its clock is told of once")
  func clock() throws {
    try withDaemon { daemon in
      // Thirty redraws, seven a second would be work; these come at the pace of a clock.
      let script =
        "printf '\\033[?2004hclock'; for n in 1 2 3 4 5; do sleep 1; printf '\\r%s' $n; done; read x"
      let id = try daemon.session(script).words("id")
      let client = try daemon.client()
      _ = try client.request("events.subscribe", ["after": "start", "session": .string(id)])
      try daemon.screen(of: id, shows: "5lock")
      #expect(try daemon.arroba(["wait", id, "--for", "idle", "-t", "60"]).code == 0)
      _ = try client.request("agent.rename", ["session": .string(id), "alias": "last"])
      let states = try client.events { $0["kind"] == "agent.renamed" }.filter {
        $0["kind"] == "agent.activity"
      }
      .compactMap { $0["data"]?["state"]?.string }
      #expect(states == ["starting", "working", "idle"])
    }
  }
}
