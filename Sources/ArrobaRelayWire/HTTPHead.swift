/// The head of an HTTP/1.1 request or answer, read strictly: what two readers could understand in two ways is refused
/// (RFC 9112, 11.2), since a proxy may stand in front.
package struct HTTPHead: Equatable, Sendable {
  package struct Fault: Error, Equatable {
    package let status: Int

    package init(status: Int) { self.status = status }
  }

  /// "GET", "/health", "HTTP/1.1"; of an answer "HTTP/1.1", "101", and its words.
  package let first: [String]
  /// By names in lower case; each once.
  package let fields: [String: String]
  /// How many bytes of the input it took.
  package let count: Int

  /// nil where more bytes are needed.
  package static func read(_ bytes: [UInt8], limit: Int = RelayTerms.longestHead) throws(Fault) -> HTTPHead? {
    guard let end = end(of: bytes.prefix(limit)) else {
      guard bytes.count < limit else { throw Fault(status: 431) }
      return nil
    }
    // One byte, one character: nothing outside ASCII has a meaning here.
    guard bytes[..<end].allSatisfy({ $0 == 0x0D || $0 == 0x0A || (0x20..<0x7F).contains($0) }) else {
      throw Fault(status: 400)
    }
    let lines = try lines(of: bytes[..<end])
    let first = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard first.count >= 2, first.allSatisfy({ !$0.isEmpty }) else { throw Fault(status: 400) }
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { throw Fault(status: 400) }
      let name = line[..<colon].lowercased()
      guard name.utf8.allSatisfy(isTokenByte) else { throw Fault(status: 400) }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      guard fields[name] == nil else {
        // Proxies add these to what is there already; all others are said once.
        guard ["x-forwarded-for", "via", "forwarded"].contains(name) else { throw Fault(status: 400) }
        fields[name]?.append(", \(value)")
        continue
      }
      fields[name] = String(value)
    }
    return HTTPHead(first: first.map(String.init), fields: fields, count: end + 4)
  }

  private static func end(of bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (bytes.startIndex...(bytes.endIndex - 4)).first {
      bytes[$0] == 0x0D && bytes[$0 + 1] == 0x0A && bytes[$0 + 2] == 0x0D && bytes[$0 + 3] == 0x0A
    }
  }

  /// Lines that end by CR and LF; either of them alone is refused.
  private static func lines(of bytes: ArraySlice<UInt8>) throws(Fault) -> [String] {
    var lines: [String] = []
    var rest = bytes
    while true {
      guard let break_ = rest.firstIndex(where: { $0 == 0x0D || $0 == 0x0A }) else {
        lines.append(String(decoding: rest, as: UTF8.self))
        return lines
      }
      guard rest[break_] == 0x0D, break_ + 1 < rest.endIndex, rest[break_ + 1] == 0x0A else {
        throw Fault(status: 400)
      }
      lines.append(String(decoding: rest[..<break_], as: UTF8.self))
      rest = rest[(break_ + 2)...]
    }
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
