package import ArrobaJSON
internal import ArrobaSystem
package import ArrobaWire

/// A client of the terminal lane: what it was sent, byte for byte, and where in the terminal's output it stands.
package final class WireTerminal {
  package let attachment: String
  /// The answer to the attach.
  package let answer: JSON
  private let socket: Descriptor
  private let diagnosis: () -> String
  private var decoder = FrameDecoder()
  private(set) var isEnded = false

  /// What came after `offset` of the answer or of the last `S`, until now.
  package private(set) var output: [UInt8] = []
  /// The offset of the first byte of `output`.
  package private(set) var outputStart: Int
  /// What came before each `S`, with the offset of its first byte.
  package private(set) var stretches: [(offset: Int, bytes: [UInt8])] = []
  /// The repaints that came, each with its offset.
  package private(set) var repaints: [(offset: Int, bytes: [UInt8])] = []
  package private(set) var sizes: [[Int]] = []
  package private(set) var notices: [String] = []
  package private(set) var exit: Int?
  package private(set) var heartbeats = 0
  /// The offsets of the daemon's `T` frames; nil for one that declines.
  package private(set) var lendings: [Int?] = []
  /// The input offsets of those that say one.
  package private(set) var inputOffsets: [Int] = []
  /// The types of the frames in the order in which they came.
  package private(set) var kinds = ""

  /// The offset after the last byte that came.
  package var offset: Int { outputStart + output.count }

  fileprivate init(_ client: WireClient, answer: JSON) throws {
    self.answer = answer
    attachment = try answer.words("attachment")
    outputStart = try answer.number("offset")
    let (socket, rest, diagnosis) = client.becomeTerminal()
    self.socket = socket
    self.diagnosis = diagnosis
    decoder.feed(rest)
    try takeFrames()
  }

  // MARK: to the daemon

  package func type(_ text: String) throws { try send(.input, Array(text.utf8)) }

  package func send(_ kind: TerminalFrame.Kind, _ payload: [UInt8] = []) throws {
    try write(TerminalFrame.encode(kind, payload))
  }

  /// Offers a terminal of the test's.
  package func lend(_ terminal: Int32) throws {
    let bytes = TerminalFrame.lending(.offers)
    let sent = bytes.withUnsafeBytes { DescriptorPassing.send($0, passing: [terminal], over: socket) }
    guard sent == .moved(bytes.count) else { throw Silence("the offer was not taken: \(sent)") }
  }

  package func resize(_ columns: UInt16, _ rows: UInt16) throws {
    try write(TerminalFrame.resize(columns: columns, rows: rows))
  }

  package func write(_ bytes: [UInt8]) throws {
    let sent = try write(bytes, atMostSeconds: WireClient.patienceSeconds)
    guard sent == bytes.count else {
      throw Silence("the daemon took \(sent) of \(bytes.count) bytes", diagnosis())
    }
  }

  /// Writes what the daemon takes in that time; answers how much.
  package func write(_ bytes: [UInt8], atMostSeconds seconds: Int) throws -> Int {
    let deadline = Deadline(seconds: seconds)
    var sent = 0
    while sent < bytes.count {
      switch bytes.withUnsafeBytes({ socket.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
      case .moved(let count): sent += count
      case .wouldBlock:
        guard deadline.wait(for: socket, writing: true) else { return sent }
        _ = try readSome(Deadline(seconds: 0))
      case .ended, .failed: return sent
      }
    }
    return sent
  }

  /// Hangs up without a word, as a lost connection does.
  package func cut() { HangUp.now(socket) }

  // MARK: from the daemon

  package var text: String { String(decoding: output, as: UTF8.self) }

  /// Waits until the output contains that text.
  /// Bytes of output and repaints that have come.
  package var taken: Int {
    output.count + stretches.reduce(0) { $0 + $1.bytes.count } + repaints.reduce(0) { $0 + $1.bytes.count }
  }

  /// Waits for so many bytes of output and repaints.
  package func read(until count: Int) throws {
    try wait("\(count) bytes, of which \(taken) came") { self.taken >= count }
  }

  package func wait(for text: String) throws {
    try wait("'\(text)' in the output") { self.text.contains(text) }
  }

  package func wait(_ what: String, until isSo: () -> Bool) throws {
    let deadline = Deadline(seconds: WireClient.patienceSeconds)
    while !isSo() {
      let tail = String(decoding: output.suffix(400), as: UTF8.self)
      let state = "waited for \(what); frames \(kinds.suffix(60)), notices \(notices), output ends '\(tail)'"
      guard !isEnded else { throw Silence("the connection ended: \(state)", diagnosis()) }
      guard deadline.leftMs > 0 else { throw Silence(state, diagnosis()) }
      _ = try readSome(deadline)
    }
  }

  /// Reads what has come, without waiting.
  package func readAvailable() throws { while try readSome(Deadline(seconds: 0)) {} }

  package func awaitClose() throws {
    let deadline = Deadline(seconds: WireClient.patienceSeconds)
    while !isEnded {
      guard deadline.leftMs > 0 else {
        throw Silence("the daemon does not close: frames \(kinds)", diagnosis())
      }
      _ = try readSome(deadline)
    }
  }

  /// Waits for the program's end and the closing behind it; answers the status.
  package func awaitExit() throws -> Int {
    try awaitClose()
    guard let exit else {
      throw Silence("closed without an exit status: frames \(kinds), \(notices)", diagnosis())
    }
    return exit
  }

  private func readSome(_ deadline: Deadline) throws -> Bool {
    guard !isEnded, deadline.wait(for: socket, writing: false) else { return false }
    var block = [UInt8](repeating: 0, count: 256 << 10)
    switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
    case .moved(let count):
      decoder.feed(block[..<count])
      try takeFrames()
      return true
    case .wouldBlock: return true
    case .ended, .failed:
      isEnded = true
      return false
    }
  }

  private func takeFrames() throws {
    while let frame = try decoder.next() {
      kinds.append(Character(UnicodeScalar(frame.kind.rawValue)))
      try take(frame)
    }
  }

  private func take(_ frame: FrameDecoder.Frame) throws {
    switch frame.kind {
    case .output: output += frame.payload
    case .screen:
      guard let offset = TerminalFrame.offset(of: frame.payload) else {
        throw Silence("an S frame without offset")
      }
      repaints.append((Int(offset), Array(frame.payload.dropFirst(8))))
      if !output.isEmpty { stretches.append((outputStart, output)) }
      output = []
      outputStart = Int(offset)
    case .resize:
      guard let size = TerminalFrame.size(of: frame.payload) else {
        throw Silence("an R frame without a size")
      }
      sizes.append([Int(size.columns), Int(size.rows)])
    case .exit:
      guard let status = TerminalFrame.status(of: frame.payload) else {
        throw Silence("an X frame without status")
      }
      exit = Int(status)
    case .notice:
      let notice = frame.payload.withUnsafeBufferPointer { try? JSONReader.read($0) }  // seen by the test
      notices.append(notice?["message"]?.string ?? "no JSON: \(frame.payload)")
    case .heartbeat: heartbeats += 1
    case .lending:
      lendings.append(TerminalFrame.offset(of: frame.payload).map { Int($0) })
      if let offset = TerminalFrame.inputOffset(of: frame.payload) { inputOffsets.append(Int(offset)) }
    case .detach: break
    case .input, .taken: throw Silence("the daemon sent a frame of type \(frame.kind)")
    }
  }
}

extension WireClient {
  /// Turns this connection into a terminal lane.
  package func attach(
    _ session: String, agent: String? = nil, cols: Int = 80, rows: Int = 24, mode: String? = nil,
    after: Int? = nil,
    resume: String? = nil, paced: Bool = false
  ) throws -> WireTerminal {
    let params = JSON.record([
      "session": .string(session), "agent": .text(agent), "cols": .int(cols), "rows": .int(rows),
      "mode": .text(mode), "after": .number(after), "resume": .text(resume),
      "paced": paced ? true : nil,
    ])
    return try WireTerminal(self, answer: try request("terminal.attach", params))
  }
}
