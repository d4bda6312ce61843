extension Invocation {
  /// The verbs of conversations.
  static func talking(_ verb: String, _ words: Words) throws(Misuse) -> Invocation? {
    guard let talking = try talk(verb, words) else { return nil }
    return .talking(talking)
  }

  private static func talk(_ verb: String, _ words: Words) throws(Misuse) -> Talking? {
    let positionals = words.positionals
    switch verb {
    case "talk": return .talk(try Target(positionals.first))
    case "send": return try send(words)
    case "run": return try run(words)
    case "stop": return .stop(try Target(positionals.first), force: words.has("--force"))
    case "queue": return try queue(positionals + (words.program ?? []))
    case "asks":
      let target = try positionals.first.map { text throws(Misuse) in try Target(text) }
      return .asks(target, all: words.has("--all"))
    case "answer":
      return .answer(ask: positionals[0], choice: positionals[1], note: joined(positionals.dropFirst(2)))
    case "approve": return .answer(ask: positionals[0], choice: "approve", note: nil)
    case "deny": return .deny(ask: positionals[0], note: joined(positionals.dropFirst()))
    case "history":
      return .history(
        try Target(positionals.first), limit: try number(words, "--limit", 1...100_000) ?? 50,
        follow: words.has("--follow"))
    default: return nil
    }
  }

  private static func joined(_ words: ArraySlice<String>) -> String? {
    words.isEmpty ? nil : words.joined(separator: " ")
  }

  private static func send(_ words: Words) throws(Misuse) -> Talking {
    let (reference, found) = try source(words)
    guard var sending = found else {
      throw Misuse("what to send is missing", hint: "TEXT, -f FILE, or - for standard input")
    }
    guard !(words.has("--wait") && words.has("--follow")) else {
      throw Misuse("--wait and --follow exclude each other")
    }
    sending.patience = words.has("--follow") ? .follow : words.has("--wait") ? .wait : .none
    try look(words, &sending)
    if sending.patience == .none, words.has("--timeout") || words.has("--on-ask") {
      let option = words.has("--timeout") ? "--timeout" : "--on-ask"
      throw Misuse("\(option) needs somebody who waits", hint: "add --wait or --follow")
    }
    return .send(try Target(reference), sending)
  }

  /// The REF that was written, and the text; with `--` what stands before it is the REF, else the first of several words.
  private static func source(_ words: Words) throws(Misuse) -> (reference: String?, Sending?) {
    var rest = words.positionals
    if let file = words["--file"] {
      guard rest.count <= 1, words.program == nil else { throw Misuse("either --file or a text, not both") }
      return (rest.first, Sending(.file(file)))
    }
    if let program = words.program {
      guard rest.count <= 1 else { throw Misuse("one REF at most belongs before --") }
      return (rest.first, program.isEmpty ? nil : Sending(.words(program.joined(separator: " "))))
    }
    if rest.last == "-", rest.count <= 2 { return (rest.dropLast().last, Sending(.input)) }
    guard let first = rest.first else { return (nil, nil) }
    guard rest.count > 1, !first.contains(" ") else {
      return (nil, Sending(.words(rest.joined(separator: " "))))
    }
    rest.removeFirst()
    var sending = Sending(.words(rest.joined(separator: " ")))
    sending.isLoose = rest.count > 1
    return (first, sending)
  }

  private static func look(_ words: Words, _ sending: inout Sending) throws(Misuse) {
    sending.timeoutMs = try milliseconds(words["--timeout"])
    guard let name = words["--on-ask"] else { return }
    guard let rule = Sending.OnAsk(rawValue: name) else {
      throw Misuse("'\(name)' is no answer to an ask", hint: "--on-ask deny or --on-ask fail")
    }
    sending.onAsk = rule
  }

  private static func run(_ words: Words) throws(Misuse) -> Talking {
    if words["--provider"] == "terminal" { return try runProgram(words) }
    guard !words.has("--status") else {
      throw Misuse(
        "--status is a program's own, and a prompt has none: how it ended is the exit code",
        hint: "arroba run --provider terminal --status -- CMD ARG…")
    }
    let text = words.positionals + (words.program ?? [])
    var sending: Sending
    if let file = words["--file"] {
      guard text.isEmpty else { throw Misuse("either --file or a text, not both") }
      sending = Sending(.file(file))
    } else {
      sending = Sending(text.isEmpty || text == ["-"] ? .input : .words(text.joined(separator: " ")))
    }
    sending.patience = .follow
    try look(words, &sending)
    var birth = Birth()
    birth.provider = words["--provider"]
    birth.model = words["--model"]
    return .run(birth, sending)
  }

  private static func runProgram(_ words: Words) throws(Misuse) -> Talking {
    for option in ["--model", "--file", "--timeout", "--on-ask"] where words.has(option) {
      throw Misuse("\(option) is for prompts, and a program on a terminal takes none")
    }
    guard words.positionals.isEmpty, let program = words.program, !program.isEmpty else {
      throw Misuse(
        "the program is missing behind --", hint: "arroba run --provider terminal [--status] -- CMD ARG…")
    }
    var birth = Birth()
    birth.provider = "terminal"
    birth.program = program
    return .runProgram(birth, takesStatus: words.has("--status"))
  }

  private static let actions = ["ls", "list", "edit", "move", "rm", "remove", "clear"]

  /// `[REF] [ACTION …]`; of an action that names a prompt the REF is not needed.
  private static func queue(_ words: [String]) throws(Misuse) -> Talking {
    var rest = words[...]
    var reference: String?
    if let first = rest.first, !actions.contains(first) { reference = rest.removeFirst() }
    let action = rest.popFirst() ?? "ls"
    switch (action, rest.count) {
    case ("ls", 0...1), ("list", 0...1), ("clear", 0...1):
      if let late = rest.first {
        guard reference == nil else { throw tooMany(late) }
        reference = late
      }
      return .queue(try Target(reference), action == "clear" ? .clear : .list)
    case ("edit", 2...):
      return .queue(
        try Target(reference), .edit(prompt: rest.removeFirst(), text: rest.joined(separator: " ")))
    case ("move", 2):
      guard let position = Int(rest[rest.endIndex - 1]), position >= 1 else {
        throw Misuse("'\(rest[rest.endIndex - 1])' is no place in a queue", hint: "places count from 1")
      }
      return .queue(try Target(reference), .move(prompt: rest.removeFirst(), position: position))
    case ("rm", 1), ("remove", 1): return .queue(try Target(reference), .remove(prompt: rest.removeFirst()))
    case ("edit", _), ("move", _), ("rm", 0), ("remove", 0):
      throw Misuse("arroba queue \(action) needs more words", hint: "arroba queue --help")
    default:
      if actions.contains(action) { throw tooMany(rest.last ?? action) }
      throw Misuse(
        "unknown verb 'queue \(action)'",
        hint: Nearest.hint(for: action, among: actions) ?? "ls, edit, move, rm or clear")
    }
  }

  private static func tooMany(_ word: String) -> Misuse {
    Misuse("arroba queue does not take '\(word)'", hint: "arroba queue --help")
  }
}
