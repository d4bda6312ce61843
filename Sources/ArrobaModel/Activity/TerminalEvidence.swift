/// What is seen of a program on a terminal, and when: all that its activity is judged by, where no provider says it.
///
/// Times are milliseconds of any one clock that does not step back. Nothing here looks at anything: whoever holds the
/// terminal notes what happens, and asks for a verdict when there is something new, or when the verdict says so.
package struct TerminalEvidence: Sendable {
  /// What was entered.
  package enum Input: Sendable, Equatable {
    /// A terminal's answer, or a report of focus or of the mouse: nobody did anything.
    case report
    /// Keys that hand nothing over yet.
    case editing
    /// Enter.
    case submission
    /// By a script, which may wait for what comes of it.
    case script
  }

  /// What the program said beside its screen.
  package enum Word: Sendable, Equatable {
    case bell
    case notification(String)
    case title(String)
    /// The shell shows its prompt, or has finished a command and is about to (OSC 133 A, B and D).
    case promptShown
    /// The shell has begun a command (OSC 133 C).
    case commandBegun
  }

  /// How things stand at the moment of the verdict.
  package struct Sight: Sendable, Equatable {
    package enum Foreground: Sendable, Equatable {
      /// The program itself.
      case program
      /// Another process group: a command of a shell.
      case command
      case unknown
    }

    package var foreground = Foreground.unknown
    /// The program reads keys one by one: the alternate screen, bracketed paste, the mouse, cursor keys.
    package var isInteractive = false
    /// Bracketed paste is on: of a shell, that it edits a line.
    package var takesPastes = false
    /// Where the cursor is; lines are counted with those that scrolled away.
    package var place = Place()
    /// Rises with each line that is written, and stays where one is drawn again.
    package var progress = 0
    /// What is asked on the last lines, if anything is.
    package var question: String?

    package struct Place: Sendable, Equatable {
      package var line = 0
      package var column = 0

      package init(line: Int = 0, column: Int = 0) {
        self.line = line
        self.column = column
      }
    }

    package init() {}
  }

  private enum Command: Sendable, Equatable {
    case unmarked
    case atPrompt(Int)
    case running
  }

  /// Output without longer pauses, that was no echo.
  private struct Streak: Sendable, Equatable {
    var sinceMs: Int
    var lastMs: Int
    var isSustained: Bool { lastMs - sinceMs >= TerminalEvidence.sustainedMs }
  }

  /// What shows that work goes on moves every 400 ms at the slowest (of the agents that were recorded in 2026). What
  /// blinks, a cursor or a mark beside a question, takes 500 ms and more, and a clock a second.
  private static let pauseMs = 440
  /// A screen that is drawn again, or an answer to a key, takes less.
  static let sustainedMs = 1000
  /// As long as a program may need to answer a key.
  private static let echoMs = 300
  /// Nothing is on its way any more; shorter than the time between two blinks.
  package static let quietMs = 440
  /// How long there is no sustained output until a program is at rest: one that is sat at, and any other, whose first
  /// pause may only be slow work.
  private static let restMs = (interactive: 2000, other: 4000)
  private static let longestRestMs = 300_000
  /// A title with an animation in it is taken at its word for so long.
  private static let titleMs = 5000
  /// A shell that starts a command gives it the foreground soon after.
  private static let secondLookMs = 3000
  /// Something that was entered without any output following is done with.
  private static let answerMs = 2000

  /// Whether the program is one that runs commands: by its name, or because it was seen to.
  private var isShell: Bool
  private var command = Command.unmarked
  private var outputMs: Int?
  /// There was output since the last look that was no echo.
  private var hasOwnOutput = false
  private var streak: Streak?
  private var inputMs: Int?
  /// The last input was one that handed nothing over.
  private var wasEditing = false
  /// When something was entered whose end is still to be seen.
  private var askedMs: Int?
  /// When it last was seen to work.
  private var workMs: Int
  /// How often it went on by itself after it was called at rest.
  private var doubts = 0
  /// A bell or a notification since the last input, and when.
  private var alarm: (name: String, atMs: Int)?
  private var title: (text: String, spunMs: Int?) = ("", nil)
  private var hasTakenPastes = false
  /// As they were at the last look.
  private var progress: Int?
  private var line: Int?
  /// The line on which Enter was pressed last: what is asked there or above is answered.
  package private(set) var answeredLine: Int?
  private var last = TerminalVerdict(.working)

  package init(isShell: Bool, startedMs: Int) {
    self.isShell = isShell
    workMs = startedMs
  }

  /// Goes on from what was said of the program before this daemon had to do with it.
  package init(isShell: Bool, resumedMs: Int, said: TerminalVerdict) {
    self.init(isShell: isShell, startedMs: resumedMs)
    last = said
    guard said.state != .working else { return }
    // It was at rest, and is until something happens.
    outputMs = resumedMs - Self.longestRestMs
    workMs = resumedMs - Self.longestRestMs
    if said.state == .waiting, let reason = said.reason { alarm = (reason, resumedMs - Self.longestRestMs) }
  }

  // MARK: what happens

  /// When it last wrote something; nil before it did.
  package var lastOutputMs: Int? { outputMs }

  package mutating func noteOutput(at now: Int) {
    outputMs = now
    let isEcho = inputMs.map { now - $0 < Self.echoMs } ?? false
    if let streak, now - streak.lastMs <= Self.pauseMs {
      // What is typed ahead does not end what goes on.
      if !isEcho || streak.isSustained { self.streak?.lastMs = now }
    } else {
      streak = isEcho ? nil : Streak(sinceMs: now, lastMs: now)
    }
    if !isEcho { hasOwnOutput = true }
    if let streak, streak.isSustained { work(at: now) }
  }

  private mutating func work(at now: Int) {
    // It was called at rest and went on by itself: next time it gets more patience.
    if last == .quiet, inputMs.map({ $0 <= workMs }) ?? true {
      doubts += 1
      last = .output
    }
    workMs = now
    // It went on: what it rang for is over.
    if let streak, let alarm, streak.lastMs - max(streak.sinceMs, alarm.atMs) > 2 * Self.sustainedMs {
      self.alarm = nil
    }
  }

  package mutating func noteInput(_ input: Input, at now: Int) {
    guard input != .report else { return }
    inputMs = now
    wasEditing = input == .editing
    if input != .editing { answeredLine = line }
    doubts = 0
    alarm = nil
    // Whoever is answered goes on; of one that is at rest a key by itself says nothing.
    if input == .script || last.state == .waiting { askedMs = now }
  }

  package mutating func note(_ word: Word, at now: Int) {
    switch word {
    case .bell:
      // A line editor's complaint about a key.
      if wasEditing, let inputMs, now - inputMs < Self.quietMs { return }
      if alarm == nil { alarm = ("bell", now) }
    case .notification(let text): alarm = (text.isEmpty ? "notification" : "notification: \(text)", now)
    case .title(let text):
      let isSpinning = text != title.text && Self.isSpinner(text)
      title = (text, isSpinning ? now : title.spunMs)
    case .promptShown: command = .atPrompt(now)
    case .commandBegun: command = .running
    }
  }

  /// Titles that move begin with a character of the Braille patterns, or one that is drawn to turn.
  private static func isSpinner(_ title: String) -> Bool {
    guard let first = title.unicodeScalars.first else { return false }
    return 0x2800...0x28FF ~= first.value || 0x25D0...0x25D7 ~= first.value
  }

  // MARK: the verdict

  /// What it does, as far as can be seen, and when to look again if nothing happens (nil: never).
  package mutating func judge(_ sight: Sight, at now: Int) -> (verdict: TerminalVerdict, againMs: Int?) {
    if sight.foreground == .command { isShell = true }
    if sight.takesPastes { hasTakenPastes = true }
    // A program that is not sat at shows its progress line by line.
    if hasOwnOutput, !sight.isInteractive, let progress, sight.progress != progress, let outputMs {
      work(at: outputMs)
    }
    hasOwnOutput = false
    progress = sight.progress
    line = sight.place.line
    let verdict = decide(sight, at: now)
    last = verdict
    return (verdict, again(sight, verdict, after: now))
  }

  private mutating func decide(_ sight: Sight, at now: Int) -> TerminalVerdict {
    let isQuiet = outputMs.map { now - $0 >= Self.quietMs } ?? true
    if isAtPrompt(sight, isQuiet: isQuiet, at: now) {
      askedMs = nil
      if let alarm, isQuiet { return TerminalVerdict(.waiting, alarm.name) }
      return command == .unmarked ? .shellInForeground : .shellPrompt
    }
    if let streak, streak.isSustained, now - streak.lastMs < Self.restMs.interactive, !isQuiet {
      return .output
    }
    if isQuiet, hasAnswered(at: now) {
      if let question = sight.question { return TerminalVerdict(.waiting, question) }
      if let alarm { return TerminalVerdict(.waiting, alarm.name) }
    }
    // A burst that has only begun may be the beginning of anything: until that is known it stays as it was.
    let isUndecided = !isQuiet && askedMs == nil
    if isUndecided, last.state == .waiting { return last }
    if let spun = title.spunMs, now - spun < Self.titleMs, Self.isSpinner(title.text) { return .title }
    if isShell, !sight.isInteractive, hasCommand(sight) { return .command }
    if isUndecided { return last }
    if !isQuiet { return .input }
    let asked = askedMs.map { max($0, workMs) } ?? workMs
    guard now - asked >= rest(sight) else { return askedMs == nil ? .output : .input }
    askedMs = nil
    return .quiet
  }

  /// A screen that asks is no news to somebody who has just answered.
  private func hasAnswered(at now: Int) -> Bool {
    guard let askedMs else { return true }
    return outputMs ?? 0 > askedMs || now - askedMs >= Self.answerMs
  }

  private func isAtPrompt(_ sight: Sight, isQuiet: Bool, at now: Int) -> Bool {
    guard sight.foreground != .command, let outputMs else { return false }
    if let askedMs, !(outputMs > askedMs && isQuiet) && now - askedMs < Self.answerMs { return false }
    switch command {
    case .atPrompt(let since): return since >= askedMs ?? since
    case .running: return false
    case .unmarked:
      guard isShell, sight.foreground == .program else { return false }
      return hasTakenPastes ? sight.takesPastes : isQuiet
    }
  }

  /// A shell has a command in the foreground, or is busy with one of its own. One that has begun a line and rests
  /// there may show a prompt.
  private func hasCommand(_ sight: Sight) -> Bool {
    guard sight.place.column == 0 else { return false }
    if sight.foreground == .command || command == .running { return true }
    return hasTakenPastes && command == .unmarked && sight.foreground == .program
  }

  private func rest(_ sight: Sight) -> Int {
    let first = sight.isInteractive ? Self.restMs.interactive : Self.restMs.other
    return min(first << min(doubts, 8), Self.longestRestMs)
  }

  /// The next moment at which time alone may change the verdict.
  private func again(_ sight: Sight, _ verdict: TerminalVerdict, after now: Int) -> Int? {
    var moments = [max(askedMs ?? workMs, workMs) + rest(sight)]
    if let outputMs {
      moments.append(outputMs + Self.quietMs)
      if verdict == .shellInForeground { moments.append(outputMs + Self.secondLookMs) }
    }
    if let askedMs { moments.append(askedMs + Self.answerMs) }
    if let spun = title.spunMs { moments.append(spun + Self.titleMs) }
    return moments.filter { $0 > now }.min()
  }
}

/// What a program is seen to do, and by which evidence.
package struct TerminalVerdict: Sendable, Equatable {
  package let state: Activity.State
  package let reason: String?

  package init(_ state: Activity.State, _ reason: String? = nil) {
    self.state = state
    self.reason = reason
  }

  package static let shellPrompt = TerminalVerdict(.idle, "shell prompt")
  package static let shellInForeground = TerminalVerdict(.idle, "shell in the foreground")
  package static let quiet = TerminalVerdict(.idle, "quiet")
  package static let output = TerminalVerdict(.working, "output")
  package static let input = TerminalVerdict(.working, "input")
  package static let title = TerminalVerdict(.working, "title")
  package static let command = TerminalVerdict(.working, "command in the foreground")
}
