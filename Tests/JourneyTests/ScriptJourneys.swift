import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Terminals for scripts", .journey)
struct ScriptJourneys {
  /// Shows each byte that it reads as two digits; after ESC [ ? 1 h, in application cursor mode.
  private static let bytes = """
    stty raw -echo; printf 'ready\\033[?1h'
    while :; do dd bs=64 count=1 2>/dev/null | od -An -v -tx1 | tr -d '\\n'; printf ' | '; done
    """

  @Test("Text, keys and bytes are entered as what they are")
  func input() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try daemon.session(Self.bytes, by: client).words("id")
      try daemon.screen(of: id, shows: "ready")
      let cases: [(JSON, String)] = [
        (["text": "aé\n"], "61 c3 a9 0a"),
        (["bytes": "AAH/"], "00 01 ff"),
        (["keys": ["Enter"]], "0d"), (["keys": ["C-c"]], "03"), (["keys": ["^D"]], "04"),
        (["keys": ["M-x"]], "1b 78"), (["keys": ["ls", "Space", "-l", "Tab"]], "6c 73 20 2d 6c 09"),
        (["keys": ["Escape", "BSpace"]], "1b 7f"), (["keys": ["Up"]], "1b 4f 41"),
        (["keys": ["S-Up"]], "1b 5b 31 3b 32 41"),
        (["keys": ["F5"]], "1b 5b 31 35 7e"), (["keys": ["F1"]], "1b 4f 50"),
        (["keys": ["S-Tab"]], "1b 5b 5a"),
        (["keys": ["C-Space"]], "00"), (["keys": ["PageUp", "Delete"]], "1b 5b 35 7e 1b 5b 33 7e"),
      ]
      let terminal = try daemon.client().attach(id, mode: "view")
      for (input, shown) in cases {
        let start = terminal.output.count
        let accepted = try client.request(
          "terminal.input", .object(JSONObject((["session": .string(id)] as JSON).members + input.members))
        ).number("accepted")
        try terminal.wait("\(shown) for \(input.shown)") {
          // One read may see less than all that was entered.
          let seen = String(decoding: terminal.output[start...], as: UTF8.self)
          return seen.split { $0 == " " || $0 == "|" }.joined(separator: " ") == shown
        }
        #expect(accepted == shown.split(separator: " ").count)
      }
    }
  }

  @Test("Input that the program does not read is answered with busy and how much was entered")
  func unread() throws {
    try withDaemon { daemon in
      let id = try daemon.session("stty raw -echo; echo ready; exec sleep 1000").words("id")
      try daemon.screen(of: id, shows: "ready")
      let long = JSON.string(String(repeating: "x", count: 100_000))
      let error = try daemon.client().refusal("terminal.input", ["session": .string(id), "text": long])
      let entered = error.details["accepted"]?.int ?? 0
      #expect(error.kind == .busy && error.isRetryable && entered > 1000 && entered < 100_000, "\(error)")
    }
  }

  @Test("Inputs of one connection are entered one behind the other, also when the program is slow")
  func inputOrder() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let id = try ReturnJourneys.reader(of: 60_000, stopped: true, daemon)
      let parts = ["a", "b", "c"].map { String(repeating: $0, count: 20_000) }
      let requests = try parts.map {
        try client.send("terminal.input", ["session": .string(id), "text": .string($0)])
      }
      try client.request("daemon.ping")
      Processes.proceed(try daemon.program(of: id))
      for request in requests { #expect(try client.result(of: request).get() == ["accepted": 20_000]) }
      try daemon.screen(of: id, shows: ReturnJourneys.sum(Array(parts.joined().utf8)))
    }
  }

  @Test("A resize reaches the program, the agent and the clients, and is answered when it is recorded")
  func resize() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let script = "trap 'echo size $(stty size)' WINCH; echo ready; while :; do read x; done"
      let id = try daemon.session(script, by: client).words("id")
      try daemon.screen(of: id, shows: "ready")
      let terminal = try daemon.client().attach(id, mode: "view")
      try client.request("events.subscribe", ["after": "now", "kinds": ["agent.resized"]])
      let answer = try client.request(
        "terminal.resize", ["session": .string(id), "cols": 132, "rows": 50, "commandId": "z1"])
      try terminal.wait(for: "size 50 132")
      #expect(terminal.sizes == [[132, 50]])
      let event = try client.event()
      #expect(
        try event.number("data.cols") == 132 && event.words("command") == "z1"
          && event.words("by") == "c_test")
      #expect(try client.request("agent.get", ["session": .string(id)]).number("rows") == 50)
      #expect(
        try client.request("terminal.screen", ["session": .string(id), "format": "cells"]).number("cols")
          == 132)
      try daemon.killDaemon()
      let again = try daemon.client().request(
        "terminal.resize", ["session": .string(id), "cols": 132, "rows": 50, "commandId": "z1"])
      #expect(again == answer)
      #expect(try daemon.client().request("agent.get", ["session": .string(id)]).number("cols") == 132)
    }
  }

  @Test("The screen comes as text, as cells with styles and modes, and as bytes that paint it")
  func screen() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let script =
        "printf '\\033]2;a title\\007plain \\033[1;31mbold\\033[0m \\033[48;2;1;2;3m漢\\033[0m\\r\\nsecond'; printf '\\033[?25l'; read x"
      let id = try daemon.session(script, by: client).words("id")
      try daemon.screen(of: id, shows: "second")
      let session = JSON.string(id)
      let rows = try daemon.screen(of: id)
      #expect(rows.count == 24 && rows[0].hasPrefix("plain bold 漢") && rows[1].hasPrefix("second"))
      let cells = try client.request("terminal.screen", ["session": session, "format": "cells"])
      #expect(
        try cells.number("cols") == 80 && cells.number("rows") == 24 && cells.words("title") == "a title")
      #expect(try cells.at("cursor.visible") == false && cells.number("cursor.row") == 1)
      #expect(
        try cells.number("cursor.column") == 6 && cells.number("modes.25") == 0
          && cells.number("modes.7") == 1)
      #expect(
        try cells.number("modes.ansi4") == 0 && cells.list("lines").count == 24
          && cells.number("history") == 0)
      #expect(try cells.number("offset") > 0)
      let runs = try cells.list("lines.0")
      #expect(try runs[0].words("text") == "plain " && runs[0].number("width") == 6)
      let bold = try cells.list("styles")[runs[1].number("style")]
      #expect(try runs[1].words("text") == "bold" && bold.number("fg") == 1 && bold.at("bold") == true)
      let wide = try #require(runs.first { $0["text"]?.string?.contains("漢") ?? false })
      #expect(
        try wide.number("width") == 2 && cells.list("styles")[wide.number("style")].words("bg") == "#010203")
      let ansi = try client.request("terminal.screen", ["session": session, "format": "ansi"]).words("ansi")
      #expect(ansi.contains("bold") && ansi.contains("\u{1b}["))
    }
  }

  @Test("Questions of a program are answered when nobody is attached")
  func answers() throws {
    try withDaemon { daemon in
      let script =
        "stty raw -echo; printf '\\033[6n'; dd bs=64 count=1 2>/dev/null | od -An -tx1; printf done; read x"
      let id = try daemon.session(script).words("id")
      try daemon.screen(of: id, shows: "done")
      #expect(try daemon.screen(of: id).joined().contains("1b 5b 31 3b 31 52"))
    }
  }
}
