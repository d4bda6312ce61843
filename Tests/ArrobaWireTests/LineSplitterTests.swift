import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite struct LineSplitterTests {
  private func lines(_ splitter: inout LineSplitter) throws -> [String] {
    var found: [String] = []
    while let line = try splitter.next() { found.append(String(decoding: line, as: UTF8.self)) }
    return found
  }

  private static let stream = "{\"a\":1}\n\n \t\r\n{\"é\":2}\r\nx\ny\n\n\nrest"
  private static let wanted = ["{\"a\":1}", "{\"é\":2}\r", "x", "y"]

  @Test("A stream cut anywhere gives the same lines and the same rest, blank lines left out")
  func cutAtEveryByte() throws {
    let bytes = Array(Self.stream.utf8)
    for cut in 0...bytes.count {
      var splitter = LineSplitter()
      splitter.feed(bytes[..<cut])
      var found = try lines(&splitter)
      splitter.feed(bytes[cut...])
      found += try lines(&splitter)
      #expect(found == Self.wanted, "cut at \(cut)")
      #expect(splitter.takeRest() == Array("rest".utf8), "cut at \(cut)")
    }
  }

  @Test("A stream that arrives byte by byte gives the same lines, also when they are asked for late")
  func byteByByte() throws {
    for every in [1, 3, 1000] {
      var splitter = LineSplitter()
      var found: [String] = []
      for (index, byte) in Self.stream.utf8.enumerated() {
        splitter.feed(CollectionOfOne(byte))
        if index % every == 0 { found += try lines(&splitter) }
      }
      found += try lines(&splitter)
      #expect(found == Self.wanted)
    }
  }

  @Test("Random pieces of many lines give back each line, in order", arguments: [1, 2, 3] as [UInt64])
  func randomPieces(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let wanted = (0..<400).map {
      "\($0):" + String(repeating: "x", count: Int.random(in: 0..<300, using: &generator))
    }
    let bytes = Array((wanted.joined(separator: "\n") + "\n").utf8)
    var splitter = LineSplitter()
    var found: [String] = []
    var position = 0
    while position < bytes.count {
      let end = min(bytes.count, position + Int.random(in: 1...700, using: &generator))
      splitter.feed(bytes[position..<end])
      position = end
      // Not after each piece: what was fed meanwhile must not be lost.
      if !generator.oneIn(3) { found += try lines(&splitter) }
    }
    found += try lines(&splitter)
    #expect(found == wanted)
  }

  @Test("A line as long as the limit passes; one byte more does not, with its line break or before it")
  func limit() throws {
    let limit = 10
    let full = [UInt8](repeating: 0x61, count: limit)
    var splitter = LineSplitter(limit: limit)
    splitter.feed(full)
    #expect(try splitter.next() == nil)
    splitter.feed([0x0A])
    #expect(try splitter.next() == full)

    var tooLong = LineSplitter(limit: limit)
    tooLong.feed(full + [0x61])
    #expect(throws: LineSplitter.TooLong.self) { try tooLong.next() }

    var ended = LineSplitter(limit: limit)
    ended.feed([0x62, 0x0A] + full + [0x61, 0x0A])
    #expect(try ended.next() == [0x62])
    #expect(throws: LineSplitter.TooLong.self) { try ended.next() }
  }

  @Test("The structured lane's limit is 8 MiB to the byte")
  func limitOfTheLane() throws {
    #expect(LineSplitter.longestLine == 8 * 1024 * 1024)
    var splitter = LineSplitter()
    splitter.feed([UInt8](repeating: 0x20, count: 8 << 20))
    #expect(try splitter.next() == nil)
    splitter.feed([0x7B, 0x7D])
    #expect(throws: LineSplitter.TooLong.self) { try splitter.next() }

    var whole = LineSplitter()
    whole.feed([UInt8](repeating: 0x61, count: 8 << 20) + [0x0A])
    #expect(try whole.next()?.count == 8 << 20)
  }

  @Test("What follows the line that asks for the terminal lane is given out untouched, line breaks included")
  func restAfterAttach() throws {
    var splitter = LineSplitter()
    let frames: [UInt8] = [0x49, 0, 0, 0, 2, 0x0A, 0x0D, 0x48, 0, 0]
    splitter.feed(Array("{\"attach\":1}\n".utf8) + frames)
    #expect(try splitter.next() == Array("{\"attach\":1}".utf8))
    #expect(splitter.takeRest() == frames)
    #expect(splitter.takeRest().isEmpty)
    #expect(try splitter.next() == nil)
  }
}
