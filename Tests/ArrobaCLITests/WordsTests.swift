@testable import ArrobaCLI
import Testing

@Suite("Taking a command line apart")
struct WordsTests {
  private func words(_ line: String) throws -> Words {
    try Words(line.split(separator: " ").map(String.init))
  }

  /// Why a command line is not understood.
  private func misuse(_ arguments: [String]) throws -> Misuse {
    let error = #expect(throws: Misuse.self) { try Words(arguments) }
    return try #require(error)
  }

  @Test("General options stand before or behind the verb, also inside of a group")
  func globals() throws {
    for line in [
      "--host unix:///x --json --quiet --no-color --no-start agent ls build",
      "agent --json -q ls build --host unix:///x --no-color --no-start",
      "agent ls --host=unix:///x build --json -q --no-start --no-color",
    ] {
      let read = try words(line)
      #expect(read.globals.host == "unix:///x", "\(line)")
      #expect(
        read.globals.isJSON && read.globals.isQuiet && read.globals.hasNoColor && read.globals.hasNoStart)
      #expect(!read.globals.wantsHelp)
      #expect(read.verb?.name == "agent ls" && read.positionals == ["build"])
    }
    #expect(try words("ls").globals == GlobalOptions())
  }

  @Test("Of an option that stands twice the last one counts; all can be had")
  func repeated() throws {
    let read = try words("new -a one --alias two -e A=1 --env B=2 -eC=3")
    #expect(read["--alias"] == "two")
    #expect(read.all("--env") == ["A=1", "B=2", "C=3"])
    #expect(!read.has("--model") && read["--model"] == nil && read.all("--model") == [])
  }

  @Test(
    "A value is the next word, or joined by =, or to a short name",
    arguments: ["logs --limit 20", "logs --limit=20", "logs -n 20", "logs -n20", "logs -fn20", "logs -fn 20"])
  func values(_ line: String) throws {
    #expect(try words(line)["--limit"] == "20")
  }

  @Test("Short options may stand in one word, the verb's own before the general ones")
  func clusters() throws {
    let new = try words("new -dfa build")
    #expect(new.has("--detach") && new.has("--force") && new["--alias"] == "build")
    let list = try words("ls -aq")
    #expect(list.has("--all") && list.globals.isQuiet)
    #expect(try words("-q ls").globals.isQuiet)
  }

  @Test("What follows -- is a program for verbs that take one, and plain words for the others")
  func dashes() throws {
    #expect(try words("new -d -- vim -n --json").program == ["vim", "-n", "--json"])
    #expect(try words("new -d -- vim --json").globals.isJSON == false)
    #expect(try words("new --").program == [])
    #expect(try words("new").program == nil)
    let rename = try words("rename -- -odd name")
    #expect(rename.positionals == ["-odd", "name"] && rename.program == nil)
    #expect(try words("agent spawn build -- a -- b").program == ["a", "--", "b"])
  }

  @Test("A single dash is a word")
  func dash() throws {
    #expect(try words("type build -").positionals == ["build", "-"])
  }

  @Test("Each name and alias of the table is found")
  func names() throws {
    for verb in Verbs.all {
      for name in [verb.name] + verb.aliases {
        #expect(try words("\(name) --help").verb == verb, "\(name)")
      }
    }
    #expect(try words("--version").verb?.name == "version")
    #expect(try words("-V").verb?.name == "version")
  }

  @Test(
    "Help is wanted wherever it is asked for, and nothing else is checked then",
    arguments: [
      "--help", "-h", "--help rename", "rename -h", "agent -h", "agent --help focus", "type a b --help",
    ])
  func help(_ line: String) throws {
    #expect(try words(line).globals.wantsHelp)
  }

  @Test("Help on a group is help on all of it")
  func groupHelp() throws {
    for group in Verbs.groups {
      #expect(try words("\(group) --help").group == group)
      #expect(try words("\(group) --help").verb == nil)
    }
    #expect(try words("agent ls --help").group == nil)
  }

  @Test(
    "An unknown verb is refused with the nearest names",
    arguments: [
      ("atach", "unknown verb 'atach'", "did you mean attach?"),
      ("lss", "unknown verb 'lss'", "did you mean ls?"),
      ("sedn", "unknown verb 'sedn'", "did you mean send or end?"),
      ("re", "unknown verb 're'", "did you mean record, relay or rename?"),
      ("dae", "unknown verb 'dae'", "did you mean daemon?"),
      ("frobnicate", "unknown verb 'frobnicate'", "arroba help lists the verbs"),
      ("Attach", "unknown verb 'Attach'", "did you mean attach?"),
      ("", "unknown verb ''", "did you mean a?"),
    ])
  func unknownVerb(_ verb: String, _ message: String, _ hint: String) throws {
    #expect(try misuse([verb]) == Misuse(message, hint: hint))
  }

  @Test(
    "An unknown verb of a group too; without one the group says which there are",
    arguments: [
      (["agent", "spwan"], "unknown verb 'agent spwan'", "did you mean spawn?"),
      (["agent", "zzz"], "unknown verb 'agent zzz'", "arroba agent spawn|ls|focus|cycle|rename|restart|rm"),
      (["agent"], "arroba agent needs a verb", "arroba agent spawn|ls|focus|cycle|rename|restart|rm"),
      (
        ["daemon", "-q"], "arroba daemon needs a verb",
        "arroba daemon run|start|stop|restart|status|logs|unit"
      ),
      (
        ["agent", "--host", "x", "ls"], "--host belongs before or behind the verb",
        "arroba agent spawn|ls|focus|cycle|rename|restart|rm"
      ),
    ])
  func unknownInGroup(_ arguments: [String], _ message: String, _ hint: String) throws {
    #expect(try misuse(arguments) == Misuse(message, hint: hint))
  }

  @Test(
    "An unknown option is refused with the nearest names",
    arguments: [
      ("ls --al", "arroba ls has no option --al", "did you mean --all?"),
      ("ls --xyzzy=3", "arroba ls has no option --xyzzy", "arroba ls --help lists its options"),
      ("--jsn ls", "arroba has no option --jsn", "did you mean --json?"),
      ("ls -x", "arroba ls has no option -x", "arroba ls --help lists its options"),
      ("new -dx", "arroba new has no option -x", "put -- before words that begin with a dash"),
      ("new --porgram", "arroba new has no option --porgram", "put -- before words that begin with a dash"),
      ("type build -1x", "arroba type has no option -1x", "put -- before words that begin with a dash"),
    ])
  func unknownOption(_ line: String, _ message: String, _ hint: String) throws {
    #expect(try misuse(line.split(separator: " ").map(String.init)) == Misuse(message, hint: hint))
  }

  @Test(
    "An option with a value it does not take, or without one that it needs",
    arguments: [
      ("ls --all=yes", "--all takes no value"), ("new --alias", "--alias needs a value: --alias A"),
      ("new -a", "-a needs a value: -a A"), ("--host", "--host needs a value: --host ENDPOINT"),
    ])
  func valueMistakes(_ line: String, _ message: String) throws {
    #expect(try misuse(line.split(separator: " ").map(String.init)) == Misuse(message))
  }

  @Test("Too few words, too many, or none at all")
  func counts() throws {
    #expect(try misuse(["--", "ls"]) == Misuse("a verb is missing", hint: "arroba help"))
    #expect(
      try misuse(["rename", "a"])
        == Misuse("arroba rename needs more words", hint: "usage: arroba rename REF ALIAS"))
    #expect(
      try misuse(["show", "a", "b"])
        == Misuse("arroba show does not take 'b'", hint: "usage: arroba show [REF]"))
    #expect(
      try misuse(["new", "vim", "x"])
        == Misuse("arroba new does not take 'vim'", hint: "put -- before the program: arroba new -- vim x"))
    #expect(
      try misuse(["health", "now"])
        == Misuse("arroba health does not take 'now'", hint: "usage: arroba health"))
  }

  @Test("Every verb refuses one word more than it takes, and one fewer")
  func everyCount() throws {
    for verb in Verbs.all {
      let name = verb.name.split(separator: " ").map(String.init)
      let most = Array(repeating: "w", count: verb.words.upperBound)
      #expect(try Words(name + most).positionals == most, "\(verb.name)")
      #expect(throws: Misuse.self, "\(verb.name)") { try Words(name + most + ["w"]) }
      guard verb.words.lowerBound > 0 else { continue }
      #expect(throws: Misuse.self, "\(verb.name)") {
        try Words(name + Array(most.prefix(verb.words.lowerBound - 1)))
      }
    }
  }
}
