import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import Testing

/// Recordings, by the real programs.
@Suite("Recordings", .journey)
struct RecordJourneys {
  /// The lines of a recording, read by nobody of ours: header, then events.
  private func lines(_ path: String) throws -> [JSON] {
    try Files.read(path, atMost: 8 << 20).split(separator: 0x0A).map { try JSONReader.read(Array($0)) }
  }

  private func output(_ lines: [JSON]) -> String {
    lines.compactMap { $0.array }.filter { $0[1] == "o" }.compactMap { $0[2].string }.joined()
  }

  @Test(
    "A recording begins with the screen as it is, has what follows and each new size, and ends with the program"
  )
  func record() throws {
    try withDaemon { daemon in
      let id = try daemon.session("stty -echo; echo beföre; read x; echo äfter; read y; stty size; exit 3")
        .words("id")
      try daemon.screen(of: id, shows: "beföre")
      let path = daemon.house.path("a.cast")
      let user = try UserTerminal(daemon, "arroba record \(id) \(path); echo \"ended $?\"; exec sleep 100")
      try Deadline.until("the beginning of the recording") {
        try Files.status(path) != nil && output(lines(path)).contains("beföre")
      }
      _ = try daemon.arroba(["type", id, "Enter"])
      try daemon.screen(of: id, shows: "äfter")
      _ = try daemon.arroba(["resize", id, "100x30"])
      _ = try daemon.arroba(["type", id, "Enter"])
      try user.wait(for: "ended 0")
      let written = try lines(path)
      #expect(written[0]["version"] == 2 && written[0]["width"] == 80 && written[0]["height"] == 24)
      #expect(written[0]["title"]?.string == id)
      let all = output(written)
      #expect(all.contains("beföre") && all.contains("äfter\r\n") && all.hasSuffix("30 100\r\n"), "\(all)")
      #expect(written.compactMap(\.array).filter { $0[1] == "r" }.map { $0[2] } == ["100x30"])
      #expect(Files.status(path)?.permissions == 0o600)
      // A second one does not write over it.
      let again = try daemon.arroba(["record", id, path])
      #expect(
        again.code == 7 && again.output.contains("\(path) is there already\nhint: --force writes over it\n"))
      #expect(try lines(path) == written)
      // Where the output is no terminal it is printed at once.
      let played = try daemon.arroba(["play", path])
      #expect(played.code == 0 && played.output == all)
    }
  }

  @Test("Ctrl-C ends a recording, which plays; who records is a viewer whose terminal changes nobody's size")
  func interrupt() throws {
    try withDaemon { daemon in
      let id = try daemon.session("echo one; exec cat").words("id")
      try daemon.screen(of: id, shows: "one")
      let path = daemon.house.path("b.cast")
      let user = try UserTerminal(
        daemon, "trap : INT; arroba record \(id) \(path); echo \"ended $?\"; exec sleep 100", columns: 50,
        rows: 9)
      try user.wait("the recording") { $0.contains { $0.hasPrefix("[recording ") } }
      try Deadline.until("the screen in it") {
        try Files.status(path) != nil && output(lines(path)).contains("one")
      }
      let session = try daemon.client().request("session.get", ["session": .string(id)])
      #expect(try session.number("attached") == 1 && session.number("agents.0.cols") == 80)
      try daemon.killDaemon()
      _ = try daemon.arroba(["type", id, "two", "Enter"])
      try Deadline.until("what came behind the daemon's death") {
        try output(lines(path)).contains("two\r\ntwo\r\n")
      }
      try user.type("C-c")
      try user.wait(for: "ended 0")
      #expect(output(try lines(path)).components(of: "two") == 2)
    }
  }

  @Test("Export writes what is there as one recording, into a file or on standard output")
  func export() throws {
    try withDaemon { daemon in
      let id = try daemon.session("seq 100; printf 'prompt> '; exec cat").words("id")
      try daemon.screen(of: id, shows: "prompt>")
      let path = daemon.house.path("e.cast")
      #expect(try daemon.arroba(["export", "--cast", id, path]).code == 0)
      let all = try output(lines(path))
      #expect((1...100).allSatisfy { all.contains("\($0)") } && all.contains("prompt>"))
      #expect(try lines(path).compactMap(\.array).allSatisfy { $0[0] == 0 || $0[0] == .double(0) })
      let printed = try daemon.arroba(["export", "--cast", id])
      #expect(printed.code == 0 && printed.output.hasPrefix("{\"version\":2,\"width\":80,\"height\":24,"))
      #expect(try daemon.arroba(["export", id]).code == 2)
      // Played on a terminal it is the same screen.
      let user = try UserTerminal(daemon, "arroba play \(path); echo \"ended $?\"; exec sleep 100")
      let rows = try user.wait("the end") { $0.contains("ended 0") }
      #expect(rows.contains("100") && rows.contains("[the end of \(path)]"), "\(rows)")
    }
  }

  @Test("Space stands still and goes on, a full stop goes on by one, q leaves; the terminal is as before")
  func play() throws {
    try withDaemon { daemon in
      let path = daemon.house.path("p.cast")
      var text =
        "{\"version\":2,\"width\":80,\"height\":24}\n[0,\"o\",\"\\u001b[?1049h\\u001b[?1000hfirst\"]\n"
      // Nobody waits for an hour: what is seen of them came by keys.
      for (index, word) in ["second", "third", "fourth"].enumerated() {
        text += "[\((index + 1) * 3600),\"o\",\"\\r\\n\(word)\"]\n"
      }
      try Files.replace(path, with: Array(text.utf8))
      let user = try UserTerminal(
        daemon, "arroba play \(path); code=$?; stty -a; echo \"ended $code\"; exec sleep 100")
      try user.wait(for: "first")
      try user.type("Space", ".")
      try user.wait(for: "second")
      try user.type(".")
      #expect(try user.wait(for: "third") == ["first", "second", "third"])
      #expect(try user.isSet(mode: 1000))
      try user.type("q")
      let rows = try user.wait("the end") { $0.contains("ended 0") }
      #expect(rows.contains { $0.contains(" icanon") } && !rows.contains("first"))
      #expect(try !user.isSet(mode: 1000) && !user.isSet(mode: 1049))
    }
  }

  @Test("Pauses are cut and time goes faster as asked; a larger recording is shown as far as it fits")
  func speed() throws {
    try withDaemon { daemon in
      let path = daemon.house.path("s.cast")
      let text = """
        {"version":2,"width":100,"height":30}
        [0,"o","\\u001b[5;10Hhere\\u001b[30;1Hbelow"]
        [3600,"o","\\u001b[6;10Hthere"]
        [7200,"r","60x20"]
        [7200,"o","\\u001b[2J\\u001b[5Hsmall"]

        """
      try Files.replace(path, with: Array(text.utf8))
      let user = try UserTerminal(
        daemon, "arroba play \(path) -i 2 --speed 10; echo \"ended $?\"; exec sleep 100", columns: 60,
        rows: 20)
      let rows = try user.wait("the end") { $0.contains("ended 0") }
      #expect(rows.contains("small") && !rows.contains("below"), "\(rows)")
      let one = try daemon.arroba(["play", daemon.house.path("none.cast")])
      #expect(one.code == 4)
    }
  }
}

extension String {
  /// How often a word is in it, side by side.
  fileprivate func components(of word: String) -> Int { ranges(of: word).count }
}
