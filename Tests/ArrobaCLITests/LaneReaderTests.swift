import ArrobaClient
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Reading the terminal lane")
struct LaneReaderTests {
  /// What a reader makes of pieces: output joined, the rest in order.
  private struct Read: Equatable {
    var text = ""
    var events: [String] = []
    var offset: UInt64?
  }

  private func read(_ pieces: [[UInt8]], from offset: UInt64?) throws -> Read {
    var reader = LaneReader(offset: offset)
    var read = Read()
    for piece in pieces {
      try piece.withUnsafeBytes { bytes throws in
        try reader.feed(bytes) { item in
          switch item {
          case .output(let part): read.text += String(decoding: part, as: UTF8.self)
          case .screen(let at): read.events.append("screen at \(at)")
          case .frame(let frame): read.events.append("\(frame.kind) \(frame.payload.count)")
          }
        }
      }
    }
    read.offset = reader.offset
    return read
  }

  private func output(_ text: String) -> [UInt8] { TerminalFrame.encode(.output, Array(text.utf8)) }

  @Test("Frames are the same however they are cut, at every byte")
  func cuts() throws {
    let stream =
      output("abc") + TerminalFrame.resize(columns: 80, rows: 24) + output("")
      + TerminalFrame.encode(.heartbeat)
      + TerminalFrame.screen(at: 1000, Array("repaint".utf8)) + output("xy")
      + TerminalFrame.encode(.notice, [0x7B, 0x7D])
      + TerminalFrame.screen(at: 2000, []) + TerminalFrame.exit(3)
    let whole = try read([stream], from: 10)
    #expect(
      whole
        == Read(
          text: "abcrepaintxy",
          events: ["resize 4", "heartbeat 0", "screen at 1000", "notice 2", "screen at 2000", "exit 4"],
          offset: 2000))
    #expect(try read(stream.map { [$0] }, from: 10) == whole)
    for cut in 1..<stream.count {
      #expect(try read([Array(stream[..<cut]), Array(stream[cut...])], from: 10) == whole, "cut at \(cut)")
    }
  }

  @Test("The offset counts what was handed on, also of a frame whose end has not come")
  func offset() throws {
    let frame = output("0123456789")
    for count in 0...10 {
      let read = try read([Array(frame.prefix(5 + count))], from: 100)
      #expect(read.offset == 100 + UInt64(count) && read.text.count == count)
    }
  }

  @Test("What the daemon has written to the user's terminal itself counts as handed on")
  func lending() throws {
    let stream =
      output("abc") + TerminalFrame.lending(upTo: 500, input: 7) + output("xy")
      + TerminalFrame.lendingDeclined
    let read = try read([stream], from: 10)
    #expect(read.offset == 502 && read.text == "abcxy" && read.events == ["lending 16", "lending 0"])
  }

  @Test("Inside of a repaint there is no offset to come back to; behind it there is its own")
  func repaint() throws {
    let frame = TerminalFrame.screen(at: 500, Array("0123".utf8))
    for count in 5..<frame.count {
      let offset = try read([Array(frame.prefix(count))], from: 100).offset
      #expect(offset == nil, "\(count)")
    }
    #expect(try read([Array(frame.prefix(4))], from: 100).offset == 100)
    #expect(
      try read([frame], from: 100).offset == 500 && read([frame + output("x")], from: nil).offset == 501)
    #expect(try read([output("x")], from: nil).offset == nil)
  }

  @Test("A frame of a kind that nobody knows, or longer than allowed, is a fault")
  func faults() throws {
    #expect(throws: FrameDecoder.Fault.unknownKind(0x5A)) { try read([[0x5A, 0, 0, 0, 0]], from: 0) }
    let limit = TerminalFrame.longestPayload
    #expect(throws: Never.self) { try read([TerminalFrame.header(.output, count: limit)], from: 0) }
    #expect(throws: FrameDecoder.Fault.tooLong(limit + 1)) {
      try read([TerminalFrame.header(.output, count: limit + 1)], from: 0)
    }
    #expect(throws: FrameDecoder.Fault.tooLong(limit + 1)) {
      try read([TerminalFrame.header(.screen, count: limit + 1)], from: 0)
    }
    #expect(throws: FrameDecoder.Fault.tooLong(7)) {
      try read([TerminalFrame.header(.screen, count: 7)], from: 0)
    }
    #expect(throws: Never.self) { try read([TerminalFrame.header(.notice, count: 64 << 10)], from: 0) }
    #expect(throws: FrameDecoder.Fault.tooLong((64 << 10) + 1)) {
      try read([TerminalFrame.header(.notice, count: (64 << 10) + 1)], from: 0)
    }
  }
}

@Suite("Input that is kept to be sent again")
struct RetainedInputTests {
  @Test("What follows an offset, and nothing beside it")
  func after() {
    var kept = RetainedInput()
    #expect(kept.after(0) == [] && kept.end == 0)
    kept.append(Array("hello".utf8))
    kept.append(Array(" you".utf8))
    #expect(kept.after(0).map(Array.init) == Array("hello you".utf8))
    #expect(kept.after(6).map(Array.init) == Array("you".utf8) && kept.after(9) == [])
    #expect(kept.after(10) == nil && kept.after(-1) == nil)
  }

  @Test("At least the last megabyte is kept, at most two; what was dropped is known to be")
  func limit() {
    var kept = RetainedInput()
    let limit = RetainedInput.limit
    kept.append(Array(repeating: UInt8(1), count: 2 * limit))
    #expect(kept.start == 0 && kept.after(0)?.count == 2 * limit)
    kept.append([2])
    #expect(kept.start == limit + 1 && kept.end == 2 * limit + 1)
    #expect(kept.after(limit) == nil && kept.after(limit + 1)?.count == limit && kept.after(2 * limit) == [2])
    kept.append(Array(repeating: UInt8(3), count: 5 * limit))
    #expect(kept.end - kept.start == limit && kept.after(kept.start)?.count == limit)
  }

  @Test("However it is appended, it is what was typed last")
  func pieces() {
    var random = SeededGenerator(seed: 8)
    var kept = RetainedInput()
    var all: [UInt8] = []
    for round in 0..<8 {
      let count = Int.random(in: 0...(RetainedInput.limit / 3), using: &random)
      let piece = [UInt8](repeating: UInt8(round), count: count)
      kept.append(piece)
      all += piece
      #expect(kept.end == all.count)
      #expect(kept.after(kept.start) == all[kept.start...])
      #expect(kept.start == 0 || all.count - kept.start >= RetainedInput.limit)
    }
  }
}
