/// What a prompt asks the scripted agent to do: marks such as `[[slow 20]]`, carried out one after another. A prompt without
/// any is echoed.
struct Script: Sendable, Equatable {
  /// A mark: its name, and what stands behind it.
  struct Scene: Sendable, Equatable {
    var name: String
    var argument: String

    var words: [Substring] { argument.split(separator: " ") }

    /// The number at that place, or another one.
    func number(_ place: Int, otherwise: Int) -> Int {
      words.count > place ? Int(words[place]) ?? otherwise : otherwise
    }
  }

  var text: String
  var scenes: [Scene]

  init(_ text: String) {
    self.text = text
    scenes = []
    var rest = Substring(text)
    while let start = rest.firstRange(of: "[["), let end = rest[start.upperBound...].firstRange(of: "]]") {
      let inside = rest[start.upperBound..<end.lowerBound]
      let parts = inside.split(separator: " ", maxSplits: 1)
      if let name = parts.first {
        scenes.append(Scene(name: String(name), argument: parts.count > 1 ? String(parts[1]) : ""))
      }
      rest = rest[end.upperBound...]
    }
  }

  /// The first mark of that name.
  func scene(_ name: String) -> Scene? { scenes.first { $0.name == name } }

  /// All marks, for `[[help]]`.
  static let marks: [(form: String, what: String)] = [
    ("[[plain]]", "a short text"),
    ("[[long N]]", "N paragraphs (20)"),
    ("[[reasoning]]", "a thought, then a text"),
    ("[[slow N MS]]", "N words (20), one each MS milliseconds (300)"),
    ("[[storm N RATE]]", "N pieces of text (20000), RATE a second, or as fast as they go"),
    ("[[stamps N MS]]", "N texts (100) with the time in them, one each MS (20), to see how long they take"),
    ("[[unicode]]", "wide characters, marks, emoji"),
    ("[[controls]]", "control characters and escape sequences in a text"),
    ("[[hold]]", "a text that does not go on until it is stopped"),
    ("[[gate FILE]]", "a text that goes on when FILE is in the session's directory"),
    ("[[tool CMD]]", "a command that needs no permission"),
    ("[[tool-ask CMD]]", "a command that asks first; nothing is ever run"),
    ("[[tool-fail CMD]]", "a command that ends with status 3"),
    ("[[tool-hold FILE]]", "a command that runs until it is stopped, or until FILE is there"),
    ("[[edit-ask]]", "a file to be changed: an ask with a difference"),
    ("[[two-asks]]", "two commands at once, each with an ask"),
    ("[[question]]", "a question with two answers"),
    ("[[questions]]", "two questions at once, one takes several answers"),
    ("[[child TEXT]]", "an agent within the agent, which gets TEXT"),
    ("[[child-ask]]", "an agent within the agent, which asks"),
    ("[[400]] [[401]] [[403]]", "the model's service refuses"),
    ("[[429 N MS]] [[500 N MS]]", "it fails N times (for ever), and is asked again after MS"),
    ("[[cut-answer N MS]]", "its answer breaks off N times, and begins again"),
    ("[[broken]]", "its answer breaks off and is taken for an end"),
    ("[[empty]] [[length]] [[filter]] [[compact]]", "answers that end in another way"),
    ("[[cut]]", "the event stream is cut off, and the turn goes on"),
    ("[[silent]]", "no event tells of this turn"),
    ("[[double]]", "each event comes twice"),
    ("[[unknown]]", "events and parts of unknown kinds"),
    ("[[html]]", "the prompt is answered with a web page"),
    ("[[refuse STATUS]]", "the prompt is refused with that status (500)"),
    ("[[lost]]", "the prompt is taken and lost, the first time"),
    ("[[late FILE]]", "the prompt is taken when FILE is there"),
    ("[[stubborn FILE]]", "does not stop when it is told to; only when FILE is there"),
    ("[[exit STATUS]]", "the server ends with that status (3)"),
  ]
}
