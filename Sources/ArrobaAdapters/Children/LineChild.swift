internal import ArrobaLoop
internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem
internal import ArrobaWire

/// A child that is talked to in lines: one on its input, one on its output, its error output kept for a word on its end.
///
/// Its output is read through a ring that outlives this daemon. Who talks to it says where a stretch begins
/// (`beginStretch`, with each turn); what was said since then is heard again by the next daemon, from the first line on, and
/// so is what came while there was none. What has already been told is told once more, under the same names.
@LoopActor
final class LineChild {
  enum Heard {
    /// Without its end, not blank.
    case line([UInt8])
    /// A line that was longer than any may be; it was let pass.
    case tooLong(count: Int)
  }

  struct End: Equatable {
    /// Nil where it has closed its output and was not seen to end.
    let status: ExitStatus?
    /// The last of its error output.
    let words: String
  }

  /// What became of a line that carries a mark.
  enum Sending: Equatable {
    case sent, notSent, unknown
  }

  /// Pictures come in lines: some megabytes of base64.
  nonisolated static let longestLine = 8 << 20
  /// Prompts with pictures wait there while the child reads.
  private static let mostUnsent = 32 << 20
  private static let mostWords = 4 << 10
  /// What was left in its pipes when it ended is there by then, unless a program that it left behind holds them open.
  private static let lastWordsMs = 500

  let id: String
  let pid: Int
  private let lane: any PipeLane
  private let ring: OutputRing
  private let ledger: LineLedger
  /// The first byte that was not read, and the first one of the line that it belongs to.
  private var position: UInt64
  private var boundary: UInt64
  private var line: [UInt8] = []
  private var skipped = 0
  /// Where everything before is settled: the newest such place, and one well before it.
  private var settled: (older: UInt64, newer: UInt64)
  private var unsent: [(bytes: [UInt8], mark: UInt64)] = []
  private var unsentCount = 0
  private var sentOfFirst = 0
  private var words: [UInt8] = []
  private var status: ExitStatus?
  private var hasStarted = false
  private var isAtEnd = false
  private var lastWords: LoopTimer?
  private var hear: (@LoopActor (Heard) -> Void)?
  private var onEnd: (@LoopActor (End) -> Void)?
  /// Of what an earlier daemon wrote last; known before anything is sent.
  private let left: LineLedger.Progress

  init?(_ child: BornChild) {
    guard let lane = child.pipes, let ring = lane.ring else { return nil }
    id = child.id
    pid = child.pid
    self.lane = lane
    self.ring = ring
    ledger = LineLedger(of: ring)
    left = ledger.progress
    status = child.exit
    let begin = max(ring.taken, ring.start)
    position = begin
    boundary = begin
    settled = (begin, begin)
  }

  // MARK: what it says

  /// Hears from the beginning of the stretch on. `onEnd` once, after the last line. Who starts it again hears on in place
  /// of who did before.
  func start(
    hear: @escaping @LoopActor (Heard) -> Void, onEnd: @escaping @LoopActor (End) -> Void
  ) {
    self.hear = hear
    self.onEnd = onEnd
    guard !hasStarted else { return }
    hasStarted = true
    lane.startKept(
      onOutput: { [weak self] in self?.take() },
      onErrorOutput: { [weak self] in self?.keep($0) },
      onEnd: { [weak self] in
        self?.isAtEnd = true
        self?.endIfOver()
      })
    if let status { ended(status) }
  }

  /// What is said from here on belongs together: it is kept for the next daemon, and what came before no longer is.
  func beginStretch() {
    // In this order: killed in between, the stretch counts as cut and not the cut one as whole.
    ring.taken = boundary
    ledger.isCut = false
    settled = (boundary, boundary)
    giveBack()
  }

  /// All that was said so far would be of no use to anybody who begins to listen here: no item is open, no question.
  /// A stretch that does not fit into the ring is kept from such a place on.
  func settle() {
    guard boundary - settled.newer > UInt64(ring.capacity / 8) else { return }
    settled = (settled.newer, boundary)
  }

  /// Whether the beginning of the stretch is lost, and with it the beginning of what is heard.
  var isCut: Bool { ledger.isCut }

  private func take() {
    while position < ring.end, hear != nil {
      let piece = ring.withBytes(from: position, atMost: 64 << 10) { Array($0) + Array($1) }
      guard !piece.isEmpty else {
        // Never with this reader, which takes all before the next read; a ring of another one's is begun anew.
        position = ring.end
        boundary = position
        break
      }
      position += UInt64(piece.count)
      split(piece)
    }
    makeRoom()
  }

  private func split(_ piece: [UInt8]) {
    var rest = piece[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      add(rest[..<end])
      rest = rest[(end + 1)...]
      boundary = position - UInt64(rest.count)
      lineIsWhole()
    }
    add(rest)
  }

  private func add(_ bytes: ArraySlice<UInt8>) {
    if skipped == 0, line.count + bytes.count <= Self.longestLine {
      line.append(contentsOf: bytes)
    } else {
      skipped += line.count + bytes.count
      line = []
    }
  }

  private func lineIsWhole() {
    let whole = line
    let count = skipped
    line.removeAll(keepingCapacity: line.capacity <= 64 << 10)
    skipped = 0
    if count > 0 {
      hear?(.tooLong(count: count))
    } else if whole.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) {
      hear?(.line(whole))
    }
  }

  /// A stretch that is longer than the ring is kept from a settled place on, and where there is none it is cut.
  private func makeRoom() {
    guard !ring.hasRoomBesideUntaken else { return }
    if settled.older > ring.taken {
      ring.taken = settled.older
      if ring.hasRoomBesideUntaken { return }
    }
    ledger.isCut = true
    ring.taken = boundary
    if !ring.hasRoomBesideUntaken { ring.taken = position }
  }

  /// The pages of what nobody needs any more.
  private func giveBack() {
    guard ring.taken == ring.end else { return }
    SharedMemory.giveBack(ring.dataMemory)
  }

  private func keep(_ bytes: [UInt8]) {
    words += bytes
    if words.count > 2 * Self.mostWords { words.removeFirst(words.count - Self.mostWords) }
  }

  // MARK: its end

  /// The host says so. What it has said before is heard first.
  func ended(_ status: ExitStatus) {
    self.status = status
    guard !isAtEnd, onEnd != nil else { return endIfOver() }
    lastWords = Loop.shared.after(Self.lastWordsMs) { [weak self] in
      self?.isAtEnd = true
      self?.endIfOver()
    }
  }

  private func endIfOver() {
    guard isAtEnd, status != nil, let onEnd else { return }
    self.onEnd = nil
    hear = nil
    lastWords?.cancel()
    onEnd(End(status: status, words: String(decoding: words.suffix(Self.mostWords), as: UTF8.self)))
  }

  var hasEnded: Bool { status != nil }

  /// Hears no more of it.
  func close() {
    hear = nil
    onEnd = nil
    lastWords?.cancel()
    lane.close()
  }

  // MARK: what it is told

  /// Whether it can be told anything: half a line of an earlier daemon's in its input spoils the next one.
  var isInputWhole: Bool {
    switch left {
    case .whole, .unknown: true
    case .part(let count): count == 0
    case .unknownPart: false
    }
  }

  /// Of a line that an earlier daemon may have sent, by its mark.
  func sending(of mark: String) -> Sending {
    let number = Self.number(of: mark)
    if ledger.lastMark == number { return .sent }
    guard ledger.mark == number else { return .notSent }
    switch left {
    case .whole, .part: return .notSent
    case .unknown, .unknownPart: return .unknown
    }
  }

  /// Sends a line, after all that were sent before; false where the child has not read for so long that there is no room.
  func send(_ text: [UInt8], mark: String? = nil) -> Bool {
    guard unsentCount + text.count <= Self.mostUnsent else { return false }
    precondition(!text.contains(UInt8(ascii: "\n")), "a line has one end")
    unsent.append((text + [UInt8(ascii: "\n")], mark.map { Self.number(of: $0) } ?? 0))
    unsentCount += text.count + 1
    if unsent.count == 1 { flush() }
    return true
  }

  private func flush() {
    while let (bytes, mark) = unsent.first {
      if sentOfFirst == 0 { ledger.begin(bytes.count, mark: mark) }
      let count = bytes.count - sentOfFirst
      let went = ledger.write(count) {
        bytes.withUnsafeBytes { lane.write(UnsafeRawBufferPointer(rebasing: $0[sentOfFirst...])) }
      }
      sentOfFirst += went
      unsentCount -= went
      guard went == count else {
        return lane.whenWritable { [weak self] in self?.flush() }
      }
      sentOfFirst = 0
      unsent.removeFirst()
    }
  }

  func closeInput() { lane.closeInput() }

  /// Never zero.
  private static func number(of mark: String) -> UInt64 { max(1, StableHash(mark).value) }
}
