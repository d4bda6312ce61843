internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// What each mark does.
extension Performance {
  func perform(_ scene: Script.Scene) async throws(Ending) {
    switch scene.name {
    case "plain": try await say("Hello from the scripted agent. This is plain text.")
    case "long": try await long(scene.number(0, otherwise: 20))
    case "reasoning":
      try await say("Let me think about it.", as: "reasoning")
      try await say("Reasoned answer.")
    case "slow": try await slow(scene.number(0, otherwise: 20), pauseMs: scene.number(1, otherwise: 300))
    case "storm":
      try await storm(scene.number(0, otherwise: 20_000), rate: scene.number(1, otherwise: 0))
    case "stamps":
      try await stamps(scene.number(0, otherwise: 100), pauseMs: scene.number(1, otherwise: 20))
    case "unicode": try await say("ÄÖü ß – 中文字 日本語 한국어 👩‍👩‍👧 🇩🇪 e\u{301} العربية עברית", piece: 3)
    case "controls":
      try await say(
        "bell \u{7} red \u{1B}[31mred\u{1B}[0m title \u{1B}]0;evil\u{7} c1 \u{9B}2J up \u{8}\r\n end")
    case "hold": try await hold(until: "")
    case "gate": try await hold(until: scene.argument)
    case "tool": try await runCommands([scene.command("echo hello")], asks: false)
    case "tool-ask": try await runCommands([scene.command("echo hello")], asks: true)
    case "tool-fail": try await runCommands([scene.command("make")], asks: false, status: 3)
    case "tool-hold": try await holdCommand(until: scene.argument)
    case "edit-ask": try await edit("scripted.txt")
    case "two-asks": try await runCommands(["echo one", "ls two"], asks: true)
    case "question": try await question([Self.color])
    case "questions": try await question([Self.color, Self.sizes])
    case "child": try await delegate(scene.command("[[plain]]"))
    case "child-ask": try await delegate("[[tool-ask uname -a]]")
    case "help": try await say(Self.help, pauseMs: 0, piece: 200)
    case "400", "401", "403", "429", "500", "503", "cut-answer", "broken", "empty", "length", "filter",
      "compact":
      try await service(scene)
    case "cut":
      try await say("Before the cut.")
      server.bus.cutAll()
      try await say("After the cut.")
    case "unknown": try await unknown()
    case "exit":
      openText(as: "text")
      add("Good bye.")
      try await pause(0)
      ThisProcess.leave(Int32(truncatingIfNeeded: scene.number(0, otherwise: 3)))
    // These change how everything else is told or taken.
    case "silent", "double", "html", "refuse", "lost", "late", "stubborn": try await say("As you wish.")
    default: try await say("There is no scene '\(scene.name)'; [[help]] lists them.")
    }
  }

  // MARK: texts

  private func long(_ count: Int) async throws(Ending) {
    let words =
      "the quick brown fox jumps over the lazy dog and none of this was ever thought by anybody at all "
    let paragraphs = (1...max(1, count)).map { "Paragraph \($0): \(words)\(words)" }
    try await say(paragraphs.joined(separator: "\n\n"), pauseMs: 1, piece: 64)
  }

  private func slow(_ count: Int, pauseMs: Int) async throws(Ending) {
    openText(as: "text")
    for number in 1...max(1, count) {
      add("tick \(number) ")
      try await pause(pauseMs)
    }
    closeText()
  }

  /// Numbers, so that a missing, doubled or misplaced one is seen.
  private func storm(_ count: Int, rate: Int) async throws(Ending) {
    openText(as: "text")
    let begunUs = Clock.monotonicUs()
    for number in 0..<max(1, count) {
      add("\(number) ")
      // The loop has other clients.
      guard number % 64 == 63 else { continue }
      let aheadUs = rate > 0 ? begunUs + number * 1_000_000 / rate - Clock.monotonicUs() : 0
      try await pause(max(0, aheadUs / 1000))
    }
    closeText()
  }

  /// Each text begins with its stamp and is added to once, so that both ways of an event can be measured.
  private func stamps(_ count: Int, pauseMs: Int) async throws(Ending) {
    for _ in 0..<max(1, count) {
      openText(as: "text", begunWith: "@start \(Clock.monotonicUs())@")
      try await pause(pauseMs)
      add("@delta \(Clock.monotonicUs())@")
      try await pause(pauseMs)
      closeText()
      // The end of one is out of the way of the next one's beginning.
      try await pause(pauseMs)
    }
  }

  private func hold(until file: String) async throws(Ending) {
    openText(as: "text")
    add(file.isEmpty ? "Holding. " : "Waiting for \(file). ")
    try await gate(file)
    add("Going on.")
    closeText()
  }

  private static var help: String {
    let width = Script.marks.map(\.form.count).max() ?? 0
    return "Marks in a prompt, carried out one after another:\n\n"
      + Script.marks.map { mark in
        "    \(mark.form)\(String(repeating: " ", count: width - mark.form.count))  \(mark.what)"
      }.joined(separator: "\n") + "\n\nWithout any mark, what you said is said again.\n"
  }

  // MARK: questions

  private static let color: JSON = [
    "question": "Which color?", "header": "Color",
    "options": [
      ["label": "Red", "description": "a red one"], ["label": "Blue", "description": "a blue one"],
    ],
  ]

  private static let sizes: JSON = [
    "question": "Which sizes?", "header": "Sizes", "multiple": true, "custom": false,
    "options": [
      ["label": "Small", "description": "fits a hand"], ["label": "Large", "description": "fits a room"],
    ],
  ]

  // MARK: what nobody knows

  private func unknown() async throws(Ending) {
    openMessage()
    tell("session.novelty", ["level": 3])
    tell(part: newPart(["type": "hologram", "angle": 90]))
    try await say("Said among things that are not known.")
  }
}

extension Script.Scene {
  /// What stands behind the name, or another text.
  fileprivate func command(_ otherwise: String) -> String { argument.isEmpty ? otherwise : argument }
}
