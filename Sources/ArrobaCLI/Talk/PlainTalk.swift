internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// A conversation without a terminal: each line that comes in is a prompt, answers go to standard output, all else to
/// standard error. The end of the input waits for the ends of the prompts.
final class PlainTalk: TalkFace {
  /// A line is a prompt at most; longer ones are no text.
  private static let longestLine = 1 << 20

  private let context: Context
  private var input: [UInt8] = []
  private var isInputOver = false
  private var block = [UInt8](repeating: 0, count: 32 << 10)

  init(_ context: Context) { self.context = context }

  var isLive: Bool { false }

  func show(_ lines: [ShownLine], _ source: TalkSession.Source) {
    switch source {
    case .answer:
      guard !context.output.isJSON else { return }
      for line in lines { context.output.line(line.text(usesColour: false)) }
    // What was typed is known, what was thought is not the answer.
    case .prompt, .reasoning: break
    case .remark: for line in lines { context.output.note(line.text(usesColour: false)) }
    }
  }

  /// Waits until something comes in; false: nothing ever does.
  func hasInput() -> Bool {
    while input.isEmpty, !isInputOver {
      _ = PollSet.waitReadable(context.seat.input, timeoutMs: -1)
      readOnce()
    }
    return !input.isEmpty
  }

  func run(_ session: TalkSession) throws -> Int32 {
    var set = PollSet()
    while true {
      if let outcome = session.outcome {
        context.output.flush()
        switch outcome {
        case .left: return session.exitCode
        case .failed(let failure): throw failure
        case .attach:
          session.tell(Failure(Misuse("attach needs a terminal on standard input and output")))
          session.goOn()
        }
      }
      if isInputOver, input.isEmpty, session.conversation != nil, !session.isBusy {
        context.output.flush()
        return session.exitCode
      }
      turn(session, &set)
      context.output.flush()
    }
  }

  private func turn(_ session: TalkSession, _ set: inout PollSet) {
    let link = session.link
    set.removeAll()
    // What is typed has somebody to go to only once the session is known.
    let takesInput = !isInputOver && session.conversation != nil && !input.contains(UInt8(ascii: "\n"))
    let typed = takesInput ? set.add(context.seat.input, reading: true, writing: false) : nil
    let lane = link.socket.map { set.add($0.raw, reading: true, writing: link.hasToSend) }
    let isReady = set.wait(timeoutMs: max(0, min(link.dueMs - Clock.monotonicMs(), 60_000)))
    if let arrival = link.tend() { heed([arrival], session) }
    guard isReady else { return }
    if let lane, set.isWritable(lane) { link.send() }
    if let lane, set.isReadable(lane) { heed(link.receive(), session) }
    if let typed, set.isReadable(typed) { readOnce() }
    if session.conversation != nil { takeLines(session) }
  }

  private func heed(_ arrivals: [TalkLink.Arrival], _ session: TalkSession) {
    for arrival in arrivals {
      if context.output.isJSON, case .event(let event) = arrival { context.output.json(event) }
      session.heed(arrival)
    }
  }

  private func readOnce() {
    switch block.withUnsafeMutableBytes({ StandardStreams.read(into: $0, from: context.seat.input) }) {
    case .moved(let count): input += block[..<count]
    case .wouldBlock: break
    case .ended, .failed: isInputOver = true
    }
  }

  /// Takes the lines that are whole, at the end of the input also the last one.
  private func takeLines(_ session: TalkSession) {
    // One after the other, so that a line finds done what the line before it said.
    while !session.isAsking, let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      session.enter(Self.line(input[..<end]))
      input.removeFirst(end + 1)
    }
    guard input.firstIndex(of: UInt8(ascii: "\n")) == nil else { return }
    if !session.isAsking, isInputOver || input.count > Self.longestLine {
      session.enter(Self.line(input[...]))
      input = []
    }
  }

  private static func line(_ bytes: ArraySlice<UInt8>) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    return text.hasSuffix("\r") ? String(text.dropLast()) : text
  }
}
