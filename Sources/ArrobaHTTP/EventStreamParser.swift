/// Takes server-sent events out of a stream of bytes, however it was cut (WHATWG HTML, "server-sent events").
///
/// Of each event the data is handed on; names, ids and comments are let pass. There is no limit on a line but that of all
/// that is not complete yet: answers of a megabyte come as one line.
package struct EventStreamParser: Sendable {
  /// Bytes that may wait for the end of their event.
  package let longestEvent: Int
  private var buffer: [UInt8] = []
  /// Where in `buffer` no line break has been looked for yet.
  private var searched = 0
  /// The data of the event so far, where it has more than one line.
  private var lines: [UInt8]?
  private var isAtStart = true

  package init(longestEvent: Int) { self.longestEvent = longestEvent }

  /// Hands each event that is complete now to `body`. False where one became too long; the parser is of no use then.
  package mutating func take(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) -> Bool {
    buffer.append(contentsOf: bytes)
    if isAtStart, buffer.count >= 3 {
      if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { buffer.removeFirst(3) }
      isAtStart = false
    }
    // Taken out, so that nobody else holds it while its lines are looked at.
    var buffer = buffer
    self.buffer = []
    let consumed = buffer.withUnsafeBufferPointer { whole in consume(whole, body) }
    buffer.removeFirst(consumed)
    searched -= consumed
    self.buffer = buffer
    return buffer.count + (lines?.count ?? 0) <= longestEvent
  }

  private mutating func consume(
    _ whole: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) -> Int {
    var lineStart = 0
    var position = searched
    /// The data of an event with one line of it, which is nearly every one: handed on without a copy.
    var single: Range<Int>?
    while position < whole.count {
      guard whole[position] == 0x0A else {
        position += 1
        continue
      }
      var lineEnd = position
      if lineEnd > lineStart, whole[lineEnd - 1] == 0x0D { lineEnd -= 1 }
      if lineEnd == lineStart {
        finishEvent(whole, &single, body)
      } else if let data = Self.data(of: whole, lineStart..<lineEnd) {
        add(whole, data, &single)
      }
      position += 1
      lineStart = position
    }
    // An event that is cut between its line and its end.
    if let data = single { lines = Array(whole[data]) }
    searched = position
    return lineStart
  }

  /// The place of a data line's value; nil for any other line.
  private static func data(of whole: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) -> Range<Int>? {
    let name = Array("data".utf8)
    guard line.count >= name.count, name.indices.allSatisfy({ whole[line.lowerBound + $0] == name[$0] })
    else {
      return nil
    }
    var start = line.lowerBound + name.count
    guard start < line.upperBound else { return start..<start }
    guard whole[start] == UInt8(ascii: ":") else { return nil }
    start += 1
    if start < line.upperBound, whole[start] == UInt8(ascii: " ") { start += 1 }
    return start..<line.upperBound
  }

  private mutating func add(
    _ whole: UnsafeBufferPointer<UInt8>, _ data: Range<Int>, _ single: inout Range<Int>?
  ) {
    if lines == nil, single == nil {
      single = data
      return
    }
    if let first = single {
      lines = Array(whole[first])
      single = nil
    }
    lines?.append(0x0A)
    lines?.append(contentsOf: whole[data])
  }

  private mutating func finishEvent(
    _ whole: UnsafeBufferPointer<UInt8>, _ single: inout Range<Int>?,
    _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    if let data = single {
      body(UnsafeBufferPointer(rebasing: whole[data]))
    } else if let lines {
      lines.withUnsafeBufferPointer(body)
    }
    single = nil
    lines = nil
  }
}
