internal import ArrobaJSON

/// A request, read.
struct Request: Sendable {
  let method: String
  /// The decoded steps of the path: "session", "ses_1", "abort".
  let steps: [String]
  let query: [String: String]
  /// By names in lower case.
  let headers: [String: String]
  let body: [UInt8]

  /// What was sent as JSON; nil where it is none.
  var json: JSON? { body.isEmpty ? [:] : try? JSONReader.read(body) }

  /// The directory that the caller speaks of, as it was given.
  var directory: String? {
    query["directory"] ?? headers["x-opencode-directory"].map { Self.decoded($0, plusIsSpace: false) }
  }

  /// Text without its percent signs.
  static func decoded(_ text: some StringProtocol, plusIsSpace: Bool) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "%"):
        let digits = [rest.next(), rest.next()].compactMap(\.self)
        guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
          bytes.append(byte)
          bytes += digits
          continue
        }
        bytes.append(value)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Requests out of a stream of bytes, cut anywhere.
struct RequestReader {
  struct Failure: Error {
    let status: Int
  }

  private struct Head {
    var method: String
    var target: String
    var headers: [String: String]
    var length: Int
  }

  private static let longestHead = 64 << 10
  /// A prompt has at most a megabyte.
  private static let longestBody = 16 << 20

  private var bytes: [UInt8] = []
  private var head: Head?
  /// The client waits for a word before it sends its body (RFC 9110, 10.1.1).
  private(set) var expectsContinue = false

  mutating func feed(_ more: ArraySlice<UInt8>) { bytes.append(contentsOf: more) }

  mutating func saidContinue() { expectsContinue = false }

  /// The next whole request; nil where more bytes are needed.
  mutating func next() throws(Failure) -> Request? {
    if head == nil { head = try takeHead() }
    guard let head else { return nil }
    guard bytes.count >= head.length else { return nil }
    let body = Array(bytes.prefix(head.length))
    bytes.removeFirst(head.length)
    self.head = nil
    expectsContinue = false
    let parts = head.target.split(separator: "?", maxSplits: 1)
    var query: [String: String] = [:]
    for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
      let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      query[Request.decoded(words[0], plusIsSpace: true)] =
        words.count > 1 ? Request.decoded(words[1], plusIsSpace: true) : ""
    }
    return Request(
      method: head.method,
      steps: (parts.first ?? "").split(separator: "/").map { Request.decoded($0, plusIsSpace: false) },
      query: query, headers: head.headers, body: body)
  }

  private mutating func takeHead() throws(Failure) -> Head? {
    let mark = Array("\r\n\r\n".utf8)
    guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else {
      guard bytes.count <= Self.longestHead else { throw Failure(status: 431) }
      return nil
    }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    bytes.removeFirst(end + mark.count)
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { throw Failure(status: 400) }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else { throw Failure(status: 400) }
      headers[pair[0].lowercased()] = String(pair[1].drop { $0 == " " })
    }
    guard headers["transfer-encoding"] == nil else { throw Failure(status: 411) }
    let length = headers["content-length"].map { Int($0) ?? -1 } ?? 0
    guard length >= 0 else { throw Failure(status: 400) }
    guard length <= Self.longestBody else { throw Failure(status: 413) }
    expectsContinue = headers["expect"]?.lowercased() == "100-continue"
    return Head(method: String(words[0]), target: String(words[1]), headers: headers, length: length)
  }
}
