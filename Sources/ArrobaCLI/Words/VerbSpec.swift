/// An option that a verb, or every verb, understands.
package struct OptionSpec: Sendable, Equatable {
  package enum Value: Sendable, Equatable {
    case none
    case required(String)
  }

  package let long: String
  package let short: String?
  package let value: Value
  package let help: String

  package init(_ long: String, short: String? = nil, _ help: String) {
    self.init(long, short: short, .none, help)
  }

  package init(_ long: String, short: String? = nil, _ value: Value, _ help: String) {
    self.long = long
    self.short = short
    self.value = value
    self.help = help
  }

  /// As help shows it: "-d, --detach", "--alias A".
  package var shown: String {
    let names = short.map { "\($0), \(long)" } ?? long
    switch value {
    case .none: return names
    case .required(let name): return "\(names) \(name)"
    }
  }
}

/// A verb as the command line knows it: what may be written, and what help says about it.
package struct VerbSpec: Sendable, Equatable {
  /// "attach"; with a space for a verb of a group: "agent spawn".
  package let name: String
  package let aliases: [String]
  package let synopsis: String
  package let summary: String
  package let options: [OptionSpec]
  /// How many words it takes beside its options; `program`: what follows `--` is a program instead.
  package let words: ClosedRange<Int>
  package let takesProgram: Bool
  /// Whether its first word is a reference, for completion.
  package let takesReference: Bool
  package let notes: String
  package let examples: [String]

  package init(
    _ name: String, aliases: [String] = [], synopsis: String = "", _ summary: String,
    options: [OptionSpec] = [],
    words: ClosedRange<Int> = 0...0, takesProgram: Bool = false, takesReference: Bool = false,
    notes: String = "",
    examples: [String] = []
  ) {
    self.name = name
    self.aliases = aliases
    self.synopsis = synopsis
    self.summary = summary
    self.options = options
    self.words = words
    self.takesProgram = takesProgram
    self.takesReference = takesReference
    self.notes = notes
    self.examples = examples
  }

  /// The group of a verb like "agent spawn".
  package var group: String? {
    name.firstIndex(of: " ").map { String(name[..<$0]) }
  }

  /// "usage: arroba ls [--all]".
  package var usage: String { "usage: arroba \(name)\(synopsis.isEmpty ? "" : " \(synopsis)")" }

  /// Its name within its group.
  package var lastName: String { name.split(separator: " ").last.map(String.init) ?? name }
}
