import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Commands that are sent again", .journey)
struct CommandJourneys {
  @Test("The same command gets the same answer, on another connection and after a crash of the daemon")
  func repeated() throws {
    try withDaemon { daemon in
      let params: JSON = ["workspace": .string(daemon.workspace), "alias": "once", "commandId": "cmd-1"]
      let answer = try daemon.client().request("session.create", params)
      let shuffled: JSON = ["commandId": "cmd-1", "alias": "once", "workspace": .string(daemon.workspace)]
      #expect(try daemon.client("c_other").request("session.create", shuffled) == answer)
      try daemon.killDaemon()
      #expect(try daemon.client().request("session.create", params) == answer)
      #expect(try daemon.client().request("session.list").list("sessions").count == 1)
      let other: JSON = ["workspace": .string(daemon.workspace), "alias": "twice", "commandId": "cmd-1"]
      for _ in 0..<2 {
        let conflict = try daemon.client().refusal("session.create", other)
        #expect(conflict.kind == .commandConflict && conflict.message.contains("cmd-1"))
      }
      #expect(
        try daemon.client().refusal(
          "session.rename", ["session": "once", "alias": "x", "commandId": "cmd-1"]
        ).kind
          == .commandConflict)
    }
  }

  @Test("A command that deleted what it was about is answered the same again, also after a crash")
  func deleted() throws {
    try withDaemon { daemon in
      let id = try daemon.session("exec sleep 1000").words("id")
      let agent = try daemon.client().request(
        "agent.spawn", ["session": .string(id), "argv": ["sleep", "1000"]]
      )
      .words("agents.0.id")
      let requests: [(String, JSON)] = [
        (
          "agent.delete", ["session": .string(id), "agent": .string(agent), "force": true, "commandId": "d1"]
        ),
        ("session.delete", ["session": .string(id), "force": true, "commandId": "d2"]),
      ]
      let answers = try requests.map { try daemon.client().request($0.0, $0.1) }
      #expect(try answers.map { try $0.list("stopped").count } == [1, 1])
      try daemon.killDaemon()
      for (request, answer) in zip(requests, answers) {
        #expect(try daemon.client().request(request.0, request.1) == answer)
      }
    }
  }

  @Test("What is typed by a command is typed once, however often the command comes")
  func input() throws {
    try withDaemon { daemon in
      let id = try daemon.session("stty -echo; echo go; while read line; do echo \"<$line>\"; done").words(
        "id")
      let terminal = try daemon.client().attach(id)
      try terminal.wait("the program") { terminal.seen.contains("go") }
      let params: JSON = ["session": .string(id), "text": "one\n", "commandId": "i1"]
      let answer = try daemon.client().request("terminal.input", params)
      #expect(try answer.number("accepted") == 4)
      #expect(try daemon.client().request("terminal.input", params) == answer)
      try daemon.killDaemon()
      #expect(try daemon.client().request("terminal.input", params) == answer)
      try daemon.client().request("terminal.input", ["session": .string(id), "text": "two\n"])
      let again = try daemon.client().attach(id, after: 0)
      try again.wait(for: "<two>")
      #expect(
        again.text.split(separator: "<one>", omittingEmptySubsequences: false).count == 2, "\(again.text)")
    }
  }

  @Test("While a command is under way, its repetition waits for the same answer")
  func joined() throws {
    try withDaemon { daemon in
      // A program that reads nothing holds the input up.
      let id = try daemon.session("stty raw -echo; echo go; read x; exec cat >/dev/null").words("id")
      let terminal = try daemon.client().attach(id, mode: "view")
      try terminal.wait("the program") { terminal.seen.contains("go") }
      Processes.stop(try daemon.program(of: id))
      let params: JSON = [
        "session": .string(id), "text": .string(String(repeating: "x\n", count: 20_000)), "commandId": "j1",
      ]
      let (one, two) = (try daemon.client(), try daemon.client())
      let first = try one.send("terminal.input", params)
      try Deadline.until("input that is waiting") {
        try one.request("daemon.ping")
        return try !one.hasAnswer(to: first)
      }
      let second = try two.send("terminal.input", params)
      try two.request("daemon.ping")
      #expect(try !one.hasAnswer(to: first) && !two.hasAnswer(to: second))
      let other: JSON = ["session": .string(id), "text": "y", "commandId": "j1"]
      #expect(try daemon.client().refusal("terminal.input", other).kind == .commandConflict)
      Processes.proceed(try daemon.program(of: id))
      let answer = try one.result(of: first).get()
      #expect(try answer.number("accepted") == 40_000 && two.result(of: second).get() == answer)
    }
  }

  @Test(
    "A command that was refused for good is refused the same again; one that may succeed later is tried again"
  )
  func refused() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session("exec sleep 1000", alias: "a", by: client).words("id")
      let create: JSON = ["workspace": .string(daemon.workspace), "alias": "a", "commandId": "r1"]
      #expect(try client.refusal("session.create", create).kind == .aliasConflict)
      let end: JSON = ["session": .string(id), "commandId": "r2"]
      #expect(try client.refusal("session.end", end).kind == .busy)
      Processes.end(try daemon.program(of: id))
      try daemon.awaitEnded(id)
      try client.request("session.end", end)
      #expect(try client.refusal("session.create", create).kind == .aliasConflict)
    }
  }

  @Test("A thousand commands on one connection are carried out in the order in which they came")
  func order() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try client.request("session.create", ["workspace": .string(daemon.workspace)]).words("id")
      try client.request("events.subscribe", ["after": "now", "kinds": ["session.renamed"]])
      for batch in 0..<20 {
        let requests = try (0..<50).map { number in
          try client.send(
            "session.rename", ["session": .string(id), "alias": .string("n\(batch * 50 + number)")])
        }
        for request in requests { _ = try client.result(of: request).get() }
      }
      for number in 0..<1000 { #expect(try client.event().words("data.alias") == "n\(number)") }
    }
  }
}
