internal import ArrobaTerminal
internal import ArrobaWire

extension Invocation {
  /// The meaning of a command line. Nothing is looked at but the words.
  package init(_ words: Words) throws(Misuse) {
    guard let verb = words.verb else {
      self = words.globals.wantsHelp ? .help(topic: words.group) : .talking(.talk(Target()))
      return
    }
    guard !words.globals.wantsHelp else {
      self = .help(topic: verb.name)
      return
    }
    // The readers of the groups, asked in turn; ?? would lose the kind of error.
    if let read = try Self.session(verb.name, words) {
      self = read
    } else if let read = try Self.terminal(verb.name, words) {
      self = read
    } else if let read = try Self.cast(verb.name, words) {
      self = read
    } else if let read = try Self.agent(verb.name, words) {
      self = read
    } else if let read = try Self.talking(verb.name, words) {
      self = read
    } else if let read = try Self.relaying(verb.name, words) {
      self = read
    } else if let read = try Self.watching(verb.name, words) {
      self = read
    } else if let read = try Self.other(verb.name, words) {
      self = read
    } else {
      throw Misuse("arroba \(verb.name) is not understood")
    }
  }

  private static func session(_ verb: String, _ words: Words) throws(Misuse) -> Invocation? {
    let first = words.positionals.first
    switch verb {
    case "new":
      let then = words.has("--detach") ? nil : try attaching(words)
      return .new(try birth(words), then: then)
    case "ls": return .list(all: words.has("--all"), agents: words.has("--agents"))
    case "show": return .show(try .session(first))
    case "rename": return .rename(try .session(first), alias: words.positionals[1])
    case "end": return .end(try .session(first), force: words.has("--force"))
    case "rm": return .remove(try .session(first), force: words.has("--force"))
    default: return nil
    }
  }

  private static func terminal(_ verb: String, _ words: Words) throws(Misuse) -> Invocation? {
    switch verb {
    case "attach": return .attach(try Target(words.positionals.first), try attaching(words))
    case "screen":
      let history = try number(words, "--history", 0...100_000)
      return .screen(try Target(words.positionals.first), ansi: words.has("--ansi"), history: history)
    case "type": return try type(words)
    case "resize":
      guard let text = words.positionals.last, let (columns, rows) = size(text) else {
        throw Misuse(
          "'\(words.positionals.last ?? "")' is no size", hint: "COLSxROWS is expected, like 120x40")
      }
      let reference = words.positionals.count > 1 ? words.positionals.first : nil
      return .resize(try Target(reference), columns: columns, rows: rows)
    default: return nil
    }
  }

  private static func agent(_ verb: String, _ words: Words) throws(Misuse) -> Invocation? {
    let first = words.positionals.first
    switch verb {
    case "agent spawn":
      return .spawn(try .session(first), try birth(words), count: try number(words, "--count", 1...1000))
    case "agent ls": return .agents(try .session(first))
    case "agent focus": return .focus(try .agent(first))
    case "agent cycle": return .cycle(try .session(first))
    case "agent rename": return .renameAgent(try .agent(first), alias: words.positionals[1])
    case "agent restart": return .restart(try Target(first), force: words.has("--force"))
    case "agent rm": return .removeAgent(try .agent(first), force: words.has("--force"))
    default: return nil
    }
  }

  private static func watching(_ verb: String, _ words: Words) throws(Misuse) -> Invocation? {
    let first = words.positionals.first
    switch verb {
    case "events":
      let reference = try first.map { text throws(Misuse) in try Target(text) }
      return .events(reference, after: try start(words["--after"]), follow: words.has("--follow"))
    case "wait":
      guard let name = words["--for"] else {
        throw Misuse("what to wait for is missing", hint: "--for \(goals)")
      }
      guard let goal = Goal(rawValue: name) else {
        throw Misuse("'\(name)' is nothing to wait for", hint: "--for \(goals)")
      }
      return .wait(
        try Target(first), for: goal, timeoutMs: try milliseconds(words["--timeout"]),
        status: words.has("--status"))
    case "health": return .health
    case "provider list": return .providers
    case "doctor": return .doctor
    default: return nil
    }
  }

  private static func other(_ verb: String, _ words: Words) throws(Misuse) -> Invocation? {
    switch verb {
    case "daemon run": return .daemon(.run(words.program ?? []))
    case "daemon start": return .daemon(.start)
    case "daemon stop": return .daemon(.stop)
    case "daemon restart": return .daemon(.restart)
    case "daemon status": return .daemon(.status)
    case "daemon unit": return .daemon(.unit)
    case "daemon logs":
      var filter = try logFilter(words)
      filter.processKind = filter.processKind ?? "daemon"
      return .logs(filter, follow: words.has("--follow"))
    case "logs": return .logs(try logFilter(words), follow: words.has("--follow"))
    case "completions":
      guard let shell = Shell(rawValue: words.positionals[0]) else {
        throw Misuse(
          "there is no completion for '\(words.positionals[0])'", hint: "bash, zsh or fish is expected")
      }
      return .completions(shell)
    case "bridge": return .bridge
    case "version": return .version
    case "help":
      return .help(topic: words.positionals.isEmpty ? nil : words.positionals.joined(separator: " "))
    default: return nil
    }
  }

  private static var goals: String { Goal.allCases.map(\.rawValue).joined(separator: "|") }

  private static func attaching(_ words: Words) throws(Misuse) -> Attaching {
    let keys = try words["--detach-keys"].map { text throws(Misuse) in
      do throws(DetachKeys.Fault) { return try DetachKeys(text) } catch {
        throw Misuse(error.message, hint: error.hint)
      }
    }
    return Attaching(
      isView: words.has("--view"), isRaw: words.has("--raw"), takesStatus: words.has("--status"),
      isForced: words.has("--force"), detachKeys: keys)
  }

  private static func birth(_ words: Words) throws(Misuse) -> Birth {
    var birth = Birth()
    birth.alias = words["--alias"]
    birth.provider = words["--provider"]
    birth.model = words["--model"]
    birth.program = words.program ?? []
    for entry in words.all("--env") {
      guard let equals = entry.firstIndex(of: "="), equals != entry.startIndex else {
        throw Misuse("'\(entry)' is no variable", hint: "--env NAME=VALUE is expected")
      }
      let value = String(entry[entry.index(after: equals)...])
      birth.environment.append(Birth.Variable(name: String(entry[..<equals]), value: value))
    }
    if words.program?.isEmpty == true { throw Misuse("a program is missing behind --") }
    if !birth.program.isEmpty, let provider = birth.provider, provider != "terminal" {
      throw Misuse(
        "the provider \(provider) takes no program", hint: "leave out --provider, or what follows --")
    }
    return birth
  }

  private static func type(_ words: Words) throws(Misuse) -> Invocation {
    var keys = words.positionals
    var reference: String?
    // With `--` what stands before it is the REF; else the first of several words, unless it is clearly none.
    if let program = words.program {
      guard keys.count <= 1 else { throw Misuse("one REF at most belongs before --") }
      reference = keys.first
      keys = program
    } else if keys.count > 1, let first = keys.first, !first.contains(" "),
      Keys.key(first, applicationCursor: false) == nil
    {
      reference = keys.removeFirst()
    }
    guard !keys.isEmpty else {
      throw Misuse("what to type is missing", hint: words.verb?.usage)
    }
    return .type(try Target(reference), keys: keys, isLiteral: words.has("--literal"))
  }

  private static func size(_ text: String) -> (Int, Int)? {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let columns = Int(parts[0]), let rows = Int(parts[1]) else { return nil }
    guard 1...65_535 ~= columns, 1...65_535 ~= rows else { return nil }
    return (columns, rows)
  }

  private static func start(_ text: String?) throws(Misuse) -> EventsStart? {
    guard let text else { return nil }
    if text == "start" { return .beginning }
    guard let sequence = Int(text), sequence >= 0 else {
      throw Misuse("'\(text)' is no place in the log", hint: "--after takes a sequence number or start")
    }
    return .sequence(sequence)
  }

  static func milliseconds(_ text: String?) throws(Misuse) -> Int? {
    guard let text else { return nil }
    // A year is longer than anybody waits, and far from any overflow.
    guard let seconds = Double(text), seconds >= 0, seconds <= 31_536_000 else {
      throw Misuse("'\(text)' is no number of seconds")
    }
    return Int(seconds * 1000)
  }

  static func number(_ words: Words, _ option: String, _ range: ClosedRange<Int>) throws(Misuse)
    -> Int?
  {
    guard let text = words[option] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Misuse("\(option) takes a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
    }
    return number
  }

  private static func logFilter(_ words: Words) throws(Misuse) -> LogFilter {
    var filter = LogFilter()
    filter.level = words["--level"]
    if let level = filter.level, !LogFilter.levels.contains(level) {
      throw Misuse("'\(level)' is no level", hint: "debug, info, warn or error is expected")
    }
    filter.session = words["--session"]
    filter.processKind = words["--process-kind"]
    if let kind = filter.processKind, !LogFilter.processKinds.contains(kind) {
      throw Misuse("'\(kind)' is no kind of process", hint: "client, daemon or supervisor is expected")
    }
    filter.component = words["--component"]
    filter.limit = try number(words, "--limit", 1...10_000_000) ?? filter.limit
    return filter
  }
}
