/// What is asked about recordings.
package enum Casting: Equatable, Sendable {
  case record(Target, path: String, overwrites: Bool)
  case export(Target, path: String, history: Int, overwrites: Bool)
  case play(path: String, Playing)
}

/// How a recording is played.
package struct Playing: Equatable, Sendable {
  package static let speeds = 0.01...1000.0

  package var speed = 1.0
  /// Pauses are not longer; nil: as the recording says, or as they were.
  package var idleLimitMs: Int?

  package init(speed: Double = 1, idleLimitMs: Int? = nil) {
    self.speed = speed
    self.idleLimitMs = idleLimitMs
  }
}

extension Verbs {
  private static let overwrite = OptionSpec("--force", short: "-f", "write over a file that is there")

  static let casts: [VerbSpec] = [
    VerbSpec(
      "record", synopsis: "REF[/AGENT] FILE [--force]", "record a terminal into an asciicast from now on",
      options: [overwrite], words: 2...2, takesReference: true,
      notes: """
        It looks on as attach --view does: nobody's size changes, and what it writes begins with the screen as it is. It
        ends with the program, or with Ctrl-C. FILE - is standard output.
        """,
      examples: ["arroba record build build.cast", "arroba record build - | gzip > build.cast.gz"]),
    VerbSpec(
      "export", synopsis: "--cast [REF[/AGENT]] [FILE] [--history N] [--force]",
      "write what a terminal shows, and what scrolled away, as an asciicast",
      options: [
        OptionSpec("--cast", "as an asciicast (version 2): one event, without time"),
        OptionSpec("--history", .required("N"), "so many lines above the screen (default 5000)"), overwrite,
      ], words: 0...2, takesReference: true, notes: "Without FILE, or with -, on standard output.",
      examples: ["arroba export --cast build build.cast"]),
    VerbSpec(
      "play", synopsis: "FILE [--speed N] [--idle-limit S]", "play an asciicast (version 2)",
      options: [
        OptionSpec("--speed", short: "-s", .required("N"), "so many times as fast"),
        OptionSpec("--idle-limit", short: "-i", .required("S"), "no pause is longer than so many seconds"),
      ], words: 1...1,
      notes: """
        Space pauses and goes on, . goes on by one event, q or Ctrl-C leaves. Where standard output is no terminal all
        of it is printed at once. FILE - is standard input.
        """, examples: ["arroba play build.cast", "arroba play build.cast --speed 4 --idle-limit 1"]),
  ]
}

extension Invocation {
  static func cast(_ verb: String, _ words: Words) throws(Misuse) -> Invocation? {
    let positionals = words.positionals
    let overwrites = words.has("--force")
    switch verb {
    case "record":
      return .cast(
        .record(try Target(positionals[0]), path: try path(positionals[1]), overwrites: overwrites))
    case "export":
      guard words.has("--cast") else {
        throw Misuse("as what to export is missing", hint: "--cast writes an asciicast")
      }
      let history = try number(words, "--history", 0...100_000) ?? Context.exportedLines
      return .cast(
        .export(
          try Target(positionals.first), path: try path(positionals.count > 1 ? positionals[1] : "-"),
          history: history, overwrites: overwrites))
    case "play":
      var playing = Playing()
      if let text = words["--speed"] {
        guard let speed = Double(text), Playing.speeds.contains(speed) else {
          throw Misuse("--speed takes a number from 0.01 to 1000, not '\(text)'")
        }
        playing.speed = speed
      }
      playing.idleLimitMs = try milliseconds(words["--idle-limit"])
      return .cast(.play(path: try path(positionals[0]), playing))
    default: return nil
    }
  }

  private static func path(_ text: String) throws(Misuse) -> String {
    guard !text.isEmpty else { throw Misuse("the name of the file is empty") }
    return text
  }
}

extension Context {
  func cast(_ casting: Casting) throws -> Int32 {
    switch casting {
    case .record(let target, let path, let overwrites):
      try RecordVerb(context: self, path: path, overwrites: overwrites).run(target)
    case .export(let target, let path, let history, let overwrites):
      try export(target, path: path, history: history, overwrites: overwrites)
    case .play(let path, let playing): try PlayVerb(context: self, path: path, playing: playing).run()
    }
  }
}
