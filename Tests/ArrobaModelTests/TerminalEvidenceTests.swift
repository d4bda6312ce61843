import ArrobaTestSupport
import Testing

@testable import ArrobaModel

@Suite("What a program on a terminal is seen to do")
struct TerminalEvidenceTests {
  private typealias Change = @Sendable (inout TerminalEvidence.Sight) -> Void
  private static let atPrompt: Change = {
    $0.foreground = .program
    $0.takesPastes = true
    $0.isInteractive = true
    $0.place.column = 2
  }
  private static let busy: Change = {
    $0.foreground = .command
    $0.takesPastes = false
    $0.isInteractive = false
    $0.place.column = 0
  }
  private static let interactive: Change = { $0.isInteractive = true }

  private func expect(
    _ steps: [Step], isShell: Bool = false, resuming: TerminalVerdict? = nil, until end: Int = 60_000,
    says wanted: [String], _ location: SourceLocation = #_sourceLocation
  ) {
    var watched = Watched(isShell: isShell, resuming: resuming)
    #expect(watched.run(steps, until: end) == wanted, sourceLocation: location)
  }

  // MARK: shells

  @Test("A shell at its prompt is idle, at a command it works; by its marks, or by who has the foreground")
  func shells() {
    expect(
      [.output(100), .sight(100, Self.atPrompt)], isShell: true, says: ["750 idle: shell in the foreground"])
    expect(
      [.output(100), .word(.promptShown, 100), .sight(100, Self.atPrompt)], isShell: false,
      says: ["750 idle: shell prompt"])
    // A command that says nothing works all the same, however long.
    expect(
      [
        .output(100), .sight(100, Self.atPrompt), .input(.submission, 5000), .output(5001),
        .sight(5001, Self.busy), .output(45_000), .sight(45_000, Self.atPrompt),
      ], isShell: true,
      says: [
        "750 idle: shell in the foreground", "5750 working: command in the foreground",
        "45750 idle: shell in the foreground",
      ])
    // The same of a shell that marks where its commands begin, and that nobody took for one.
    expect(
      [
        .output(100), .word(.promptShown, 100), .input(.submission, 5000), .output(5001),
        .word(.commandBegun, 5001), .sight(5001) { $0.foreground = .command }, .output(9000),
        .word(.promptShown, 9000), .sight(9000) { $0.foreground = .program },
      ],
      says: [
        "750 idle: shell prompt", "5750 working: command in the foreground", "9750 idle: shell prompt",
      ])
  }

  @Test("A quick command is nothing to be told; nor is typing at a prompt, or what completion rings")
  func quickCommands() {
    expect(
      [
        .output(100), .sight(100, Self.atPrompt), .input(.submission, 5000), .output(5010),
        .sight(5010, Self.busy), .output(5200), .sight(5200, Self.atPrompt),
      ], isShell: true, says: ["750 idle: shell in the foreground"])
    let typing = stride(from: 5000, to: 30_000, by: 150).flatMap { at -> [Step] in
      [.input(.editing, at), .output(at + 2), .word(.bell, at + 2)]
    }
    expect(
      [.output(100), .sight(100, Self.atPrompt)] + typing, isShell: true,
      says: ["750 idle: shell in the foreground"])
  }

  @Test("A command that has begun a line and rests may show a prompt: idle when it has been quiet")
  func replInShell() {
    expect(
      [
        .output(100), .sight(100, Self.atPrompt), .input(.submission, 5000), .output(5100),
        .sight(5100) {
          Self.busy(&$0)
          $0.place = .init(line: 4, column: 4)
        },
      ], isShell: true, says: ["750 idle: shell in the foreground"])
  }

  // MARK: quiet

  @Test(
    "A program is idle when it has been quiet: one that is sat at after two seconds, any other after four")
  func quiet() {
    expect([.output(100), .sight(100, Self.interactive)], says: ["2500 idle: quiet"])
    expect([.output(100)], says: ["4500 idle: quiet"])
    // One that never wrote anything.
    expect([], says: ["4500 idle: quiet"])
  }

  @Test("Sustained output is work, an echo or a clock is not")
  func work() {
    expect(
      [.output(100), .sight(100, Self.interactive), .outputs(every: 100, from: 10_000, to: 20_000)],
      says: ["2500 idle: quiet", "11650 working: output", "24500 idle: quiet"])
    expect(
      [.output(100), .sight(100, Self.interactive), .outputs(every: 1000, from: 10_000, to: 50_000)],
      says: ["2500 idle: quiet"])
    expect(
      [.output(100), .sight(100, Self.interactive), .outputs(every: 1500, from: 10_000, to: 50_000)],
      says: ["2500 idle: quiet"])
    let typing = stride(from: 5000, to: 30_000, by: 150).flatMap { at -> [Step] in
      [.input(at.isMultiple(of: 4) ? .submission : .editing, at), .output(at + 5)]
    }
    expect([.output(100), .sight(100, Self.interactive)] + typing, says: ["2500 idle: quiet"])
  }

  @Test("What is typed ahead does not end what goes on")
  func typeAhead() {
    let ahead = stride(from: 10_000, to: 20_000, by: 200).map { Step.input(.editing, $0) }
    expect(
      [.sight(0, Self.interactive), .outputs(every: 100, from: 100, to: 30_000)] + ahead, until: 30_000,
      says: [])
  }

  @Test("A build that pauses is called idle less and less readily, and a clock does not make it work again")
  func patience() {
    // A line each ten seconds: 4 s of patience, then 8, then 16, which is enough.
    let lines = stride(from: 1000, to: 100_000, by: 10_000).flatMap { at -> [Step] in
      [.output(at), .sight(at) { $0.progress = at }]
    }
    expect(
      lines, until: 95_000,
      says: [
        "5500 idle: quiet", "11750 working: output", "19500 idle: quiet", "21750 working: output",
      ])
    expect(
      [.output(1000), .outputs(every: 5000, from: 10_000, to: 90_000)], until: 90_000,
      says: ["4500 idle: quiet"])
  }

  @Test("A title that turns says that it works, though little else moves")
  func title() {
    let spins = stride(from: 10_000, through: 20_000, by: 1000).flatMap { at -> [Step] in
      [.output(at), .word(.title(at.isMultiple(of: 2000) ? "⠂ task" : "⠐ task"), at)]
    }
    expect(
      [.output(100), .sight(100, Self.interactive)] + spins + [
        .word(.title("✳ task"), 21_000), .output(21_000),
      ],
      says: ["2500 idle: quiet", "10750 working: title", "21940 idle: quiet"])
  }

  // MARK: waiting

  @Test("A bell or a notification means that it waits, until something is entered or it goes on by itself")
  func alarms() {
    expect([.output(100), .word(.bell, 100)], says: ["1040 waiting: bell"])
    expect(
      [.output(100), .word(.notification("may I?"), 100), .input(.report, 5000), .input(.editing, 9000)],
      says: ["1040 waiting: notification: may I?", "9750 working: input", "13500 idle: quiet"])
    expect(
      [
        .output(100), .sight(100, Self.interactive), .word(.bell, 100),
        .outputs(every: 100, from: 3000, to: 8000),
      ], says: ["1040 waiting: bell", "4650 working: output", "10500 idle: quiet"])
    // At a shell's prompt too: a command rang when it was done.
    expect(
      [
        .output(100), .sight(100, Self.atPrompt), .input(.submission, 5000), .output(5010),
        .word(.bell, 5010),
      ], isShell: true, says: ["750 idle: shell in the foreground", "5950 waiting: bell"])
  }

  @Test("A question means that it waits; not while things move, and not at a shell's prompt")
  func questions() {
    let asks: Change = {
      $0.question = "asks: Go on? [y/n]"
      $0.isInteractive = true
    }
    expect([.output(100), .sight(100, asks)], says: ["1040 waiting: asks: Go on? [y/n]"])
    expect(
      [.outputs(every: 100, from: 100, to: 10_000), .sight(100, asks)], until: 12_000,
      says: ["10940 waiting: asks: Go on? [y/n]"])
    expect(
      [
        .output(100),
        .sight(100) {
          Self.atPrompt(&$0)
          $0.question = "asks: Go on? [y/n]"
        },
      ], isShell: true, says: ["750 idle: shell in the foreground"])
    // Answered: it works until it is quiet, and is not called idle in between.
    expect(
      [
        .output(100), .sight(100, asks), .input(.submission, 5000), .output(5010),
        .sight(5010) { $0.question = nil }, .outputs(every: 100, from: 6500, to: 12_000),
      ],
      says: ["1040 waiting: asks: Go on? [y/n]", "5750 working: input", "14500 idle: quiet"])
    // Another question is news, the same one is not.
    expect(
      [
        .output(100), .sight(100, asks), .output(5000), .output(8000),
        .sight(8000) { $0.question = "asks: Sure?" },
      ], says: ["1040 waiting: asks: Go on? [y/n]", "8940 waiting: asks: Sure?"])
  }

  @Test("What blinks while a program rests or asks is no work, and hides no question")
  func blinking() {
    for every in [500, 530, 600, 700] {
      expect(
        [
          .sight(0, Self.interactive), .outputs(every: 60, from: 100, to: 3000),
          .sight(3000) { $0.question = "asks: q?" },
          .outputs(every: every, from: 3100, to: 20_000), .sight(20_000) { $0.question = nil },
          .outputs(every: every, from: 20_000, to: 40_000),
        ], says: ["4040 waiting: asks: q?", "20940 idle: quiet"])
    }
  }

  // MARK: scripts, and what comes after a restart

  @Test("What a script enters makes it work at once, so that waiting for idle means afterwards")
  func scripts() {
    expect(
      [
        .output(100), .sight(100, Self.atPrompt), .input(.script, 5000), .output(5001),
        .sight(5001, Self.busy), .output(5020), .sight(5020, Self.atPrompt), .input(.script, 5700),
        .output(5701),
      ], isShell: true,
      says: [
        "750 idle: shell in the foreground", "5000 working: input", "6641 idle: shell in the foreground",
      ])
  }

  @Test("After a restart of the daemon what was said stands until something happens")
  func resumed() {
    for said in [TerminalVerdict.quiet, TerminalVerdict(.waiting, "bell")] {
      expect([], resuming: said, says: [])
    }
    expect([], resuming: .output, says: ["4500 idle: quiet"])
    expect(
      [.input(.submission, 1000)], resuming: TerminalVerdict(.waiting, "bell"),
      says: ["1750 working: input", "5500 idle: quiet"])
  }

  @Test("Where nothing happens nobody looks any more, whatever was said last")
  func rest() {
    let lives: [(Bool, [Step])] = [
      (true, [.output(100), .sight(100, Self.atPrompt)]), (false, [.output(100)]),
      (true, [.output(100), .sight(100, Self.busy)]), (false, [.output(100), .word(.bell, 100)]),
      (false, [.outputs(every: 50, from: 0, to: 9000)]), (false, [.input(.script, 100)]),
      (false, [.output(100), .word(.title("⠂ x"), 100)]),
    ]
    for (isShell, steps) in lives {
      var watched = Watched(isShell: isShell)
      _ = watched.run(steps, until: 60_000)
      let looks = watched.looks
      _ = watched.run([], until: 3_600_000)
      #expect(watched.looks == looks && watched.dueMs == nil)
    }
  }

  @Test("Whatever happens, about one a second is said at most, and never the same twice")
  func pace() {
    var generator = SeededGenerator(seed: 0x5EED)
    for round in 0..<200 {
      var steps: [Step] = []
      var at = 0
      while at < 60_000 {
        at += Int.random(in: 0..<700, using: &generator)
        steps.append(Self.anything(at, &generator))
      }
      var watched = Watched(isShell: generator.oneIn(2))
      let said = watched.run(steps, until: 70_000)
      #expect(said.count <= 72, "round \(round)")
      let words = said.map { $0.drop { $0 != " " } }
      for (one, next) in zip(words, words.dropFirst()) { #expect(one != next, "round \(round)") }
    }
  }
  private static func anything(_ at: Int, _ generator: inout SeededGenerator) -> Step {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0...2: .output(at)
    case 3: .input(generator.pick([.script, .editing, .submission]), at)
    case 4: .word(generator.pick([.bell, .notification("n"), .promptShown, .commandBegun]), at)
    case 5: .sight(at, Self.atPrompt)
    case 6: .sight(at, Self.busy)
    default: .sight(at) { $0.question = $0.question == nil ? "asks: q?" : nil }
    }
  }
}
