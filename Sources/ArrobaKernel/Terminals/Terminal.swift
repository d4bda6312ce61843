package import ArrobaLoop
package import ArrobaModel
package import ArrobaProvider
package import ArrobaSupervision
internal import ArrobaTerminal
internal import ArrobaWire

/// One terminal: the ring with its last output, the screen that it shows, and who looks at it.
///
/// Raw bytes go to the clients untouched and first; the screen model is fed when nobody waits, or somebody asks for it. Nothing here waits for a
/// client: one that falls behind the ring gets a repaint instead of what it missed.
@LoopActor
package final class Terminal {
  package let session: SessionID
  package let agent: AgentID
  package let run: RunID
  package private(set) var columns: UInt16
  package private(set) var rows: UInt16
  package private(set) var exit: ExitStatus?

  private let lane: any TerminalLane
  private let ledger: InputLedger
  private let nowMs: @Sendable () -> Int
  private var screen: TerminalScreen
  private var viewers: [Viewer] = []
  /// The driver that typed last; its size is the program's.
  private var leader: AttachmentID?
  private var writersWaiting: [@LoopActor () -> Void] = []
  private var hasEndedOutput = false
  private var isFeedDue = false
  /// The ring's offset up to which the clients were told.
  private var told: UInt64 = 0

  /// Sees what the program does; nil where its provider says it.
  private var watch: ActivityWatch?
  /// Its prompt mark and its title, as an earlier daemon left them.
  private var saidBefore: [ScreenSignal] = []

  /// Called when the size has changed, with the new one.
  var onResize: (@LoopActor (UInt16, UInt16) -> Void)?

  package struct Viewer {
    package let client: any TerminalClient
    package let drives: Bool
    package var columns: UInt16
    package var rows: UInt16
    /// Counts up with each key press of any client: who typed last.
    fileprivate var typed: Int
  }

  private var typingCount = 0

  /// Scripts enter their input one behind the other, however long the program lets one wait.
  package let scripts = Turns()

  init(
    session: SessionID, agent: AgentID, run: RunID, lane: any TerminalLane, columns: UInt16, rows: UInt16,
    nowMs: @escaping @Sendable () -> Int
  ) {
    self.session = session
    self.agent = agent
    self.run = run
    self.lane = lane
    self.nowMs = nowMs
    ledger = InputLedger(of: lane.ring)
    let known = lane.ring.size
    self.columns = known.columns > 0 ? known.columns : columns
    self.rows = known.rows > 0 ? known.rows : rows
    lane.ring.size = (self.columns, self.rows)
    screen = TerminalScreen(columns: Int(self.columns), rows: Int(self.rows))
    // Of what it said in the past only how things stand matters now.
    while screen.lag(behind: lane.ring) > 0 {
      screen.feed(lane.ring, atMost: Self.piece)
      saidBefore += screen.takeSignals().filter(\.isStanding)
      saidBefore.removeFirst(max(0, saidBefore.count - 2))
    }
    _ = screen.takeAnswers()  // to queries of the past, which were answered then or are waited for no more
  }

  /// Starts reading what the program writes.
  func start() {
    lane.start(
      onOutput: { [weak self] in self?.absorb() },
      meanwhile: { [weak self] in self?.feedMeanwhile() },
      onEnd: { [weak self] in self?.outputEnded() })
  }

  package var ring: OutputRing { lane.ring }
  package var attached: Int { viewers.count }
  private var isDriven: Bool { viewers.contains { $0.drives } }

  // MARK: output

  private func absorb() {
    for viewer in viewers { viewer.client.outputIsThere() }
    told = lane.ring.end
    // Before the ring turns and the model would miss something.
    while screen.lag(behind: lane.ring) > Self.mostLag { feedScreen() }
    feedLater()
    watch?.outputCame()
  }

  /// While the model is fed, the program can write on, and a key press waits for a short piece at most.
  private func feedLater() {
    guard !isFeedDue, screen.lag(behind: lane.ring) > 0 else { return }
    isFeedDue = true
    Loop.shared.whenSpare { [weak self] in
      guard let self else { return }
      isFeedDue = false
      feedScreen()
      feedLater()
    }
  }

  /// As much as is read at a time, of what the clients know already.
  private func feedMeanwhile() {
    guard screen.offset < told else { return }
    feedScreen(atMost: min(Int(told - screen.offset), Self.readPiece))
  }

  /// A read of a terminal gives no more (n_tty).
  private static let readPiece = 4096
  /// Well below the ring's capacity, and soon fed where somebody asks for the screen.
  private static let mostLag = 256 << 10
  private static let piece = 16 << 10

  private func feedScreen(atMost limit: Int = piece) {
    screen.feed(lane.ring, atMost: limit)
    let signals = screen.takeSignals()
    if !signals.isEmpty { watch?.heard(signals) }
    let answers = screen.takeAnswers()
    // With a driver attached its terminal answers the program's queries, and must do so alone.
    if !answers.isEmpty && !isDriven && exit == nil {
      _ = answers.withUnsafeBytes { lane.write($0) }
    }
  }

  private func outputEnded() {
    hasEndedOutput = true
    screen.catchUp(with: lane.ring)
    tellEnd()
  }

  /// The program has ended. Clients hear of it once its last output is here too.
  func programEnded(_ status: ExitStatus) {
    guard exit == nil else { return }
    exit = status
    watch?.stop()
    tellEnd()
  }

  private func tellEnd() {
    guard let exit, hasEndedOutput else { return }
    for viewer in viewers { viewer.client.programEnded(exit) }
    let waiting = writersWaiting
    writersWaiting = []
    for writer in waiting { writer() }
  }

  /// The end to tell a client that attaches now; nil while output may still come.
  package var endToTell: ExitStatus? { hasEndedOutput ? exit : nil }

  /// The program is gone; what it left behind may keep the terminal open, and is not waited for.
  func stopWaitingForOutput() {
    guard !hasEndedOutput else { return }
    lane.close()
    outputEnded()
  }

  // MARK: the screen

  /// Bytes that paint the screen from nothing, true at the ring's present end; with some of what scrolled away before,
  /// for a client that has not seen it.
  package func repaint(withHistory: Bool) -> (offset: UInt64, bytes: [UInt8]) {
    screen.catchUp(with: lane.ring)
    return (lane.ring.end, screen.repaint(withHistory: withHistory))
  }

  package func read<R>(_ body: (borrowing TerminalScreen) -> R) -> R {
    screen.catchUp(with: lane.ring)
    return body(screen)
  }

  // MARK: clients

  /// A new client, or one that comes back as `resume`. Answers how many bytes of its input were accepted before.
  package func attach(
    _ client: any TerminalClient, drives: Bool, columns: UInt16, rows: UInt16, resume: Bool
  ) throws(Refusal) -> UInt64 {
    let name = client.attachment.text
    var accepted: UInt64 = 0
    if resume {
      guard let entry = ledger.entry(named: name), nowMs() - Int(entry.seenMs) <= Self.keptMs else {
        throw Refusal(
          kind: .attachmentNotFound, message: "no attachment \(Words.quoted(name)) to take up again",
          hint: "attach without resume")
      }
      accepted = entry.accepted
      for index in viewers.indices.reversed() where viewers[index].client.attachment == client.attachment {
        viewers.remove(at: index).client.replaced()
      }
    } else {
      guard viewers.count < Self.mostViewers else {
        throw Refusal(
          kind: .overloaded, message: "\(Self.mostViewers) clients look at this terminal already",
          hint: "detach one of them")
      }
      // The ledger gives the row away that was unused for longest: never that of a client which only looks on.
      for viewer in viewers { ledger.touch(viewer.client.attachment.text, nowMs: UInt64(nowMs())) }
      ledger.open(name, nowMs: UInt64(nowMs()))
    }
    viewers.append(Viewer(client: client, drives: drives, columns: columns, rows: rows, typed: 0))
    if drives && (leader == nil || leader == client.attachment) { lead(client.attachment) }
    return accepted
  }

  /// How long an attachment whose connection was lost can be taken up again.
  package static let keptMs = 10 * 60 * 1000
  /// Fewer than the ledger's rows, so that no attached client ever loses its row.
  static let mostViewers = 32

  /// The client is gone. `forGood`: it said so, and will not come back.
  package func detach(_ client: any TerminalClient, forGood: Bool) {
    guard viewers.contains(where: { $0.client === client }) else { return }
    viewers.removeAll { $0.client === client }
    if forGood {
      ledger.close(client.attachment.text)
    } else {
      ledger.touch(client.attachment.text, nowMs: UInt64(nowMs()))
    }
    guard leader == client.attachment else { return }
    leader = nil
    if let next = viewers.filter(\.drives).max(by: { $0.typed < $1.typed }) { lead(next.client.attachment) }
  }

  package func clientResized(_ client: any TerminalClient, columns: UInt16, rows: UInt16) {
    guard let index = viewers.firstIndex(where: { $0.client === client }) else { return }
    viewers[index].columns = columns
    viewers[index].rows = rows
    if leader == client.attachment { resize(columns: columns, rows: rows) }
  }

  private func lead(_ attachment: AttachmentID) {
    leader = attachment
    guard let viewer = viewers.first(where: { $0.client.attachment == attachment }) else { return }
    resize(columns: viewer.columns, rows: viewer.rows)
  }

  package func resize(columns: UInt16, rows: UInt16) {
    guard (columns, rows) != (self.columns, self.rows), columns > 0, rows > 0 else { return }
    screen.catchUp(with: lane.ring)
    self.columns = columns
    self.rows = rows
    lane.ring.size = (columns, rows)
    lane.resize(columns: columns, rows: rows)
    screen.resize(columns: Int(columns), rows: Int(rows))
    for viewer in viewers { viewer.client.sizeChanged(columns: columns, rows: rows) }
    onResize?(columns, rows)
  }

  // MARK: input

  /// Enters what a client typed; returns how much the program's terminal took. What it did not take the client keeps
  /// and offers again `whenWritable`.
  package func type(_ bytes: UnsafeRawBufferPointer, from client: any TerminalClient) -> Int {
    if leader != client.attachment, let index = viewers.firstIndex(where: { $0.client === client }) {
      typingCount += 1
      viewers[index].typed = typingCount
      lead(client.attachment)
    }
    guard exit == nil else { return bytes.count }  // nobody is there to read it any more
    let name = client.attachment.text
    var taken = 0
    while taken < bytes.count {
      let piece = UnsafeRawBufferPointer(rebasing: bytes[taken..<min(bytes.count, taken + Self.longestWrite)])
      let written = ledger.write(piece.count, of: name, nowMs: UInt64(nowMs())) { lane.write(piece) }
      taken += max(0, written)
      if written < piece.count { break }
    }
    watch?.typed(UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
    return taken
  }

  /// How many bytes that a client typed have been entered.
  package func entered(by client: any TerminalClient) -> UInt64 {
    ledger.entry(named: client.attachment.text)?.accepted ?? 0
  }

  /// As much as the kernel's line discipline takes in one go.
  private static let longestWrite = 4096

  /// Enters bytes of a script, which has no attachment.
  package func enter(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard exit == nil else { return bytes.count }
    let written = max(0, lane.write(bytes))
    if written > 0 { watch?.entered() }
    return written
  }

  package func whenWritable(_ body: @escaping @LoopActor () -> Void) {
    guard exit == nil else { return body() }
    writersWaiting.append(body)
    guard writersWaiting.count == 1 else { return }
    lane.whenWritable { [weak self] in self?.wakeWriters() }
  }

  private func wakeWriters() {
    let waiting = writersWaiting
    writersWaiting = []
    for writer in waiting { writer() }
  }

  package var foregroundGroup: Int? { lane.foregroundGroup }

  /// Input of a daemon that was killed in the middle of a write: attachments and counts, to be said.
  func cutWrites() -> [InputLedger.Entry] { ledger.recoverCutWrites() }

  func tell(_ notice: String) { for viewer in viewers { viewer.client.told(notice) } }

  func close() {
    watch?.stop()
    lane.close()
  }

  // MARK: what the program does

  /// From now on it is reported what the program is seen to do. `program`: its process.
  func watch(
    program: Int, isShell: Bool, resuming said: TerminalVerdict?,
    _ report: @escaping @LoopActor (TerminalVerdict) -> Void
  ) {
    guard exit == nil else { return }
    watch = ActivityWatch(
      isShell: isShell, resuming: said,
      sight: { [weak self] wantsQuestion, answeredLine in
        self?.sight(of: program, wantsQuestion, answeredLine) ?? .init()
      }, report: report)
    watch?.heard(saidBefore)
    saidBefore = []
  }

  private func sight(
    of program: Int, _ wantsQuestion: Bool, _ answeredLine: Int?
  ) -> TerminalEvidence.Sight {
    if wantsQuestion { screen.catchUp(with: lane.ring) }
    return screen.sight(
      foreground: lane.foregroundGroup, of: program, wantsQuestion: wantsQuestion, answeredLine: answeredLine)
  }
}
