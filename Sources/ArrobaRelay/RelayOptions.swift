package import ArrobaRelayWire

/// What `arroba-relay` was asked to do.
package enum RelayCommand: Equatable {
  case help
  case version
  case run(RelayOptions)
  case makeToken(name: String, role: RelayRole, lifeMs: Int?, state: String, isJSON: Bool)
  case listTokens(state: String, isJSON: Bool)
  case revokeToken(name: String, state: String)
}

/// How a relay is to run.
package struct RelayOptions: Equatable {
  package struct Place: Equatable {
    package let host: String
    package let port: Int
  }

  package var listen: [Place] = []
  package var state = ""
  package var isBehindProxy = false
  package var heartbeatMs = RelayTerms.heartbeatMs
  package var limits = RelayLimits()
}

extension RelayCommand {
  package struct Misuse: Error, Equatable {
    package let message: String

    package init(_ message: String) { self.message = message }
  }

  /// The meaning of a command line, the program's own name left out.
  package init(_ arguments: [String]) throws(Misuse) {
    var reader = RelayWords(arguments)
    switch reader.words.first {
    case nil where reader.has("--version"): self = .version
    case nil, "help": self = .help
    case _ where reader.has("--help"): self = .help
    case "run": self = .run(try Self.running(&reader))
    case "token": self = try Self.token(&reader)
    case let other?: throw Misuse("'\(other)' is no verb of arroba-relay")
    }
    try reader.finish()
  }

  private static func running(_ reader: inout RelayWords) throws(Misuse) -> RelayOptions {
    try reader.expect(words: 1)
    var options = RelayOptions()
    for text in try reader.all("--listen") { options.listen.append(try place(text)) }
    guard !options.listen.isEmpty else { throw Misuse("--listen ADDR:PORT is missing") }
    options.state = try reader.state()
    options.isBehindProxy = reader.has("--behind-proxy")
    if let text = try reader.value("--heartbeat") {
      options.heartbeatMs = 1000 * (try number(text, "--heartbeat", 1...3600))
    }
    if let text = try reader.value("--connections") {
      options.limits.connections = try number(text, "--connections", 16...1_000_000)
    }
    if let text = try reader.value("--unproven-per-address") {
      options.limits.unprovenPerAddress = try number(text, "--unproven-per-address", 1...1_000_000)
    }
    return options
  }

  private static func token(_ reader: inout RelayWords) throws(Misuse) -> RelayCommand {
    guard reader.words.count > 1 else { throw Misuse("arroba-relay token needs a verb: new, ls or revoke") }
    switch reader.words[1] {
    case "new":
      let name = try name(&reader)
      guard let text = try reader.value("--role") else {
        throw Misuse("--role machine|client|both is missing")
      }
      guard let role = RelayRole(rawValue: text) else {
        throw Misuse("'\(text)' is no role: machine, client or both is expected")
      }
      let life = try reader.value("--expires").map { text throws(Misuse) in try duration(text) }
      return .makeToken(
        name: name, role: role, lifeMs: life, state: try reader.state(), isJSON: reader.has("--json"))
    case "ls":
      try reader.expect(words: 2)
      return .listTokens(state: try reader.state(), isJSON: reader.has("--json"))
    case "revoke": return .revokeToken(name: try name(&reader), state: try reader.state())
    case let other: throw Misuse("'token \(other)' is no verb of arroba-relay")
    }
  }

  private static func name(_ reader: inout RelayWords) throws(Misuse) -> String {
    guard reader.words.count > 2 else { throw Misuse("the token's name is missing") }
    try reader.expect(words: 3)
    guard RelayMachine.isName(reader.words[2]) else {
      throw Misuse("a name has 1 to 64 letters, digits and - _ . and begins with a letter or a digit")
    }
    return reader.words[2]
  }

  private static func place(_ text: String) throws(Misuse) -> RelayOptions.Place {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port)
    else { throw Misuse("'\(text)' is no place to listen at: ADDR:PORT is expected, like 127.0.0.1:7437") }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { throw Misuse("'\(text)' names no address; 0.0.0.0 or [::] means all of them") }
    return RelayOptions.Place(host: String(host), port: port)
  }

  private static func number(_ text: String, _ option: String, _ range: ClosedRange<Int>) throws(Misuse)
    -> Int
  {
    guard let number = Int(text), range.contains(number) else {
      throw Misuse("\(option) takes a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
    }
    return number
  }

  /// "30d", "12h", "15m", "20s".
  private static func duration(_ text: String) throws(Misuse) -> Int {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()),
      (1...36_500).contains(count)
    else { throw Misuse("'\(text)' is no duration: a number with s, m, h or d is expected, like 30d") }
    return count * unit * 1000
  }
}

/// A command line, taken apart: words, and options with or without a value.
struct RelayWords {
  private static let flags: Set = ["--behind-proxy", "--json", "--help", "--version"]

  private(set) var words: [String] = []
  private var options: [(name: String, value: String?)] = []
  private var asked: Set<String> = []

  init(_ arguments: [String]) {
    var rest = arguments[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-" else {
        words.append(word)
        continue
      }
      if let equals = word.firstIndex(of: "="), word.hasPrefix("--") {
        options.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
      } else {
        let name = word == "-h" ? "--help" : word
        options.append((name, Self.flags.contains(name) ? nil : rest.popFirst()))
      }
    }
  }

  mutating func has(_ flag: String) -> Bool {
    asked.insert(flag)
    return options.contains { $0.name == flag }
  }

  mutating func all(_ option: String) throws(RelayCommand.Misuse) -> [String] {
    asked.insert(option)
    var values: [String] = []
    for found in options where found.name == option {
      guard let value = found.value else { throw RelayCommand.Misuse("\(option) needs a value") }
      values.append(value)
    }
    return values
  }

  mutating func value(_ option: String) throws(RelayCommand.Misuse) -> String? { try all(option).last }

  mutating func state() throws(RelayCommand.Misuse) -> String {
    guard let state = try value("--state"), !state.isEmpty else {
      throw RelayCommand.Misuse("--state DIR is missing")
    }
    return state
  }

  func expect(words count: Int) throws(RelayCommand.Misuse) {
    guard words.count <= count else { throw RelayCommand.Misuse("'\(words[count])' is one word too many") }
  }

  /// Nothing may be left that nobody asked for.
  func finish() throws(RelayCommand.Misuse) {
    if let unknown = options.first(where: { !asked.contains($0.name) && $0.name != "--help" }) {
      throw RelayCommand.Misuse("\(unknown.name) is no option of this verb")
    }
  }
}
