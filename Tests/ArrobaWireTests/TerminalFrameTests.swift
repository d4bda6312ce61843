import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite struct TerminalFrameTests {
  @Test(
    "Each frame is its letter, its length in four bytes, and its payload",
    arguments: [
      (TerminalFrame.encode(.output, [1, 2, 3]), "O", [0, 0, 0, 3, 1, 2, 3]),
      (TerminalFrame.encode(.input, [0x0A]), "I", [0, 0, 0, 1, 0x0A]),
      (TerminalFrame.encode(.detach), "D", [0, 0, 0, 0]),
      (TerminalFrame.encode(.heartbeat), "H", [0, 0, 0, 0]),
      (TerminalFrame.encode(.notice, [0x7B, 0x7D]), "N", [0, 0, 0, 2, 0x7B, 0x7D]),
      (TerminalFrame.resize(columns: 258, rows: 40), "R", [0, 0, 0, 4, 1, 2, 0, 40]),
      (TerminalFrame.exit(7), "X", [0, 0, 0, 4, 0, 0, 0, 7]),
      (TerminalFrame.exit(-9), "X", [0, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xF7]),
      (TerminalFrame.screen(at: 0x0102, [9]), "S", [0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 1, 2, 9]),
    ] as [([UInt8], Character, [UInt8])])
  func bytes(frame: [UInt8], letter: Character, rest: [UInt8]) {
    #expect(frame == [letter.asciiValue ?? 0] + rest)
  }

  @Test("Headers carry lengths up to the limit in network order")
  func lengths() {
    #expect(TerminalFrame.header(.output, count: 0x0A0B0C) == [0x4F, 0, 0x0A, 0x0B, 0x0C])
    #expect(TerminalFrame.header(.output, count: 1 << 20) == [0x4F, 0, 0x10, 0, 0])
  }

  @Test("Sizes, statuses and offsets are read as they were written; payloads of another length are none")
  func payloads() {
    let size = TerminalFrame.size(of: Array(TerminalFrame.resize(columns: 65535, rows: 1).dropFirst(5)))
    #expect(size?.columns == 65535 && size?.rows == 1)
    for status in [0, 1, 255, -9, Int32.max, Int32.min] {
      #expect(TerminalFrame.status(of: Array(TerminalFrame.exit(status).dropFirst(5))) == status)
    }
    for offset in [0, 1, 0x0102_0304_0506_0708, UInt64.max] {
      #expect(TerminalFrame.offset(of: Array(TerminalFrame.screen(at: offset, [5]).dropFirst(5))) == offset)
    }
    for count in [0, 3, 5] {
      let payload = [UInt8](repeating: 0, count: count)
      #expect(TerminalFrame.size(of: payload) == nil)
      #expect(TerminalFrame.status(of: payload) == nil)
      #expect(TerminalFrame.offset(of: payload) == nil)
    }
    #expect(TerminalFrame.offset(of: [UInt8](repeating: 0, count: 7)) == nil)
  }
}

@Suite struct FrameDecoderTests {
  private func frames(_ decoder: inout FrameDecoder) throws -> [FrameDecoder.Frame] {
    var found: [FrameDecoder.Frame] = []
    while let frame = try decoder.next() { found.append(frame) }
    return found
  }

  @Test("A stream of all kinds of frames, cut anywhere, gives the same frames")
  func cutAtEveryByte() throws {
    let wanted = TerminalFrame.Kind.allCases.enumerated().map { index, kind in
      FrameDecoder.Frame(kind: kind, payload: [UInt8](repeating: UInt8(index), count: index * 3))
    }
    let bytes = wanted.flatMap { TerminalFrame.encode($0.kind, $0.payload) }
    for cut in 0...bytes.count {
      var decoder = FrameDecoder()
      decoder.feed(bytes[..<cut])
      var found = try frames(&decoder)
      decoder.feed(bytes[cut...])
      found += try frames(&decoder)
      #expect(found == wanted, "cut at \(cut)")
      #expect(decoder.pendingCount == 0)
    }
  }

  @Test("Random pieces of many frames give back each frame, in order", arguments: [1, 2] as [UInt64])
  func randomPieces(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let wanted = (0..<200).map { number in
      FrameDecoder.Frame(
        kind: generator.pick(TerminalFrame.Kind.allCases),
        payload: [UInt8](repeating: UInt8(number), count: Int.random(in: 0..<4000, using: &generator)))
    }
    let bytes = wanted.flatMap { TerminalFrame.encode($0.kind, $0.payload) }
    var decoder = FrameDecoder()
    var found: [FrameDecoder.Frame] = []
    var position = 0
    while position < bytes.count {
      let end = min(bytes.count, position + Int.random(in: 1...9000, using: &generator))
      decoder.feed(bytes[position..<end])
      position = end
      if let frame = try decoder.next() { found.append(frame) }  // one a time, so that whole frames wait
    }
    found += try frames(&decoder)
    #expect(found == wanted)
  }

  @Test("A payload of 1 MiB passes; one byte more is refused by its header alone")
  func limit() throws {
    #expect(TerminalFrame.longestPayload == 1024 * 1024)
    var decoder = FrameDecoder()
    decoder.feed(TerminalFrame.encode(.output, [UInt8](repeating: 7, count: 1 << 20)))
    #expect(try decoder.next()?.payload.count == 1 << 20)
    decoder.feed(TerminalFrame.header(.output, count: 1 << 20 + 1))
    #expect(throws: FrameDecoder.Fault.tooLong(1 << 20 + 1)) { try decoder.next() }
    var largest = FrameDecoder()
    largest.feed([0x49, 0xFF, 0xFF, 0xFF, 0xFF])
    #expect(throws: FrameDecoder.Fault.tooLong(0xFFFF_FFFF)) { try largest.next() }
  }

  @Test("A letter that is no frame is refused, and the fault says which and why")
  func unknownKinds() {
    let known = Set(TerminalFrame.Kind.allCases.map(\.rawValue))
    #expect(known == Set("OSRXNIDHTA".utf8))
    for byte in UInt8.min...UInt8.max where !known.contains(byte) {
      var decoder = FrameDecoder()
      decoder.feed([byte, 0, 0, 0, 0])
      #expect(throws: FrameDecoder.Fault.unknownKind(byte)) { try decoder.next() }
    }
    #expect("\(FrameDecoder.Fault.unknownKind(3))" == "unknown frame type 3")
    #expect(
      "\(FrameDecoder.Fault.tooLong(2_000_000))" == "a frame of 2000000 bytes; at most 1048576 are allowed")
  }
}
