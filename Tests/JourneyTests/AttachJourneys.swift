import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// `arroba attach` on a person's terminal, from the first key to the prompt of the shell that is there again.
@Suite("Attached in a terminal", .journey)
struct AttachJourneys {
  private static let answering = "stty -echo; echo ready; while read line; do echo \"<$line>\"; done; exit 7"
  private static let left =
    "before=$(stty -g); arroba attach --force %; echo code $?; [ \"$before\" = \"$(stty -g)\" ] && echo same; read x"

  private static func attach(_ daemon: DaemonUnderTest) throws -> (id: String, user: UserTerminal) {
    let id = try daemon.session(answering).words("id")
    try daemon.screen(of: id, shows: "ready")
    let script = left.split(separator: "%").joined(separator: id)
    let user = try UserTerminal(daemon, script)
    try user.wait("the agent's screen") { $0.contains { $0.hasPrefix("ready") } }
    return (id, user)
  }

  /// Types a line and waits for the answer: after the first one the daemon writes to this terminal itself.
  private static func say(_ words: String, in user: UserTerminal) throws {
    try user.type(words, "Enter")
    try user.wait("the answer to \(words)") { $0.contains("<\(words)>") }
  }

  private static func isLeft(_ user: UserTerminal, code: Int, saying words: String) throws {
    let rows = try user.wait("the prompt") { $0.contains("same") }
    let last = Array(rows.suffix(3))
    #expect(last.count == 3 && last[0].contains(words) && last[1] == "code \(code)", "\(rows)")
  }

  @Test("Typed, answered, left with the detach key: the terminal is as it was, and the agent runs on")
  func detach() throws {
    try withDaemon { daemon in
      let (id, user) = try Self.attach(daemon)
      for words in ["one", "two", "three"] { try Self.say(words, in: user) }
      try user.type("C-\\")
      try Self.isLeft(user, code: 0, saying: "[detached from")
      // It stays until it is answered: what a client sent that leaves at once may go with it.
      let other = try daemon.client().attach(id)
      try other.type("four\n")
      try other.wait(for: "<four>")
      #expect(try !user.rows().contains("<four>"))
    }
  }

  @Test("The program's end is told, behind its last words")
  func exit() throws {
    try withDaemon { daemon in
      let (_, user) = try Self.attach(daemon)
      try Self.say("one", in: user)
      try user.type("C-d")
      try Self.isLeft(user, code: 0, saying: "7")
    }
  }

  @Test("The daemon is killed meanwhile: the screen is there again, and typing goes on")
  func killed() throws {
    try withDaemon { daemon in
      let (_, user) = try Self.attach(daemon)
      // The user's own terminal lives in another daemon's hands here; it comes back the same way.
      try Self.say("one", in: user)
      for words in ["two", "three", "four"] {
        try daemon.killDaemon()
        try Self.say(words, in: user)
      }
      #expect(try user.rows().filter { $0.hasPrefix("<") } == ["<one>", "<two>", "<three>", "<four>"])
      try user.type("C-\\")
      try Self.isLeft(user, code: 0, saying: "[detached from")
    }
  }

  @Test("A full-screen program is left and taken up again")
  func alternate() throws {
    try withDaemon { daemon in
      let program = "printf '\\033[?1049h\\033[2J\\033[5;7Hready on the other screen'; read x"
      let id = try daemon.session(program).words("id")
      try daemon.screen(of: id, shows: "ready on the other screen")
      let user = try UserTerminal(daemon, Self.left.split(separator: "%").joined(separator: id))
      let rows = try user.wait("the agent's screen") { $0.last == "      ready on the other screen" }
      #expect(rows.count == 5)
      try user.type("C-\\")
      try Self.isLeft(user, code: 0, saying: "[detached from")
      let again = try UserTerminal(daemon, "arroba attach --force \(id)")
      try again.wait("the same screen") { $0.last == "      ready on the other screen" }
    }
  }
}
