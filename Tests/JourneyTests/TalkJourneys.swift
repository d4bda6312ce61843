import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Testing

/// What a person sees who talks with agents, from the real programs.
@Suite("Talking in a terminal", .journey)
struct TalkJourneys {
  /// Talks, and says afterwards whether everything is as it was.
  private static func talking(_ words: String) -> String {
    """
    before=$(stty -g)
    arroba talk \(words)
    code=$?
    [ "$before" = "$(stty -g)" ] && echo "left $code, all is as it was"
    exec sleep 100
    """
  }

  @Test("A prompt is answered above the prompt line; leaving puts the terminal back and stops nobody")
  func plain() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation(alias: "talk")
      let user = try UserTerminal(daemon, Self.talking("talk"))
      try user.wait(for: "[talk: scripted; /help helps]")
      #expect(try user.isSet(mode: 2004))
      try user.type("[[gate go]] and [[tool ls]]", "Enter")
      let during = try user.wait("the answer as it comes") { rows in
        rows.contains("Waiting for go.") && rows.last == ">"
      }
      #expect(during.contains("> [[gate go]] and [[tool ls]]"))
      #expect(during.suffix(2).first?.hasPrefix("working") == true, "\(during)")
      try user.type("half a line")
      try user.wait(for: "> half a line")
      try daemon.open(gate: "go")
      let after = try user.wait("the end") { rows in
        rows.contains { $0.hasPrefix("[bash] ls → ") } && rows.last == "> half a line"
          && !rows.contains { $0.hasPrefix("working") }
      }
      #expect(after.contains("Waiting for go. Going on."))
      try user.type("C-u", "C-d")
      let left = try user.wait(for: "left 0, all is as it was")
      #expect(left.filter { $0.hasPrefix(">") } == ["> [[gate go]] and [[tool ls]]"])
      #expect(try !user.isSet(mode: 2004) && user.isSet(mode: 25))
      #expect(try daemon.client().request("session.get", ["session": .string(id)]).words("state") == "open")
    }
  }

  @Test("A prompt that is typed while the agent works waits, and says so; both are answered in order")
  func queue() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation()
      let user = try UserTerminal(daemon, Self.talking(id))
      try user.wait("the prompt line") { $0.last == ">" }
      try user.type("[[gate go]]", "Enter")
      try user.wait(for: "Waiting for go.")
      try user.type("the second", "Enter")
      try user.wait("the queue") { rows in
        rows.contains("queued at 1: the second") && rows.contains { $0.hasSuffix(" · 1 queued") }
      }
      try daemon.open(gate: "go")
      let rows = try user.wait("the second answer") { $0.contains("> the second") && $0.last == ">" }
      let first = try #require(rows.firstIndex(of: "Waiting for go. Going on."))
      #expect(first < rows.firstIndex(of: "> the second") ?? 0)
    }
  }

  @Test("What an agent asks is answered by number, or by anybody else: then it goes from the screen")
  func asks() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation()
      let user = try UserTerminal(daemon, Self.talking(id))
      try user.wait("the prompt line") { $0.last == ">" }
      try user.type("[[tool-ask make]]", "Enter")
      try user.wait("the ask") { rows in
        rows.contains("? run make") && rows.contains("  1 allow once")
          && rows.contains("  answer with a number")
      }
      try user.type("1", "Enter")
      let answered = try user.wait("the answer") { rows in
        rows.contains("? run make → allow once") && rows.contains { $0.hasPrefix("[bash] make → ") }
      }
      #expect(!answered.contains("  1 allow once"))
      try daemon.awaitQuiet(id)
      try user.type("[[tool-ask ls]]", "Enter")
      try user.wait("the second ask") { $0.contains("? run ls") }
      let client = try daemon.client("c_other")
      let asks = try client.request("ask.list", ["session": .string(id)])
      _ = try client.request("ask.answer", ["ask": .string(try asks.words("asks.0.id")), "choice": "deny"])
      let elsewhere = try user.wait("the answer of another") { $0.contains("? run ls → deny (elsewhere)") }
      #expect(!elsewhere.contains("? run ls"))
    }
  }

  @Test("Ctrl-C clears the line, then cancels the turn; twice leaves, and the agent goes on")
  func interrupt() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation()
      let user = try UserTerminal(daemon, Self.talking(id))
      try user.wait("the prompt line") { $0.last == ">" }
      try user.type("[[hold]]", "Enter")
      try user.wait(for: "Holding.")
      try user.type("text", "C-c")
      try user.wait("the cleared line") { $0.contains(">") && $0.contains("Ctrl-C again leaves") }
      try user.type("x", "BSpace", "C-c")
      try user.wait(for: "cancelled")
      try user.type("[[gate go]]", "Enter")
      try user.wait(for: "Waiting for go.")
      try user.type("x", "C-c", "C-c")
      try user.wait(for: "left 0, all is as it was")
      let prompts = try daemon.client().request("prompt.list", ["session": .string(id)])
      #expect(try prompts.words("prompts.0.state") == "running")
      try daemon.open(gate: "go")
      try daemon.awaitQuiet(id)
    }
  }

  @Test(
    "Several agents: one is shown, Ctrl-A shows the next with what it said; split shows all, each line one's own"
  )
  func agents() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation(agents: ["coder", "critic"])
      let user = try UserTerminal(daemon, Self.talking("\(id)/coder"))
      try user.wait("the prompt line") { $0.last == "coder>" }
      try user.type("[[gate one]]", "Enter")
      try user.wait(for: "Waiting for one.")
      try user.type("C-a")
      try user.wait("the other") { $0.contains("— critic —") && $0.last == "critic>" }
      #expect(try !user.rows().contains("Waiting for one."))
      try user.type("[[gate two]]", "Enter")
      try user.wait(for: "Waiting for two.")
      try daemon.open(gate: "one")
      try user.type("/view split", "Enter")
      try user.wait("both") { rows in
        rows.contains("coder  | Waiting for one. Going on.") && rows.contains("critic | Waiting for two.")
      }
      try daemon.open(gate: "two")
      try user.wait(for: "critic | Waiting for two. Going on.")
    }
  }

  @Test("A daemon that is killed in the middle of an answer costs no word and doubles none")
  func killed() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation()
      let user = try UserTerminal(daemon, Self.talking(id))
      try user.wait("the prompt line") { $0.last == ">" }
      try user.type("[[gate go]] [[tool ls]]", "Enter")
      try user.wait(for: "Waiting for go.")
      try daemon.killDaemon()
      try user.type("after it", "Enter")
      try user.wait(for: "queued at 1: after it")
      try daemon.open(gate: "go")
      let rows = try user.wait("all of it") { rows in
        rows.contains("> after it") && !rows.contains { $0.contains("queued") && !$0.hasPrefix("queued at") }
          && rows.last == ">"
      }
      #expect(rows.filter { $0.contains("Waiting for go.") } == ["Waiting for go. Going on."], "\(rows)")
      #expect(
        rows.filter { $0.hasPrefix("[bash] ls") }.count == 1 && rows.filter { $0 == "> after it" }.count == 1)
    }
  }

  @Test("Nothing that an agent says moves the cursor, and wide characters stand where they are counted")
  func controls() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation()
      let user = try UserTerminal(daemon, Self.talking(id))
      try user.wait("the prompt line") { $0.last == ">" }
      try user.type("[[controls]]", "Enter")
      let rows = try user.wait("the answer") { rows in rows.contains(" end") || rows.contains("end") }
      #expect(rows.contains { $0.hasPrefix("bell \u{FFFD} red \u{FFFD}[31mred") }, "\(rows)")
      try daemon.awaitQuiet(id)
      try user.type("漢字 👍🏽 e", "Left", "x")
      try user.wait(for: "> 漢字 👍🏽 xe")
      let cells = try daemon.client().request(
        "terminal.screen", ["session": .string(user.session), "format": "cells"])
      #expect(try cells.number("cursor.column") == 2 + 4 + 1 + 2 + 1 + 1 && cells.words("title") != "evil")
    }
  }

  @Test("A terminal that becomes narrower shows the line that is typed once, and the answer goes on")
  func resize() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation()
      let user = try UserTerminal(daemon, Self.talking(id))
      try user.wait("the prompt line") { $0.last == ">" }
      try user.type("[[gate go]]", "Enter")
      try user.wait(for: "Waiting for go.")
      try user.type("a line that is longer than the narrow terminal")
      try user.wait(for: "> a line that is longer than the narrow terminal")
      try user.resize(columns: 30, rows: 20)
      try user.wait("the broken line") { rows in
        rows.suffix(2) == ["> a line that is longer than", "  the narrow terminal"][...]
          || rows.suffix(2) == ["> a line that is longer than t", "  he narrow terminal"][...]
          || rows.suffix(2) == ["> a line that is longer than ", "  the narrow terminal"][...]
      }
      try daemon.open(gate: "go")
      let rows = try user.wait(for: "Waiting for go. Going on.")
      #expect(rows.filter { $0.hasPrefix("> a line") }.count == 1)
    }
  }

  @Test("Whoever ends it by a signal gets the terminal back too")
  func signals() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation()
      let user = try UserTerminal(
        daemon,
        """
        before=$(stty -g)
        sh -c 'echo "pid $$"; exec "\(DaemonUnderTest.binary("arroba"))" talk \(id)'
        code=$?
        [ "$before" = "$(stty -g)" ] && echo "left $code, all is as it was"
        exec sleep 100
        """)
      let rows = try user.wait("the prompt line") { $0.last == ">" }
      let pid = rows.first { $0.hasPrefix("pid ") }.flatMap { Int32($0.dropFirst(4)) }
      try user.type("half")
      try user.wait(for: "> half")
      kill(try #require(pid), SIGTERM)
      try user.wait(for: "left 143, all is as it was")
      #expect(try !user.isSet(mode: 2004))
    }
  }

  @Test("arroba alone opens the conversation of this directory; what was typed before is there again")
  func alone() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation(alias: "mine")
      let first = try UserTerminal(daemon, "arroba; echo left; exec sleep 100")
      try first.wait(for: "[mine: scripted; /help helps]")
      try first.type("remember me", "Enter")
      try daemon.awaitQuiet(id)
      try first.type("C-d")
      try first.wait(for: "left")
      let second = try UserTerminal(daemon, "unset ARROBA_SESSION; arroba; exec sleep 100")
      try second.wait("what was said") { $0.contains("> remember me") && $0.last == ">" }
      try second.type("Up")
      try second.wait("the earlier prompt") { $0.last == "> remember me" }
      try second.type("C-u", "/vi", "Tab", "sp", "Tab")
      try second.wait("the completed command") { $0.last == "> /view split" }
      #expect(Files.status("\(daemon.state)/talk-history")?.permissions == 0o600)
    }
  }
}
