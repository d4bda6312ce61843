import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import Testing

/// Prompts from scripts, by the real programs.
@Suite("Prompts from scripts", .journey)
struct SendJourneys {
  @Test("One shot answers and leaves nothing behind")
  func run() throws {
    try withDaemon { daemon in
      let (code, said) = try daemon.arroba(["run", "--provider", "scripted", "--", "[[plain]]"])
      #expect(code == 0 && said == "Hello from the scripted agent. This is plain text.\n", "\(said)")
      #expect(try daemon.client().request("session.list", ["all": true]).list("sessions").isEmpty)
      let failed = try daemon.arroba(["run", "--provider", "scripted", "--", "[[401]]"])
      #expect(failed.code == 1 && failed.output.contains("arroba: failed: "), "\(failed)")
      #expect(try daemon.client().request("session.list", ["all": true]).list("sessions").isEmpty)
    }
  }

  @Test("A denied ask, a time that is up and a missing session have exit codes of their own")
  func codes() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation()
      let denied = try daemon.arroba([
        "send", id, "--follow", "--on-ask", "deny", "--", "[[tool-ask make]]",
      ])
      #expect(denied.code == 5 && denied.output.contains("? run make → deny\n"), "\(denied)")
      let failed = try daemon.arroba([
        "send", id, "--wait", "--on-ask", "fail", "--", "[[tool-ask make]]",
      ])
      #expect(failed.code == 5, "\(failed)")
      let late = try daemon.arroba(["send", id, "--wait", "-t", "0.1", "--", "[[hold]]"])
      #expect(late.code == 3, "\(late)")
      #expect(try daemon.arroba(["stop", id]).output.hasPrefix("cancelling p_"))
      #expect(try daemon.arroba(["wait", id, "--for", "done"]).code == 0)
      #expect(try daemon.arroba(["send", "nobody", "--", "x"]).code == 4)
      let history = try daemon.arroba(["history", id]).output
      #expect(history.contains("> [[tool-ask make]]\n") && history.hasSuffix("cancelled\n"), "\(history)")
    }
  }

  @Test("Who waits is told what is asked and how to answer; the answer comes by a command of its own")
  func asks() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation(alias: "talk")
      let user = try UserTerminal(
        daemon, "arroba send talk --wait -- '[[tool-ask make]]'; echo \"ended $?\"; exec sleep 100")
      let rows = try user.wait("how to answer") { rows in rows.contains { $0.contains("arroba approve q_") } }
      #expect(rows.contains("waiting for an answer:") && rows.contains("? run make"))
      let asks = try daemon.arroba(["-q", "asks"]).output
      let ask = String(asks.prefix { $0 != "\n" })
      #expect(try daemon.arroba(["answer", ask, "1"]).output == "answered \(ask): allow once\n")
      try user.wait(for: "ended 0")
      let again = try daemon.arroba(["deny", ask])
      #expect(again.code == 1 && again.output.contains("was answered by c_"))
      try daemon.awaitQuiet(id)
    }
  }

  @Test("A daemon that is killed meanwhile costs a follower nothing")
  func killed() throws {
    try withDaemon { daemon in
      _ = try daemon.conversation(alias: "talk")
      let user = try UserTerminal(
        daemon, "arroba send talk --follow -- '[[gate go]]' > answer; echo \"ended $?\"; exec sleep 100")
      try Deadline.until("the first words") {
        let bytes = try? Files.read("\(daemon.workspace)/answer", atMost: 1000)  // not there yet
        return String(decoding: bytes ?? [], as: UTF8.self).hasPrefix("Waiting for go.")
      }
      try daemon.killDaemon()
      try daemon.open(gate: "go")
      try user.wait(for: "ended 0")
      let answer = try Files.read("\(daemon.workspace)/answer", atMost: 1000)
      #expect(String(decoding: answer, as: UTF8.self) == "Waiting for go. Going on.\n")
    }
  }

  @Test("Where answer and remarks go to one file, each remark has lines of its own")
  func oneFile() throws {
    try withDaemon { daemon in
      let (code, said) = try daemon.arroba(["run", "--provider", "scripted", "--", "[[tool ls]]"])
      #expect(code == 0)
      let call = try #require(said.ranges(of: "[bash] ls").first)
      #expect(call.lowerBound == said.startIndex || said[..<call.lowerBound].last == "\n", "\(said)")
    }
  }

  @Test("A prompt that was cancelled is told as that, however little of it is asked for")
  func cancelled() throws {
    try withDaemon { daemon in
      let id = try daemon.conversation()
      let end = try daemon.arroba(["send", id, "--wait", "--on-ask", "fail", "--", "[[tool-ask make]]"])
      #expect(end.code == 5, "\(end)")
      let whole = try daemon.arroba(["history", id]).output
      #expect(whole.hasPrefix("> [[tool-ask make]]\n") && whole.hasSuffix("cancelled\n"), "\(whole)")
      let short = try daemon.arroba(["history", id, "-n", "1"]).output
      #expect(!short.contains("> [[") && short.hasSuffix("cancelled\n"), "\(short)")
    }
  }

  @Test("A program is one shot as well: its bytes, its status, and nothing left behind")
  func program() throws {
    try withDaemon { daemon in
      let words = ["run", "--provider", "terminal"]
      let script = ["--", "sh", "-c", "echo from here; exit 7"]
      let (code, said) = try daemon.arroba(words + ["--status"] + script)
      #expect(code == 7 && said.contains("from here"), "\(said)")
      #expect(try daemon.arroba(words + script).code == 0)
      #expect(try daemon.client().request("session.list", ["all": true]).list("sessions").isEmpty)
    }
  }

  @Test("Lines of a pipe are prompts, and the answers are the output")
  func pipe() throws {
    try withDaemon { daemon in
      _ = try daemon.conversation(alias: "talk")
      let user = try UserTerminal(
        daemon,
        "printf '[[plain]]\\n[[tool ls]]\\n' | arroba talk talk > out 2> err; echo \"ended $?\"; exec sleep 100"
      )
      try user.wait(for: "ended 0")
      let out = try Files.read("\(daemon.workspace)/out", atMost: 1000)
      let error = try Files.read("\(daemon.workspace)/err", atMost: 1000)
      #expect(
        String(decoding: out, as: UTF8.self).hasPrefix("Hello from the scripted agent. This is plain text.\n")
      )
      #expect(String(decoding: error, as: UTF8.self).contains("[bash] ls → "))
    }
  }
}
