@testable import ArrobaModel

/// A program's life as it is seen, step by step, and what is said of it.
enum Step {
  case output(Int)
  /// Output every so many milliseconds, from one time to another.
  case outputs(every: Int, from: Int, to: Int)
  case input(TerminalEvidence.Input, Int)
  case word(TerminalEvidence.Word, Int)
  case sight(Int, @Sendable (inout TerminalEvidence.Sight) -> Void)
}

/// Runs steps through evidence and pace as the kernel does: looks a quarter of a second behind each, and whenever it was
/// told to. Answers what was said, as "2500 idle: quiet".
struct Watched {
  var evidence: TerminalEvidence
  var pace: ActivityPace
  var sight = TerminalEvidence.Sight()
  var dueMs: Int?
  var said: [String] = []
  var looks = 0

  init(isShell: Bool = false, resuming: TerminalVerdict? = nil) {
    evidence =
      resuming.map { TerminalEvidence(isShell: isShell, resumedMs: 0, said: $0) }
      ?? TerminalEvidence(isShell: isShell, startedMs: 0)
    pace = ActivityPace(said: resuming ?? TerminalVerdict(.working))
    dueMs = 250
  }

  mutating func run(_ steps: [Step], until end: Int) -> [String] {
    let flat = steps.flatMap { step -> [Step] in
      guard case .outputs(let every, let from, let to) = step else { return [step] }
      return stride(from: from, through: to, by: every).map { .output($0) }
    }
    for step in flat.sorted(by: { Self.time($0) < Self.time($1) }) {
      lookUntil(Self.time(step))
      take(step)
    }
    lookUntil(end)
    return said
  }

  private static func time(_ step: Step) -> Int {
    switch step {
    case .output(let at), .input(_, let at), .word(_, let at), .sight(let at, _): at
    case .outputs(_, let from, _): from
    }
  }

  private mutating func take(_ step: Step) {
    let now = Self.time(step)
    switch step {
    case .output: evidence.noteOutput(at: now)
    case .input(let input, _):
      evidence.noteInput(input, at: now)
      if input == .script { look(at: now, isUrgent: true) }
    case .word(let word, _): evidence.note(word, at: now)
    case .sight(_, let change): change(&sight)
    case .outputs: break
    }
    dueMs = min(dueMs ?? .max, now + 250)
  }

  private mutating func lookUntil(_ now: Int) {
    while let due = dueMs, due <= now {
      dueMs = nil
      look(at: due, isUrgent: false)
    }
  }

  private mutating func look(at now: Int, isUrgent: Bool) {
    looks += 1
    let (verdict, again) = evidence.judge(sight, at: now)
    let (say, sayAgain) = pace.take(verdict, isUrgent: isUrgent, at: now)
    if let next = [again, sayAgain].compactMap({ $0 }).min() { dueMs = min(dueMs ?? .max, next) }
    if let say { said.append("\(now) \(say.state.rawValue)\(say.reason.map { ": \($0)" } ?? "")") }
  }
}
