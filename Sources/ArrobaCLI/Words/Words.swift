/// The command line was not understood.
package struct Misuse: Error, Equatable {
  package let message: String
  package let hint: String?
  /// It is understood, and is not done without `--force`.
  package let isUnconfirmed: Bool

  package init(_ message: String, hint: String? = nil, isUnconfirmed: Bool = false) {
    self.message = message
    self.hint = hint
    self.isUnconfirmed = isUnconfirmed
  }
}

/// The options that every verb has.
package struct GlobalOptions: Equatable, Sendable {
  package var host: String?
  package var workspace: String?
  package var isJSON = false
  package var isQuiet = false
  package var hasNoColor = false
  package var hasNoStart = false
  package var wantsHelp = false

  package init() {}

  mutating func set(_ option: OptionSpec, _ value: String) {
    switch option.long {
    case "--host": host = value
    case "--workspace": workspace = value
    case "--json": isJSON = true
    case "--quiet": isQuiet = true
    case "--no-color": hasNoColor = true
    case "--no-start": hasNoStart = true
    default: wantsHelp = true
    }
  }
}

/// A command line taken apart by the table of verbs; what its parts mean is for `Invocation`.
package struct Words: Equatable, Sendable {
  package private(set) var globals = GlobalOptions()
  /// nil where no verb was written.
  package private(set) var verb: VerbSpec?
  /// A group of verbs on which help is wanted, and on none of its verbs.
  package private(set) var group: String?
  package private(set) var positionals: [String] = []
  /// What followed `--`, for verbs that take a program or keys there.
  package private(set) var program: [String]?
  private var options: [String: [String]] = [:]

  /// The value of an option, the last one written; "" for one without a value.
  package subscript(option: String) -> String? { options[option]?.last }

  package func all(_ option: String) -> [String] { options[option] ?? [] }
  package func has(_ option: String) -> Bool { options[option] != nil }

  package init(_ arguments: [String]) throws(Misuse) {
    var rest = arguments[...]
    while let word = rest.popFirst() {
      if word == "--" {
        try finish(with: Array(rest))
        break
      }
      if word.hasPrefix("-") && word.utf8.count > 1 {
        if verb == nil && (word == "--version" || word == "-V") {
          verb = Verbs.all.first { $0.name == "version" }
        } else {
          try takeOption(word, &rest)
        }
      } else if verb == nil {
        verb = try Self.verb(word, &rest, &globals)
        if verb == nil {
          group = word
          break
        }
      } else {
        positionals.append(word)
      }
    }
    guard !globals.wantsHelp else { return }
    try checkCount()
  }

  private mutating func finish(with rest: [String]) throws(Misuse) {
    guard let verb else { throw Misuse("a verb is missing", hint: "arroba help") }
    if verb.takesProgram { program = rest } else { positionals += rest }
  }

  private func checkCount() throws(Misuse) {
    guard let verb, !verb.words.contains(positionals.count) else { return }
    if positionals.count < verb.words.lowerBound {
      throw Misuse("arroba \(verb.name) needs more words", hint: verb.usage)
    }
    if verb.takesProgram && program == nil {
      let from = positionals.dropFirst(verb.words.upperBound)
      throw Misuse(
        "arroba \(verb.name) does not take '\(from.first ?? "")'",
        hint: "put -- before the program: arroba \(verb.name) -- \(from.joined(separator: " "))")
    }
    throw Misuse(
      "arroba \(verb.name) does not take '\(positionals[verb.words.upperBound])'", hint: verb.usage)
  }

  /// Finds the verb that `word` names, with the next word where it is a group; nil asks for help on the group.
  private static func verb(
    _ word: String, _ rest: inout ArraySlice<String>, _ globals: inout GlobalOptions
  ) throws(Misuse) -> VerbSpec? {
    guard Verbs.groups.contains(word) else {
      if let verb = named(word) { return verb }
      let names = Verbs.all.flatMap { $0.group == nil ? [$0.name] + $0.aliases : [] } + Verbs.groups
      throw Misuse(
        "unknown verb '\(word)'", hint: Nearest.hint(for: word, among: names) ?? "arroba help lists the verbs"
      )
    }
    let inGroup = Verbs.all.filter { $0.group == word }
    let names = inGroup.map { String($0.name.dropFirst(word.count + 1)) }
    let usage = "arroba \(word) \(names.joined(separator: "|"))"
    while let option = rest.first, option.hasPrefix("-") {
      guard let global = Verbs.global.first(where: { $0.long == option || $0.short == option }) else { break }
      rest.removeFirst()
      guard global.value == .none else {
        throw Misuse("\(option) belongs before or behind the verb", hint: usage)
      }
      globals.set(global, "")
    }
    guard let second = rest.popFirst() else {
      if globals.wantsHelp { return nil }
      throw Misuse("arroba \(word) needs a verb", hint: usage)
    }
    if let verb = named("\(word) \(second)") { return verb }
    throw Misuse("unknown verb '\(word) \(second)'", hint: Nearest.hint(for: second, among: names) ?? usage)
  }

  private static func named(_ name: String) -> VerbSpec? {
    Verbs.all.first { $0.name == name || $0.aliases.contains(name) }
  }

  private mutating func takeOption(_ word: String, _ rest: inout ArraySlice<String>) throws(Misuse) {
    var name = word
    var attached: String?
    if word.hasPrefix("--"), let equals = word.firstIndex(of: "=") {
      name = String(word[..<equals])
      attached = String(word[word.index(after: equals)...])
    }
    let own = verb?.options ?? []
    // A verb's own short names hide the global ones.
    guard let option = (own + Verbs.global).first(where: { $0.long == name || $0.short == name }) else {
      try takeCluster(word, &rest)
      return
    }
    let isGlobal = !own.contains(option)
    let value: String
    switch option.value {
    case .none:
      guard attached == nil else { throw Misuse("\(name) takes no value") }
      value = ""
    case .required(let what):
      guard let given = attached ?? rest.popFirst() else {
        throw Misuse("\(name) needs a value: \(name) \(what)")
      }
      value = given
    }
    if isGlobal { globals.set(option, value) } else { options[option.long, default: []].append(value) }
  }

  /// Short options in one word: `-df`, or with the value joined: `-n20`.
  private mutating func takeCluster(_ word: String, _ rest: inout ArraySlice<String>) throws(Misuse) {
    let own = verb?.options ?? []
    let letters = Array(word.dropFirst())
    guard !word.hasPrefix("--"), letters.count > 1,
      let first = (own + Verbs.global).first(where: { $0.short == "-\(letters[0])" })
    else { throw unknown(word) }
    let remainder = String(letters.dropFirst())
    if case .required = first.value {
      options[first.long, default: []].append(remainder)
      return
    }
    try takeOption("-\(letters[0])", &rest)
    try takeOption("-\(remainder)", &rest)
  }

  private func unknown(_ word: String) -> Misuse {
    let name = word.split(separator: "=").first.map(String.init) ?? word
    // Any letter is as near to a wrong one as any other: only long names are guessed.
    let known = name.hasPrefix("--") ? ((verb?.options ?? []) + Verbs.global).map(\.long) : []
    let place = verb.map { "arroba \($0.name)" } ?? "arroba"
    let fallback =
      verb?.takesProgram == true
      ? "put -- before words that begin with a dash" : "\(place) --help lists its options"
    return Misuse("\(place) has no option \(name)", hint: Nearest.hint(for: name, among: known) ?? fallback)
  }
}
