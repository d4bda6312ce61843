import ArrobaSystem
import ArrobaTestSupport
import Testing

@testable import ArrobaCLI

@Suite("Commands behind a slash")
struct SlashTests {
  @Test(
    "A line that begins with a slash and a word is a command; a path is none, nor what a space stands before",
    arguments: [
      ("/stop", "stop"), ("/agent spawn x", "agent"), ("/", nil), ("/home/u is full", nil), (" /stop", nil),
      ("stop", nil), ("/etc", "etc"), ("//stop", nil), ("/2", nil),
    ])
  func names(_ line: String, _ name: String?) {
    #expect(Slash.name(in: line) == name)
  }

  @Test("A command is read with its words")
  func read() throws {
    let line = try #require(try Slash.read("/deny q_1  not  here "))
    #expect(
      line.command.name == "deny" && line.words == ["q_1", "not", "here"] && line.rest == "q_1  not  here")
    #expect(try Slash.read("/quit")?.command.name == "exit" && Slash.read("hello") == nil)
  }

  @Test(
    "What is not known is refused with the nearest names",
    arguments: [
      ("/sotp", "there is no command /sotp", "did you mean /stop?"),
      ("/workflow", "there is no command /workflow", "/help lists them; a space before / sends it"),
      ("/agent spwan", "/agent does not know 'spwan'", "did you mean spawn?"),
      ("/view both", "/view does not know 'both'", "/view split|individual"),
    ])
  func unknown(_ line: String, _ message: String, _ hint: String) {
    #expect(throws: Misuse(message, hint: hint)) { try Slash.read(line) }
  }

  @Test("Help names every command, and tells more of each")
  func help() throws {
    let all = try Slash.help(on: nil)
    for command in Slash.commands {
      #expect(all.contains { $0.hasPrefix("  /\(command.name) ") && $0.contains(command.summary) })
      #expect(try Slash.help(on: "/\(command.name)") == [command.usage, "  \(command.summary)"])
    }
    #expect(all.allSatisfy { Clean.cells($0) <= 79 }, "it fits on a terminal")
    #expect(throws: Misuse("there is no command /vew", hint: "did you mean view?")) {
      try Slash.help(on: "vew")
    }
  }

  private static var names: Completion.Names {
    var names = Completion.Names()
    names.sessions = ["build", "s_4f2a"]
    names.agents = ["coder", "critic"]
    names.prompts = ["p_1"]
    names.asks = ["q_1", "q_2"]
    return names
  }

  private static let completions: [(String, [String], String?)] = [
    ("/", Slash.commands.map { "/\($0.name)" }, nil), ("/st", ["/stop"], "op "),
    ("/he", ["/health", "/help"], nil),
    ("/session a", ["attach"], "ttach "), ("/session attach ", ["build", "s_4f2a"], nil),
    ("/session attach b", ["build"], "uild "), ("/agent focus ", ["coder", "critic"], "c"),
    ("/agent focus c", ["coder", "critic"], nil), ("/agent focus cr", ["critic"], "itic "),
    ("/deny ", ["q_1", "q_2"], "q_"), ("/queue rm ", ["p_1"], "p_1 "),
    ("/view ", ["split", "individual"], nil),
    ("/help vi", ["view"], "ew "),
  ]

  @Test("A piece is completed as far as there is nothing to choose", arguments: completions)
  func complete(_ text: String, _ candidates: [String], _ insertion: String?) throws {
    let found = try #require(Completion(before: text, in: Self.names))
    #expect(found.candidates == candidates && found.insertion == insertion)
  }

  @Test(
    "Of prompts, and of what nothing matches, nothing is completed",
    arguments: ["", "hello", "/x", "/stop x y", "/agent focus z"])
  func nothing(_ text: String) {
    #expect(Completion(before: text, in: Self.names) == nil)
  }

  @Test("What was entered is kept for the next time, for the user alone, and a broken line costs only itself")
  func file() throws {
    let house = TemporaryDirectory()
    let file = HistoryFile(in: house.path("state"))
    #expect(file.read().entries == [])
    for text in ["one", "two\nlines", "漢 \"x\""] { file.add(text) }
    #expect(file.read().entries == ["one", "two\nlines", "漢 \"x\""])
    #expect(Files.status(file.path)?.permissions == 0o600)
    try Files.append(file.path, Array("\"cut\n{}\n\"four\"\n".utf8))
    #expect(file.read().entries.last == "four" && file.read().entries.count == 4)
    for number in 0..<2100 { file.add("\(number)") }
    #expect(file.read().entries.count == InputHistory.mostEntries && file.read().entries.last == "2099")
    // It was written anew, with what is still remembered.
    #expect(try Files.read(file.path, atMost: 1 << 20).split(separator: 10).count == InputHistory.mostEntries)
    #expect(Files.status(file.path)?.permissions == 0o600)
  }
}
