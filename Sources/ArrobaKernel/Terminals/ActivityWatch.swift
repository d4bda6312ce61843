internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaTerminal

/// Watches what a program on a terminal does: keeps the evidence, and asks for the verdict when there is something new.
///
/// While nothing happens there is no timer. A program that writes is looked at four times a second at most.
@LoopActor
final class ActivityWatch {
  /// Long enough for what belongs together to have come.
  private static let lookMs = 250

  private var evidence: TerminalEvidence
  private var pace: ActivityPace
  private let sight: @LoopActor (_ wantsQuestion: Bool, _ answeredLine: Int?) -> TerminalEvidence.Sight
  private let report: @LoopActor (TerminalVerdict) -> Void
  private var timer: LoopTimer?
  private var dueMs = 0
  private var isStopped = false
  /// The question on the screen as it was at that output.
  private var question: (text: String?, outputMs: Int)?

  /// `said`: what was recorded of a program that an earlier daemon left.
  init(
    isShell: Bool, resuming said: TerminalVerdict?,
    sight: @escaping @LoopActor (Bool, Int?) -> TerminalEvidence.Sight,
    report: @escaping @LoopActor (TerminalVerdict) -> Void
  ) {
    let now = LoopClock.nowMs()
    evidence =
      if let said {
        TerminalEvidence(isShell: isShell, resumedMs: now, said: said)
      } else {
        TerminalEvidence(isShell: isShell, startedMs: now)
      }
    pace = ActivityPace(said: said ?? TerminalVerdict(.working))
    self.sight = sight
    self.report = report
    look(atMs: now + Self.lookMs)
  }

  func stop() {
    isStopped = true
    timer?.cancel()
    timer = nil
  }

  // MARK: what happens

  func outputCame() {
    guard !isStopped else { return }
    let now = LoopClock.nowMs()
    evidence.noteOutput(at: now)
    look(atMs: now + Self.lookMs)
  }

  func heard(_ signals: [ScreenSignal]) {
    guard !isStopped else { return }
    let now = LoopClock.nowMs()
    for signal in signals {
      switch signal {
      case .bell: evidence.note(.bell, at: now)
      case .title(let title): evidence.note(.title(title), at: now)
      case .notification(let title, let body):
        evidence.note(.notification(Self.words(title, body)), at: now)
      case .prompt(.promptStart), .prompt(.inputStart), .prompt(.finished):
        evidence.note(.promptShown, at: now)
      case .prompt(.outputStart): evidence.note(.commandBegun, at: now)
      case .directory: break
      }
    }
    look(atMs: now + Self.lookMs)
  }

  private static let longestWords = 160

  private static func words(_ title: String, _ body: String) -> String {
    let joined = title.isEmpty || body.isEmpty ? title + body : "\(title): \(body)"
    let printable = joined.unicodeScalars.map {
      $0.value < 0x20 || 0x7F...0x9F ~= $0.value ? " " : Character($0)
    }
    return String(printable.prefix(longestWords))
  }

  /// Input of an attached client.
  func typed(_ bytes: UnsafeRawBufferPointer) {
    guard !isStopped, !bytes.isEmpty else { return }
    let now = LoopClock.nowMs()
    evidence.noteInput(TerminalEvidence.Input(typed: bytes), at: now)
    look(atMs: now + Self.lookMs)
  }

  /// A script's input: it may wait for what comes of it, so that what was seen before must not stand any more.
  func entered() {
    guard !isStopped else { return }
    evidence.noteInput(.script, at: LoopClock.nowMs())
    judge(isUrgent: true)
  }

  // MARK: looking

  private func look(atMs due: Int) {
    if let timer, timer.isPending, dueMs <= due { return }
    timer?.cancel()
    dueMs = due
    timer = Loop.shared.after(due - LoopClock.nowMs()) { [weak self] in self?.judge(isUrgent: false) }
  }

  private func judge(isUrgent: Bool) {
    guard !isStopped else { return }
    let now = LoopClock.nowMs()
    let (verdict, again) = evidence.judge(see(at: now), at: now)
    let (say, sayAgain) = pace.take(verdict, isUrgent: isUrgent, at: now)
    if let next = [again, sayAgain].compactMap({ $0 }).min() { look(atMs: next) }
    if let say { report(say) }
  }

  /// The last lines are read once for each output, and only when nothing moves any more.
  private func see(at now: Int) -> TerminalEvidence.Sight {
    let outputMs = evidence.lastOutputMs ?? 0
    let isQuiet = now - outputMs >= TerminalEvidence.quietMs
    let isNew = question?.outputMs != outputMs
    var sight = sight(isQuiet && isNew, evidence.answeredLine)
    if isQuiet {
      if isNew { question = (sight.question, outputMs) }
      sight.question = question?.text
    }
    return sight
  }
}
