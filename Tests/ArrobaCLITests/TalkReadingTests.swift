@testable import ArrobaCLI
import Testing

@Suite("What a command line asks of a conversation")
struct TalkReadingTests {
  private func read(_ arguments: [String]) throws -> Talking? {
    guard case .talking(let talking) = try InvocationTests.read(arguments) else { return nil }
    return talking
  }

  private static func target(_ session: String?, _ agent: String? = nil) -> Target {
    Target(session: session, agent: agent)
  }

  private static let plain: [(String, Talking)] = [
    ("talk", .talk(target(nil))), ("talk build/coder", .talk(target("build", "coder"))),
    ("stop", .stop(target(nil), force: false)), ("stop build -f", .stop(target("build"), force: true)),
    ("queue", .queue(target(nil), .list)), ("queue build/a", .queue(target("build", "a"), .list)),
    ("queue ls", .queue(target(nil), .list)), ("queue ls build", .queue(target("build"), .list)),
    ("queue build clear", .queue(target("build"), .clear)), ("queue clear", .queue(target(nil), .clear)),
    ("queue edit p_1 a b", .queue(target(nil), .edit(prompt: "p_1", text: "a b"))),
    ("queue build edit p_1 -- -x", .queue(target("build"), .edit(prompt: "p_1", text: "-x"))),
    ("queue move p_1 2", .queue(target(nil), .move(prompt: "p_1", position: 2))),
    ("queue rm p_1", .queue(target(nil), .remove(prompt: "p_1"))),
    ("asks", .asks(nil, all: false)), ("asks build --all", .asks(target("build"), all: true)),
    ("answer q_1 2", .answer(ask: "q_1", choice: "2", note: nil)),
    ("answer q_1 deny not here", .answer(ask: "q_1", choice: "deny", note: "not here")),
    ("approve q_1", .answer(ask: "q_1", choice: "approve", note: nil)),
    ("deny q_1", .deny(ask: "q_1", note: nil)), ("deny q_1 a b", .deny(ask: "q_1", note: "a b")),
    ("history", .history(target(nil), limit: 50, follow: false)),
    ("history build -n 5 -f", .history(target("build"), limit: 5, follow: true)),
  ]

  @Test("Each verb is read with its words and options", arguments: plain)
  func reading(_ line: String, _ talking: Talking) throws {
    #expect(try read(line.split(separator: " ").map(String.init)) == talking)
  }

  @Test(
    "Of several words the first is the REF; one word, or one with spaces, is the text; -- leaves no doubt")
  func texts() throws {
    func sending(_ words: String, isLoose: Bool = false) -> Sending {
      var sending = Sending(.words(words))
      sending.isLoose = isLoose
      return sending
    }
    #expect(
      try read(["send", "build", "run the tests"]) == .send(Self.target("build"), sending("run the tests")))
    #expect(try read(["send", "hello"]) == .send(Self.target(nil), sending("hello")))
    #expect(try read(["send", "run the tests"]) == .send(Self.target(nil), sending("run the tests")))
    #expect(try read(["send", "a b", "c"]) == .send(Self.target(nil), sending("a b c")))
    #expect(
      try read(["send", "fix", "the", "bug"]) == .send(Self.target("fix"), sending("the bug", isLoose: true)))
    #expect(try read(["send", "--", "fix", "-x"]) == .send(Self.target(nil), sending("fix -x")))
    #expect(try read(["send", "build/a", "--", "-x"]) == .send(Self.target("build", "a"), sending("-x")))
    #expect(try read(["send", "-"]) == .send(Self.target(nil), Sending(.input)))
    #expect(try read(["send", "build", "-"]) == .send(Self.target("build"), Sending(.input)))
    #expect(try read(["send", "build", "-f", "t.md"]) == .send(Self.target("build"), Sending(.file("t.md"))))
  }

  @Test("How a prompt is looked after is said by options")
  func patience() throws {
    var sending = Sending(.words("x"))
    sending.patience = .follow
    sending.timeoutMs = 1500
    sending.onAsk = .deny
    #expect(
      try read(["send", "x", "--follow", "-t", "1.5", "--on-ask", "deny"]) == .send(Self.target(nil), sending)
    )
    sending = Sending(.words("x"))
    sending.patience = .wait
    sending.onAsk = .fail
    #expect(try read(["send", "x", "-w", "--on-ask=fail"]) == .send(Self.target(nil), sending))
  }

  @Test("One shot takes its text from words, a file or the input, and always follows")
  func run() throws {
    var birth = Birth()
    birth.provider = "scripted"
    birth.model = "m"
    var sending = Sending(.words("what is -x"))
    sending.patience = .follow
    #expect(
      try read(["run", "-p", "scripted", "-m", "m", "--", "what", "is", "-x"]) == .run(birth, sending))
    #expect(try read(["run", "what", "is", "-p", "scripted", "-m", "m", "--", "-x"]) == .run(birth, sending))
    var program = Birth()
    program.provider = "terminal"
    program.program = ["make", "-j8"]
    for status in [true, false] {
      #expect(
        try read(["run", "-p", "terminal"] + (status ? ["--status"] : []) + ["--", "make", "-j8"])
          == .runProgram(program, takesStatus: status))
    }
    sending.source = .input
    #expect(try read(["run"]) == .run(Birth(), sending))
    sending.source = .file("a")
    #expect(try read(["run", "-f", "a"]) == .run(Birth(), sending))
  }

  private static let mistakes: [([String], String, String?)] = [
    (["send"], "what to send is missing", "TEXT, -f FILE, or - for standard input"),
    (["send", "build", "--"], "what to send is missing", "TEXT, -f FILE, or - for standard input"),
    (["send", "a", "b", "--", "c"], "one REF at most belongs before --", nil),
    (["send", "a", "b", "-f", "c"], "either --file or a text, not both", nil),
    (["send", "x", "--wait", "--follow"], "--wait and --follow exclude each other", nil),
    (["send", "x", "-t", "3"], "--timeout needs somebody who waits", "add --wait or --follow"),
    (["send", "x", "--on-ask", "deny"], "--on-ask needs somebody who waits", "add --wait or --follow"),
    (
      ["send", "x", "-w", "--on-ask", "allow"], "'allow' is no answer to an ask",
      "--on-ask deny or --on-ask fail"
    ),
    (
      ["run", "-p", "terminal", "x"], "the program is missing behind --",
      "arroba run --provider terminal [--status] -- CMD ARG…"
    ),
    (
      ["run", "-p", "terminal", "-t", "3", "--", "x"],
      "--timeout is for prompts, and a program on a terminal takes none", nil
    ),
    (
      ["run", "--status", "x"],
      "--status is a program's own, and a prompt has none: how it ended is the exit code",
      "arroba run --provider terminal --status -- CMD ARG…"
    ),
    (["run", "-f", "a", "x"], "either --file or a text, not both", nil),
    (["queue", "edit", "p_1"], "arroba queue edit needs more words", "arroba queue --help"),
    (["queue", "rm"], "arroba queue rm needs more words", "arroba queue --help"),
    (["queue", "move", "p_1", "0"], "'0' is no place in a queue", "places count from 1"),
    (["queue", "build", "claer"], "unknown verb 'queue claer'", "did you mean clear?"),
    (["queue", "build", "ls", "x"], "arroba queue does not take 'x'", "arroba queue --help"),
    (["queue", "rm", "a", "b"], "arroba queue does not take 'b'", "arroba queue --help"),
    (["answer", "q_1"], "arroba answer needs more words", "usage: arroba answer ASK CHOICE [NOTE]"),
  ]

  @Test("What is no sense is refused with what was expected", arguments: mistakes)
  func mistake(_ arguments: [String], _ message: String, _ hint: String?) {
    #expect(throws: Misuse(message, hint: hint)) { try InvocationTests.read(arguments) }
  }
}
