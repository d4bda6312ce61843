internal import ArrobaSystem

/// The names in the directory of a log. What has none of these names is not ours and is left alone.
enum LogDirectory {
  /// `events-<first sequence, 16 digits>.log`: a segment.
  static func segmentName(first: UInt64) -> String { "events-\(padded(first)).log" }

  /// The first sequence number that a segment's name tells; nil for other names.
  static func first(inSegmentName name: String) -> UInt64? {
    guard name.hasPrefix("events-"), name.hasSuffix(".log") else { return nil }
    let digits = name.dropFirst(7).dropLast(4)
    guard digits.utf8.count == 16, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt64(digits)
  }

  /// A segment that was never put in place: its records, if any, are still where they were before.
  static func isUnfinished(_ name: String) -> Bool {
    name.hasSuffix(".new") && first(inSegmentName: String(name.dropLast(4))) != nil
  }

  /// `damaged-<sequence>-<milliseconds since 1970>.bin`: bytes that were set aside.
  static func damagedName(next: UInt64, wallMs: Int) -> String { "damaged-\(padded(next))-\(wallMs).bin" }

  private static func padded(_ number: UInt64) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 16 - digits.utf8.count)) + digits
  }

  /// A name for a new log: no two are alike, so that a cursor into one is never taken for one into another.
  static func makeID() -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    let letters = (0..<20).map { _ in alphabet[Int.random(in: 0..<32)] }
    return "l_" + String(decoding: letters, as: UTF8.self)
  }

  /// Puts a segment in place whole or not at all: its header, and the lines that it begins with.
  ///
  /// Where it fails the name may be there all the same, and end the segment before it: nothing may be added to that one.
  static func makeSegment(
    in directory: String, id: String, first: UInt64, beginning: [UInt8], _ operations: FileOperations
  ) throws(SystemError) -> (file: AppendFile, headerBytes: Int) {
    let path = "\(directory)/\(segmentName(first: first))"
    let beside = "\(path).new"
    let header = LogFormat.header(id: id, first: first)
    let fresh = try AppendFile.create(beside)
    try operations.write(header + beginning, to: fresh)
    try operations.flush(fresh)
    let file = try fresh.moved(to: path)
    try Files.flushDirectory(directory)
    return (file, header.count)
  }
}
