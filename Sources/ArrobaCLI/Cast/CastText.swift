internal import ArrobaJSON

/// The words of an asciicast, version 2: a line of JSON for the header, then one for each event.
///
/// A program's bytes are cut anywhere, and JSON holds characters: one that is not whole waits for the next event.
struct CastText {
  private var held: [UInt8] = []

  static func header(size: Size, atMs wallMs: Int, title: String?) -> [UInt8] {
    line(
      .record([
        "version": 2, "width": .int(size.columns), "height": .int(size.rows),
        "timestamp": .int(wallMs / 1000),
        "title": .text(title), "env": ["TERM": "xterm-256color"],
      ]))
  }

  /// The event of these bytes; nil where no character is whole yet.
  mutating func output(_ bytes: some Sequence<UInt8>, atMs ms: Int) -> [UInt8]? {
    held.append(contentsOf: bytes)
    let cut = held.count - Self.unfinished(held)
    defer { held.removeFirst(cut) }
    return cut > 0 ? Self.event("o", String(decoding: held[..<cut], as: UTF8.self), atMs: ms) : nil
  }

  /// What never became whole: the replacement character, as any terminal shows it.
  mutating func rest(atMs ms: Int) -> [UInt8]? {
    defer { held = [] }
    return held.isEmpty ? nil : Self.event("o", String(decoding: held, as: UTF8.self), atMs: ms)
  }

  static func resize(to size: Size, atMs ms: Int) -> [UInt8] {
    event("r", "\(size.columns)x\(size.rows)", atMs: ms)
  }

  private static func event(_ kind: String, _ data: String, atMs ms: Int) -> [UInt8] {
    var writer = JSONWriter(reserving: data.utf8.count + 32)
    let thousandths = String(ms % 1000 + 1000).dropFirst()
    writer.raw("[\(ms / 1000).\(thousandths), \"\(kind)\", ")
    writer.string(data)
    writer.raw("]\n")
    return writer.bytes
  }

  private static func line(_ value: JSON) -> [UInt8] { value.encoded + [UInt8(ascii: "\n")] }

  /// How many bytes at the end begin a character that may still become whole.
  static func unfinished(_ bytes: [UInt8]) -> Int {
    for back in 1...3 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = 0xF0...0xF4 ~= byte ? 4 : 0xE0...0xEF ~= byte ? 3 : 0xC2...0xDF ~= byte ? 2 : 1
      return length > back ? back : 0
    }
    return 0
  }
}
