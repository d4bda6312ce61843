import Testing

@testable import ArrobaHTTP

/// Events out of bytes, however they were cut.
@Suite struct EventStreamParserTests {
  private func events(_ chunks: [[UInt8]], longest: Int = 1 << 20) -> [String]? {
    var parser = EventStreamParser(longestEvent: longest)
    var found: [String] = []
    for chunk in chunks {
      let isWithin = chunk.withUnsafeBytes { bytes in
        parser.take(bytes) { found.append(String(decoding: $0, as: UTF8.self)) }
      }
      if !isWithin { return nil }
    }
    return found
  }

  private static let table: [(stream: String, events: [String])] = [
    ("", []),
    ("data: one\n\n", ["one"]),
    ("data:one\n\n", ["one"]),
    ("data:  two spaces\n\n", [" two spaces"]),
    ("data\n\n", [""]),
    ("data: one\r\n\r\ndata: two\r\n\r\n", ["one", "two"]),
    ("data: a\ndata: b\n\n", ["a\nb"]),
    ("data: a\ndata: b\ndata\n\n", ["a\nb\n"]),
    (": heartbeat\n\ndata: one\n\n", ["one"]),
    ("event: message\nid: 7\nretry: 3\ndata: one\n\n", ["one"]),
    ("database: no\n\ndata: yes\n\n", ["yes"]),
    ("\n\n\ndata: one\n\n\n\ndata: two\n\n", ["one", "two"]),
    ("\u{FEFF}data: behind a mark\n\n", ["behind a mark"]),
    ("data: {\"text\":\"größer\"}\n\n", ["{\"text\":\"größer\"}"]),
    ("data: the last one is not complete", []),
    ("data: nor is this one\n", []),
  ]

  @Test("A stream comes to its events, cut at every two bytes", arguments: table)
  func cut(stream: String, events expected: [String]) {
    let bytes = Array(stream.utf8)
    #expect(events([bytes]) == expected)
    #expect(events(bytes.map { [$0] }) == expected)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        let chunks = [bytes[..<first], bytes[first..<second], bytes[second...]].map { Array($0) }
        #expect(events(chunks) == expected, "cut at \(first) and \(second)")
      }
    }
  }

  @Test("A line of a megabyte is one event (recorded: 1,005,590 bytes)")
  func longLine() {
    let text = String(repeating: "x", count: 1_005_590)
    let bytes = Array("data: \(text)\n\ndata: next\n\n".utf8)
    let chunks = stride(from: 0, to: bytes.count, by: 4096).map {
      Array(bytes[$0..<min($0 + 4096, bytes.count)])
    }
    #expect(events(chunks, longest: 2 << 20) == [text, "next"])
  }

  @Test("An event at the limit passes, and one more byte does not")
  func limit() {
    let line = "data: 0123456789"
    #expect(events([Array(line.utf8)], longest: line.utf8.count) == [])
    #expect(events([Array("\(line)x".utf8)], longest: line.utf8.count) == nil)
  }
}
